"""Movies by name."""

import pytest

from tapnb.movies import catalogue
from tapnb.movies.catalogue import fetch, open_movie


@pytest.fixture(autouse=True)
def home(monkeypatch, tmp_path):
    """An empty project folder, so that no movie of the checkout is found or written."""
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_unknown_names_roles_and_options(own):
    with pytest.raises(ValueError, match="choose synthetic, hela, hela20, .* or .*did you mean 'synthetic'"):
        open_movie("sinthetic")
    with pytest.raises(ValueError, match="no movie 'qqq'"):
        open_movie("qqq")
    with pytest.raises(ValueError, match="no role 'test': choose 'train' or 'held-out'"):
        open_movie("synthetic", "test")
    with pytest.raises(ValueError, match="'hela' has no option 'size': it has before, after, single_child"):
        open_movie("hela", size=3)
    with pytest.raises(ValueError, match="'synthetic' has no option 'colour': it has seed, frames, size"):
        open_movie("synthetic", colour=3)
    with pytest.raises(ValueError, match="no option 'masks': it has labels, sequence, radius, single_child, held_out"):
        open_movie(own[0], masks=own[1])
    with pytest.raises(ValueError, match="nothing to download for 'synthetic'"):
        fetch("synthetic")


def test_a_name_is_checked_before_anything_is_opened(own, monkeypatch):
    file = own[0].with_name("movie.yaml")
    file.write_text("frames: own.tif\nlables: masks.tif\n")
    with pytest.raises(ValueError, match="movie.yaml: there is no key 'lables'; did you mean 'labels'"):
        catalogue.checked(file)
    monkeypatch.chdir(own[0].parent)
    assert catalogue.checked("own.tif") == str(own[0])
    assert catalogue.checked("synthetic-3x96") == "synthetic-3x96" and not catalogue.is_built_in("synthetic-3")
    with pytest.raises(ValueError, match="no movie 'synthetic-3': .*synthetic-24x448"):
        catalogue.checked("synthetic-3")
