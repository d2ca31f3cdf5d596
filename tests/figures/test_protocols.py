"""Pictures of the steps: they show what their captions say, in words that a phone can show."""

import numpy as np
import pytest
from matplotlib.text import Text

from tapnb.figures import diagrams, protocols
from tapnb.movies.synthetic import simulate
from tapnb.workflow import notebook_runs, notebooks, parameters


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
    figures = [protocols.two_stacks(movie), protocols.marked_pixels(movie), protocols.doubtful(movie), protocols.target(movie),
               *map(diagrams.diagram, diagrams.DIAGRAMS)]
    grid = np.array(figures[0].axes).reshape(2, 3)
    for frame, label in zip(*grid, strict=True):
        assert set(np.unique(label.images[0].get_array())) <= {False, True} and frame.get_title(loc="left").startswith("frame ")
    for figure in figures:
        assert figure.get_figwidth() <= protocols.WIDTH
        assert all(text.get_fontsize() >= protocols.WORDS for text in figure.findobj(Text) if text.get_text())


@pytest.mark.parametrize("name", diagrams.DIAGRAMS)
def test_words_in_boxes_lie_within_the_picture_and_on_no_other(name):
    figure = diagrams.diagram(name)
    figure.canvas.draw()
    boxes = [text.get_window_extent().padded(0.4 * text.get_fontsize()) for text in figure.axes[0].texts if text.get_text()]
    assert len(boxes) == len(diagrams.DIAGRAMS[name][0])
    assert max(box.x1 for box in boxes) - min(box.x0 for box in boxes) <= figure.bbox.width
    assert not [(a, b) for k, a in enumerate(boxes) for b in boxes[:k] if a.overlaps(b)]


def test_the_score_is_highest_between_the_daughters(movie):
    first, second, score = (axes.images[0].get_array() for axes in protocols.target(movie).axes)
    assert first.shape == second.shape == score.shape and score.max() > 0.99
    peak = np.unravel_index(score.argmax(), score.shape)
    assert np.abs(np.array(peak) - protocols.SIDE // 2).max() <= 1


def test_the_picture_of_what_needs_what_is_that_of_the_runs():
    needs = {}
    for name, list_of_tasks in notebook_runs.LISTS.items():
        tasks = list_of_tasks(name, parameters_of(name))
        needs[name[:2]] = {needed[:2] for task in tasks for needed in task.needs} - {name[:2]}
    drawn = {"03 to 05, 15": ("03", "04", "05", "15"), "07 to 11, 14": ("08", "09", "10", "11", "14"), "06 strategies": ("06",)}
    assert set(drawn) < set(diagrams.DIAGRAMS["needs"][0])
    assert all(needs[number] == {"02"} for number in drawn["03 to 05, 15"] + drawn["06 strategies"])
    assert all("06" in needs[number] for number in drawn["07 to 11, 14"])


def parameters_of(name):
    """Return the defaults of a notebook's parameters."""
    return {key: parameter.default for key, parameter in parameters.declared(notebooks.SOURCES / f"{name}.py").items()}
