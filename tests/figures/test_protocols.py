"""Pictures of the steps: they show what their captions say, in words that a phone can show."""

import numpy as np
import pytest
from matplotlib.text import Text

from tapnb.figures import protocols
from tapnb.movies.synthetic import simulate
from tapnb.workflow import notebooks


@pytest.fixture(scope="module")
def movie():
    return simulate(frames=24, size=448)


def test_two_daughters_are_clicked_although_they_touch(movie):
    mother, daughters = protocols.clicks(movie).axes
    assert len(mother.lines) == 1 and len(daughters.lines) == 2


def test_the_damaged_frames_are_the_ones_that_are_shaded(movie):
    levels, change = protocols.damaged_frames(movie, repeated=8, black=15).axes
    shaded = [round(patch.get_x() + 0.5) for patch in change.patches]
    assert shaded == [8, 15] and change.lines[0].get_ydata()[8] == 0 and levels.lines[0].get_ydata()[15] < 1


def test_only_events_beside_the_frame_are_circled(movie):
    (axes,) = protocols.circled(movie).axes
    t = int(axes.get_title(loc="left").split()[1])
    events = movie.events[movie.events["kind"].isin(["division", "death"])]
    assert len(axes.lines) == (events["t"].sub(t).abs() <= 1).sum() > 0


def test_labels_lie_below_their_frames_and_every_word_is_large_enough(movie):
    figures = [protocols.two_stacks(movie), protocols.marked_pixels(movie), protocols.doubtful(movie), protocols.restored()]
    grid = np.array(figures[0].axes).reshape(2, 3)
    for frame, label in zip(*grid, strict=True):
        assert set(np.unique(label.images[0].get_array())) <= {False, True} and frame.get_title(loc="left").startswith("frame ")
    for figure in figures:
        assert figure.get_figwidth() <= protocols.WIDTH
        assert all(text.get_fontsize() >= protocols.WORDS for text in figure.findobj(Text) if text.get_text())


def test_notebooks_that_need_others_are_some_that_there_are():
    numbers = {name.split("_")[0] for name in notebooks.names()}
    assert {words[:2] for words in protocols.NEEDS} <= numbers
    assert len(protocols.needs().axes[0].texts) == 4 + 4  # boxes and arrows
