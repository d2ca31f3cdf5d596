"""The command ``tapnb``: thin. Heavy modules are imported in the commands, so that ``--help`` is quick."""

import sys
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

MOVIES = "synthetic, synthetic-24x448 (frames x side), hela, hela20, or the path of your own"
Profile = Annotated[str, typer.Option(help="The settings, a file of notebooks/profiles; auto: those that are published "
                                           "of the movie (cpu), else smoke.")]
MovieName = Annotated[str | None, typer.Option(help=f"{MOVIES}; by default the profile's, else synthetic.")]
Mode = Annotated[str, typer.Option(help="execute makes what is missing; restore only reads; auto restores what is "
                                        "published with these very parameters.")]
Sequence = Annotated[str | None, typer.Option(help="Which sequence of a tracked movie, such as 02; elsewhere its folder, PATH/02, "
                                                   "names it.")]
Channel = Annotated[int | None, typer.Option(help="Which channel, by its number, where the files hold several.")]
Position = Annotated[int | None, typer.Option(help="Which position of the stage, where the files hold several.")]
Plane = Annotated[str | None, typer.Option(help="Which plane, where the files hold several; max: their brightest value.")]
Axes = Annotated[str | None, typer.Option(help="What the axes of a file are, such as TYX, where it says otherwise.")]
Pattern = Annotated[str | None, typer.Option(help="Names of the files in a folder that are frames, such as 'img_*.tif'.")]
Gaps = Annotated[str | None, typer.Option(help="allow: time points may be missing in a folder.")]


@app.callback()
def options(debug: Annotated[bool, typer.Option(help="Show the traceback of an error.")] = False) -> None:
    """Options of every command."""


@app.command()
def data(
    name: Annotated[str, typer.Argument(help=f"{MOVIES}: a TIFF stack, a folder, or a YAML file that describes it.")],
    sequence: Sequence = None,
    channel: Channel = None,
    position: Position = None,
    plane: Plane = None,
    axes: Axes = None,
    pattern: Pattern = None,
    gaps: Gaps = None,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open the page if there is a screen.")] = True,
) -> None:
    """Fetch or open a movie, and say what is in it: as text, and as a page with pictures."""
    from tapnb.movies import catalogue
    from tapnb.studies.first_look import chosen_in_words, events_table, first_look

    catalogue.fetch_missing(name)
    chosen = _set(sequence=sequence, channel=channel, position=position, plane=plane, axes=axes, pattern=pattern, gaps=gaps)
    movie = catalogue.open_whole(name, **chosen)
    frames, height, width = movie.frames.shape
    minutes = f", {movie.minutes_per_frame:g} minutes apart" if movie.minutes_per_frame else ""
    typer.echo(f"movie   {movie.name} ({movie.source or 'no source given'}), fingerprint {movie.fingerprint}")
    pixel = f", {movie.um_per_pixel:g} micrometres a pixel" if movie.um_per_pixel else ""
    typer.echo(f"frames  {frames} of {height} x {width} pixels, {movie.frames.dtype}{minutes}{pixel}")
    look = first_look(movie, name, chosen)
    if look.numbers:
        typer.echo(f"numbers {look.numbers}")
    if look.options:
        typer.echo(f"chosen  {chosen_in_words(look)}")
    if movie.masks is None:
        typer.echo("masks   none: fit for pretraining, not for recognising events")
    else:
        share = sum((mask > 0).mean() for mask in movie.masks) / frames  # frame by frame: it may be memory-mapped
        typer.echo(f"masks   {share:.3%} of all pixels belong to an event")
    counts = ", ".join(f"{row.events} x {row.kind}" for row in events_table(movie, look.regions).itertuples())
    typer.echo(f"events  {counts}, from {look.labels}" if counts else "events  none are labelled")
    for finding in look.findings:
        typer.echo(f"found   {finding}")
    _first_look(name, movie, look, chosen, show)


def _set(plane: str | None = None, **options) -> dict[str, object]:
    """Return the options of a movie that are set; a plane is a number, or the word max."""
    options["plane"] = int(plane) if plane is not None and plane.isascii() and plane.isdigit() else plane
    return {name: value for name, value in options.items() if value is not None}


def _first_look(name: str, movie, look, chosen: dict[str, object], show: bool) -> None:
    """Write the first look at a movie as a page, and open it or say where it is; every channel has its own."""
    import webbrowser

    from tapnb.store import runs
    from tapnb.system import paths
    from tapnb.system.files import replacing
    from tapnb.workflow import book

    try:
        from tapnb.figures import first_look as pictures
    except ImportError as error:
        typer.echo(f"page    not written: {error.name} is missing, which `pip install .[book]` brings")
        return
    page = runs.slug(" ".join(["first-look", *(f"{option} {value}" for option, value in chosen.items())]))
    path = paths.runs() / "data" / runs.movie_slug(name) / f"{page}.html"
    with replacing(path) as temporary:
        temporary.write_text(pictures.page(movie, look), "utf-8")
    if show and book.can_open():
        webbrowser.open(path.as_uri())
    typer.echo(f"page    {path}")


@app.command()
def events(
    context: typer.Context,
    movie: Annotated[str, typer.Argument(help=f"{MOVIES}.")],
    labels: Annotated[str | None, typer.Option(help="Events to learn from: a table of points (t, y, x, kind), Fiji's ROIs, "
                                                    "a stack of masks, or own: those that the movie has.")] = None,
    model: Annotated[str | None, typer.Option(help="A detector that is there already: a published one, such as hela, or a "
                                                   "file detector.safetensors. Nothing is trained.")] = None,
    ask: Annotated[int, typer.Option(help="Also write so many places whose answer would help most: a page to answer on.")] = 0,
    answers: Annotated[list[str] | None, typer.Option(help="A table that --ask has written, filled in; once for each round. They are "
                                                           "learned from beside --labels.")] = None,
    partial: Annotated[bool, typer.Option("--partial", help="Not every event of the movie is labelled.")] = False,
    strategy: Annotated[str, typer.Option(help="D: published features, trained on; A: the same, fixed, in less time; "
                                               "C and B: random ones, trained and fixed.")] = "D",
    features: Annotated[str, typer.Option(help="Built-in movie whose published pretraining is taken, or own: that of this movie, by "
                                                      "`tapnb run 02_pretraining`; for candidates also a file of tarrow's weights.")] = "hela",
    steps: Annotated[int, typer.Option(help="Training steps, of 16 crop pairs.", min=4)] = 800,
    threshold: Annotated[float | None, typer.Option(help="List events from this score on; by default the best on events held back. "
                                                         "All places that were seen are in places.csv.", min=0, max=1)] = None,
    out: Annotated[str | None, typer.Option(help="Folder for the list; by default under events/.")] = None,
    device: Annotated[str, typer.Option(help="auto, cuda, mps or cpu.")] = "auto",
    sequence: Sequence = None,
    channel: Channel = None,
    position: Position = None,
    plane: Plane = None,
    axes: Axes = None,
    pattern: Pattern = None,
    gaps: Gaps = None,
    show: Annotated[bool, typer.Option("--open/--no-open", help="Open the report if there is a screen.")] = True,
) -> None:
    """List the divisions and deaths of a movie: as tables, as ROIs, as an overlay, and as a report."""
    import webbrowser

    from tapnb.detector_training import DetectorSettings
    from tapnb.movies import catalogue
    from tapnb.system import device as devices
    from tapnb.workflow import book, event_folder, find_events, pretrained
    from tapnb.workflow.given import as_given

    if (labels or answers) and model:
        raise ValueError("--labels and --answers train a detector and --model takes one that is there: give one of them, or neither for "
                         "candidates to look at first")
    catalogue.fetch_missing(movie)
    on = devices.choose(device)
    choices = _set(sequence=sequence, channel=channel, position=position, plane=plane, axes=axes, pattern=pattern, gaps=gaps)
    if labels or answers:
        settings = DetectorSettings(steps=steps, complete=not partial)
        outcome = find_events.with_labels(movie, labels, on, typer.echo, answers=answers or (), strategy=strategy,
                                          features=features, settings=settings, threshold=threshold, choices=choices,
                                          command=as_given(context, without=("ask", "out")))
    elif model:
        outcome = find_events.with_detector(movie, model, on, typer.echo, threshold=threshold, choices=choices)
    elif threshold is not None:
        raise ValueError("--threshold is one of a detector's scores, and candidates have none: give --labels or --model as well, or "
                         "take the first of the candidates")
    else:
        outcome = find_events.as_candidates(movie, features, on, typer.echo, choices)
    outcome.about["command"] = as_given(context)
    report = event_folder.write(outcome, event_folder.place(movie, choices, out))
    if ask:
        again = as_given(context, without=("ask", "model", "threshold", *["features"] * features.endswith(pretrained.FILES)))
        typer.echo(f"asked   {event_folder.ask(outcome, report.parent, ask, again, len(answers or ()) + 1)}")
    kinds = outcome.events["kind"].value_counts().to_dict()
    typer.echo("found   " + (", ".join(f"{n} x {kind}" for kind, n in kinds.items()) or "nothing"))
    if show and book.can_open():
        webbrowser.open(report.as_uri())
    typer.echo(f"folder  {report.parent}\nreport  {report}")


@app.command("package")
def package_model(
    model: Annotated[str, typer.Argument(help="A published detector, such as hela, or a file detector.safetensors.")],
    author: Annotated[str | None, typer.Option(help="Who made it; of a detector of your own.")] = None,
    out: Annotated[str | None, typer.Option(help="Folder for the package; by default under models/.")] = None,
) -> None:
    """Write a detector as a package of bioimage.io, and as ONNX, for other programs."""
    from tapnb.workflow import model_package

    path = model_package.package(model, model_package.place(model, out), author, typer.echo)
    typer.echo(f"onnx     {path.parent / 'detector.onnx'}\npackage  {path}")


@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def run(
    context: typer.Context,
    notebook: Annotated[str, typer.Argument(help="all, or a notebook such as 02_pretraining.")],
    profile: Profile = "auto",
    movie: MovieName = None,
    mode: Mode = "auto",
    workers: Annotated[str | None, typer.Option(help="Make the runs first, in so many processes at once; auto: as many as cores and "
                                                     "memory allow.")] = None,
    scheduler: Annotated[str | None, typer.Option(help="Make them on the workers of a Dask scheduler, such as "
                                                       "tcp://node7:8786.")] = None,
) -> None:
    """Run a notebook, or all; -p NAME VALUE sets a parameter, as often as you like."""
    from tapnb.workflow import cluster, notebooks

    wanted = cluster.asked(workers, scheduler)

    def make_runs(job) -> None:
        from tapnb.workflow import notebook_runs, sweep

        sweep.sweep(notebook_runs.of_notebooks(job.parameters), wanted)

    prepare = make_runs if wanted else None
    for done in notebooks.run(notebook, profile, movie, mode, _pairs(context.args), prepare=prepare):
        place = "/".join(done.path.parts[-3:-1])
        typer.echo(f"{done.path.stem}  {place}  {done.seconds:.0f} s  {done.path}")


@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def pretrain(context: typer.Context, profile: Profile = "auto", movie: MovieName = None) -> None:
    """Train notebook 02's network alone: torchrun --nproc-per-node N -m tapnb pretrain shares it among N processes.

    -p NAME VALUE sets a parameter of that notebook, as often as you like.
    """
    from tapnb.workflow import shared_training

    shared_training.train(profile, movie, _pairs(context.args), typer.echo)


@app.command()
def convert(
    notebook: Annotated[str, typer.Argument(help="all, or a notebook such as 02_pretraining.")] = "all",
) -> None:
    """Write notebooks/*.ipynb, for Jupyter or papermill."""
    from tapnb.workflow import notebooks, parameters

    for name in parameters.pick(notebook, notebooks.SOURCES):
        typer.echo(notebooks.convert(name, notebooks.SOURCES / f"{name}.ipynb"))


@app.command("profile")
def print_profile(name: Annotated[str, typer.Argument(help="A file of notebooks/profiles.")]) -> None:
    """Print all values of a profile, those that it takes over too, as flat YAML for papermill."""
    import yaml

    from tapnb.workflow import notebooks, parameters

    values = parameters.read_profile(name, notebooks.SOURCES / "profiles")
    typer.echo(yaml.safe_dump(values, sort_keys=False, default_flow_style=None, allow_unicode=True).rstrip())


@app.command()
def claims(profile: Profile = "auto", movie: MovieName = None) -> None:
    """Print the paper's claims, each with its verdict, from the records of the runs."""
    from tapnb.store import results
    from tapnb.studies import claim_records
    from tapnb.studies import claims as paper
    from tapnb.workflow import notebooks, published
    from tapnb.workflow.parameters import read_profile

    profile, movie = published.profile_and_movie(profile, movie, notebooks.SOURCES)
    read_profile(profile, notebooks.SOURCES / "profiles")  # misspelt is not the same as not yet run
    folder = results.folder(profile, movie)
    records = claim_records.read(folder)
    if not records.by_role:
        raise FileNotFoundError(f"there are no run records in {folder}; run `tapnb run all --profile {profile} --movie "
                                f"{movie}` first")
    for claim in paper.judge(records):
        typer.echo(f"{claim.number:2}. {claim.claim}\n    {claim.in_words.upper()}: {claim.reason}")
        if claim.paper_itself:
            typer.echo(f"      the paper itself: {claim.paper_itself}")
        if claim.protocol:
            typer.echo(f"      by the protocol, on the held-out movie: {claim.protocol}")
        for part in claim.parts:
            typer.echo(f"      {part}")
        typer.echo(f"      runs: {', '.join(claim.runs) or 'none'}")


@app.command()
def findings() -> None:
    """Write what was found into README.md, from the book's text and the published numbers."""
    from tapnb.studies import prose
    from tapnb.workflow import notebooks

    typer.echo(prose.write_readme(notebooks.CHECKOUT))


@app.command()
def reproduce(profile: Profile = "auto", movie: MovieName = None) -> None:
    """Train a published profile anew, in the folder reproduced/, and compare every number with the published one."""
    from tapnb.system import paths
    from tapnb.workflow import notebooks, published
    from tapnb.workflow import reproduce as again

    profile, movie = published.profile_and_movie(profile, movie, notebooks.SOURCES)
    comparison = again.anew(profile, movie, paths.home() / "reproduced")
    for row in comparison[~comparison["verdict"].isin(again.VERDICTS[:2])].itertuples():
        typer.echo(f"{row.verdict}: {row.notebook}, {row.number}: published {row.published or 'none'}, "
                   f"now {row.anew or 'none'}")
    for verdict, count in comparison["verdict"].value_counts().items():
        typer.echo(f"{count:5} numbers: {verdict}")


@app.command()
def book(
    profile: Profile = "auto",
    movie: MovieName = None,
    show: Annotated[bool, typer.Option("--open", help="Open the front page if there is a screen.")] = False,
    as_pdf: Annotated[bool, typer.Option("--pdf", help="One PDF instead of pages; needs Chromium.")] = False,
) -> None:
    """Build the book; the last line is its front page, or its PDF."""
    import webbrowser

    from tapnb.workflow import book as pages
    from tapnb.workflow import notebooks, pdf, published

    profile, movie = published.profile_and_movie(profile, movie, notebooks.SOURCES)
    page = pdf.pdf(profile, movie) if as_pdf else pages.build(profile, movie)
    if show and pages.can_open():
        webbrowser.open(page.as_uri())
    typer.echo(page)


def _pairs(rest: list[str]) -> dict[str, object]:
    """Read ``-p NAME VALUE`` as often as it comes, the way papermill takes it."""
    pairs = {}
    while rest:
        if rest[0] not in ("-p", "--parameter") or len(rest) < 3:
            raise ValueError(f"Cannot read {' '.join(rest)!r}: a parameter is set with -p NAME VALUE.")
        _, name, value, *rest = rest
        pairs[name] = value
    return pairs


INTERRUPTED = 130
"""The exit code after Ctrl-C, as shells have it."""


def main() -> None:
    """Run the command; an error that has a clear sentence is shown as that sentence, with exit code 2."""
    if "--debug" in sys.argv:
        app()
        return
    try:
        app()
    except SystemExit as end:
        if end.code == INTERRUPTED:
            typer.echo("tapnb: stopped; what is finished is kept, and the same command goes on with the rest", err=True)
        raise
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
