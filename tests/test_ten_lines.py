"""The ten lines of the README and of the API page: from two stacks to a map of probabilities, without a notebook."""

import re
from pathlib import Path

import numpy as np
import pytest
import tifffile
from toys import shrinking_discs

ROOT = Path(__file__).resolve().parent.parent
SMALL = {"pairs=50_000": "pairs=64", "pairs_per_epoch=2_000": "pairs_per_epoch=32", "batch=16": "batch=8",
         "crop_sizes=(32,)": "crop_sizes=(24,), channels=(4, 4, 4, 4)", "validation_pairs=200": "validation_pairs=8",
         "crops_per_frame_pair=200": "crops_per_frame_pair=20", "epochs=3": "epochs=1"}


def ten_lines(page: Path) -> str:
    (code,) = re.findall(r"```python\n(from tapnb\.dataset import.+?)```", page.read_text("utf-8"), re.DOTALL)
    return code


@pytest.mark.trains
def test_the_ten_lines_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    movie, other = (shrinking_discs(seed, frames=6, side=112, per_frame=8) for seed in (1, 2))
    for name, stack in (("frames", movie.frames), ("labels", movie.masks), ("other", other.frames)):
        tifffile.imwrite(f"{name}.tif", stack)
    code = ten_lines(ROOT / "README.md")
    for long, short in SMALL.items():
        assert long in code
        code = code.replace(long, short)
    names: dict = {}
    exec(compile(code, "README.md", "exec"), names)  # noqa: S102
    probability = names["probability"]
    assert probability.shape == ((112 - 48) // 8 + 1,) * 2 and probability.dtype == np.float32
    assert ((probability > 0) & (probability < 1)).all() and probability.std() > 0
    assert names["recogniser"].strategy == "A1" and (tmp_path / "runs" / "mine" / "weights.safetensors").exists()


def test_readme_and_api_page_show_the_same_lines():
    code = ten_lines(ROOT / "README.md")
    assert ten_lines(ROOT / "book" / "api.md") == code
    statements = [line for line in code.splitlines() if line and not line.startswith(("from ", " "))]
    assert len(statements) <= 10
