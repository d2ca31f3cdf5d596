"""Names of several kinds in one folder: which kind may be the frames, and which kinds are one series written in two ways."""

import re
from collections import Counter

from tapnb.movies.file_numbers import Named, pattern_for

__all__ = ["base_name", "frames_among", "has_word_of_labels", "one_series", "question_of_kinds"]

LABELS = re.compile(r"(?<![a-z])(?:(?:mask|segm|overlay|annot|outline|contour|groundtruth|thumb|preview|binary|probab|skelet)"
                    r"[a-z]*|labels?|labell?ed|labell?ing|labelimage|seg|gt|man|rois?|flows?|res|result|tracked|"
                    r"(?:cp|cell|nuc)masks?)"
                    r"(?![a-z])")
"""A word that stands in the name of a label image, or of another picture made from the frames."""

MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|mai|okt|dez"

SAME = ((re.compile(rf"(?<![a-z])(?:{MONTHS})(?![a-z])"), "#"),
        (re.compile(r"[-+]#"), "#"),  # before and after what a movie is about
        (re.compile(r"#[.,]#"), "#"),  # fractions, and whole numbers between them
        (re.compile(r"#[-_ ]?(?:[ap]m|ms|secs?|s|mins?|m|hours?|hrs?|h|days?|d)(?![a-z])"), "#|"),
        (re.compile(r"#\|(?:[-_ ]*#\|)+"), "#|"))
"""What is taken out of names to tell whether they are one series: signs, fractions, units of time, and months."""


def has_word_of_labels(text: str) -> bool:
    """Whether a name, in small letters, says that it is of labels."""
    return LABELS.search(text) is not None


def one_series(text: str) -> str:
    """Return what names of one series share, though they are of several kinds: ``t-1`` and ``t+1``, ``0.5h`` and ``1h``."""
    for pattern, shared in SAME:
        text = pattern.sub(shared, text)
    return text


def frames_among(kinds: dict[str, int]) -> list[str]:
    """Return the kinds of names that may be the frames, most likely one: that with most files, else without a word of labels.

    Parameters
    ----------
    kinds : dict of str to int
        Number of files of each kind, in small letters.

    Returns
    -------
    list of str
        Several if nothing tells them apart; none if those that there are most of are labels, or a part of a series only.
    """
    most = [kind for kind, count in kinds.items() if count == max(kinds.values()) and count > 1]
    frames = [kind for kind in most if not has_word_of_labels(kind)]
    series = [one_series(kind) for kind in kinds]
    return [kind for kind in frames if series.count(one_series(kind)) == 1]


def base_name(kinds: dict[str, int]) -> tuple[str, str] | None:
    """Return a kind of one file and the kind that has only a number more, as ``img`` and ``img_#``; None if there is none."""
    for kind in kinds:
        before, _, after = kind.rpartition("#")
        base = before.rstrip("-_ ([") + after.lstrip(")]")
        if base != kind and "#" in kind and before and kinds.get(base) == 1:
            return base, kind
    return None


def question_of_kinds(files, names: list[Named]) -> str:
    """Say that names are of several kinds, and what to do.

    Parameters
    ----------
    files : sequence of pathlib.Path
    names : list of Named
        Theirs.
    """
    if not any(name.numbers for name in names):
        return (f"{len(files)} files without a number in their names, such as {files[0].name} and {files[1].name}, which tell "
                "no order in time: number the frames, as in t000.tif, and give masks and other channels a folder of their "
                "own.")
    kinds = Counter(name.text for name in names)
    examples = {kind: next(file for file, name in zip(files, names) if name.text == kind) for kind in kinds}
    if len({re.sub("[-+]#", "#", kind) for kind in kinds}) == 1:
        one, other = list(examples.values())[:2]
        without = any("-#" not in kind and "+#" not in kind for kind in kinds)
        return (f"files with {'a minus' if any('-#' in kind for kind in kinds) else 'a plus'} before the number and "
                f"{'without' if without else 'with a plus'}, such as {one.name} and {other.name}: number the frames from 0, "
                "as in t000.tif.")
    seen = " and ".join(f"{kinds[kind]} like {file.name}" for kind, file in list(examples.items())[:3])
    seen = f"files of {len(kinds)} kinds, {seen}{', ...' if len(kinds) > 3 else ''}"
    patterns = [pattern_for([file for file, name in zip(files, names) if name.text == kind],
                            [file for file, name in zip(files, names) if name.text != kind]) for kind in frames_among(kinds)]
    if base := base_name(kinds):
        return f"{seen}: {_without_number(*(examples[kind] for kind in base), patterns)}"
    if len({one_series(kind) for kind in kinds}) == 1 or max(kinds.values()) == 1:
        return f"{seen}: let the names of the frames differ in their number only, as in t000.tif and t001.tif."
    if not patterns or None in patterns:
        return f"{seen}: put the frames into a folder of their own."
    return f"{seen}: say which are the frames with `pattern`, such as {' or '.join(map(repr, patterns[:3]))}."


def _without_number(base, numbered, patterns: list[str | None]) -> str:
    """Say what to do with a file that is named as the others, but has no number: it may be the first time point.

    Parameters
    ----------
    base, numbered : pathlib.Path
        It, and the first of the others.
    patterns : list
        Those that fit the others only; None where there is no simple one.
    """
    number = re.findall("[0-9]+", numbered.stem)[-1]
    start = numbered.name.rindex(number)
    first = numbered.name[:start] + str(int(number) - 1).zfill(len(number)) + numbered.name[start + len(number):]
    leave = f"leave it out with `pattern`, such as {patterns[0]!r}" if patterns and patterns[0] else "take it out of the folder"
    ways = [f"give {base.name} itself if they are one OME set"] if ".ome." in base.name.lower() else []
    ways += [f"name it {first} if it comes first"] if int(number) > 0 else []
    return f"{base.name} has no number: {', '.join([*ways, f'or {leave}' if ways else leave])}."
