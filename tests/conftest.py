"""Fixtures shared by the tests."""

import os
import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import pytest
import torch


torch.set_num_threads(1)  # tiny networks: more threads are slower, and every sum has one order


@pytest.fixture(autouse=True)
def seeded():
    """The same random pictures in every run of the tests."""
    torch.manual_seed(0)


@pytest.fixture
def nothing_stays_open():
    """No figure is left open and no setting of matplotlib changed."""
    plt.close(plt.figure())  # the first figure of a process chooses the backend, which is a setting as well
    before = plt.rcParams.copy()
    yield
    assert not plt.get_fignums() and plt.rcParams == before


@pytest.fixture(scope="session")
def hela():
    """Folder of Fluo-N2DL-HeLa: $TAPNB_HELA, or ../shared/data beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data" / "Fluo-N2DL-HeLa"
    folder = Path(os.environ.get("TAPNB_HELA") or beside)
    if not (folder / "02_GT").is_dir():
        pytest.skip(f"the movie hela is not in {folder}: set TAPNB_HELA or run `tapnb data hela`")
    return folder


@pytest.fixture(scope="session")
def made_up_book(tmp_path_factory):
    """Front page of the real pages in a book of made-up numbers, built once for all tests of pages."""
    import made_up_book

    return made_up_book.build(tmp_path_factory.mktemp("book"))


@pytest.fixture(scope="module")
def browser():
    """Chromium, one for all pages of a file: while it is open, nothing else in this process can have an event loop."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: pip install '.[test]'")
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("there is no Chromium here: apt-get install chromium")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=program, chromium_sandbox=os.geteuid() != 0)
        yield chromium
        chromium.close()
