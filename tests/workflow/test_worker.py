"""What a worker says of itself."""

import subprocess
import sys

import pytest

pytest.importorskip("distributed")

from tapnb.workflow import worker  # noqa: E402


def package(folder):
    (folder / "store").mkdir(parents=True)
    (folder / "a.py").write_text("a = 1\n")
    (folder / "store" / "b.csv").write_text("1\n")
    return folder


def test_code_is_the_files_and_not_what_python_leaves_beside_them(tmp_path):
    folder = package(tmp_path / "tapnb")
    before = worker.code(folder)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "a.pyc").write_bytes(b"x")
    assert worker.code(folder) == before == worker.code(package(tmp_path / "elsewhere"))


@pytest.mark.parametrize("change", [lambda f: (f / "a.py").write_text("a = 2\n"), lambda f: (f / "store" / "b.csv").write_text("2\n"),
                                    lambda f: (f / "a.py").rename(f / "c.py"), lambda f: (f / "c.py").write_text("")])
def test_any_change_is_other_code(tmp_path, change):
    folder = package(tmp_path / "tapnb")
    before = worker.code(folder)
    change(folder)
    assert worker.code(folder) != before


def test_a_worker_needs_no_torch_to_start():
    program = "import sys; import tapnb.workflow.worker; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"
