"""The published results are small, complete and without pictures, and every number has its record."""

import json
import re

import pandas as pd
import pytest
from safetensors import safe_open

from tapnb.metrics import scores
from tapnb.movies import catalogue
from tapnb.store import publication, runs
from tapnb.studies import claims, findings, paper, strategies
from tapnb.workflow.notebooks import CHECKOUT

PUBLISHED = sorted(path.parent for profile in ("cpu", "longer", "tuned")
                   for path in (CHECKOUT / "results" / profile).glob("*/06_strategies.json"))
MOVIES = [path for path in PUBLISHED if path.parent.name == "cpu"]  # with all of their notebooks
MEGABYTE = 1e6


@pytest.mark.parametrize("movie", PUBLISHED, ids=lambda path: "-".join(path.parts[-2:]))
def test_it_is_small_and_holds_no_picture(movie):
    files = [path for path in movie.rglob("*") if path.is_file()]
    assert {path.suffix for path in files} <= {".json", ".csv", ".svg", ".parquet", ".safetensors"}
    assert not [path for path in files if path.suffix == ".svg" and "<image" in path.read_text("utf-8")]
    assert sum(path.stat().st_size for path in files) < 10 * MEGABYTE


@pytest.mark.parametrize("movie", PUBLISHED, ids=lambda path: "-".join(path.parts[-2:]))
def test_every_number_has_its_record_and_every_record_is_of_use(movie):
    recorded = {path.stem for path in (movie / "records").glob("*.json")}
    dirty = [path.stem for path in (movie / "records").glob("*.json") if json.loads(path.read_text("utf-8"))["dirty"]]
    assert not dirty, "trained by code that was not committed"
    of_all_movies = {path.stem for path in movie.parent.glob("*/records/*.json")}
    named = set()
    for path in movie.glob("[0-9]*.json"):
        written = json.loads(path.read_text("utf-8"))
        assert {run for number in written["numbers"].values() for run in number["runs"]} <= of_all_movies, path.name
        assert not written["provenance"]["dirty"], f"{path.name} was made by code that was not committed"
        named |= set(written["runs"].values())
    assert recorded == named


@pytest.mark.parametrize("movie", PUBLISHED, ids=lambda path: "-".join(path.parts[-2:]))
def test_predictions_and_weights_are_there_and_readable(movie):
    for path in sorted((movie / "records").glob("strategy-*.json")):
        record = json.loads(path.read_text("utf-8"))
        predictions = pd.read_parquet(movie / "files" / path.stem / publication.PREDICTIONS)
        seeds = record["parameters"]["seeds"]
        assert sorted(predictions["seed"].unique()) == sorted(seeds)
        assert len(seeds) >= (2 if movie.parts[-2] == "tuned" else 5)
        tested = predictions[predictions["part"] == "test"]
        assert len(tested) == sum(map(sum, sum(record["results"]["test"]["counts"], [])))
    name = json.loads((movie / "02_pretraining.json").read_text("utf-8"))["runs"]["tap"]
    with safe_open(movie / "files" / name / publication.WHOLE[0], "pt") as weights:
        assert all(weights.get_tensor(key).isfinite().all() for key in weights.keys())


@pytest.mark.parametrize("movie", MOVIES, ids=lambda path: "-".join(path.parts[-2:]))
def test_published_heads_recognise_what_they_recognised(movie):
    """A0, A1 and D1 with the weights that are published: the probabilities that their published answers have."""
    if not catalogue.at_hand(movie.name):
        pytest.skip(f"the movie {movie.name} is not here: `tapnb data {movie.name}`")
    train = catalogue.open_movie(movie.name)
    for folder, role in ((movie, "A0"), (movie, "A1"), (movie.parents[1] / "tuned" / movie.name, "D1")):
        run = runs.find(json.loads((folder / "06_strategies.json").read_text("utf-8"))["runs"][role])
        head, data = strategies.recogniser(run), strategies.dataset_of(run, train)
        answers = strategies.predictions(run)
        answers = answers[(answers["part"] == "test") & (answers["seed"] == run.record["parameters"]["seeds"][0])][:60]
        again = head.probability(data.images(answers["pair"].to_numpy())).numpy()
        assert again == pytest.approx(scores.probability(answers), abs=0.02), role  # kernels are kept in 16 bits


@pytest.mark.parametrize("movie", PUBLISHED, ids=lambda path: "-".join(path.parts[-2:]))
def test_average_precision_is_that_of_the_published_answers(movie):
    for path in (movie / "records").glob("strategy-*.json"):
        answers = pd.read_parquet(movie / "files" / path.stem / publication.PREDICTIONS)
        anew = scores.scores_per_run(answers)["average precision"]
        assert json.loads(path.read_text("utf-8"))["results"]["average_precision"] == pytest.approx(anew), path.name


@pytest.mark.parametrize("movie", MOVIES, ids=lambda path: "-".join(path.parts[-2:]))
def test_the_findings_are_those_of_the_records_that_are_published(movie):
    records = findings.read(movie.parent)
    judged = {name: claims.judge(of_movie) for name, of_movie in records.items()}
    anew = findings.numbers(judged, findings.strategies(records))
    kept = json.loads((movie / "13_findings.json").read_text("utf-8"))["numbers"]
    assert {key: number["text"] for key, number in kept.items()} == {key: number["text"] for key, number in anew.items()}


def test_the_readme_says_what_is_published():
    section = re.search(r"## What was found\n(.+?)\n## ", (CHECKOUT / "README.md").read_text("utf-8"), re.DOTALL)[1]
    texts = " ".join(number["text"] for folder in PUBLISHED for path in folder.glob("[0-9]*.json")
                     for number in json.loads(path.read_text("utf-8"))["numbers"].values())
    papers = {f"{mean:.3f}" for mean, _ in paper.TABLE6_SETTINGS.values()}
    numbers = set(re.findall(r"\u2212?\d\.\d+", section))
    assert numbers and numbers <= papers | set(re.findall(r"\u2212?\d\.\d+", texts))
    tally = json.loads((MOVIES[0] / "13_findings.json").read_text("utf-8"))["numbers"]
    prose = " ".join(section.split())
    for verdict, words in (("reproduced", "only {} are reproduced on the simulated movie and {} on HeLa"),
                           ("not_reproduced", "; {} and {} (temperature scaling) are not"),
                           ("undecided", ", {} and {} cannot be decided")):
        assert words.format(*(tally[f"{movie}_{verdict}"]["text"] for movie in ("synthetic", "hela"))) in prose
    for picture in re.findall(r"!\[.+?\]\((.+?)\)", section):
        assert (CHECKOUT / picture).is_file()
