"""What a newcomer relies on before any of our code runs: settings, lock, table of contents, make."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import tapnb
from tapnb.workflow.published import PUBLISHED

ROOT = Path(__file__).resolve().parent.parent
LOCKS = {"models": "requirements-models.lock", "edit": "requirements-edit.lock"}
"""Of the extras that `make book` does without; everything else is in requirements.lock."""


class StrictLoader(yaml.SafeLoader):
    """YAML in which a key that is given twice is an error; PyYAML keeps the last, silently."""


def strict_mapping(loader, node, deep=False):
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    twice = {k for k in keys if keys.count(k) > 1}
    if twice:
        raise yaml.constructor.ConstructorError(None, None, f"given twice: {twice}", node.start_mark)
    return dict(
        zip(keys, [loader.construct_object(value, deep=True) for _, value in node.value], strict=True)
    )


StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, strict_mapping)


def load(name):
    return yaml.load((ROOT / name).read_text("utf-8"), StrictLoader)  # noqa: S506


def dependencies():
    """Return what pyproject.toml asks for, by where it asks: "" for what everyone needs, else an extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    return {"": project["dependencies"]} | project["optional-dependencies"]


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def lock(name="requirements.lock"):
    lines = [x for x in (ROOT / name).read_text("utf-8").splitlines() if x and not x.startswith("#")]
    return {normal(name): version for name, version in (line.split("==") for line in lines)}, lines


def tracked():
    """All files of the project: git's, and those not yet added that it would not ignore."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is no git checkout")
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def test_no_yaml_file_gives_a_key_twice():
    with pytest.raises(yaml.constructor.ConstructorError, match="given twice"):
        yaml.load("a: 1\na: 2", StrictLoader)  # noqa: S506
    names = ["_config.yml", "_toc.yml", "environment.yml", "CITATION.cff"]
    names += [str(p.relative_to(ROOT)) for p in (ROOT / "notebooks" / "profiles").glob("*.yaml")]
    for name in names:
        assert isinstance(load(name), dict), name


def test_the_book_is_configured_with_keys_that_jupyter_book_knows():
    known = {
        "title",
        "author",
        "copyright",
        "logo",
        "only_build_toc_files",
        "exclude_patterns",
        "execute",
        "parse",
    }
    known |= {"bibtex_bibfiles", "html", "latex", "launch_buttons", "repository", "sphinx"}
    config = load("_config.yml")
    assert set(config) <= known
    assert config["execute"]["execute_notebooks"] == "off"
    assert {".*", "**/.*"} <= set(config["exclude_patterns"])


def test_every_page_of_the_table_of_contents_exists_and_every_page_is_in_it():
    toc = load("_toc.yml")
    listed = [toc["root"], *(c["file"] for part in toc["parts"] for c in part["chapters"])]
    assert len(set(listed)) == len(listed)
    executed = [Path(p).name for p in listed if p.startswith("book/executed/")]
    assert executed == sorted(p.stem for p in (ROOT / "notebooks").glob("[0-9]*.py"))
    pages = {p for p in listed if not p.startswith("book/executed/")}
    assert pages == {f"book/{p.stem}" for p in (ROOT / "book").glob("*.md")}


def test_the_lock_has_an_exact_version_of_every_dependency():
    packaging = pytest.importorskip("packaging.requirements")
    for name in ("requirements.lock", *LOCKS.values()):
        names, of = lock(name)
        assert len(names) == len(of) and all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in of)
    for group, texts in dependencies().items():
        versions = lock(LOCKS.get(group, "requirements.lock"))[0]
        for wanted in map(packaging.Requirement, texts):
            assert normal(wanted.name) in versions, f"{wanted} of {group or 'everyone'} is not locked"
            assert versions[normal(wanted.name)] in wanted.specifier


def test_models_bring_only_what_others_do_not_have():
    """But for pydantic, of which their packages need an older one that serves everyone."""
    packaging = pytest.importorskip("packaging.requirements")
    more = lock("requirements-models.lock")[0]
    assert set(more) & set(lock()[0]) <= {"pydantic", "pydantic-core"}
    wanted = next(r for r in map(packaging.Requirement, dependencies()[""]) if r.name == "pydantic")
    assert more["pydantic"] in wanted.specifier


def test_what_edits_the_book_brings_only_what_the_book_does_not_have():
    assert not set(lock(LOCKS["edit"])[0]) & set(lock()[0])


def test_everyone_says_the_same_version():
    """The changelog's first heading, the package, its settings and whoever cites it."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    changes = re.findall(r"^## (\S+),", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert version == tapnb.__version__ == load("CITATION.cff")["version"] == changes[0]


def test_the_book_has_one_title():
    title = load("_config.yml")["title"]
    assert (ROOT / "book" / "index.md").read_text("utf-8").startswith(f"# {title}\n")
    described = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["description"]
    assert described.startswith(title) and load("CITATION.cff")["title"].lower().startswith(f"tapnb: {title}".lower())


def test_every_dependency_says_what_it_is_for():
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    blocks = re.findall(r"^(?:dependencies|book|sweep|test|edit|models) = \[\n(.*?)\n\]", text, re.MULTILINE | re.DOTALL)
    assert len(blocks) == len(dependencies())
    for line in "\n".join(blocks).splitlines():
        assert re.fullmatch(r'    "[^"]+",\s+# \S.*', line), line


def imported(path):
    """Return the distributions that a file imports, wherever in it."""
    names = {"yaml": "pyyaml", "skimage": "scikit-image", "sklearn": "scikit-learn", "nbclient": "papermill",
             "PIL": "pillow", "bioimageio": "bioimageio.core"}
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        modules = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        modules += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        for module in (name.split(".")[0] for name in modules):
            if module not in sys.stdlib_module_names and module != "tapnb":
                yield normal(names.get(module, module))


def test_every_import_of_the_module_is_a_declared_dependency():
    declared = {normal(re.split(r"[<>=]", d)[0]) for group in ("", "book", "sweep", "models") for d in dependencies()[group]}
    for path in (ROOT / "tapnb").rglob("*.py"):
        assert set(imported(path)) <= declared, path.name


def test_the_method_needs_neither_notebooks_nor_book():
    needed = {normal(re.split(r"[<>=]", d)[0]) for d in dependencies()[""]}
    extras = {normal(re.split(r"[<>=]", d)[0]) for group in dependencies() if group for d in dependencies()[group]}
    extras -= {"pydantic"}  # which `models` needs in an older version
    assert not needed & extras and {"jupyter-book", "papermill", "pytest", "beautifulsoup4"} <= extras
    paths = [*(ROOT / "tapnb").glob("*.py")]
    for room in ("system", "movies", "metrics", "store"):
        paths += (ROOT / "tapnb" / room).glob("*.py")
    for path in paths:
        if path != ROOT / "tapnb" / "store" / "results.py":  # what a notebook leaves for the book: figures as well
            assert set(imported(path)) <= needed, path.name


def test_conda_installs_the_same_lock():
    *plain, nested = load("environment.yml")["dependencies"]
    assert nested == {"pip": ["-r requirements.lock"]} and "pip" in plain


def test_no_file_names_a_path_of_this_machine():
    here = {str(ROOT), os.path.expanduser("~") + "/"}
    for path in tracked():
        content = path.read_bytes()
        for place in here:
            assert len(place) < 4 or place.encode() not in content, f"{path.name} names {place}"


def test_no_downloaded_or_trained_file_is_tracked_but_the_published_weights():
    suffixes = {".tif", ".tiff", ".npz", ".npy", ".pt", ".safetensors", ".ipynb", ".zip", ".whl"}
    published = [ROOT / "results" / folder for folder in (*PUBLISHED, "detectors")]
    assert not [p.name for p in tracked() if p.suffix in suffixes
                and not (p.suffix == ".safetensors" and any(map(p.is_relative_to, published)))]


def test_the_readme_starts_with_two_commands():
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.DOTALL)
    assert [b.split("#")[0].strip() for b in blocks[:2]] == ["make book", "make test"]


def make(folder, *arguments, **environment):
    (folder / "Makefile").write_text((ROOT / "Makefile").read_text("utf-8"))
    (folder / "pyproject.toml").touch()
    command = ["make", "--no-print-directory", *arguments]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("MAKE", "MFLAGS"))}
    return subprocess.run(
        command, cwd=folder, env=clean | environment, capture_output=True, text=True, check=False
    )


def test_an_old_python_is_refused_in_one_sentence(tmp_path):
    old = tmp_path / "old-python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit\nexit 1\n')
    old.chmod(0o755)
    (tmp_path / "requirements.lock").touch()
    done = make(tmp_path, "book", f"PYTHON={old}")
    assert done.returncode and "is Python 3.9.2, but 3.11 or newer is needed" in done.stdout
    done = make(tmp_path, "book", "PYTHON=no-such-python")
    assert done.returncode and "There is no no-such-python" in done.stdout
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize(("asked", "passed"), [
    ([], ""), (["MOVIE=hela"], '--movie "hela"'), (["MODE=execute"], '--mode "execute"'),
    (["PROFILE=smoke", "MOVIE=a b.tif"], '--profile "smoke" --movie "a b.tif"'),
])
def test_make_passes_only_what_it_was_given(tmp_path, asked, passed):
    (tmp_path / "requirements.lock").touch()
    clean = dict.fromkeys(("PROFILE", "MOVIE", "MODE"), "")  # whatever the tests' own environment has
    for target in ("book", "notebooks"):
        lines = make(tmp_path, "--dry-run", target, *asked, **clean).stdout.splitlines()
        run = next(line for line in lines if " run all" in line)
        assert run.split(" run all")[1].split() == passed.split()
    shown = make(tmp_path, "--dry-run", "book", *asked, **clean).stdout.splitlines()[-1]
    assert shown.split(" book ")[1].split() == [*passed.split("--mode")[0].split(), "--open"]


def test_clean_leaves_the_installation_and_distclean_does_not(tmp_path):
    kept = [tmp_path / ".venv" / "installed", tmp_path / "runs" / "tap", tmp_path / "results" / "cpu"]
    made = [tmp_path / "_build" / "html", tmp_path / "results" / "smoke", tmp_path / "book" / "executed"]
    for folder in (*kept, *made, *(tmp_path / name for name in ("tapnb", "tests", "benchmarks"))):
        folder.mkdir(parents=True)
    assert not make(tmp_path, "clean").returncode
    assert all(folder.exists() for folder in kept) and not any(folder.exists() for folder in made)
    assert not make(tmp_path, "distclean").returncode
    assert not (tmp_path / ".venv").exists() and kept[1].exists() and kept[2].exists()


@pytest.mark.slow
def test_a_failed_install_leaves_no_stamp(tmp_path):
    (tmp_path / "requirements.lock").write_text("numpy==0.0.0\n")
    done = make(tmp_path, ".venv/installed", PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert done.returncode and "numpy==0.0.0" in done.stderr
    assert not (tmp_path / ".venv" / "installed").exists()
