"""Prose that quotes numbers: each in its place, and none that is not published."""

import json

import pytest

from tapnb.store import results as store
from tapnb.studies import prose

NAME = "cpu/hela/06_strategies"


@pytest.fixture
def results(tmp_path):
    """A folder ``results`` with every form in which a notebook publishes a number."""
    numbers = {"accuracy": store.number(0.5154, [], interval=(0.4902, 0.5411)),
               "share": store.number(67.2, [], 0, interval=(60, 74), unit="%"),
               "loss": store.number(-0.0721, [], interval=(-0.116, -0.021)),
               "F1": store.number(0.457, [], 2, std=0.078, n=5),
               "one_run": store.number(0.3, [], 2, std=float("nan")),
               "pairs": store.number(147456, [], 0),
               "spread_apart": {"text": "0.910", "std": 0.012, "n": 10}}
    (tmp_path / "results" / NAME).parent.mkdir(parents=True)
    (tmp_path / "results" / f"{NAME}.json").write_text(json.dumps({"numbers": numbers}))
    return tmp_path / "results"


@pytest.mark.parametrize(("key", "alone", "whole"), [
    ("accuracy", "0.515", "0.515 (0.490 to 0.541)"),
    ("share", "67\u202f%", "67 (60 to 74)\u202f%"),
    ("loss", "\u22120.072", "\u22120.072 (\u22120.116 to \u22120.021)"),
    ("F1", "0.46", "0.46 ± 0.08 (n = 5)"),
    ("one_run", "0.30", "0.30"),
    ("pairs", "147\u202f456", "147\u202f456"),
    ("spread_apart", "0.910", "0.910 ± 0.012 (n = 10)"),
])
def test_a_number_alone_and_with_its_spread(results, key, alone, whole):
    template = f"It is {{value}}`{NAME}:{key}` (so {{num}}`{NAME}:{key}`), *not* `code`."
    assert prose.fill(template, results) == f"It is {alone} (so {whole}), *not* `code`."


@pytest.mark.parametrize(("name", "nearest"), [
    (f"{NAME}:acuracy", f"{NAME}:accuracy"),
    ("cpu/helo/06_strategies:pairs", f"{NAME}:pairs"),
    ("06_strategies:share", f"{NAME}:share"),  # README has no profile and movie of its own
    (f"{NAME}:F1?", f"{NAME}:F1"),  # nothing may be missing there
    (f"../results/{NAME}:F1", f"{NAME}:F1"),
    ("", ""),
])
def test_a_number_that_is_not_published_is_refused_with_the_nearest(results, name, nearest):
    with pytest.raises(ValueError) as refused:
        prose.fill(f"It is {{value}}`{name}`.", results)
    assert str(refused.value).startswith(f"results/ has no number {name!r}; the nearest is '{nearest}")
    assert "\n" not in str(refused.value)


def test_where_nothing_is_published_there_is_no_nearest(tmp_path):
    with pytest.raises(ValueError, match="it has no numbers at all"):
        prose.fill("{num}`cpu/hela/02:acc`", tmp_path / "results")


def test_a_role_of_the_book_alone_is_refused(results):
    with pytest.raises(ValueError, match=r"\{cite:t\}`chen2024` is no number.*\{value\} and \{num\}"):
        prose.fill("{cite:t}`chen2024`", results)


def test_only_what_stands_between_the_comments_is_replaced():
    readme = f"# Title\n\n{prose.BEGIN}\n\n1. Old.\n\n{prose.END}\n\n```sh\nmake book\n```\n"
    assert prose.replace_findings(readme, "\n1. New.\n") == readme.replace("Old", "New")


@pytest.mark.parametrize("readme", [
    "", prose.BEGIN, prose.END, f"{prose.END}{prose.BEGIN}", f"{prose.BEGIN}{prose.END}" * 2,
    f"{prose.END}{prose.BEGIN}{prose.END}", f"{prose.BEGIN}{prose.END}{prose.END}",
])
def test_a_readme_without_both_comments_in_order_is_refused(readme):
    with pytest.raises(ValueError, match="needs the lines .* once, in this order"):
        prose.replace_findings(readme, "1. New.")
