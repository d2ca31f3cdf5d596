"""Movies by name: `synthetic`, `hela`, `hela20`, or the path of your own.

`synthetic-24x448` is a smaller simulation, of 24 frames of 448 x 448 pixels; any two numbers will do. Of a movie of
your own, the path is that of a TIFF stack, of a folder, or of a YAML file that says what belongs to it.

Every movie plays two roles: `train`, on which the network is trained, and `held-out`, on which it is only
tried (the paper's second position, Section 3).
"""

import difflib
from pathlib import Path

from tapnb.movies.built_in import NAMES, ROLES, at_hand, fetch, fetch_missing, hela_folder, is_built_in, open_built_in
from tapnb.movies.file_names import Choice
from tapnb.movies.movie import Movie
from tapnb.movies.parts import part_of

__all__ = ["open_movie", "open_both", "open_whole", "choice_of", "checked", "is_built_in", "fetch", "fetch_missing", "at_hand", "hela_folder",
           "part_of", "NAMES", "ROLES"]


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

    Examples
    --------
    >>> import numpy as np, tifffile
    >>> from tapnb.movies.catalogue import open_movie
    >>> cells = np.random.default_rng(0).integers(0, 255, (3, 100, 400), dtype=np.uint8)
    >>> tifffile.imwrite("stack.tif", cells, photometric="minisblack")
    >>> open_movie("stack.tif").shape, open_movie("stack.tif", "held-out").shape
    ((3, 100, 216), (3, 100, 136))
    """
    if role not in ROLES:
        raise ValueError(f"There is no role {role!r}: choose 'train' or 'held-out'.")
    name = checked(name)
    if is_built_in(name):
        return open_built_in(name, role, options)
    from tapnb.movies.own_movie import open_own  # here: built-in movies do without what it brings

    return open_own(name, role, options)


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
    name = checked(name)
    if is_built_in(name):
        tracked = name == "hela"
    else:
        from tapnb.movies.own_movie import is_tracked

        tracked = is_tracked(name)
    options = {"single_child": single_child} if tracked else {}
    return open_movie(name, "train", **options), open_movie(name, "held-out", **options)


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
    from tapnb.movies.own_movie import open_own_whole

    return open_own_whole(name, options)


def choice_of(name, **options) -> Choice:
    """Say what is chosen of a movie's files, by its YAML file or by options; of a built-in one nothing is.

    Parameters
    ----------
    name, **options
        See :func:`open_movie`.
    """
    name = checked(name)
    if is_built_in(name):
        return Choice()
    from tapnb.movies import own_movie

    return own_movie.choice_of(name, options)


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
    from tapnb.movies.movie_file import SUFFIXES, read_movie_file

    path = Path(name).expanduser().absolute()
    if not path.exists():
        near = difflib.get_close_matches(str(name).lower(), NAMES, n=1)
        raise ValueError(f"There is no movie {str(name)!r}: choose {', '.join(NAMES)}, synthetic-24x448 (frames x "
                         "side), or the path of a TIFF stack, a folder or a movie's YAML file"
                         + (f"; did you mean {near[0]!r}?" if near else "."))
    if path.suffix.lower() in SUFFIXES:
        read_movie_file(path)
    return str(path)
