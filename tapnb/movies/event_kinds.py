"""What people call the kinds of events, in tables and names of ROIs; what may be one and is not understood is asked."""

import re

import pandas as pd

__all__ = ["kind_of", "mentioned", "with_kinds"]

WORDS = {
    "division": r"(?:cell )?(?:divisions?|divides?|divided|dividing|mitos[ie]s|mitotic|cytokinesis)"
                r"(?: cells?| events?)?|1(?:\.0*)?",
    "death": r"(?:cell )?(?:deaths?|dead|dying|dies?|died|apoptosis|apoptotic|necrosis|necrotic)(?: cells?| events?)?"
             r"|2(?:\.0*)?"}
MENTIONS = {"division": r"divi[ds]|mitos|mitot|cytokines", "death": r"death|dead(?!line|lock)|dying|\bdie[sd]?\b|apopto|necro"}
OTHER_STATES = r"interphase|\balive\b|\bliv(?:e|ing)\b|debris|art[ei]fact|background|healthy"
DENIED = r"\b(?:no|not|non|none|never|without)\b|undivid|undead"

SURE = {"kind", "type", "class", "category", "eventtype", "eventkind", "eventclass", "classification", "phenotype",
        "fate"}
"""Headers, without signs and in small letters, of columns that tell kinds and nothing else."""
NAMES = {"label", "labels", "name", "names"}
"""Headers of columns that hold kinds, names or numbers of cells."""
OTHER = {"t", "y", "x", "index", "answer", "score", "probability"}
KINDS = "'division' nor 'death' (or 1, 2)"


def kind_of(word) -> str | None:
    """Return "division" or "death" if a word stands for one of them, or the number 1 or 2 does; else None."""
    plain = re.sub(r"[\s_-]+", " ", word.strip().lower())
    return next((kind for kind, pattern in WORDS.items() if re.fullmatch(pattern, plain)), None)


def mentioned(text) -> set[str]:
    """Return the kinds that a name mentions, such as "apoptosis 3"; both if it denies one or says neither, such as
    "interphase": that leaves it open."""
    plain = re.sub(r"[\s_-]+", " ", text.lower())
    if re.search(OTHER_STATES, plain):
        return set(MENTIONS)
    kinds = {kind for kind, pattern in MENTIONS.items() if re.search(pattern, plain)}
    return set(MENTIONS) if kinds and re.search(DENIED, plain) else kinds


def with_kinds(table: pd.DataFrame, lines: list[int], path) -> pd.DataFrame:
    """Return a table of points with the column ``kind``, if one of its columns tells kinds, whatever that is called.

    Parameters
    ----------
    table : pandas.DataFrame
        Cells as text.
    lines : list of int
        The line of each row, for messages.
    path : str or pathlib.Path
        For messages.

    Raises
    ------
    ValueError
        If a column seems to tell kinds and not all of it is understood, a text speaks of a death where none does, two
        contradict each other, or the points of one event are of two kinds.
    """
    columns = [column for column in table if _tells(column, table[column], path)]
    columns = columns or [column for column in table if _numbered(column, table[column])]
    if not columns:
        _check_mentions(table, lines, path)
    told = {column: _kinds(column, table[column], lines, path) for column in columns}
    for column in columns[1:]:
        if told[column] != told[columns[0]]:
            row = next(i for i, kinds in enumerate(zip(told[columns[0]], told[column])) if len(set(kinds)) > 1)
            raise ValueError(f"{path}: line {lines[row]} is a {told[columns[0]][row]} in column {columns[0][:60]} and "
                             f"a {told[column][row]} in column {column[:60]}: leave one of the columns out.")
    if "event" in columns:
        table = table.drop(columns="event")
    if columns:
        table = table.assign(kind=told[columns[0]])
    if "event" in table:
        _check_events(table, lines, path)
    return table


def _plain(header) -> str:
    return re.sub(r"[\W_]", "", header).lower()


def _is_number(word) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d*)?", word) is not None


def _tells(column, values, path) -> bool:
    """Whether a column tells kinds, or should."""
    name, filled = _plain(column), [value for value in values if value]
    if name in OTHER:
        return False
    if mentioned(column) and name not in SURE:
        raise ValueError(f"{path} has a column {column[:60]!r}, which may tell kinds: tell them in one column kind, as "
                         "'division' and 'death', and leave this one out.")
    if name in SURE:
        return name == "kind" or bool(filled)
    if all(map(_is_number, filled)):
        return False
    if name in NAMES:
        return any(mentioned(value) for value in filled)
    return any(kind_of(value) and not _is_number(value) for value in filled)


def _numbered(column, values) -> bool:
    """Whether a column of labels holds the values that masks have: 1 for divisions, 2 for deaths."""
    return _plain(column) in {"label", "labels"} and len(values) > 0 and all(map(kind_of, values))


def _kinds(column, values, lines, path) -> list[str]:
    """Return the kind of every row, or name the first that has none."""
    kinds = []
    for value, line in zip(values, lines):
        kind = kind_of(value)
        if kind is None and _plain(column) in NAMES and len(mentioned(value)) == 1:
            (kind,) = mentioned(value)
        if kind is None:
            wrong = f"{value[:60]!r}" if value else "a blank"
            raise ValueError(f"{path}, line {line}: {wrong} in column {column[:60]} is neither {KINDS}: call every "
                             "point one of them, or leave the column out if it tells something else.")
        kinds.append(kind)
    return kinds


def _check_mentions(table, lines, path) -> None:
    """Ask about a free text that speaks of a death: without a kind, every point is a division."""
    for column in table:
        for value, line in zip(table[column], lines):
            if not re.fullmatch(r"[\d.eE+-]*", value) and re.search(MENTIONS["death"], re.sub(r"[\s_-]+", " ", value.lower())):
                raise ValueError(f"{path}, line {line}: {value[:60]!r} in column {column[:60]} speaks of a death, and no column "
                                 "tells which points are deaths: add a column kind, of 'division' and 'death', or leave this "
                                 "one out.")


def _check_events(table, lines, path) -> None:
    """Refuse points that are of no event, and events of two kinds."""
    kinds = {}
    for event, kind, line in zip(table["event"], table["kind"] if "kind" in table else [""] * len(table), lines):
        if not re.search(r"\d", event):
            wrong = f"{event[:60]!r}" if event else "a blank"
            raise ValueError(f"{path}, line {line}: {wrong} in column event is no number of an event: give all points "
                             "of one event one number, or leave out the column.")
        event = float(event) if _is_number(event) else event
        if kinds.setdefault(event, kind) != kind:
            raise ValueError(f"{path}, line {line}: event {str(event)[:60].removesuffix('.0')} is a {kind} here and "
                             f"a {kinds[event]} before: give each event a number of its own.")
