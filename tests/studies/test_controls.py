"""Controls: what they see of a crop pair, and the run that asks them."""

import numpy as np
import pytest
from toys import shrinking_discs

from tapnb.dataset import DatasetSettings, event_dataset
from tapnb.metrics import scores
from tapnb.studies import controls

DATASET = DatasetSettings(crop_size=16, crops_per_frame_pair=40)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(tmp_path_factory.mktemp("home")))
        yield controls.controls_run(shrinking_discs(1), DATASET, seeds=[20, 40], test_pairs=60, validation_pairs=50,
                                    held_out=shrinking_discs(2), held_out_pairs=70, mode="execute", command="")


def test_statistics_are_those_of_the_pixels_in_either_order():
    images = np.random.default_rng(0).normal(size=(7, 2, 8, 8)).astype(np.float32)
    values = controls.statistics(images, batch=3)
    assert values.shape == (7, 34)
    np.testing.assert_allclose(values, controls.statistics(images[:, ::-1]), rtol=1e-6)
    difference = np.abs(images[:, 0] - images[:, 1]).reshape(7, -1)
    for name, expected in (("largest |difference|", difference.max(1)), ("mean |difference|", difference.mean(1)),
                           ("brightest pixel", images.reshape(7, -1).max(1))):
        np.testing.assert_allclose(values[:, controls.NUMBERS[name]], expected, rtol=1e-6)


def test_every_control_answers_about_the_pairs_of_every_part(run):
    data, other = (event_dataset(shrinking_discs(seed), DATASET) for seed in (1, 2))
    by_control = controls.answers(run)
    assert list(by_control) == list(controls.CONTROLS)
    for name, table in by_control.items():
        assert sorted(table["seed"].unique()) == ([20, 40] if name == "extra trees" else [20])
        for part, of_movie, most in (("test", data, 60), ("validation", data, 50), ("held-out", other, 70)):
            rows = table[(table["part"] == part) & (table["seed"] == 20)]
            source = "test" if part == "held-out" else part
            assert rows["pair"].tolist() == of_movie.parts[source][:most].tolist()
            assert rows["label"].tolist() == of_movie.labels[rows["pair"]].tolist()


def test_what_learns_ranks_better_than_chance_on_both_movies(run):
    for name in controls.LEARNED:
        for part in ("test", "held-out"):
            table = controls.answers(run)[name]
            precision = scores.scores_per_run(table, part)["average precision"].mean()
            assert precision > table[table["part"] == part]["label"].mean() + 0.1
