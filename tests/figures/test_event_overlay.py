"""A film of the events: what is circled where, in which format, and how much memory it takes."""

import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tapnb.figures import event_overlay
from tapnb.figures.event_overlay import write_overlay
from tapnb.figures.event_pictures import crop_pair, frame_picture, reduced_size
from tapnb.movies import Movie

EVENTS = pd.DataFrame([(3, 100, 250, "division"), (5, 60, 80, "death")], columns=["t", "y", "x", "kind"])


@pytest.fixture
def movie():
    """8 frames of 201 x 401 pixels, brighter from frame to frame, which the levels take away again."""
    noise = np.random.default_rng(0).normal(100, 20, (8, 201, 401)) + np.arange(8)[:, None, None] * 50
    return Movie(noise.clip(0, 65535).astype(np.uint16), minutes_per_frame=30.0)


def frames_of_mp4(path):
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    reader = imageio_ffmpeg.read_frames(str(path))
    about = next(reader)
    return about, [np.frombuffer(frame, np.uint8).reshape(*about["size"][::-1], 3) for frame in reader]


def frames_of_webp(path):
    with Image.open(path) as film:
        shown = []
        for t in range(film.n_frames):
            film.seek(t)
            shown.append(np.asarray(film.convert("RGB")))
        return film.info, shown


def coloured(frame, kind):
    """Which pixels have the hue of a kind, blue or orange, below the caption; the movie itself has none."""
    red, _, blue = frame[24:].astype(int).transpose(2, 0, 1)
    return (blue - red if kind == "division" else red - blue) > 50


def test_mp4_shows_rings_in_their_frames(tmp_path, movie):
    pytest.importorskip("imageio_ffmpeg")
    (tmp_path / "overlay.webp").touch()
    path = write_overlay(tmp_path / "overlay", movie, EVENTS, seconds_per_frame=0.5)
    assert path == tmp_path / "overlay.mp4" and [p.name for p in tmp_path.iterdir()] == ["overlay.mp4"]
    about, shown = frames_of_mp4(path)
    assert about["codec"] == "h264" and about["pix_fmt"].startswith("yuv420p")
    assert about["size"] == (402, 202) and len(shown) == 8 and about["fps"] == 2
    assert [coloured(frame, "division").sum() > 20 for frame in shown] == [t in (2, 3, 4) for t in range(8)]
    assert coloured(shown[3], "division").sum() > 1.3 * coloured(shown[2], "division").sum()
    assert coloured(shown[5], "death").sum() > 20 and not coloured(shown[2], "death").any()
    y, x = np.argwhere(coloured(shown[5], "death")).mean(axis=0)
    assert abs(y + 24 - 60) < 3 and abs(x - 80) < 3


def test_webp_where_there_is_no_ffmpeg(tmp_path, movie, monkeypatch):
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    path = write_overlay(tmp_path / "overlay", movie, EVENTS, seconds_per_frame=0.5)
    assert path == tmp_path / "overlay.webp" and [p.name for p in tmp_path.iterdir()] == ["overlay.webp"]
    about, shown = frames_of_webp(path)
    assert len(shown) == 8 and about["loop"] == 0 and shown[0].shape == (202, 402, 3)
    assert [coloured(frame, "division").sum() > 20 for frame in shown] == [t in (2, 3, 4) for t in range(8)]


@pytest.mark.parametrize("ffmpeg", [True, False])
def test_frames_are_drawn_one_by_one(tmp_path, movie, monkeypatch, ffmpeg):
    """Frames are drawn one by one as they are written; the first once more, for the size of the film."""
    if ffmpeg:
        pytest.importorskip("imageio_ffmpeg")
    monkeypatch.setattr(event_overlay, "_has_ffmpeg", lambda: ffmpeg)
    drawn, picture = [], event_overlay.frame_picture
    monkeypatch.setattr(event_overlay, "frame_picture", lambda m, t, size: drawn.append(t) or picture(m, t, size))
    write_overlay(tmp_path / "overlay", movie, EVENTS)
    assert drawn[:9] == [0, *range(8)]


def test_no_events_and_no_interval(tmp_path, movie):
    plain = Movie(movie.frames[:2])
    _, shown = frames_of_mp4(write_overlay(tmp_path / "overlay", plain, EVENTS.iloc[:0]))
    assert len(shown) == 2 and not any(coloured(frame, kind).any() for frame in shown
                                      for kind in ("division", "death"))


def test_large_frames_are_reduced_by_means_and_small_ones_enlarged(tmp_path):
    noise = np.random.default_rng(0).integers(0, 201, (2, 40, 2048), dtype=np.uint8)
    wide = Movie(noise)
    assert reduced_size(wide, 1024) == (20, 1024)
    whole, reduced = (np.asarray(frame_picture(wide, 0, size), float) for size in ((40, 2048), (20, 1024)))
    assert reduced.mean() == pytest.approx(whole.mean(), abs=1) and reduced.std() == pytest.approx(whole.std() / 2, rel=0.05)
    small = Movie(np.random.default_rng(0).integers(0, 255, (2, 60, 100), dtype=np.uint8))
    about, _ = frames_of_mp4(write_overlay(tmp_path / "small", small, EVENTS.iloc[:0]))
    assert about["size"] == (500, 300)


def test_a_pair_of_crops_has_the_event_in_its_middle_even_at_the_border():
    frames = np.zeros((3, 100, 100), np.uint8)
    frames[1, 50, 60], frames[2, 2, 97] = 255, 255
    frames[:, 90:, 90:] = 200  # or there would be no levels
    movie = Movie(frames)
    events = pd.DataFrame([(1, 50.2, 59.8), (2, 2, 97), (0, 50, 50)], columns=["t", "y", "x"]).itertuples()
    inner, border, first = (np.asarray(crop_pair(movie, event, 32)) for event in events)
    assert inner.shape == (32, 66)
    assert inner[16, 34 + 16] > 200 and inner[16, 16] == 0
    assert border[16, 34 + 16] > 200 and not border[:14, 34:].any()
    assert not first[:, :32].any()
