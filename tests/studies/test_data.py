"""Tables and numbers of a dataset made by hand, and which events of a movie are shown."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from toys import shrinking_discs

from tapnb.crops import CropPairs
from tapnb.dataset import DatasetSettings, EventDataset, event_dataset
from tapnb.movies import Movie
from tapnb.studies import data as study
from tapnb.studies.data import example_windows


@pytest.fixture
def dataset():
    """Eight crop pairs of 4 x 4 pixels in two frame pairs; those in frame pair 1 have more events."""
    frames = np.random.default_rng(0).integers(0, 200, (3, 20, 20)).astype(np.uint8)
    t, y = np.array([0, 0, 0, 0, 1, 1, 1, 1]), np.arange(8)
    areas = np.array([[0, 0], [50, 0], [0, 0], [0, 0], [10, 10], [0, 41], [60, 60], [0, 0]], np.int32)
    parts = {"balanced": np.array([1, 2]), "test": np.array([3, 5, 6, 7]), "validation": np.array([0, 4])}
    return EventDataset(Movie(frames), CropPairs(t, y, y, np.zeros(8, bool), 4), areas, areas.max(1) >= 40, parts)


def test_table_1_counts_pairs_and_positives(dataset):
    table = study.dataset_table(dataset, 40)
    assert table["here"].tolist() == ["8", "2 (1)", "4 (2)", "2 (0)", "40", "4 x 4"]
    assert table["paper"].tolist() == ["95000", "14934 (7467)", "19000 (2470)", "19000 (2458)", "40", "48 x 48"]


def test_criteria_are_shares_of_all_pairs(dataset):
    table = study.criteria_table(dataset, 40).set_index("criterion")
    assert table["here"].to_dict() == {"size filter, either": "37.5 %", "any size, either": "50.0 %",
                                       "any size, both": "25.0 %"}
    assert table.loc["size filter, either", "paper (test set)"] == "13.0 %"


def test_examples_are_of_the_frame_pair_with_most_positives(dataset):
    assert study.example_pairs(dataset) == [5, 6, 4, 7]


def test_brightness_finds_what_is_bright_and_change_what_changes(dataset):
    frames = np.zeros((3, 20, 20), np.uint8)
    frames[1, 5:10, 5:10] = 200  # pairs 5, 6 and half of 7 lie here in frame 1, dark before and after
    precisions = study.brightness(replace(dataset, movie=Movie(frames + np.uint8(3) * np.eye(20, dtype=np.uint8))))
    assert list(precisions) == ["a coin", *study.BRIGHTNESS, "change between the frames"]
    assert precisions["a coin"] == 0.5 and precisions["mean"] == precisions["change between the frames"] == 1
    assert study.brightness_table({"mean": 0.1236}).to_dict("records") == [
        {"classifier": "mean", "average precision": "0.124"}]


def test_numbers_are_those_of_the_dataset_and_of_brightness_alone(dataset):
    precisions = {"a coin": 0.5, "largest pixel": 0.6, "99th percentile": 0.55, "mean": 0.7, "standard deviation": 0.65,
                  "change between the frames": 0.9}
    numbers = study.numbers(dataset, precisions, {48: 0.25, 96: 0.5})
    assert {key: number["text"] for key, number in numbers.items()} == {
        "crop_pairs": "8", "positive_share": "37.5\u202f%", "training_pairs": "2", "test_pairs": "4",
        "brightness_ap": "0.55", "best_brightness_ap": "0.70", "base_rate": "0.50",
        "held_out_eventful_48": "25.0\u202f%", "held_out_eventful_96": "50.0\u202f%"}


def test_eventful_windows_are_labelled_as_the_dataset_is():
    movie, settings = shrinking_discs(1), DatasetSettings(crop_size=24, crops_per_frame_pair=30)
    shares = study.eventful_shares(movie, settings)
    assert list(shares) == [24, 48] and shares[24] < shares[48]
    assert shares[24] == event_dataset(movie, settings).labels.mean()
    assert list(study.eventful_shares(movie, replace(settings, crop_size=48))) == [48]  # 96 pixels do not fit
    assert study.eventful_shares(Movie(movie.frames), settings) == {}
    assert study.eventful_table({24: 0.123}).to_dict("records") == [
        {"held-out windows (pixels)": 24, "with an event": "12.3%"}]


def test_a_movie_without_a_table_of_events_counts_none():
    movie = replace(shrinking_discs(1), events=None)
    assert list(study.events_table(movie)) == ["kind", "in the movie"] and len(study.events_table(movie)) == 0
    kinds = pd.DataFrame({"t": 0, "y": 0.0, "x": 0.0, "kind": ["death", "division", "death"]})
    assert study.events_table(replace(movie, events=kinds)).to_dict("records") == [
        {"kind": "death", "in the movie": 2}, {"kind": "division", "in the movie": 1}]
    assert study.movies_table({"training": movie})["size (pixels)"].tolist() == ["64 x 64"]


def test_examples_come_from_the_masks_where_there_is_no_table_of_events():
    masks = np.zeros((9, 100, 100), np.uint8)
    masks[3, 40:50, 60:70] = 1
    masks[4, 60:64, 35:39] = 2
    masks[4, 0:9, 0:9] = 1  # at the border: not shown
    movie = Movie(np.zeros(masks.shape, np.uint8) + np.uint8(5), masks)
    examples = example_windows(movie)
    assert examples.to_dict("records") == [{"t": 3, "y": 44.5, "x": 64.5, "kind": "division"},
                                           {"t": 4, "y": 61.5, "x": 36.5, "kind": "death"}]
    assert len(example_windows(movie, margin=49)) == 0


def test_a_few_of_every_kind_are_drawn_from_the_table_of_events():
    events = pd.DataFrame({"t": [*range(2, 8)] * 3, "y": 50.0, "x": [*map(float, range(40, 58))],
                           "kind": ["division"] * 6 + ["death"] * 6 + ["debris"] * 6})
    masks = np.zeros((12, 100, 100), np.uint8)
    masks[5, 70:75, 70:75] = 1  # what the table lacks is not shown
    movie = Movie(np.zeros(masks.shape, np.uint8) + np.uint8(5), masks, events=events)
    examples = example_windows(movie)
    assert examples["kind"].value_counts().to_dict() == {"division": 2, "death": 2, "debris": 1}
    assert len(examples.merge(events)) == len(examples.drop_duplicates()) == 5
    assert examples.equals(example_windows(movie)) and not examples.equals(example_windows(movie, seed=26))
    assert example_windows(movie, most={"death": 4})["kind"].value_counts().to_dict() == {
        "division": 1, "death": 4, "debris": 1}
