"""Sphinx extension: the paper's claims and their verdicts, from the records under ``results/``.

``{claims}`` is a table with one row per claim and one column for every profile and movie named in its argument, each as
``profile/movie``; ``this`` is the book's own. Below the table follow the measured parts of every claim, each with the runs that
it rests on. With ``:only: 1 2 3`` the table holds these claims only, and leads to their parts below the table of all.
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from tapnb_csv import sorted_and_saved
from tapnb_links import make_target, place_link, run_link
from tapnb_records import details
from tapnb_results import Results, command

from tapnb.studies import claim_records, claims, verdicts

SIGNS = {verdicts.REPRODUCED: "\u2713 ", verdicts.NOT_REPRODUCED: "\u2717 ", verdicts.UNDECIDED: "? ",
         verdicts.NOT_RUN: "\u2013 "}
"""Signs before the verdicts: readable without colour."""


class Claims(Results, SphinxDirective):
    """The table of claims."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"only": directives.unchanged}

    def run(self) -> list[nodes.Node]:
        # Records come and go with the notebooks: the page is read again in every build.
        self.env.note_reread()
        own = f"{self.config.tapnb_profile}/{self.config.tapnb_movie}"
        places = list(dict.fromkeys(own if place == "this" else place for place in self.arguments[0].split()))
        root = Path(self.config.tapnb_results or Path(self.env.srcdir) / "results")
        judged_before = self.env.temp_data.setdefault("tapnb-judged", {})  # of this page, which asks again and again
        for place in places:
            if place not in judged_before:
                judged_before[place] = claims.judge(claim_records.read(root / place))
        verdicts_of = {place: judged_before[place] for place in places}
        empty = {place for place, judged in verdicts_of.items()
                 if place != own and all(v.verdict == verdicts.NOT_RUN for v in judged)}
        only = set(map(int, self.options.get("only", "").split()))
        verdicts_of = {place: [v for v in judged if not only or v.number in only]
                       for place, judged in verdicts_of.items() if place not in empty}
        places = list(verdicts_of)
        table = nodes.table(classes=["tapnb-table", "tapnb-claims"])
        group = nodes.tgroup(cols=1 + len(places))
        group += [nodes.colspec(colwidth=3), *(nodes.colspec(colwidth=2) for _ in places)]
        headings = [f"{movie}, profile {profile}" for profile, movie in (place.split("/") for place in places)]
        group += nodes.thead("", row("the paper's claim", *headings))
        body = nodes.tbody()
        for lines in zip(*verdicts_of.values(), strict=True):
            body += row(claim(lines[0]), *(cell(verdict, place) for place, verdict in zip(places, lines, strict=True)))
        group += body
        table += group
        self.set_source_info(table)
        header, *lines = [[entry.astext().replace("\n\n", "; ") for entry in line] for line in table.findall(nodes.row)]
        parts = sorted_and_saved(table, "claims", header, lines)
        if not only:
            parts += [self.explained(place, judged) for place, judged in verdicts_of.items()]
        if empty:
            commands = "; ".join(command(self.config, *place.split("/")) for place in sorted(empty))
            parts.append(nodes.paragraph("", "Not run yet: ", nodes.literal("", commands), classes=["tapnb-missing"]))
        return parts

    def explained(self, place: str, judged: list[verdicts.Verdict]) -> nodes.Node:
        """Return the details of one profile and movie: parts, reason and runs of every verdict."""
        items = nodes.bullet_list()
        for verdict in judged:
            item = nodes.list_item("", nodes.paragraph("", f"{verdict.number}. {verdict.in_words}: {verdict.reason}."),
                                   classes=["tapnb-claim"])
            make_target(self.env, claim_anchor(place, verdict), item)
            if verdict.parts:
                parts = [nodes.list_item("", nodes.paragraph("", str(part))) for part in verdict.parts]
                item += nodes.bullet_list("", *parts)
            if verdict.runs:
                runs = nodes.paragraph("", "Runs: ")
                for name in verdict.runs:
                    runs += [run_link(name), nodes.Text(" ")]
                item += runs
            items += item
        profile, movie = place.split("/")
        return details(f"{movie}, profile {profile}: every comparison with its 95 % interval, and the runs", [items])


def claim(verdict: verdicts.Verdict) -> list[nodes.Node]:
    """Return the claim and, below it, evidence against it in the paper itself."""
    paragraphs = [nodes.paragraph("", f"{verdict.number}. {verdict.claim}")]
    if verdict.paper_itself:
        paragraphs.append(nodes.paragraph("", "", nodes.emphasis("", f"The paper itself: {verdict.paper_itself}.")))
    return paragraphs


def claim_anchor(place: str, verdict: verdicts.Verdict) -> str:
    """Return the label of a claim's parts and runs under one profile and movie."""
    return f"claim-{place.replace('/', '-')}-{verdict.number}"


def cell(verdict: verdicts.Verdict, place: str) -> list[nodes.Node]:
    """Return the verdict in bold, and below it the deciding comparison, or the reason for none, which leads to all parts and runs.

    What the protocol says of the same strategies comes last.
    """
    text = SIGNS[verdict.verdict] + verdict.in_words
    if verdict.verdict == verdicts.NOT_RUN:
        return [nodes.paragraph("", text, classes=["tapnb-missing"]), nodes.paragraph("", verdict.reason)]
    effect = place_link(verdict.effect or verdict.reason, claim_anchor(place, verdict))
    protocol = [nodes.paragraph("", f"By the protocol, on the movie never seen: {verdict.protocol}")] if verdict.protocol else []
    return [nodes.paragraph("", "", nodes.strong("", text)), nodes.paragraph("", "", effect), *protocol]


def row(*cells: str | list[nodes.Node]) -> nodes.row:
    """Return a table row from texts and nodes."""
    return nodes.row("", *(nodes.entry("", *([nodes.paragraph("", c)] if isinstance(c, str) else c)) for c in cells))


def setup(app: Sphinx) -> dict:
    """Register the directive."""
    app.setup_extension("tapnb_runs")
    app.add_directive("claims", Claims)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
