import numpy as np
import pandas as pd
import pytest

from tapnb.movies.hela20 import hela20_points
from tapnb.movies.lineage import divisions
from tapnb.movies.lineage_file import read_lineage
from tapnb.movies.points import masks_from_points, nucleus_at
from tapnb.movies.stacks import read_stack


def nuclei(centres, shape=(100, 120), radius=8):
    """A frame (Y, X) of discs on a noisy background."""
    rows, columns = np.ogrid[:shape[0], :shape[1]]
    frame = np.random.default_rng(0).normal(100, 2, shape)
    for y, x in centres:
        frame += 200.0 * (np.hypot(rows - y, columns - x) <= radius)
    return frame.astype(np.float32)


def disc(y, x, radius=8, shape=(100, 120)):
    rows, columns = np.ogrid[:shape[0], :shape[1]]
    return np.hypot(rows - y, columns - x) <= radius


def overlap(a, b):
    return (a & b).sum() / (a | b).sum()


def test_discs_are_found_and_kept_apart():
    centres = np.array([[50, 40], [50, 58], [4, 110]])  # two sisters that nearly touch, one at the edge
    frames = np.stack([nuclei(centres), nuclei([])])
    kinds = ["division", "division", "death"]
    points = pd.DataFrame({"t": 0, "y": centres[:, 0], "x": centres[:, 1], "kind": kinds})
    masks = masks_from_points(frames, points)
    assert masks.dtype == np.uint8 and not masks[1].any()
    assert overlap(masks[0] == 1, disc(50, 40) | disc(50, 58)) > 0.75
    assert overlap(masks[0] == 2, disc(4, 110)) > 0.7
    assert (masks_from_points(frames, points[["t", "y", "x"]]) == (masks > 0)).all()
    for index, centre in enumerate(centres[:2]):
        rows, columns, nucleus = nucleus_at(frames[0], centres, index)
        whole = np.zeros(frames[0].shape, bool)
        whole[rows, columns] = nucleus
        assert overlap(whole, disc(*centre)) > 0.7


def test_unmarked_neighbour_is_left_out():
    frame = nuclei([[50, 40], [50, 57]])
    rows, columns, nucleus = nucleus_at(frame, np.array([[50, 40]]), radius=8)
    assert not nucleus[50 - rows.start, 57 - columns.start]


def test_nothing_there_gives_a_disc():
    frame = np.full((100, 120), 7, np.uint8)
    _, _, nucleus = nucleus_at(frame, np.array([[50, 40]]), radius=9)
    assert nucleus.sum() == disc(50, 40, 9).sum()


@pytest.mark.parametrize("t, y, x", [(2, 5, 5), (-1, 5, 5), (0, 100, 5), (0, 5, -1), (0.5, 5, 5)])
def test_points_outside_are_refused(t, y, x):
    with pytest.raises(ValueError, match="lies outside the movie of shape"):
        masks_from_points(np.zeros((2, 100, 120), np.uint8), pd.DataFrame({"t": [t], "y": [y], "x": [x]}))


def test_hela20_table():
    points = hela20_points()
    assert points.columns.tolist() == ["event", "t", "y", "x", "role"]
    assert points.event.nunique() == 55 and len(points) == 165
    for _, event in points.groupby("event"):
        assert event.role.tolist() == ["mother", "daughter", "daughter"]
        assert (event.t - event.t.min()).tolist() == [0, 1, 1]
    for column, largest in {"t": 19, "y": 699, "x": 1099}.items():
        assert points[column].between(0, largest).all()


def test_hela20_points_lie_on_the_challenge_masks(hela):
    points, labels = hela20_points(), read_stack(hela / "02_ST" / "SEG")
    table = divisions(read_lineage(hela / "02_GT" / "TRA" / "man_track.txt"))
    labels_at_points = [labels[p.t, round(p.y), round(p.x)] for p in points.itertuples()]
    labels_by_event = points.assign(label=labels_at_points).groupby("event")["label"].agg(tuple)
    expected = {(division.mother, *division.daughters) for division in table[table.t < 20].itertuples()}
    assert set(labels_by_event) == expected and len(expected) == 55


def test_segmented_points_agree_with_the_challenge_masks(hela):
    points, labels, frames = hela20_points(), read_stack(hela / "02_ST" / "SEG"), read_stack(hela / "02")
    scores = []
    for t, group in points.groupby("t"):
        centres = group[["y", "x"]].to_numpy()
        for index, (y, x) in enumerate(np.round(centres).astype(int)):
            rows, columns, nucleus = nucleus_at(frames[t], centres, index)
            true = labels[t] == labels[t, y, x]
            inside = (nucleus & true[rows, columns]).sum()
            scores.append(inside / (nucleus.sum() + true.sum() - inside))
    assert np.mean(scores) > 0.84 and np.quantile(scores, 0.05) > 0.55
