"""The real pages in a book of made-up numbers, built as `make book` builds it, for tests of pages."""

import re
import shutil

import pytest
from made_up_results import write_results

from tapnb.workflow import book, notebooks

ROOT = notebooks.CHECKOUT


def stage_made_up_notebooks(home, profile="smoke", movie="synthetic"):
    """Put the real notebooks where the runner would, converted but not run, so without outputs."""
    for name in notebooks.names():
        notebooks.convert(name, home / "runs" / "notebooks" / profile / movie / f"{name}.ipynb")


def without_quotes(text):
    """Return a page without its plain code blocks, whose roles are only examples."""
    lines, fence = [], None
    for line in text.splitlines():
        mark = re.match(r"\s*```(.*)", line)
        if mark:
            fence = mark[1] if fence is None else None
        if fence is None or fence.startswith("{"):
            lines.append(line)
    return "\n".join(lines)


def named_on_pages():
    """Return what the pages name under results/: (profile/movie/ or "", file, number or None)."""
    for path in (*(ROOT / "book").glob("*.md"), *(ROOT / "book" / "_parts").glob("*.md")):
        text = without_quotes(path.read_text("utf-8"))
        for place, name, key in re.findall(r"\{(?:num|value)\}`((?:[^`/]+/){2})?([^`:]+):([^`?]+)`", text):
            yield place, name, key
        for kind, arguments in re.findall(r"\{(result-table|result-figure)\} (.+)", text):
            for place, name in re.findall(r"((?:[^\s/]+/){2})?(\S+)", arguments):
                yield place, name, kind
        for place, name in re.findall(r"\{provenance\} ((?:[^\s/]+/){2})?(\S+)", text):
            yield place, name, None


def build(home):
    """Build the book in the empty folder ``home`` and return its front page; takes a minute or two."""
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(ROOT / name, home)
    shutil.copytree(ROOT / "book", home / "book", ignore=shutil.ignore_patterns("executed", "__pycache__"))
    shutil.copytree(ROOT / "notebooks", home / "notebooks", ignore=shutil.ignore_patterns("*.ipynb"))
    stage_made_up_notebooks(home)
    wanted = {}
    for place, name, kind in named_on_pages():
        here = wanted.setdefault(place or "smoke/synthetic/", {})
        notebook = next(n for n in notebooks.names() if name.startswith(n))
        parts = here.setdefault(notebook, ([], [], []))
        index = {"result-table": 1, "result-figure": 2}.get(kind, 0)
        if kind is not None:
            parts[index].append(name if index else kind)
    for place, here in wanted.items():
        for notebook, parts in here.items():
            write_results(home / "results" / place, notebook, *parts)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAPNB_HOME", str(home))
        patch.setenv("PYTHONPATH", str(ROOT))
        return book.build("smoke", "synthetic", home)
