"""From a movie's file to a folder: the command `tapnb events` on tiny movies, with the published features."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
import torch
from toys import shrinking_discs
from typer.testing import CliRunner

from tapnb import detect
from tapnb.cli import app
from tapnb.detector_training import DetectorSettings
from tapnb.models import DenseFeatures, TimeArrowModel
from tapnb.movies.file_names import Choice
from tapnb.movies.points_file import read_points
from tapnb.workflow import event_folder, find_events, pretrained

CHECKOUT = Path(__file__).parents[2]
CPU = torch.device("cpu")
QUICK = DetectorSettings(steps=2, batch=4, crop_size=32, sigma=3.0, checks=1)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A home of its own, with what is published."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "results").symlink_to(CHECKOUT / "results")
    monkeypatch.setenv("TAPNB_HOME", str(folder))
    return folder


@pytest.fixture
def movie(tmp_path):
    """A movie of discs that shrink, and its events as points."""
    discs = shrinking_discs(1, frames=26)
    tifffile.imwrite(tmp_path / "discs.tif", discs.frames)
    discs.events.assign(probe="a").to_csv(tmp_path / "points.csv", index=False)
    return tmp_path / "discs.tif"


@pytest.fixture
def detector(tmp_path):
    torch.manual_seed(0)
    head = detect.DetectorHead()
    torch.nn.init.zeros_(head.layers[-1].bias)  # of an untrained one, which finds nothing
    made = detect.Detector(("division",), DenseFeatures((4, 4, 4, 4)), head, um_per_pixel=1.0, threshold=0.2,
                           calibration={"division": (1.0, 0.0)})
    made.save(tmp_path / "detector.safetensors")
    return tmp_path / "detector.safetensors"


@pytest.mark.trains
def test_labels_become_a_list_with_what_is_known_of_it(home, movie):
    said = []
    outcome = find_events.with_labels(str(movie), str(movie.parent / "points.csv"), CPU, said.append, settings=QUICK,
                                      features="synthetic")
    assert said.pop(0) == "labelled: 75 divisions, frames 1 to 25 of 0 to 25"
    assert said[0] == "learning from 51 events; 12 in the last fifth of the movie are held back to say how good it is"
    assert "training 2 steps: about" in said[1] and "searching 25 frame pairs: about" in said[2]
    assert outcome.about["labels"].startswith("75 events from ") and outcome.about["detector"].startswith("detector-discs")
    assert list(outcome.events) == [*detect.COLUMNS, "probability"]
    run = json.loads((home / "runs" / "detector" / outcome.about["detector"] / "record.json").read_text())
    assert run["results"]["events"] == 51
    sized = movie.with_name("discs.yaml")
    sized.write_text("frames: discs.tif\num_per_pixel: 0.5\n")
    again = find_events.with_labels(str(sized), str(movie.parent / "points.csv"), CPU, said.append, settings=QUICK,
                                    features="synthetic", threshold=0.999)
    assert again.about["detector"] == outcome.about["detector"]  # and nothing is trained
    assert outcome.detector.um_per_pixel is None and again.detector.um_per_pixel == 0.5, "the size that the movie is now said to have"
    assert again.seen[["t", "y", "x", "score"]].equals(outcome.seen[["t", "y", "x", "score"]])
    assert again.quality["precision"] == (0, 0, 1) and again.quality["recall"][0] == 0, "nothing reaches this threshold"


@pytest.mark.trains
def test_too_few_labels_are_all_learnt_from(home, movie):
    points = movie.parent / "few.csv"
    pd.DataFrame({"t": [3], "y": [30], "x": [30]}).to_csv(points, index=False)
    said = []
    outcome = find_events.with_labels(str(movie), str(points), CPU, said.append, features="synthetic",
                                      settings=replace(QUICK, complete=False))
    assert "learning from the only event: too few lie in the last fifth" in said[1] and outcome.quality is None
    assert outcome.about["labels"].startswith("1 event from ")


@pytest.mark.trains
@pytest.mark.parametrize("way", ["--labels", "--model", "candidates"])
def test_two_frames_are_a_movie(home, movie, detector, way):
    two, one = movie.with_name("two.tif"), movie.with_name("one.csv")
    tifffile.imwrite(two, shrinking_discs(1, frames=2).frames)
    one.write_text("t,y,x\n1,30,30\n")
    asked = {"--labels": [way, str(one), "--steps", "4", "--strategy", "A"], "--model": [way, str(detector)], "candidates": []}[way]
    result = CliRunner().invoke(app, ["events", str(two), *asked, "--features", "synthetic", "--ask", "3", "--no-open", "--out", str(home / "list")],
                                catch_exceptions=False)
    assert result.exit_code == 0 and "searching 1 frame pair:" in result.output
    assert set(pd.read_csv(home / "list" / "events.csv")["t"]) <= {1} and (home / "list" / "report.html").is_file()
    assert {path.name for path in (home / "list").iterdir()} & {"overlay.mp4", "overlay.webp"}
    if way == "--labels":
        assert "labelled: 1 division, frame 1 of 0 to 1; all else" in result.output and "learning from the only event" in result.output


@pytest.mark.trains
def test_nothing_is_held_back_where_a_kind_would_not_be_learned(home, movie):
    table = pd.read_csv(movie.parent / "points.csv").drop(columns="probe")
    table.loc[table["t"] >= 22, "kind"] = "death"
    table.to_csv(movie.parent / "late.csv", index=False)
    said = []
    outcome = find_events.with_labels(str(movie), str(movie.parent / "late.csv"), CPU, said.append, features="synthetic", settings=QUICK)
    assert "learning from all 75 events: no death lies before the last fifth of the movie" in said[1]
    assert outcome.detector.kinds == ("division", "death") and outcome.quality is None


def test_a_detector_that_finds_none_of_the_events_held_back_is_said_to(movie):
    true = pd.DataFrame({"t": [5, 9], "y": [20.0, 60.0], "x": 20.0, "kind": "division"})
    found = pd.DataFrame({"t": [5], "y": [90.0], "x": [90.0], "kind": ["division"], "score": [0.8]})
    for nothing in (found, found[:0]):
        quality = find_events.held_back_quality(nothing, true, 20, 0.5)
        assert quality["recall"][0] == quality["precision"][0] == quality["f1"][0] == 0 and quality["events held back"] == 2


@pytest.mark.trains
def test_where_not_every_event_is_labelled_only_the_share_that_is_found_is_known(home, movie):
    outcome = find_events.with_labels(str(movie), str(movie.parent / "points.csv"), CPU, lambda _: None, features="synthetic",
                                      settings=replace(QUICK, complete=False))
    assert outcome.quality.keys() == {"recall", "events held back"} and outcome.detector.calibration == {}
    assert outcome.seen["probability"].isna().all() and "not every event is labelled" in outcome.about["labels"]
    page = event_folder.write(outcome, home / "list").read_text("utf-8")
    assert "how many of the others are events is not known" in page and "was called an event" not in page


def test_a_detector_that_is_there_searches_and_says_when_it_rescales(home, movie, detector):
    said = []
    outcome = find_events.with_detector(str(movie), str(detector), CPU, said.append)
    assert said[0].startswith("a pixel size is unknown")
    assert (outcome.events["score"] >= 0.2).all() and outcome.quality is None and len(outcome.events)
    np.testing.assert_allclose(outcome.events["probability"], outcome.events["score"], atol=1e-5)  # of this calibration
    with_size = movie.with_name("sized.yaml")
    with_size.write_text("frames: discs.tif\num_per_pixel: 0.5\n")
    find_events.with_detector(str(with_size), str(detector), CPU, said.append)
    assert any("frames are rescaled by 0.50" in sentence for sentence in said)


@pytest.mark.parametrize(("model", "message"), [
    ("nobody", "no detector of 'nobody' is published; choose from"),
    ("nowhere.safetensors", "there is no file nowhere.safetensors"),
])
def test_a_detector_that_is_not_there_is_said(home, model, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        find_events.known_detector(model, CPU)


def test_the_command_leaves_a_folder(home, movie, detector, tmp_path):
    result = CliRunner().invoke(app, ["events", str(movie), "--model", str(detector), "--no-open", "--out",
                                      str(tmp_path / "list")], catch_exceptions=False)
    assert result.exit_code == 0 and "x division" in result.output
    names = {path.name for path in (tmp_path / "list").iterdir()}
    assert names >= {"events.csv", "events-napari.csv", "events-fiji.zip", "report.html", "record.json",
                     "detector.safetensors"} and names & {"overlay.mp4", "overlay.webp"}
    table = read_points(tmp_path / "list" / "events.csv")
    assert f"{len(table)} x division" in result.output
    record = json.loads((tmp_path / "list" / "record.json").read_text())
    assert record["events"] == {"division": len(table)}
    assert record["command"] == f"tapnb events {movie} --model {detector} --out {tmp_path / 'list'}"
    places = pd.read_csv(tmp_path / "list" / "places.csv")
    assert places["listed"].sum() == len(table) and (places["score"] >= 0.2).equals(places["listed"])
    again = find_events.with_detector(str(movie), str(tmp_path / "list" / "detector.safetensors"), CPU, lambda _: None)
    assert len(again.events) == len(table)  # the detector that was left finds the same


def test_another_threshold_makes_another_list(home, movie, detector):
    low, high = (find_events.with_detector(str(movie), str(detector), CPU, lambda _: None, threshold=threshold)
                 for threshold in (0.1, 0.6))
    assert len(low.events) >= len(high.events) and (high.events["score"] >= 0.6).all() and high.detector.threshold == 0.6
    assert low.seen.equals(high.seen)
    with pytest.raises(ValueError, match="--threshold is one of a detector's scores, and candidates have none"):
        CliRunner().invoke(app, ["events", str(movie), "--threshold", "0.5"], catch_exceptions=False)


def test_candidates_need_no_label(home, movie):
    outcome = find_events.as_candidates(str(movie), "synthetic", CPU, lambda _: None)
    assert set(outcome.events["kind"]) == {"candidate"} and outcome.detector is None
    (home / "list").mkdir()
    for name in ("places.csv", "detector.safetensors"):  # of an earlier search
        (home / "list" / name).touch()
    report = event_folder.write(outcome, home / "list")
    assert "places to look at first" in report.read_text("utf-8")
    assert not (home / "list" / "places.csv").exists() and (home / "list" / "detector.safetensors").exists()


def test_candidates_may_rest_on_weights_of_tarrow(home, movie, monkeypatch):
    read = []
    monkeypatch.setattr(pretrained, "read_tarrow", lambda path, on: read.append(path) or TimeArrowModel((4, 4, 4, 4)).eval())
    outcome = find_events.as_candidates(str(movie), "theirs/model_state.pt", CPU, lambda _: None)
    assert read == ["theirs/model_state.pt"] and "theirs/model_state.pt" in outcome.about["places of"]


def test_a_detector_does_not_learn_on_a_file_of_features(home, movie):
    with pytest.raises(ValueError, match=r"model_state.pt is a file, and a detector learns on a published pretraining only: name"):
        find_events.with_labels(str(movie), str(movie.with_name("points.csv")), CPU, lambda _: None, features="model_state.pt")


def test_labels_and_a_model_are_one_too_many(movie, detector):
    with pytest.raises(ValueError, match="--labels and --answers train a detector and --model takes one that is there"):
        CliRunner().invoke(app, ["events", str(movie), "--model", str(detector), "--labels", "own"],
                           catch_exceptions=False)


def test_lists_go_to_a_folder_of_the_movies_name(home):
    assert event_folder.place("hela", {}) == home / "events" / "hela"
    assert event_folder.place("hela", {"position": 1}) == home / "events" / "hela-position-1", "of which another is not replaced"
    assert event_folder.place("hela", {"position": 1}, "here") == Path(os.path.abspath("here"))


def test_nobody_is_asked_about_what_is_held_back(tmp_path):
    seen = pd.DataFrame({"t": [2, 5, 9], "y": [5.0, 60.0, 40.0], "x": 40.0, "kind": "division", "score": [0.5, 0.6, 0.5], "probability": np.nan})
    outcome = find_events.Outcome(shrinking_discs(1), Choice(), seen, {}, threshold=0.5, seen=seen, learnt=np.arange(6))
    event_folder.ask(outcome, tmp_path, 40, "tapnb events movie")
    assert sorted(pd.read_csv(tmp_path / "questions.csv")["t"]) == [2, 5]


@pytest.mark.trains
def test_a_person_is_asked_and_the_training_goes_on_from_the_answers(home, movie, detector, tmp_path):
    folder = tmp_path / "list"
    CliRunner().invoke(app, ["events", str(movie), "--model", str(detector), "--no-open", "--out", str(folder), "--ask", "6"],
                       catch_exceptions=False)
    asked = pd.read_csv(folder / "questions.csv")
    page = (folder / "questions.html").read_text("utf-8")
    assert f"<code>tapnb events {movie} --out {folder} --answers answers.csv</code>" in page, "a model is not trained on"
    assert 1 < len(asked) <= 6 and page.count("<select") == len(asked) == page.count("data:image/webp")
    asked["answer"] = ["division", *["none"] * (len(asked) - 1)]
    asked["t"] = asked["t"].clip(1)
    asked.to_csv(folder / "answers.csv", index=False)
    outcome = find_events.with_labels(str(movie), None, CPU, lambda _: None, answers=[str(folder / "answers.csv")],
                                      settings=QUICK, features="synthetic")
    record = json.loads((home / "runs" / "detector" / outcome.about["detector"] / "record.json").read_text())
    assert record["parameters"]["detector"]["complete"] is False and record["results"]["events"] == 1
    assert record["results"]["course"][0]["hard"] >= len(asked) - 1
    (folder / "questions.csv").write_text(asked.to_csv(index=False))  # filled in, where it was written
    event_folder.ask(outcome, folder, 40, f"tapnb events {movie}", 2)
    assert (folder / "questions.csv").read_text() == asked.to_csv(index=False), "nobody's answers are overwritten"
    again = pd.read_csv(folder / "questions-2.csv")
    assert "--answers answers-2.csv" in (folder / "questions-2.html").read_text("utf-8")
    for old in asked.itertuples():
        near = (again["t"] - old.t).abs().le(5) & (np.hypot(again["y"] - old.y, again["x"] - old.x) < 30)
        assert not near.any(), "nobody is asked twice"
