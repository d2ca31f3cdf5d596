"""Sphinx extension: what every page carries, and what no page needs.

The footer says which version this is, of which day, which paper it follows and how to cite it. Lines of code wrap below
their own indentation instead of being cut off, headers and references are what they should be to those who hear the
page, and a page loads only the scripts that it uses.
"""

from __future__ import annotations

import re
import subprocess
from datetime import date
from html import escape

import yaml
from sphinx.application import Sphinx
from sphinx.config import Config

from tapnb.store import provenance
from tapnb.workflow.notebooks import CHECKOUT

HEADER = re.compile(r"(<th\b[^>]*>)\s*(?:<p>\s*</p>)?\s*(</th>)")
"""A header without text: of our tables and of pandas'."""

ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
CODE = re.compile(r'(<div class="highlight"><pre>(?:<span></span>)?)(.*?)(</pre>)', re.DOTALL)
INDENT = re.compile(r"(?:<[^>]*>)*( *)")
TAG = re.compile(r"<[^>]*>")


def finish(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    """Finish one page before it is written."""
    body = context.get("body", "")
    # docutils makes every reference a doc-biblioentry, which ARIA has given up, in a list that wants items.
    body = body.replace('role="doc-biblioentry"', 'role="listitem"')
    if body:
        context["body"] = CODE.sub(wrapping, ROW.sub(named, body))
    if 'class="math' not in body:  # Sphinx loads it as well where only a page below has mathematics
        scripts = context["script_files"]
        scripts[:] = [script for script in scripts if not is_mathjax(script)]


def named(row: re.Match) -> str:
    """Give the empty headers of a table's row a name that is heard, not seen: the first names rows."""
    text = row[0]
    first = TAG.match(text, text.find("<t", 3))  # the row's first cell

    def name(header: re.Match) -> str:
        word = "row" if first and header.start() == first.start() else "remark"
        return f'{header[1]}<span class="visually-hidden">{word}</span>{header[2]}'

    return HEADER.sub(name, text)


def wrapping(code: re.Match) -> str:
    """Make every line of a block of code a box of its own, which wraps below its first letter."""
    lines = code[2].removesuffix("\n").split("\n")
    indents = [len(INDENT.match(line)[1]) for line in lines]
    boxes = [f'<span class="tapnb-line" style="--indent: {indent}ch">{line}\n</span>'
             for indent, line in zip(indents, lines, strict=True)]
    return code[1] + "".join(boxes) + code[3]


def is_mathjax(script: object) -> bool:
    """Return whether a script is MathJax or its configuration."""
    words = f"{getattr(script, 'filename', script)} {getattr(script, 'attributes', {}).get('body', '')}"
    return "mathjax" in words.lower()


def without_thebe(app: Sphinx) -> None:
    """Leave Thebe out: papermill executed these pages, and its script, put in twice, is an error in the console."""
    for event in ("env-before-read-docs", "doctree-resolved"):
        for listener in list(app.events.listeners[event]):
            if listener.handler.__module__ == "sphinx_thebe":
                app.disconnect(listener.id)


def settle(app: Sphinx, config: Config) -> None:
    """Write the footer, and drop what the pages do not need."""
    without_thebe(app)
    config.html_theme_options["extra_footer"] = footer(yaml.safe_load((CHECKOUT / "CITATION.cff").read_text("utf-8")))


def footer(software: dict) -> str:
    """Return the footer's HTML, from the content of CITATION.cff."""
    paper = software["preferred-citation"]
    commit, dirty = provenance.commit()
    state = f", commit {commit[:10]}{', changed since' if dirty else ''}" if commit else ""
    number = paper["identifiers"][0]["value"]
    targets = {f"the paper, {number}": paper["url"], "the source code": software.get("repository-code")}
    links = " \u00b7 ".join(f'<a href="{escape(url)}">{escape(text)}</a>' for text, url in targets.items() if url)
    cited = f'{names(paper)} ({paper["year"]}). {paper["title"]}. {number}. {paper["url"]}'
    itself = f'{names(software)} ({day(commit).year}). {software["title"]}. Version {provenance.version()}{state}.'
    return (
        f'<p>Version {escape(provenance.version())} of {written(day(commit))}{escape(state)} \u00b7 {links}</p>\n'
        '<details class="tapnb-cite"><summary>Cite this</summary>\n'
        f'<p>The paper: {escape(cited)}</p>\n<p>This book, its figures and its software: {escape(itself)} '
        f'{escape(software["license"])}.</p>\n<pre>{escape(bibtex(software, commit))}</pre>\n</details>'
    )


def bibtex(software: dict, commit: str | None) -> str:
    """Return the entry of the software for a bibliography in BibTeX."""
    fields = {"author": f"{{{names(software)}}}", "title": f'{{{software["title"]}}}', "version": provenance.version(),
              "year": str(day(commit).year)} | ({"note": f"commit {commit[:10]}"} if commit else {})
    return "@software{tapnb,\n" + "".join(f"  {name} = {{{value}}},\n" for name, value in fields.items()) + "}"


def names(work: dict) -> str:
    """Return the authors of an entry of CITATION.cff."""
    people = [author.get("name") or f'{author["given-names"]} {author["family-names"]}' for author in work["authors"]]
    return people[0] if len(people) == 1 else ", ".join(people[:-1]) + " and " + people[-1]


def day(commit: str | None) -> date:
    """Return the day of a commit, so that the same commit makes the same book; without one, today."""
    command = ["git", "-C", str(CHECKOUT), "show", "-s", "--format=%cs", commit or "HEAD"]
    told = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() if commit else ""
    return date.fromisoformat(told) if told else date.today()


def written(when: date) -> str:
    """Return a day as a person writes it."""
    return f"{when.day} {when:%B %Y}"


def setup(app: Sphinx) -> dict:
    """Register what is done to the configuration and to every page."""
    app.setup_extension("tapnb_head")
    app.connect("config-inited", settle, priority=900)
    app.connect("html-page-context", finish, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
