"""What notebooks leave for the book."""

import json
import re

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from toys import shrinking_discs

from tapnb.store import results, runs


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path))
    return runs.Run(tmp_path, {"name": "tap-x-1", "device": "cpu", "seconds": 12.0, "results": {}})


def test_a_number_says_its_spread_and_runs(run):
    assert results.number(0.5, [run])["text"] == "0.500"
    assert results.number(0.714, [run], 2, std=0.031, n=5)["text"] == "0.71 ± 0.03"
    assert results.number(0.714, [run], interval=(0.7, 0.73))["text"] == "0.714 (0.700 to 0.730)"
    assert results.number(14934, [run], 0)["text"] == "14\u202f934"
    assert results.number(13, [], 1, unit="%")["text"] == "13.0\u202f%"
    assert results.number(0.5, [run])["runs"] == ["tap-x-1"]


def test_publishing_writes_numbers_tables_plots_and_records(run):
    figure, axes = plt.subplots()
    axes.plot([0, 1])
    path = results.publish("02_pretraining", "smoke", "synthetic", {"seed": 1}, {"tap": run},
                           {"accuracy": results.number(0.9, [run])}, {"train": shrinking_discs(1)}, {"accuracy": pd.DataFrame({"a": [1]})},
                           {"curves": figure})
    plt.close(figure)
    assert {p.name for p in path.parent.iterdir()} == {"02_pretraining.json", "02_pretraining_accuracy.csv",
                                                       "02_pretraining_curves.svg", "records"}
    published = json.loads(path.read_text())
    assert published["numbers"]["accuracy"]["value"] == 0.9 and published["runs"] == {"tap": "tap-x-1"}
    assert published["provenance"]["parameters"] == {"seed": 1} and published["provenance"]["seconds"] == 12.0
    assert published["provenance"]["movies"]["train"].endswith(shrinking_discs(1).fingerprint)
    assert json.loads((path.parent / "records" / "tap-x-1.json").read_text()) == run.record
    assert results.published_run("smoke", "synthetic", "02_pretraining", "tap") == "tap-x-1"
    assert results.published_parameters("smoke--seed-2", "synthetic", "02_pretraining") == {"seed": 1}
    assert "tap-x-1" in results.show_stamp(path).data
    published["provenance"]["versions"]["tapnb"] = "not installed"  # as stamps of a checkout once said
    path.write_text(json.dumps(published))
    assert "not installed" not in results.show_stamp(path).data and "numpy" in results.show_stamp(path).data


def test_a_plot_is_written_again_only_if_it_looks_otherwise(run):
    """The last digits of where its axes stand are not printed, and go into the names of clip paths."""
    def published(shift, height=1):
        figure = plt.figure()
        figure.add_axes((0.1 + shift, 0.1, 0.8, 0.8)).plot([0, height])
        path = results.publish("02_pretraining", "smoke", "synthetic", {}, {}, {}, {}, plots={"curves": figure})
        plt.close(figure)
        return path.with_name("02_pretraining_curves.svg").read_text()

    first = published(0)
    assert published(1e-12) == first
    assert published(0, height=2) != first


def test_what_is_restored_unchanged_keeps_its_provenance_and_a_number_of_another_run_does_not(run):
    other = runs.Run(run.folder, run.record | {"name": "tap-x-2"})

    def made(number):
        path = results.publish("13_findings", "smoke", "synthetic", {"mode": "restore"}, {"tap": run}, {"claims": number},
                               {"train": shrinking_discs(1)})
        kept = json.loads(path.read_text())
        path.write_text(json.dumps(kept | {"provenance": kept["provenance"] | {"made": "in 1999"}}))
        return kept["provenance"]["made"], kept["numbers"]["claims"]["runs"]

    made(results.number(4, [run], 0))
    assert made(results.number(4, [run], 0)) == ("in 1999", ["tap-x-1"])
    when, of = made(results.number(4, [run, other], 0))  # as many claims, one of which rests on a run that was made anew
    assert when != "in 1999" and of == ["tap-x-1", "tap-x-2"]
    assert made(results.number(4, [run, other], 0) | {"freedom": 2.5})[0] != "in 1999", "which it did not say before"


def test_an_unfinished_notebook_is_named_with_its_command(run):
    with pytest.raises(FileNotFoundError, match="`tapnb run 02_pretraining --profile cpu --movie hela`"):
        results.published_run("cpu", "hela", "02_pretraining", "tap")


def test_your_own_movies_folder_is_named_after_the_file(run):
    movies = ["some/where/My stack.tif", "else/where/My stack.tif", "x/synthetic.tif", "/"]
    names = [results.folder("smoke", movie).name for movie in movies]
    assert [name[:-7] for name in names] == ["my-stack", "my-stack", "synthetic", "movie"]
    assert len(set(names)) == len(names) and all(re.fullmatch(r".+-[0-9a-f]{6}", name) for name in names)
    built_in = ["synthetic", "synthetic-24x448", "hela", "hela20"]
    assert [results.folder("smoke", movie).name for movie in built_in] == built_in


def test_a_movies_folder_is_the_same_from_wherever_it_is_named(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len({runs.movie_slug(movie) for movie in ("x.tif", "./x.tif", "y/../x.tif", str(tmp_path / "x.tif"))}) == 1


def test_parameters_are_what_a_notebook_has_assigned():
    variables = {"__name__": "x", "_i": "", "In": [""], "pd": pd, "movie": "hela", "sizes": [24], "rate": 0.1, "on": True}
    assert results.parameters_of(variables) == {"movie": "hela", "sizes": [24], "rate": 0.1, "on": True}


def test_a_cell_between_asterisks_is_shown_bold_and_any_other_as_it_is():
    html = results.show_table(pd.DataFrame({"rec 1": ["**0.89**", "0.5 < x"]})).data
    assert "<strong>0.89</strong>" in html and "**" not in html and "0.5 &lt; x" in html
