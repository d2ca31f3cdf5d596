"""Names of several kinds in one folder: which kind may be the frames, and which kinds are one series written in two ways."""

import re

__all__ = ["frames_among", "has_word_of_labels", "one_series"]

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
