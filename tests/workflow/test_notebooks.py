"""The runner, tried on small notebooks of its own."""

import os
import re
import sys

import nbformat
import pytest

from tapnb.workflow import notebooks

SCRIPT = """# %% [markdown]
# # A small notebook

# %% tags=["parameters"]
profile: str = "none"  # settings
movie: str = "none"  # movie
mode: str = "execute"  # execute or restore
pairs: int = 5  # how many

# %%
import os, sys
print(profile, movie, mode, pairs)
print(os.getcwd(), os.environ["MALLOC_TOP_PAD_"], sys.executable)
"""
MEETING = """
# %%
import time
from pathlib import Path
home = Path(os.environ["TAPNB_HOME"])
(home / "{name}").touch()
for _ in range(600):
    if (home / "{other}").exists():
        break
    time.sleep(0.1)
else:
    raise RuntimeError("the other never began")
"""
BROKEN = SCRIPT + "\n# %%\nprint('so far')\nraise RuntimeError('no more cells')\n"


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """A folder with one notebook and one profile; results and runs go beside it."""
    monkeypatch.setenv("TAPNB_HOME", str(tmp_path / "home"))
    folder = tmp_path / "notebooks"
    (folder / "profiles").mkdir(parents=True)
    (folder / "01_try.py").write_text(SCRIPT)
    (folder / "profiles" / "smoke.yaml").write_text("pairs: 6\n")
    return folder


def test_a_notebook_runs_with_profile_and_overrides(sources, monkeypatch):
    monkeypatch.delenv("MALLOC_TOP_PAD_", raising=False)
    stack = sources.parent / "My stack.v2.tif"
    stack.touch()
    [done] = notebooks.run("01", movie=str(stack), overrides={"pairs": "7"}, sources=sources)
    assert done.path == notebooks.folder("smoke", str(stack)) / "01_try.ipynb"
    assert re.fullmatch("my-stack-v2-[0-9a-f]{6}", done.path.parent.name) and done.seconds > 0
    notebook = nbformat.read(done.path, as_version=4)
    text = "".join(c.outputs[0].text for c in notebook.cells if c.cell_type == "code" and c.outputs)
    assert f"smoke {stack} execute 7" in text
    # from the checkout's root, in this interpreter, with memory settings that do not stay in this process
    assert text.splitlines()[-1] == f"{notebooks.CHECKOUT} 67108864 {sys.executable}"
    assert "MALLOC_TOP_PAD_" not in os.environ
    assert notebook.metadata.tapnb.parameters == {
        "profile": "smoke",
        "movie": str(stack),
        "mode": "execute",
        "pairs": 7,
    }
    assert sorted(p.name for p in done.path.parent.glob("[!.]*")) == ["01_try.ipynb"]


def test_a_notebook_that_fails_leaves_no_new_success_and_an_old_one_as_it_was(sources):
    [done] = notebooks.run("all", sources=sources)
    before = done.path.read_bytes()
    (sources / "01_try.py").write_text(BROKEN)
    with pytest.raises(
        notebooks.NotebookError, match="01_try stopped in cell .* RuntimeError: no more cells"
    ):
        list(notebooks.run("all", sources=sources))
    assert sorted(p.name for p in done.path.parent.glob("[!.]*")) == ["01_try.failed.ipynb", "01_try.ipynb"]
    assert done.path.read_bytes() == before
    assert "so far" in done.path.with_name("01_try.failed.ipynb").read_text()


def test_restoring_runs_the_first_notebook_and_then_two_at_once(sources, capfd):
    """Each of the others waits until both have begun: one after the other they would wait for ever."""
    for name, other in (("02_a", "03_b"), ("03_b", "02_a")):
        (sources / f"{name}.py").write_text(SCRIPT + MEETING.format(name=name, other=other))
    (sources / "04_c.py").write_text(SCRIPT)
    done = list(notebooks.run("all", mode="restore", sources=sources))
    assert [one.path.name for one in done] == ["01_try.ipynb", "02_a.ipynb", "03_b.ipynb", "04_c.ipynb"]
    assert all(one.path.is_file() and one.seconds > 0 for one in done)
    said = capfd.readouterr().err
    assert "[1 of 4] 01_try" in said and "[4 of 4] 04_c" in said
    (sources / "02_a.py").write_text(BROKEN)
    with pytest.raises(notebooks.NotebookError, match="02_a stopped in cell .* RuntimeError: no more cells"):
        list(notebooks.run("all", mode="restore", sources=sources))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"overrides": {"pears": 1}}, "did you mean 'pairs'"),
        ({"overrides": {"pairs": "many"}}, "a whole number"),
        ({"mode": "exec"}, "execute or restore"),
        ({"wanted": "02_try"}, "did you mean '01_try'"),
        ({"profile": "smoky"}, "did you mean 'smoke'"),
        ({"movie": "sinthetic"}, "did you mean 'synthetic'"),
    ],
)
def test_a_mistake_is_named_before_anything_runs(sources, arguments, says):
    with pytest.raises((ValueError, FileNotFoundError), match=says):
        list(notebooks.run(**{"wanted": "all"} | arguments, sources=sources))
    assert not (sources.parent / "home").exists()


def test_a_profile_key_that_no_notebook_declares_is_an_error(sources):
    (sources / "profiles" / "smoke.yaml").write_text("paris: 6\n")
    with pytest.raises(ValueError, match="profile 'smoke' sets 'paris'.*'pairs'"):
        list(notebooks.run(sources=sources))


def test_parameters_of_a_published_profile_run_under_a_name_of_their_own(sources, capfd):
    (sources / "profiles" / "cpu.yaml").write_text("pairs: 100\n")
    [done] = notebooks.run("01", "cpu", overrides={"pairs": "7"}, sources=sources)
    assert done.path == notebooks.folder("cpu--pairs-7", "synthetic") / "01_try.ipynb"
    said = capfd.readouterr().err
    assert "What cpu has published stays as it is" in said and "results/cpu--pairs-7/synthetic" in said
    [again] = notebooks.run("01", "cpu--pairs-7", sources=sources)
    assert again.path == done.path and nbformat.read(again.path, 4).metadata.tapnb.parameters["pairs"] == 7


def test_plain_papermill_runs_the_converted_notebook(sources, tmp_path, monkeypatch):
    import papermill

    monkeypatch.setenv("MALLOC_TOP_PAD_", "1")
    made = notebooks.convert("01_try", tmp_path / "01_try.ipynb", sources)
    done = papermill.execute_notebook(
        str(made), str(tmp_path / "out.ipynb"), {"pairs": 9}, progress_bar=False
    )
    assert any("none none execute 9" in o.text for c in done.cells for o in c.get("outputs", []))


def test_conversion_is_repeatable_and_keeps_tags(sources, tmp_path):
    once, again = (notebooks.convert("01_try", tmp_path / f"{i}.ipynb", sources).read_text() for i in "ab")
    assert once == again
    assert nbformat.reads(once, as_version=4).cells[1].metadata == {"tags": ["parameters"]}


def test_the_slug_is_that_of_the_results():
    from tapnb.store import results

    for movie in ("synthetic", "hela20", "data/My Movie.ome.tif", "/a/b/Fluo-N2DL-HeLa"):
        assert results.folder("smoke", movie).name == notebooks.folder("smoke", movie).name
