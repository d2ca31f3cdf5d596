"""The runs of a profile, as a borrowed GPU makes them."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from benchmarks import gpu_plan
from tapnb.system.files import read_json

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("movie", ["synthetic", "hela"])
def test_the_plan_names_just_the_runs_that_the_notebooks_published(movie, tmp_path, monkeypatch):
    """Under the profile of the book, by fingerprints alone: all are there to be restored, and none is another's."""
    (tmp_path / "results").symlink_to(ROOT / "results")
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    of_notebook = {path.stem: read_json(path) for path in (ROOT / "results" / "cpu" / movie).glob("[01]*.json")}
    def movies(notebook, role):
        """Both movies as that run saw them, by name and fingerprints alone."""
        name = of_notebook[notebook]["runs"][role]
        seen = read_json(ROOT / "results" / "cpu" / movie / "records" / f"{name}.json")["movies"]
        return [SimpleNamespace(name=of["name"], fingerprint=of["fingerprint"], labels_fingerprint=of["labels"])
                for of in (seen[role] for role in ("train", "held-out") if role in seen)]

    (train,), linked = movies("06_strategies", "A1"), movies("15_evidence", "controls")
    found, published = {}, {name for of_one in of_notebook.values() for name in of_one["runs"].values()}
    every = gpu_plan.tasks(gpu_plan.Place("cpu", movie, train, linked[1], tuple(linked), torch.device("cpu")))
    for task in every:
        if not task.title.startswith("detector"):  # whose settings ask which kinds of events a movie has
            found[task.title] = task.make(found, "restore")
    names = {run.name for of_task in found.values() for run in of_task}
    assert names <= published
    assert {name for name in published - names if name.startswith("strategy")} == set()


def test_what_matters_most_comes_first():
    movie = SimpleNamespace(name="synthetic", frames=[], um_per_pixel=None)
    titles = [task.title for task in gpu_plan.tasks(gpu_plan.Place("paper", "synthetic", movie, movie, (movie, movie), torch.device("cpu")))]
    of_table_2 = ["tap", "A1", "C1", "D1 to its end", "B1", "A0", "C0", "B0"]
    assert titles[: len(of_table_2)] == of_table_2
    to_their_end = [title for title in titles[len(of_table_2):] if "to its end" in title]
    assert [title.split()[0] for title in to_their_end] == ["A1", "C1", "B1", "P1"]
    first_criterion = next(i for i, title in enumerate(titles) if "any size" in title)
    assert titles.index(to_their_end[-1]) < first_criterion < len(titles) - 1
