"""One result of several movies as tabs: one movie a tab, the same one everywhere on the page, all of them on paper.

The tabs are those of sphinx-design: radio buttons and style sheets, which need no script. Its script keeps the tabs of a
page and the reader's choice together, and opens the tab that a link leads into.
"""

from __future__ import annotations

from collections.abc import Sequence

from docutils import nodes
from sphinx.application import Sphinx
from sphinx_design.shared import create_component

from tapnb.movies.built_in import TITLES

Place = tuple[str, str]
"""A profile and a movie."""


def movie_tabs(shown: dict[Place, Sequence[nodes.Node]], name: str | None = None) -> nodes.container:
    """Return what is shown of each profile and movie as tabs; of one only, without a tab.

    The profile is named only where it differs. With ``name``, the tab of a movie can be linked as ``<name>-<profile>-<movie>``.
    """
    if len(shown) == 1:
        return nodes.container("", *next(iter(shown.values())), classes=["tapnb-one"])
    one_profile = len({profile for profile, _ in shown}) == 1
    one_each = len({movie for _, movie in shown}) == len(shown)
    tabs = create_component("tab-set", classes=["sd-tab-set", "tapnb-movies"])
    for (profile, movie), parts in shown.items():
        text = TITLES.get(movie, movie) + ("" if one_profile else f", profile {profile}")
        label = nodes.rubric(text, text, classes=["sd-tab-label"], sync_group="movie",
                             sync_id=movie if one_each else f"{profile}-{movie}")
        content = create_component("tab-content", classes=["sd-tab-content"], children=parts)
        if name:
            content["ids"].append(nodes.make_id(f"{name}-{profile}-{movie}"))
        tabs += create_component("tab-item", classes=["sd-tab-item"], children=[label, content])
    return tabs


class Exhibit(nodes.General, nodes.Element):
    """A table, or the same table of several movies, under one number and one caption."""


class ExhibitCaption(nodes.caption):
    """The caption of an :class:`Exhibit`, which stands above it."""


def visit_exhibit(translator, node: Exhibit) -> None:
    translator.body.append(translator.starttag(node, "figure"))


def depart_exhibit(translator, node: Exhibit) -> None:
    translator.body.append("</figure>\n")


def visit_caption(translator, node: ExhibitCaption) -> None:
    translator.body.append("<figcaption>\n")
    translator.visit_caption(node)


def depart_caption(translator, node: ExhibitCaption) -> None:
    translator.add_permalink_ref(node.parent, "Link to this table")
    translator.depart_caption(node)
    translator.body.append("</figcaption>\n")


def setup(app: Sphinx) -> dict:
    """Register tabs and tables with one caption."""
    app.setup_extension("sphinx_design")
    app.add_enumerable_node(Exhibit, "table", html=(visit_exhibit, depart_exhibit))
    app.add_node(ExhibitCaption, html=(visit_caption, depart_caption))
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
