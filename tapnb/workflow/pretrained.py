"""The pretraining that a search for events begins with: that of a built-in movie, or the movie's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import torch

from tapnb import pretrain
from tapnb.models import TimeArrowModel
from tapnb.store import results, runs
from tapnb.system import paths
from tapnb.system.files import read_json
from tapnb.tarrow_weights import read_tarrow
from tapnb.workflow.published import FIRST

NOTEBOOK, ROLE = "02_pretraining", "tap"

OWN = "own"
"""Names the pretraining of the very movie that is searched."""

NOTHING: Mapping[str, object] = MappingProxyType({})
"""Of a movie whose files leave nothing open."""

FILES = (".safetensors", ".pt")
"""Endings by which a file of weights is told from the name of a movie."""


def of_movie(name: str, features: str, say: Callable[[str], None], choices: Mapping[str, object] = NOTHING) -> runs.Run:
    """A pretraining that notebook 02 has published.

    Parameters
    ----------
    name : str
        The movie that is searched.
    features : str
        A built-in movie, whose published pretraining is taken, or "own": that of the movie itself; of several, the one that
        saw most pairs.
    say : callable
        Takes a sentence on which one that is, where it is the movie's own.
    choices : mapping
        Options with which the movie is opened, which a movie's own pretraining knows nothing of.

    Raises
    ------
    ValueError
        If ``features`` is a file, or "own" of a movie with options.
    FileNotFoundError
        If there is no such pretraining.
    """
    if Path(features).suffix in FILES:
        raise ValueError(f"{features} is a file, and a detector learns on a published pretraining only: name a built-in "
                         "movie such as hela with --features, or use tapnb.detector_training.train_detector, which takes "
                         "any features")
    if features != OWN:
        return runs.find(results.published_run(FIRST, features, NOTEBOOK, ROLE))
    if choices:
        raise ValueError(f"--features own knows a movie as `tapnb run` opens it, without --{', --'.join(choices)}: write that into a movie's "
                         "YAML file, pretrain and search that file")
    published = [read_json(path) for path in paths.results().glob(f"*/{runs.movie_slug(name)}/{NOTEBOOK}.json")]
    pairs = {of["runs"][ROLE]: of["provenance"]["parameters"]["tap_pairs"] for of in published}
    if not pairs:
        raise FileNotFoundError(f"{name} has no pretraining of its own: `tapnb run {NOTEBOOK} --profile {FIRST} --movie {name}` makes "
                                "one, in hours, and goes on where it was interrupted; or name a built-in movie with --features")
    most = max(sorted(pairs), key=pairs.__getitem__)
    say(f"beginning with the movie's own pretraining, {most}, {pairs[most]} pairs")
    return runs.find(most)


def model(name: str, features: str, on: torch.device, say: Callable[[str], None],
          choices: Mapping[str, object] = NOTHING) -> tuple[TimeArrowModel, str]:
    """A trained time arrow network, and what to call it; ``features`` is as for :func:`of_movie`, or a file of tarrow's weights."""
    if Path(features).suffix in FILES:
        return read_tarrow(features, on), features
    tap = of_movie(name, features, say, choices)
    return pretrain.load(tap.folder, on), tap.name
