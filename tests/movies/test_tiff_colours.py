"""Grey movies that were saved in colours."""

import numpy as np
import pytest
import tifffile
from tiff_files import RNG, SIZE

from tapnb.movies import read_movie
from tapnb.movies.file_names import Choice


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.parametrize("options", [{"photometric": "rgb"}, {"photometric": "rgb", "metadata": None},
                                     {"photometric": "rgb", "ome": True, "metadata": {"axes": "TYXS"}},
                                     {"photometric": "rgb", "imagej": True, "metadata": {"axes": "TYXS"}}, {"photometric": "rgb", "planarconfig": "separate"}])
@pytest.mark.parametrize("samples", [3, 4])
def test_grey_that_was_saved_in_colours_is_grey_and_colours_are_asked_about(tmp_path, options, folder, samples):
    grey = RNG.integers(0, 250, (4, *SIZE), dtype=np.uint8)
    colours = np.repeat(grey[..., None], samples, axis=-1)
    colours[..., 3:] = 255  # opacity
    options = options | ({"extrasamples": ["unassalpha"]} if samples == 4 else {})
    if samples == 4 and options.get("imagej"):
        return  # which ImageJ does not write

    def write(path, stack):
        for place, frames in [(path / f"t{t}.tif", frame) for t, frame in enumerate(stack)] if folder else [(path, stack)]:
            of_one = {key: value for key, value in options.items() if key != "metadata" or not folder}
            frames = np.moveaxis(frames, -1, -3) if "planarconfig" in options else frames
            tifffile.imwrite(place, frames, **of_one)
        return path

    path = tmp_path / "movie.tif"
    path.mkdir() if folder else None
    movie = read_movie(write(path, colours))
    assert (movie.frames == grey).all() and "its red, green and blue are equal, so it is read as grey" in movie.source
    colours[0, 3, 4, 1] += 1
    row = folder and "planarconfig" in options  # which may be three frames
    with pytest.raises(ValueError, match="each file is one grey frame" if row else
                       "tif is in colours, which differ.*no RGB, or choose one with `channel`, 0 for red"):
        read_movie(write(path, colours))
    with pytest.raises(ValueError, match="has no channel 3: it has 3, from 0 to 2"):
        read_movie(path, choice=Choice(channel=3))
    movie = read_movie(path, choice=Choice(channel=1))
    assert (movie.frames == colours[..., 1]).all() and "grey" not in movie.source


def test_pages_in_colours_that_were_written_one_by_one_are_read_as_well(tmp_path):
    grey = RNG.integers(0, 250, (4, *SIZE), dtype=np.uint8)
    with tifffile.TiffWriter(tmp_path / "movie.tif") as writer:
        for t, frame in enumerate(grey):
            writer.write(np.repeat(frame[..., None], 3, -1), photometric="rgb", contiguous=False, software=f"camera {t}")
    assert (read_movie(tmp_path / "movie.tif").frames == grey).all()
