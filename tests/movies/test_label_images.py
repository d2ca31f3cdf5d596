"""Label images of several types."""

import numpy as np
import pytest
import tifffile

from tapnb.movies.label_images import read_label_images


@pytest.fixture
def folder(tmp_path):
    def write(*types):
        for t, dtype in enumerate(types):
            tifffile.imwrite(tmp_path / f"t{t}.tif", np.full((5, 7), t, dtype))
        return tmp_path

    return write


def test_types_that_one_type_holds_are_read(folder):
    labels = read_label_images(folder("uint8", "uint32", "int16", "uint8")).pixels
    assert labels.dtype == np.int64 and labels[:, 0, 0].tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("types", [("uint64", "int8", "uint16"), ("uint16", "uint64", "int8"), ("int32", "uint64")])
def test_types_that_no_type_holds_are_named(folder, types):
    with pytest.raises(ValueError, match=f"holds labels of the types {types[0]} .t0.tif. and {types[1]} .*save all label images"):
        read_label_images(folder(*types))


def test_a_type_of_fractions_is_said_as_before(folder):
    with pytest.raises(ValueError, match="float32, but t0.tif is .* uint8"):
        read_label_images(folder("uint8", "float32"))
