"""The pretraining of notebook 02 by itself, by as many processes as `torchrun` starts; the notebook then finds it."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tapnb import distributed, pretrain
from tapnb.movies import catalogue
from tapnb.store import kinds, runs
from tapnb.studies import pretraining
from tapnb.system import compiling
from tapnb.system.precision import arithmetic
from tapnb.workflow import notebooks, published

NOTEBOOK = "02_pretraining"


def train(profile: str, movie: str | None, overrides: dict[str, object], say: Callable[[str], object]) -> None:
    """Make the run that notebook 02 makes first, under the same name; one that is there already is kept.

    Parameters
    ----------
    profile, movie, overrides
        See :func:`tapnb.workflow.published.decide`.
    say : callable
        Gets a line that names the run and its folder, in the first process.

    Raises
    ------
    ValueError, FileNotFoundError
        If a parameter is wrong, the processes cannot share a batch, or they do not agree on what to train.
    """
    with _said_once():
        _train(profile, movie, overrides, say)


def _train(profile: str, movie: str | None, overrides: dict[str, object], say: Callable[[str], object]) -> None:
    job = published.decide(NOTEBOOK, profile, movie, "execute", overrides, notebooks.SOURCES)
    parameters = job.parameters[NOTEBOOK]
    settings, seed = pretraining.settings_of(parameters), parameters["tap_seed"]
    with distributed.processes(parameters["device"]) as on:
        distributed.share(settings.batch)
        if compiling.wanted() and distributed.size() > 1:  # processes wait for one another within BatchNorm
            raise ValueError("TAPNB_COMPILE=1 compiles the training of one process, and torchrun has started several: leave out "
                             "one of the two")
        with distributed.first_of_machine():
            catalogue.fetch_missing(job.movie)
            movies = catalogue.open_both(job.movie, parameters["single_child"])
        test_pairs = parameters["tap_test_pairs"]
        _check_the_same(runs.run_name(kinds.TAP, dict(zip(("train", "held-out"), movies)),
                                      {"settings": settings, "test_pairs": test_pairs}, seed), arithmetic(on))
        if distributed.rank():
            pretrain.take_part(*movies, settings, seed=seed, on=on)
            return
        command = f"tapnb run {NOTEBOOK} --profile {job.profile} --movie {job.movie} --mode execute"
        run = pretraining.tap_run(*movies, settings, test_pairs=test_pairs, seed=seed, mode="execute", on=on,
                                  command=command)
        distributed.nothing_more()
        say(f"{run.name}  {run.record['device']}  {os.path.relpath(run.folder)}")


def _check_the_same(*what: str) -> None:
    """Raise ValueError unless all processes would make the run of that name in that arithmetic."""
    first = distributed.from_first(what)
    if what != first:
        raise ValueError(f"process {distributed.rank()} would train {' in '.join(what)} and process 0 "
                         f"{' in '.join(first)}: start all with the same command, code, movie and TAPNB_PRECISION")


@contextmanager
def _said_once() -> Iterator[None]:
    """A block whose errors only the first process of a machine says: the others of that machine have the same."""
    try:
        yield
    except (ValueError, FileNotFoundError):
        if distributed.number_on_machine():
            sys.exit(2)
        raise
