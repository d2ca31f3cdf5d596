"""Runs, weights and trainings that went wrong, on the disk or in the computer."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tapnb.movies import Movie
from tapnb.store import kinds, runs
from tapnb.system.files import read_json, write_json
from tapnb.workflow.bad_inputs.row import BadInput
from tapnb.workflow.bad_inputs.small_files import FRAMES, Maker, content, pixels

__all__ = ["ROWS"]

RUNS, WEIGHTS = "Runs", "Weights and trainings"
COMMAND = "tapnb run 02_pretraining"


@contextmanager
def _home(folder: Path) -> Iterator[None]:
    """Let runs and results lie in a folder for a while."""
    before = os.environ.get("TAPNB_HOME")
    os.environ["TAPNB_HOME"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TAPNB_HOME"]
        else:
            os.environ["TAPNB_HOME"] = before


def _movie() -> Movie:
    return Movie(pixels(FRAMES), name="cells")


def _leave(folder: Path) -> dict:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "history.csv").write_text("epoch,loss\n1,0.7\n")
    return {"accuracy": 0.9}


def _run(mode: str, make: Callable[[Path], dict] = _leave) -> runs.Run:
    return runs.run(kinds.TAP, {"train": _movie()}, {"pairs": 3}, 1, make, mode=mode, command=COMMAND)


def _damaged(name: str, written: str) -> Maker:
    """A finished run, of which one file's content was replaced."""
    def make(folder: Path) -> Path:
        with _home(folder):
            (_run("execute").folder / name).write_text(written)
        return folder
    return make


def _restored(folder: Path) -> object:
    with _home(folder):
        return _run("restore")


def _found(folder: Path) -> object:
    with _home(folder):
        return runs.find("tap-cells-00000000")


def _of_another_movie(folder: Path) -> object:
    with _home(folder):
        runs.check_movie(_run("execute"), Movie(pixels(FRAMES)[::-1], name="cells"))


def _not_finite(folder: Path) -> object:
    with _home(folder):
        return _run("execute", lambda folder: {"accuracy": float("nan")})


def _loaded(path: Path) -> object:
    from tapnb import pretrain  # here, as below: it brings torch

    return pretrain.load(path.parent)


def _recognised(path: Path) -> object:
    from tapnb.recognise import Recogniser

    return Recogniser.load(path)


def _of_tarrow(path: Path) -> object:
    from tapnb.tarrow_weights import read_tarrow

    return read_tarrow(path)


def _pickled(folder: Path) -> Path:
    import torch

    torch.save(torch.nn.Linear(1, 1), folder / "model_full.pt")
    return folder / "model_full.pt"


def _smaller(folder: Path) -> Path:
    import torch
    from safetensors.torch import save_file

    save_file({"backbone.l_conv.0.conv_block.0.weight": torch.zeros(16, 1, 3, 3)}, folder / "model_state.safetensors")
    return folder / "model_state.safetensors"


def _tensors(**values: float) -> Maker:
    """A safetensors file that another program may have written, of matrices of one value."""
    def make(folder: Path) -> Path:
        import torch
        from safetensors.torch import save_file

        save_file({name: torch.full((2, 2), value) for name, value in values.items()}, folder / "weights.safetensors")
        return folder / "weights.safetensors"
    return make


def _cut(folder: Path) -> Path:
    path = _tensors(weight=0.5)(folder)
    path.write_bytes(path.read_bytes()[:-4])
    return path


def _checkpoint(folder: Path) -> Path:
    import torch

    torch.save({"weight": torch.zeros(2)}, folder / "weights.safetensors")
    return folder / "weights.safetensors"


def _head_alone(folder: Path) -> Path:
    from tapnb.models import DenseFeatures
    from tapnb.recognise import STRATEGIES, Recogniser

    head = Recogniser("A0", 16, DenseFeatures((4, 8)), STRATEGIES["A0"].new_head(16))
    head.save(folder / "weights.safetensors", with_features=False)
    return folder / "weights.safetensors"


def _another_head(folder: Path) -> Path:
    import torch

    from tapnb import weights

    weights.save(folder / "weights.safetensors", {"head.weight": torch.zeros(2, 2)}, {"strategy": "A1", "size": "48"})
    return folder / "weights.safetensors"


def _went_wrong(folder: Path) -> object:
    from torch import nn

    from tapnb import divergence

    return divergence.check({"loss": float("nan")}, nn.Linear(1, 1), 3, 10, 0.01)


def _saved(folder: Path) -> object:
    import torch

    from tapnb import weights

    return weights.save(folder / "weights.safetensors", {"head.weight": torch.full((2, 2), float("inf"))})


def _strategy(folder: Path) -> object:
    from tapnb.recognise import strategy_named

    return strategy_named("Z9")


def _nothing(folder: Path) -> Path:
    return folder


ROWS = (
    BadInput(RUNS, "a run that was never made", _nothing,
             r"not there to be restored; make it with `tapnb run 02_pretraining`", "tap-cells-", _restored),
    BadInput(RUNS, "a name of no run", _nothing, r"run tap-cells-00000000 is not in .*make it again",
             "tap-cells-00000000", _found),
    BadInput(RUNS, "an empty record", _damaged("record.json", ""), r"is empty; make the run again", "record.json",
             _restored),
    BadInput(RUNS, "a record that was cut", _damaged("record.json", '{"name": "tap'), r"is cut, or no JSON file",
             "record.json", _restored),
    BadInput(RUNS, "a record full of zeros, after a power cut", _damaged("record.json", "\0" * 40),
             r"nothing but zeros", "record.json", _restored),
    BadInput(RUNS, "the record of something else", _damaged("record.json", "{}"), r"is no record of the run",
             "record.json", _restored),
    BadInput(RUNS, "a table of a run that was cut", _damaged("history.csv", "epoch,loss\n1,0."),
             r"is cut, or no CSV file", "history.csv", _restored),
    BadInput(RUNS, "a run of another movie", _nothing, r"made from another movie than this", "'cells'",
             _of_another_movie),
    BadInput(RUNS, "a result that is not a number", _nothing, r"accuracy is nan, which is no result", "record.json",
             _not_finite),
    BadInput(RUNS, "a number in JSON that is infinite", _nothing, r"loss is inf, which is no result", "numbers.json",
             lambda folder: write_json(folder / "numbers.json", {"loss": float("inf")})),
    BadInput(RUNS, "a file of results that is no JSON", content("02_pretraining.json", "accuracy = 0.9"),
             r"is cut, or no JSON file", "02_pretraining.json", read_json),
    BadInput(WEIGHTS, "weights that are not there", _nothing,
             r"no weights at .*train them with `tapnb run 02_pretraining`", "weights.safetensors",
             lambda folder: _loaded(folder / "weights.safetensors")),
    BadInput(WEIGHTS, "weights that were cut", _cut, r"no whole safetensors file.*copy or train it again",
             "weights.safetensors", _loaded),
    BadInput(WEIGHTS, "an empty file of weights", content("weights.safetensors", b""), r"no whole safetensors file",
             "weights.safetensors", _loaded),
    BadInput(WEIGHTS, "a checkpoint instead of weights", _checkpoint, r"no whole safetensors file",
             "weights.safetensors", _loaded),
    BadInput(WEIGHTS, "weights of another network", _tensors(weight=0.5),
             r"not hold the weights of a time arrow network", "weights.safetensors", _loaded),
    BadInput(WEIGHTS, "weights that are not finite", _tensors(weight=float("nan")),
             r"not finite, of a training that went wrong", "weights.safetensors", _loaded),
    BadInput(WEIGHTS, "a pretraining instead of an event head", _tensors(weight=0.5), r"holds no event head",
             "weights.safetensors", _recognised),
    BadInput(WEIGHTS, "an event head without its features", _head_alone, r"a head alone: give the features",
             "weights.safetensors", _recognised),
    BadInput(WEIGHTS, "an event head under another's name", _another_head, r"another head than the strategy 'A1'",
             "weights.safetensors", _recognised),
    BadInput(WEIGHTS, "a pickled network of tarrow", _pickled, r"pickled network.*give model_state\.pt of the same",
             "model_full.pt", _of_tarrow),
    BadInput(WEIGHTS, "a network of tarrow with another backbone", _smaller,
             r"backbone = 'unet_16fmaps', which tapnb has not: train it with backbone = 'unet'",
             "model_state.safetensors", _of_tarrow),
    BadInput(WEIGHTS, "weights of tarrow that lack a tensor", _tensors(**{"backbone.head.weight": 0.5}),
             r"holds no tensor 'backbone\.l_conv\.0\.conv_block\.0\.weight'", "weights.safetensors", _of_tarrow),
    BadInput(WEIGHTS, "a strategy that there is not", _nothing, r"unknown strategy 'Z9'; choose from A0", "'Z9'",
             _strategy),
    BadInput(WEIGHTS, "a training whose loss is no number any more", _nothing,
             r"epoch 3 of 10 at a learning rate of 0\.01.*try a tenth", "loss is nan", _went_wrong),
    BadInput(WEIGHTS, "weights to be kept that are infinite", _nothing,
             r"'head\.weight' is not finite; train with a lower", "weights.safetensors", _saved),
)
