"""The command ``tapnb``: thin. Heavy modules are imported in the commands, so that ``--help`` is quick."""

import sys
from pathlib import Path
from typing import Annotated

import typer

__all__ = ["app", "main"]

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Cell events from time arrow prediction: data, notebooks, claims and book.",
)

Profile = Annotated[str, typer.Option(help="The settings: a file of notebooks/profiles.")]
MovieName = Annotated[str, typer.Option(help="synthetic, hela, hela20, or the path of your own movie.")]


@app.callback()
def options(debug: Annotated[bool, typer.Option(help="Show the traceback of an error.")] = False) -> None:
    """Options of every command."""


@app.command()
def data(
    name: Annotated[str, typer.Argument(help="synthetic, hela, hela20, or the path of your own movie.")],
    masks: Annotated[str, typer.Option(help="The label stack of your own movie.")] = "",
) -> None:
    """Fetch or open a movie, and say what is in it."""
    from tapnb.movies import catalogue

    given = {"masks": masks} if masks else {}
    catalogue.fetch_missing(name)
    movie = catalogue.open_movie(name, **given)
    frames, height, width = movie.frames.shape
    minutes = f", {movie.minutes_per_frame:g} minutes apart" if movie.minutes_per_frame else ""
    typer.echo(f"movie   {movie.name} ({movie.source or 'no source given'}), fingerprint {movie.fingerprint}")
    typer.echo(f"frames  {frames} of {height} x {width} pixels, {movie.frames.dtype}{minutes}")
    if movie.masks is None:
        typer.echo("masks   none: fit for pretraining, not for recognising events")
    else:
        share = sum((mask > 0).mean() for mask in movie.masks) / frames  # frame by frame: it may be memory-mapped
        typer.echo(f"masks   {share:.3%} of all pixels belong to an event")
    kinds = {} if movie.events is None else movie.events["kind"].value_counts().to_dict()
    typer.echo("events  " + (", ".join(f"{n} x {kind}" for kind, n in kinds.items()) or "no list of events"))


@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def run(
    context: typer.Context,
    notebook: Annotated[str, typer.Argument(help="all, or a notebook such as 02_pretraining.")],
    profile: Profile = "smoke",
    movie: MovieName = "synthetic",
    mode: Annotated[str, typer.Option(help="execute makes what is missing; restore only reads.")] = "execute",
) -> None:
    """Run a notebook, or all; -p NAME VALUE sets a parameter, as often as you like."""
    from tapnb.workflow import notebooks

    overrides = _pairs(context.args)
    # Typed where the user stands, read by a kernel that stands in the checkout.
    movie = _absolute(movie)
    for name in {"masks", "held_out", "held_out_masks"} & overrides.keys():
        overrides[name] = _absolute(overrides[name])
    for done in notebooks.run(notebook, profile, movie, mode, overrides):
        typer.echo(f"{done.path.stem}  {profile}/{done.path.parent.name}  {done.seconds:.0f} s  {done.path}")


@app.command()
def convert(
    notebook: Annotated[str, typer.Argument(help="all, or a notebook such as 02_pretraining.")] = "all",
) -> None:
    """Write notebooks/*.ipynb, for Jupyter or papermill."""
    from tapnb.workflow import notebooks

    for name in notebooks.pick(notebook):
        typer.echo(notebooks.convert(name, notebooks.SOURCES / f"{name}.ipynb"))


@app.command()
def claims(profile: Profile = "cpu", movie: MovieName = "synthetic") -> None:
    """Print the paper's claims, each with its verdict, from the records of the runs."""
    from tapnb.store import results
    from tapnb.studies import claims as paper
    from tapnb.workflow import notebooks

    notebooks.read_profile(profile, notebooks.SOURCES / "profiles")  # misspelt is not the same as not yet run
    folder = results.folder(profile, movie)
    records = paper.read(folder)
    if not records.by_role:
        raise FileNotFoundError(f"there are no run records in {folder}; run `tapnb run all --profile {profile} --movie "
                                f"{movie}` first")
    for found in paper.judge(records):
        typer.echo(f"{found.number:2}. {found.claim}\n    {found.verdict.upper()}: {found.reason}")
        if found.paper_itself:
            typer.echo(f"      the paper itself: {found.paper_itself}")
        for part in found.parts:
            typer.echo(f"      {part}")
        typer.echo(f"      runs: {', '.join(found.runs) or 'none'}")


@app.command()
def reproduce(profile: Profile = "cpu", movie: MovieName = "synthetic") -> None:
    """Train a published profile anew, in the folder reproduced/, and compare every number with the published one."""
    from tapnb.system import paths
    from tapnb.workflow import reproduce as again

    found = again.anew(profile, movie, paths.home() / "reproduced")
    for row in found[~found["verdict"].isin(again.VERDICTS[:2])].itertuples():
        typer.echo(f"{row.verdict}: {row.notebook}, {row.number}: published {row.published or 'none'}, "
                   f"now {row.anew or 'none'}")
    for verdict, count in found["verdict"].value_counts().items():
        typer.echo(f"{count:5} numbers: {verdict}")


@app.command()
def book(
    profile: Profile = "smoke",
    movie: MovieName = "synthetic",
    show: Annotated[bool, typer.Option("--open", help="Open the front page if there is a screen.")] = False,
) -> None:
    """Build the book; the last line is its front page."""
    import webbrowser

    from tapnb.workflow import book as pages

    page = pages.build(profile, movie)
    if show and pages.can_open():
        webbrowser.open(page.as_uri())
    typer.echo(page)


def _absolute(text: str) -> str:
    """Return the absolute path of what exists here, and any other text as it is."""
    path = Path(text).expanduser()
    return str(path.absolute()) if text and path.exists() else text


def _pairs(rest: list[str]) -> dict[str, object]:
    """Read ``-p NAME VALUE`` as often as it comes, the way papermill takes it."""
    pairs = {}
    while rest:
        if rest[0] not in ("-p", "--parameter") or len(rest) < 3:
            raise ValueError(f"Cannot read {' '.join(rest)!r}: a parameter is set with -p NAME VALUE.")
        _, name, value, *rest = rest
        pairs[name] = value
    return pairs


def main() -> None:
    """Run the command; an error that has a clear sentence is shown as that sentence, with exit code 2."""
    if "--debug" in sys.argv:
        app()
        return
    try:
        app()
    except (ValueError, FileNotFoundError, ConnectionError) as error:
        _stop(error)
    except OSError as error:  # a full disk, a folder that may not be written
        if not error.filename:
            raise
        _stop(OSError(f"{error.filename}: {error.strerror}; with TAPNB_HOME set, runs and results go to that folder"))
    except RuntimeError as error:
        # Our own say what to do; any other RuntimeError is a defect, whose traceback is wanted.
        if not type(error).__module__.startswith("tapnb."):
            raise
        _stop(error)


def _stop(error: Exception) -> None:
    typer.echo(f"tapnb: {error}", err=True)
    sys.exit(2)
