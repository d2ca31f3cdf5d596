"""A command in its own words, for a record and for the next command."""

import shlex

import typer
from typer.testing import CliRunner

from tapnb.workflow.given import as_given

app = typer.Typer()


@app.command("list")
def listed(context: typer.Context, movie: str, labels: str | None = None, answers: list[str] | None = None, steps: int = 800,
           channel: int | None = None, partial: bool = typer.Option(False, "--partial"), show: bool = typer.Option(True, "--open/--no-open")):
    """A command like those of tapnb."""
    typer.echo(as_given(context))
    typer.echo(as_given(context, without=("labels",)))


@app.command()
def other():
    """Another one, so that names are needed."""


def said(*words):
    return CliRunner().invoke(app, ["list", *words], catch_exceptions=False).output.splitlines()


def test_what_is_as_by_default_is_not_said():
    assert said("my movie.tif", "--steps", "800", "--no-open") == ["tapnb list 'my movie.tif'"] * 2


def test_what_was_given_can_be_given_again():
    words = ["mine", "--labels", "points of mine.csv", "--answers", "a.csv", "--answers", "b.csv", "--steps", "40", "--channel", "0",
             "--partial"]
    whole, without = said(*words)
    assert shlex.split(whole) == ["tapnb", "list", *words]
    assert shlex.split(without) == ["tapnb", "list", *words[:1], *words[3:]]
