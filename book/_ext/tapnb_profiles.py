"""Sphinx extension: ``{profiles} cpu paper`` is a table of all settings that differ between two profiles."""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tapnb_csv import sorted_and_saved
from tapnb_tables import text_table

from tapnb.workflow.notebooks import SOURCES
from tapnb.workflow.parameters import declared, read_profile


class Profiles(SphinxDirective):
    """The table of settings."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        for file in (*SOURCES.glob("[0-9]*.py"), *(SOURCES / "profiles").glob("*.yaml")):  # one may extend another
            self.env.note_dependency(str(file))
        header = ["setting", *self.arguments, "what it is", "notebooks"]
        numeric = [False] * 5  # long lists of settings have to wrap
        rows = differing(*self.arguments)
        return sorted_and_saved(text_table(header, rows, numeric, (3, 2, 2, 6, 2)), "-".join(self.arguments), header, rows)


def differing(one: str, other: str, sources: Path = SOURCES) -> list[list[str]]:
    """Return one row of text per setting that differs, in the order of the first profile."""
    settings, others = (read_profile(name, sources / "profiles") for name in (one, other))
    told: dict[str, tuple[str, list[str]]] = {}
    for script in sorted(sources.glob("[0-9]*.py")):
        for name, parameter in declared(script).items():
            told.setdefault(name, (parameter.help, []))[1].append(script.stem[:2])
    return [[name, shown(settings.get(name)), shown(others.get(name)), told[name][0], ", ".join(told[name][1])]
            for name in dict.fromkeys([*settings, *others]) if settings.get(name) != others.get(name)]


def shown(value: object) -> str:
    """Return a setting as a person writes it."""
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "\u2013" if value is None else f"{value:,}".replace(",", "\u202f") if type(value) is int else str(value)


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.setup_extension("tapnb_csv")
    app.add_directive("profiles", Profiles)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
