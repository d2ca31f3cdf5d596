"""Prose that quotes published numbers: written once, shown by the book with links and by the README without.

A template is Markdown in which a number is named, never typed, by two roles of the book::

    {value}`cpu/hela/02_pretraining:tap_uniform_96`   the value alone: 0.515
    {num}`cpu/hela/02_pretraining:tap_uniform_96`     with its interval, or spread and runs: 0.515 (0.490 to 0.541)

The name is ``profile/movie/notebook:number``, as under ``results/``. The front page includes the template as it is.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path

from tapnb.system.files import read_json, replacing

TEMPLATE = "book/_parts/what-was-found.md"
"""The findings, as a path in the checkout."""

BEGIN = f"<!-- findings: begin, written by `tapnb findings` from {TEMPLATE} -->"
END = "<!-- findings: end -->"

ROLE = re.compile(r"\{([\w:-]+)\}`([^`]*)`")
"""A role of MyST Markdown: its name and its text."""

AROUND = re.compile(r" ± [\d.]+| \([^)]* to [^)]*\)")
"""What stands behind a value in a number's text: its spread or its interval, see :func:`tapnb.store.results.number`."""


def with_spread(number: dict) -> str:
    """A published number as text with all that belongs to it: interval, or spread and number of runs."""
    text, std, n = number["text"], number.get("std"), number.get("n") or 1
    if std is not None and "±" not in text:
        decimals = len(text.partition(".")[2]) if re.fullmatch(r"[\d.]+", text) else 3
        text += f" ± {std:.{decimals}f}"
    return f"{text} (n = {n})" if std is not None and n > 1 else text


def alone(number: dict) -> str:
    """A published number as text without spread and interval, with its unit and the same decimals."""
    return AROUND.sub("", number["text"])


SHOWN = {"value": alone, "num": with_spread}
"""By role: a published number as text."""


def published(name: str, results: Path) -> dict:
    """One published number.

    Parameters
    ----------
    name : str
        ``profile/movie/notebook:number``.
    results : Path
        The folder ``results``.

    Raises
    ------
    ValueError
        If there is none of that name; the message has the name that is nearest.
    """
    place, _, key = name.partition(":")
    numbers = _numbers(results / f"{place}.json") if place.count("/") == 2 else {}
    if key not in numbers:
        names = [f"{path.relative_to(results).with_suffix('').as_posix()}:{other}"
                 for path in sorted(results.glob("*/*/[0-9]*.json")) for other in _numbers(path)]
        nearest = difflib.get_close_matches(name, names, n=1, cutoff=0)
        raise ValueError(f"{results.name}/ has no number {name!r}; "
                         + (f"the nearest is {nearest[0]!r}" if nearest else "it has no numbers at all"))
    return numbers[key]


def _numbers(path: Path) -> dict[str, dict]:
    return read_json(path)["numbers"] if path.is_file() else {}


def fill(template: str, results: Path) -> str:
    """The template as plain Markdown, every number in its place.

    Raises
    ------
    ValueError
        If it names a number that is not published, or a role that plain Markdown does not have.
    """
    def text(role: re.Match) -> str:
        if role[1] not in SHOWN:
            raise ValueError(f"{role[0]} is no number: outside the book there are only "
                             + " and ".join(f"{{{name}}}" for name in SHOWN))
        return SHOWN[role[1]](published(role[2], results))

    return ROLE.sub(text, template)


def replace_findings(readme: str, findings: str) -> str:
    """A README whose text between :data:`BEGIN` and :data:`END` is ``findings``, all else as it was.

    Raises
    ------
    ValueError
        Unless both comments stand there once, in this order.
    """
    before, *middle = readme.split(BEGIN)
    after = middle[0].split(END) if len(middle) == 1 else []
    if len(after) != 2 or END in before:
        raise ValueError(f"README.md needs the lines {BEGIN!r} and {END!r} once, in this order; put them where the "
                         "findings belong")
    return f"{before}{BEGIN}\n\n{findings.strip()}\n\n{END}{after[1]}"


def write_readme(checkout: Path) -> Path:
    """Write the findings into ``README.md``, with the numbers that are published now.

    Parameters
    ----------
    checkout : Path
        The folder with ``README.md``, ``results`` and :data:`TEMPLATE`.

    Returns
    -------
    Path
        The README. It stays as it is where anything is refused.

    Raises
    ------
    FileNotFoundError
        If ``checkout`` is none, as where the package was installed without its book.
    ValueError
        See :func:`fill` and :func:`replace_findings`.
    """
    readme, template = checkout / "README.md", checkout / TEMPLATE
    for path in (readme, template):
        if not path.is_file():
            raise FileNotFoundError(f"{path} is not there; the findings are written in a checkout of the project")
    text = replace_findings(readme.read_text("utf-8"), fill(template.read_text("utf-8"), checkout / "results"))
    with replacing(readme) as temporary:
        temporary.write_text(text, "utf-8")
    return readme
