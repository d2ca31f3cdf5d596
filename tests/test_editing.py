"""What changes and publishes the project: checks of a commit, JupyterLab, the workflow, Binder, the PDF."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tapnb.workflow import book, pdf
from tapnb.workflow.notebooks import CHECKOUT as ROOT


def load(name):
    return yaml.safe_load((ROOT / name).read_text("utf-8"))


def test_every_check_of_a_commit_has_an_exact_version():
    hooks = [hook for repository in load(".pre-commit-config.yaml")["repos"] for hook in repository["hooks"]]
    assert [hook["id"] for hook in hooks] == ["ruff", "mypy", "codespell", "notebooks"]
    for hook in hooks:
        assert hook["language"] == "fail" or all(re.fullmatch(r"[\w-]+==[\d.]+", p) for p in hook["additional_dependencies"])


def test_a_notebook_with_outputs_is_refused():
    notebooks = load(".pre-commit-config.yaml")["repos"][0]["hooks"][-1]
    assert re.search(notebooks["files"], "notebooks/01_data.ipynb") and not re.search(notebooks["files"], "notebooks/01_data.py")


def test_the_workflow_pins_its_actions_and_may_do_no_more_than_it_must():
    workflow = load(".github/workflows/book.yml")
    assert workflow["permissions"] == {"contents": "read"}
    assert workflow["jobs"]["publish"]["permissions"] == {"pages": "write", "id-token": "write"}
    assert "permissions" not in workflow["jobs"]["build"]
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    used = [step["uses"] for step in steps if "uses" in step]
    assert used and all(re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}", action) for action in used)
    assert [step["run"] for step in steps if "run" in step] == ["make book MODE=restore"]


def test_binder_installs_both_locks_and_then_the_checkout():
    *plain, nested = load(".binder/environment.yml")["dependencies"]
    locks = [ROOT / ".binder" / line.split()[1] for line in nested["pip"] if line.startswith("-r ")]
    assert "python=3.11" in plain and [lock.resolve().name for lock in locks] == ["requirements.lock", "requirements-edit.lock"]
    assert all(lock.is_file() for lock in locks)
    script = ROOT / ".binder" / "postBuild"
    assert os.access(script, os.X_OK) and not subprocess.run(["bash", "-n", script], check=False).returncode


def test_jupyterlab_listens_on_this_machine_alone():
    done = subprocess.run(["make", "--dry-run", "edit"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "jupyterlab --ServerApp.ip=127.0.0.1 " in done and "requirements-edit.lock" in done


def test_the_memory_settings_of_jupyterlabs_kernels_are_those_of_a_training():
    code = re.search(r"python -c '([^']+)'", (ROOT / "Makefile").read_text("utf-8"))[1]
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    page = (ROOT / "book" / "how-to-rerun.md").read_text("utf-8")
    assert done.startswith("MALLOC_") and f"export {done.strip()}\n" in page


def test_without_chromium_there_is_one_sentence(monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(book.BookError, match="no Chromium.*apt-get install chromium"):
        pdf.pdf("smoke", "synthetic")


def test_a_page_is_printed_with_its_headings_as_bookmarks(tmp_path):
    chromium = next(filter(None, map(shutil.which, pdf.CHROMIUM)), None)
    if chromium is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><title>t</title><h1>First</h1><p>text<h1 style='break-before: page'>Second</h1>")
    printed = pdf.printed(page, tmp_path / "made" / "book.pdf", chromium).read_bytes()
    assert printed.startswith(b"%PDF-") and b"/Outlines" in printed and printed.count(b"/Type /Page\n") == 2
    assert [path.name for path in Path(tmp_path / "made").iterdir()] == ["book.pdf"]
