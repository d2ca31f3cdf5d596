"""Movies of one's own: what belongs to them, by a YAML file or by options, and how they are opened."""

import re
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from tapnb.movies.built_in import SEQUENCES, check_options
from tapnb.movies.ctc import read_ctc
from tapnb.movies.event_labels import are_points
from tapnb.movies.file_names import Choice
from tapnb.movies.movie import Movie, read_movie
from tapnb.movies.movie_file import SUFFIXES, MovieFile, described, read_movie_file
from tapnb.movies.parts import part_of
from tapnb.movies.untracked import check_no_labels, frames_of, lacks_tracking, tracked_sequences
from tapnb.movies.unused_options import FOR, check_used

__all__ = ["open_own", "open_own_whole", "choice_of", "is_tracked"]

ASKED = re.compile(rf"`({'|'.join(FOR)})\b")
"""How a message names an option."""

SHEETS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers", ".json", ".geojson", ".xml", ".parquet", ".feather", ".pkl")
"""Tables of programs that may hold points, but are not read."""


def open_own(name, role, options) -> Movie:
    """Open a movie of one's own, described by a YAML file or by options."""
    own = _checked_description(name, options)
    with _saying_how_to_choose(name):
        if own.held_out is not None:
            return _whole(own if role == "train" else own.held_out, own, role)
        whole, tracked = _whole(own, own, role), _tracked(own)
    several = tracked and tracked[1] is None and len(tracked_sequences(tracked[0])) > 1
    return whole if several else part_of(whole, role)


def open_own_whole(name, options) -> Movie:
    """Open it uncut: of two movies the one for training."""
    own = _checked_description(name, options)
    with _saying_how_to_choose(name):
        return _whole(own, own, "train")


@contextmanager
def _saying_how_to_choose(name):
    """Add to a question that names an option where it is set: readers of files know neither commands nor YAML."""
    try:
        yield
    except ValueError as error:
        option = ASKED.search(str(error))
        if option is None or type(error) is not ValueError:
            raise
        where = (f"a key of {Path(name).name}" if name.lower().endswith(SUFFIXES) else
                 f"--{option[1]} of `tapnb data` and `tapnb events`, or a key of a movie's YAML file")
        raise ValueError(f"{str(error).removesuffix('.')} (`{option[1]}`: {where}).") from error


def _checked_description(name, options) -> MovieFile:
    """Return what belongs to a movie of one's own, or say what of it does not go together."""
    check_options(name, options, _options_of(name))
    own = _description(name, options)
    if own.single_child is not None and not _has_lineage(own):
        raise ValueError(f"{own.frames} is no tracked movie in Cell Tracking Challenge layout: leave out single_child.")
    for movie in filter(None, (own, own.held_out)):
        if movie.labels is not None and movie.labels.suffix.lower() in SHEETS:
            raise ValueError(f"{movie.labels} is a {movie.labels.suffix.lower()} file, which is not read as labels: save its "
                             "points as a CSV file.")
    if own.radius is not None and not any(are_points(movie.labels) for movie in (own, own.held_out) if movie):
        raise ValueError(f"{name} has a radius, but no labels that are points or ROIs: leave out radius.")
    chosen = [option for option in FOR if getattr(own, option) is not None]
    if chosen:
        movies = [movie for movie in (own, own.held_out) if movie]
        check_used(chosen, own.choice, [folder for movie in movies for folder in _folders(movie)],
                   [movie.labels for movie in movies if movie.labels and not are_points(movie.labels)])
    return own


def _folders(chosen) -> list[Path]:
    """Return the files or folders that may be read as the frames of a movie."""
    tracked = _tracked(chosen)
    if tracked is None:
        return [frames_of(chosen.frames, chosen.sequence)]
    return [tracked[0] / sequence for sequence in ([tracked[1]] if tracked[1] else tracked_sequences(tracked[0]))]


def choice_of(name, options) -> Choice:
    """Return what is chosen of its files, by its YAML file or by options."""
    return _description(name, options).choice


def is_tracked(name) -> bool:
    """Say whether the events of a movie of one's own come from a lineage."""
    return _has_lineage(_description(name))


def _has_lineage(own) -> bool:
    """The same of a description of a movie of one's own."""
    return any(_tracked(movie) for movie in (own, own.held_out) if movie)


def _tracked(chosen) -> tuple[Path, str | None] | None:
    """Return a tracked movie's folder and, if it is named, the sequence; None if there is no lineage."""
    frames = chosen.frames
    if not frames.is_dir():
        return None
    if tracked_sequences(frames):
        return frames, chosen.sequence
    alone = chosen.labels is None and chosen.sequence is None and re.fullmatch(r"\d\d", frames.name)
    return (frames.parent, frames.name) if alone and frames.name in tracked_sequences(frames.parent) else None


def _options_of(name) -> list[str]:
    """Return what can be said of a movie of one's own: all that a YAML file holds, or what such a file leaves open."""
    if name.lower().endswith(SUFFIXES):
        return ["single_child"] if is_tracked(name) else []
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
        frames = frames_of(chosen.frames, chosen.sequence)
        if chosen.sequence is not None and frames == chosen.frames:
            raise ValueError(f"{chosen.frames} has no tracked sequences in Cell Tracking Challenge layout: leave out "
                             "sequence.")
        remarks = [check_no_labels(frames), "" if chosen.labels else lacks_tracking(frames)]
        movie = read_movie(frames, chosen.labels, None, own.minutes_per_frame, own.um_per_pixel, own.radius, own.choice)
        return replace(movie, source="; ".join([movie.source, *filter(None, remarks)]))
    folder, sequence = tracked
    if chosen.labels is not None:
        raise ValueError(f"{folder} is a tracked movie, whose events are in its lineage: leave out labels.")
    sequences = tracked_sequences(folder)
    sequence = sequence or (SEQUENCES[role] if len(sequences) > 1 else sequences[0])
    if sequence not in sequences:
        raise FileNotFoundError(f"{folder} has no tracked sequence {sequence}, only {', '.join(sequences)}: name one "
                                f"by its folder, {folder / sequences[0]}, or as `sequence` in the movie's YAML file "
                                "(--sequence of `tapnb data` and `tapnb events`).")
    return read_ctc(folder, sequence, 1, 1, f"{folder.name}-{sequence}", own.minutes_per_frame, own.um_per_pixel,
                    own.single_child or "link", own.choice)
