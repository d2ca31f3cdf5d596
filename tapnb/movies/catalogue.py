"""Movies by name: `synthetic`, `hela`, `hela20`, or the path of your own.

`synthetic-24x448` is a smaller simulation, of 24 frames of 448 x 448 pixels; any two numbers will do. Of a movie of
your own, the path is that of a TIFF stack, of a folder, or of a YAML file that says what belongs to it.

Every movie plays two roles: `train`, on which the network is trained, and `held-out`, on which it is only
tried (the paper's second position, Section 3).
"""

import dataclasses
import difflib
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
from tapnb.movies.event_labels import are_points
from tapnb.movies.hela20 import fetch_hela20, frames_path, read_hela20
from tapnb.movies.movie import Movie, read_movie
from tapnb.movies.movie_file import SUFFIXES, MovieFile, described, read_movie_file
from tapnb.system import paths
from tapnb.system.files import replacing, set_aside

__all__ = ["open_movie", "open_both", "open_whole", "checked", "is_built_in", "fetch", "fetch_missing", "at_hand", "hela_folder",
           "part_of", "NAMES", "ROLES"]

NAMES = ("synthetic", "hela", "hela20")
SIMULATED = re.compile(r"synthetic-(?P<frames>\d+)x(?P<size>\d+)")
ROLES = ("train", "held-out")
SEQUENCES = {"train": "02", "held-out": "01"}  # 02 has more divisions
GAP = 48  # pixels between the two parts of one movie: no event crop of the paper's size touches both
LEAST_WIDTH = 96  # pixels: the paper's crop for pretraining

HELA = "Fluo-N2DL-HeLa"
HELA_ADDRESS = "https://data.celltrackingchallenge.net/training-datasets/Fluo-N2DL-HeLa.zip"
HELA_FACTS = {"01": (92, 94), "02": (92, 209)}  # sequence: frames, divisions; 02 has 3 links of one cell besides
HELA_TERMS = (
    "Fluo-N2DL-HeLa belongs to its provider, the Mitocheck Consortium, and is published by the Cell "
    "Tracking Challenge (celltrackingchallenge.net). Its terms: cite the challenge (Maska et al., Nature "
    "Methods 2023) and the data provider in what you publish; do not redistribute the images."
)


def open_movie(name, role="train", **options) -> Movie:
    """Open a movie in one of its two roles.

    Parameters
    ----------
    name : str or pathlib.Path
        ``"synthetic"``: simulated, seed 1 (train) and 2 (held-out); options are those of
        :func:`tapnb.movies.synthetic.simulate`, such as ``cells``. ``"synthetic-24x448"``: the same with so many
        frames of such a side in pixels.
        ``"hela"``: sequences 02 (train) and 01 (held-out) of Fluo-N2DL-HeLa; options ``before``, ``after`` and
        ``single_child`` of :func:`tapnb.movies.ctc.read_ctc`.
        ``"hela20"``: the first 20 frames of sequence 02, left part (train) and right part (held-out).
        The path of a YAML file that describes a movie, see :mod:`tapnb.movies.movie_file`.
        A TIFF stack, a folder of TIFF files or a folder in Cell Tracking Challenge layout: options are the other keys
        of such a file, ``labels``, ``held_out`` and so on. Of a folder in that layout sequence 02 is for training and
        01 held out; ``folder/03`` is its sequence 03 alone. Of that, and of any other movie without ``held_out``, the
        left part is for training and the right part held out, see :func:`part_of`.
    role : {"train", "held-out"}
        Which of the two.
    **options
        As above.

    Returns
    -------
    Movie
        With masks if any are known.

    Raises
    ------
    FileNotFoundError
        If the movie has to be fetched first, or a file is missing.
    ValueError
        If the name, the role or an option is unknown, or a file is refused.
    """
    if role not in ROLES:
        raise ValueError(f"There is no role {role!r}: choose 'train' or 'held-out'.")
    name = checked(name)
    if simulated := SIMULATED.fullmatch(name):
        return _open_synthetic(role, **{key: int(number) for key, number in simulated.groupdict().items()} | options)
    opener = {"synthetic": _open_synthetic, "hela": _open_hela, "hela20": _open_hela20}.get(name)
    if opener is None:
        return _open_own(name, role, options)
    if opener is not _open_synthetic:  # which has the simulator's options, and checks them itself
        _check_options(name, options, list(inspect.signature(opener).parameters)[1:])
    return opener(role, **options)


def open_both(name, single_child="link") -> tuple[Movie, Movie]:
    """Open a movie in both roles.

    Parameters
    ----------
    name : str
        See :func:`open_movie`.
    single_child : {"link", "division"}
        What a track with one daughter is, see :func:`tapnb.movies.lineage.divisions`; a movie without a lineage does
        not mind.

    Returns
    -------
    train, held_out : Movie
    """
    options = {"single_child": single_child} if _is_tracked(checked(name)) else {}
    return open_movie(name, "train", **options), open_movie(name, "held-out", **options)


def is_built_in(name) -> bool:
    """Say whether a name is that of a built-in movie, and not a path."""
    return str(name) in NAMES or SIMULATED.fullmatch(str(name)) is not None


def checked(name) -> str:
    """Return a movie's name as it is understood from any folder: a built-in one, or the absolute path of your own.

    Raises
    ------
    FileNotFoundError
        If a file that a movie's YAML file names is missing.
    ValueError
        If there is no such movie, or its YAML file is refused.
    """
    if is_built_in(name):
        return str(name)
    path = Path(name).expanduser().absolute()
    if not path.exists():
        near = difflib.get_close_matches(str(name).lower(), NAMES, n=1)
        raise ValueError(f"There is no movie {str(name)!r}: choose {', '.join(NAMES)}, synthetic-24x448 (frames x "
                         "side), or the path of a TIFF stack, a folder or a movie's YAML file"
                         + (f"; did you mean {near[0]!r}?" if near else "."))
    if path.suffix.lower() in SUFFIXES:
        read_movie_file(path)
    return str(path)


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


def part_of(movie, role, share=0.6, gap=GAP) -> Movie:
    """Cut one movie into a part for training and a held-out part that share no pixel.

    Parameters
    ----------
    movie : Movie
        The whole movie, (T, Y, X).
    role : {"train", "held-out"}
        The left part, or the right part.
    share : float
        Where the movie is cut, as a share of its width.
    gap : int
        Pixels left out around the cut.

    Returns
    -------
    Movie
        (T, Y, X') with the events that lie in it. Both parts are of one recording: a weaker test than a
        second position, and the movie's `source` says so.

    Raises
    ------
    ValueError
        If a part would be narrower than 96 pixels.
    """
    width = movie.shape[2]
    cut = round(share * width)
    end, start = cut - gap // 2, cut + gap - gap // 2  # of the left part, of the right part
    if min(end, width - start) < LEAST_WIDTH:
        raise ValueError(f"{movie.name} is {width} pixels wide, too narrow for a training part and a "
                         "held-out part: name a second movie under held_out in its YAML file.")
    left, right = (0, end) if role == "train" else (start, width)
    events = movie.events
    if events is not None:
        inside = events[(events["x"] >= left) & (events["x"] < right)]
        events = inside.assign(x=inside["x"] - left).reset_index(drop=True)
    side, other = ("left", "rest held out") if role == "train" else ("right", "rest being for training")
    return dataclasses.replace(
        movie,
        frames=movie.frames[:, :, left:right],
        masks=None if movie.masks is None else movie.masks[:, :, left:right],
        name=f"{movie.name}-{side}",
        source=f"{movie.source}; {side} part, columns {left} to {right - 1} of {width}, the {other} "
               f"({gap} pixels between them)",
        events=events,
    )


def _check_options(name, options, known) -> None:
    """Refuse an option that the movie does not have."""
    for option in options:
        if option not in known:
            raise ValueError(f"The movie {str(name)!r} has no option {option!r}: "
                             f"it has {', '.join(known) or 'none'}"
                             + ("; write it into that file." if str(name).lower().endswith(SUFFIXES) else "."))


def _open_hela(role, before=1, after=1, single_child="link") -> Movie:
    sequence = SEQUENCES[role]
    return read_ctc(hela_folder(), sequence, before, after, f"hela-{sequence}", 30, 0.645, single_child)


def _open_hela20(role) -> Movie:
    return part_of(read_hela20(), role)


def open_whole(name, **options) -> Movie:
    """Open a movie for a first look: one of your own uncut, which the role for training may have the left part of only.

    Parameters
    ----------
    name, **options
        See :func:`open_movie`.
    """
    name = checked(name)
    if is_built_in(name):
        return open_movie(name, **options)
    own = _checked_description(name, options)
    return _whole(own, own, "train")


def _open_own(name, role, options) -> Movie:
    """Open a movie of one's own, described by a YAML file or by options."""
    own = _checked_description(name, options)
    if own.held_out is not None:
        return _whole(own if role == "train" else own.held_out, own, role)
    whole, tracked = _whole(own, own, role), _tracked(own)
    several = tracked and tracked[1] is None and len(ctc_sequences(tracked[0])) > 1
    return whole if several else part_of(whole, role)


def _checked_description(name, options) -> MovieFile:
    """Return what belongs to a movie of one's own, or say what of it does not go together."""
    _check_options(name, options, _options_of(name))
    own = _description(name, options)
    if own.single_child is not None and not _has_lineage(own):
        raise ValueError(f"{own.frames} is no tracked movie in Cell Tracking Challenge layout: leave out single_child.")
    if own.radius is not None and not any(are_points(movie.labels) for movie in (own, own.held_out) if movie):
        raise ValueError(f"{name} has a radius, but no labels that are points or ROIs: leave out radius.")
    return own


def _is_tracked(name) -> bool:
    """Say whether a movie's events come from a lineage."""
    return name == "hela" if is_built_in(name) else _has_lineage(_description(name))


def _has_lineage(own) -> bool:
    """The same of a description of a movie of one's own."""
    return any(_tracked(movie) for movie in (own, own.held_out) if movie)


def _tracked(chosen) -> tuple[Path, str | None] | None:
    """Return a tracked movie's folder and, if it is named, the sequence; None if there is no lineage."""
    frames = chosen.frames
    if not frames.is_dir():
        return None
    if ctc_sequences(frames):
        return frames, chosen.sequence
    alone = chosen.labels is None and chosen.sequence is None and re.fullmatch(r"\d\d", frames.name)
    return (frames.parent, frames.name) if alone and frames.name in ctc_sequences(frames.parent) else None


def _options_of(name) -> list[str]:
    """Return what can be said of a movie of one's own: all that a YAML file holds, or what such a file leaves open."""
    if name.lower().endswith(SUFFIXES):
        return ["single_child"] if _is_tracked(name) else []
    return [key for key in MovieFile.model_fields if key != "frames"]


def _description(name, options=None) -> MovieFile:
    """Read or make the description of a movie of one's own; what its YAML file says goes over an option."""
    options = options or {}
    if not name.lower().endswith(SUFFIXES):
        return described({"frames": name} | options, name)
    own = read_movie_file(name)
    return described(options | own.model_dump(exclude_none=True), name)


def _whole(chosen, own, role) -> Movie:
    """Read the frames that one role has, ``chosen``, of a movie of one's own."""
    tracked = _tracked(chosen)
    if tracked is None:
        if chosen.sequence is not None:
            raise ValueError(f"{chosen.frames} has no tracked sequences in Cell Tracking Challenge layout: leave out "
                             "sequence.")
        return read_movie(chosen.frames, chosen.labels, None, own.minutes_per_frame, own.um_per_pixel,
                          own.radius, own.choice)
    folder, sequence = tracked
    if chosen.labels is not None:
        raise ValueError(f"{folder} is a tracked movie, whose events are in its lineage: leave out labels.")
    sequences = ctc_sequences(folder)
    sequence = sequence or (SEQUENCES[role] if len(sequences) > 1 else sequences[0])
    if sequence not in sequences:
        raise FileNotFoundError(f"{folder} has no tracked sequence {sequence}, only {', '.join(sequences)}: name one "
                                f"by its folder, {folder / sequences[0]}, or as `sequence` in the movie's YAML file.")
    return read_ctc(folder, sequence, 1, 1, f"{folder.name}-{sequence}", own.minutes_per_frame, own.um_per_pixel,
                    own.single_child or "link")


def _open_synthetic(role, **options) -> Movie:
    """Simulate, or read what this version of the simulator with the same options made before."""
    from tapnb.movies import synthetic  # here, because the command line opens other movies without it

    known = inspect.signature(synthetic.simulate).parameters
    _check_options("synthetic", options, list(known))
    defaults = {key: value.default for key, value in known.items()}
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
