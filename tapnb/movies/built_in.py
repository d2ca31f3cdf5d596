"""The movies that come with the package: `synthetic`, simulated here, and `hela` and `hela20`, which are downloaded.

`synthetic-24x448` is a smaller simulation, of 24 frames of 448 x 448 pixels; any two numbers will do.
"""

import hashlib
import inspect
import json
import os
import re
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd

from tapnb.movies.ctc import ctc_sequences, read_ctc
from tapnb.movies.downloads import fetch_sequences
from tapnb.movies.hela20 import fetch_hela20, frames_path, read_hela20
from tapnb.movies.movie import Movie
from tapnb.movies.parts import part_of
from tapnb.system import paths
from tapnb.system.files import replacing, set_aside

__all__ = ["open_built_in", "is_built_in", "check_options", "fetch", "fetch_missing", "at_hand", "hela_folder", "NAMES", "ROLES",
           "SEQUENCES", "TITLES"]

NAMES = ("synthetic", "hela", "hela20")
TITLES = {"synthetic": "Simulated movie", "hela": "HeLa", "hela20": "HeLa, 20 frames"}
"""What the movies are called in headings and figures."""

SIMULATED = re.compile(r"synthetic-(?P<frames>\d+)x(?P<size>\d+)")
ROLES = ("train", "held-out")
SEQUENCES = {"train": "02", "held-out": "01"}  # 02 has more divisions

HELA = "Fluo-N2DL-HeLa"
HELA_ADDRESS = "https://data.celltrackingchallenge.net/training-datasets/Fluo-N2DL-HeLa.zip"
HELA_FACTS = {"01": (92, 94), "02": (92, 209)}  # sequence: frames, divisions; 02 has 3 links of one cell besides
HELA_TERMS = (
    "Fluo-N2DL-HeLa belongs to its provider, the Mitocheck Consortium, and is published by the Cell "
    "Tracking Challenge (celltrackingchallenge.net). Its terms: cite the challenge (Maska et al., Nature "
    "Methods 2023) and the data provider in what you publish; do not redistribute the images."
)


def open_built_in(name, role, options) -> Movie:
    """Open a built-in movie in one of its two roles, see :func:`tapnb.movies.catalogue.open_movie`."""
    if simulated := SIMULATED.fullmatch(name):
        return _open_synthetic(role, **{key: int(number) for key, number in simulated.groupdict().items()} | options)
    opener = {"synthetic": _open_synthetic, "hela": _open_hela, "hela20": _open_hela20}[name]
    if opener is not _open_synthetic:  # which has the simulator's options, and checks them itself
        check_options(name, options, list(inspect.signature(opener).parameters)[1:])
    return opener(role, **options)


def is_built_in(name) -> bool:
    """Say whether a name is that of a built-in movie, and not a path."""
    return str(name) in NAMES or SIMULATED.fullmatch(str(name)) is not None


def check_options(name, options, known) -> None:
    """Refuse an option that the movie does not have."""
    for option in options:
        if option not in known:
            from tapnb.movies.movie_file import SUFFIXES  # here: it brings pydantic, which who opens a movie does without

            raise ValueError(f"The movie {str(name)!r} has no option {option!r}: "
                             f"it has {', '.join(known) or 'none'}"
                             + ("; write it into that file." if str(name).lower().endswith(SUFFIXES) else "."))


def fetch(name, address=None) -> Path:
    """Download a movie, unless it is there.

    Parameters
    ----------
    name : {"hela", "hela20"}
        Which movie. Its terms of use are printed.
    address : str, optional
        Another address for the archive of ``"hela"``, a mirror within your institute.

    Returns
    -------
    pathlib.Path
        The folder ``data/Fluo-N2DL-HeLa`` or the file ``data/hela20/frames.tif``.

    Raises
    ------
    ConnectionError
        If a download fails or is cut; calling again continues that of ``"hela"``.
    ValueError
        If there is nothing to download under that name, or what came is not what is expected.
    """
    if name not in ("hela", "hela20"):
        raise ValueError(f"There is nothing to download for {str(name)!r}: choose hela or hela20 "
                         "(synthetic is simulated here).")
    print(HELA_TERMS)
    if name == "hela20":
        return fetch_hela20()
    return fetch_sequences(address or HELA_ADDRESS, paths.data() / HELA, HELA_FACTS)


def fetch_missing(name) -> None:
    """Download ``"hela"`` or ``"hela20"`` unless it is there; any other movie needs nothing."""
    if name == "hela20" and not frames_path().exists():
        fetch(name)
    if name == "hela":
        try:
            hela_folder()
        except FileNotFoundError:
            if os.environ.get("TAPNB_HELA", "").strip():
                raise  # the user's own folder is wrong: a download would not mend that
            fetch(name)


def at_hand(name) -> bool:
    """Say whether a movie can be opened without a download; one of your own always is, or says itself what is wrong."""
    if name == "hela20":
        return frames_path().exists()
    try:
        return name != "hela" or hela_folder().is_dir()
    except FileNotFoundError:
        return False


def hela_folder() -> Path:
    """Return the folder that holds Fluo-N2DL-HeLa.

    Returns
    -------
    pathlib.Path
        ``$TAPNB_HELA`` if set, else the first that exists of ``data/Fluo-N2DL-HeLa`` and
        ``../shared/data/Fluo-N2DL-HeLa`` seen from the project's folder.

    Raises
    ------
    FileNotFoundError
        If none of them holds the sequences.
    """
    chosen = os.environ.get("TAPNB_HELA", "").strip()
    places = [Path(chosen).expanduser()] if chosen else [
        paths.data() / HELA, (paths.home() / ".." / "shared" / "data" / HELA).resolve()]
    for place in places:
        if place.is_dir() and set(ctc_sequences(place)) >= set(SEQUENCES.values()):
            return place
    hint = "correct TAPNB_HELA, or unset it and" if chosen else "to download it,"
    raise FileNotFoundError(f"The movie hela is not in {places[0]}: {hint} run `tapnb data hela`.")


def _open_hela(role, before=1, after=1, single_child="link") -> Movie:
    sequence = SEQUENCES[role]
    return read_ctc(hela_folder(), sequence, before, after, f"hela-{sequence}", 30, 0.645, single_child)


def _open_hela20(role) -> Movie:
    return part_of(read_hela20(), role)


def _open_synthetic(role, **options) -> Movie:
    """Simulate, or read what this version of the simulator with the same options made before."""
    from tapnb.movies import synthetic  # here, because the command line opens other movies without it

    known = inspect.signature(synthetic.simulate).parameters
    check_options("synthetic", options, list(known))
    defaults = dict(zip(known, inspect.unwrap(synthetic.simulate).__defaults__))  # Sphinx replaces a signature's own by their text
    arguments = defaults | {"seed": ROLES.index(role) + 1} | options
    key = json.dumps([arguments, synthetic.VERSION], sort_keys=True, default=str)
    cache = paths.data() / "synthetic" / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.npz"
    if cache.exists() and not zipfile.is_zipfile(cache):  # its end is what is_zipfile looks at: it is cut or empty
        set_aside(cache, f"{cache} is cut or empty")
    if not cache.exists():
        movie = synthetic.simulate(**arguments)
        facts = {fact: getattr(movie, fact)
                 for fact in ("name", "minutes_per_frame", "um_per_pixel", "source")}
        with replacing(cache) as temporary, temporary.open("wb") as file:
            np.savez(file, frames=movie.frames, masks=movie.masks, facts=json.dumps(facts),
                     columns=list(movie.events),
                     **{f"event_{column}": movie.events[column].to_numpy(str if column == "kind" else None)
                        for column in movie.events})
    with np.load(cache, allow_pickle=False) as kept:
        events = pd.DataFrame({str(column): kept[f"event_{column}"] for column in kept["columns"]})
        return Movie(kept["frames"], kept["masks"], events=events, **json.loads(str(kept["facts"])))
