"""What two processes do together for test_distributed.py, and what one does alone to compare with.

``python two_processes.py FOLDER`` is one of the two, in an environment such as `torchrun` makes.
"""

import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from unittest import mock

import numpy as np
import torch
from toys import shrinking_discs

from tapnb import distributed, losses, pretrain
from tapnb.arrow import PairSource
from tapnb.pretrain import PretrainSettings

SETTINGS = PretrainSettings(pairs=64, pairs_per_epoch=16, batch=8, crop_sizes=(16,), sampler="change", uniform_share=0.2,
                            validation_pairs=9, validation_size=24, channels=(4, 6))
TWO_EPOCHS = replace(SETTINGS, pairs=32)
ODD = replace(SETTINGS, batch=7)
CPU = torch.device("cpu")


class InFloat64(PairSource):
    """Pixels in float64, so that nothing but the order of sums tells one process from two."""

    def gather(self, pairs):
        return super().gather(pairs).double()


def ten_steps() -> dict[str, torch.Tensor]:
    """Ten training steps in float64: the weights, the running statistics and the epoch's numbers."""
    torch.set_default_dtype(torch.float64)
    try:
        source = InFloat64(shrinking_discs(1), "change", CPU, 0.2)
        pairs = source.sample(24, 80, np.random.default_rng(1))
        model, optimiser = pretrain._initial(SETTINGS, 3, CPU)
        numbers = pretrain.train_epoch(distributed.together(model, CPU), optimiser, source, pairs, [1e-3] * 10,
                                       torch.Generator().manual_seed(2), SETTINGS.loss, "float32")
        return model.state_dict() | {name: torch.tensor(value) for name, value in numbers.items()}
    finally:
        torch.set_default_dtype(torch.float32)


def batch_norm() -> dict[str, torch.Tensor]:
    """A BatchNorm between two non-linear maps, in float64: outputs, gradients and running statistics."""
    generator = torch.Generator().manual_seed(4)
    x = torch.randn(6, 3, 5, 4, dtype=torch.float64, generator=generator) * 2 + torch.tensor([0.0, 7, -50])[:, None, None]
    target = torch.randn(x.shape, dtype=torch.float64, generator=generator)
    norm = torch.nn.BatchNorm2d(3, dtype=torch.float64)
    norm.weight.data, norm.bias.data = torch.tensor([0.5, 2, -1.0]).double(), torch.tensor([1.0, 0, 3]).double()
    own = distributed.share(len(x))
    x = x[own].requires_grad_()
    network = distributed.together(norm, CPU)
    out = network(x.sin() + x)
    (out.tanh() - target[own]).square().mean().backward()
    return {"out": out.detach(), "x": x.grad / distributed.size(), "weight": norm.weight.grad, "bias": norm.bias.grad,
            "mean": norm.running_mean, "variance": norm.running_var, "batches": norm.num_batches_tracked}


def train(folder: Path, settings: PretrainSettings) -> str:
    """Train, or take part in it; the sentence with which it stopped, if any."""
    movies = shrinking_discs(1), shrinking_discs(2)
    try:
        if distributed.rank():
            pretrain.take_part(*movies, settings, seed=3, precision="float32")
        else:
            pretrain.pretrain(*movies, settings, folder, seed=3, precision="float32")
            distributed.nothing_more()
    except ValueError as error:
        return str(error)
    return ""


def cut_after_two_epochs(folder: Path) -> None:
    """Leave the checkpoint of two epochs, as of a training of twice so many that was stopped."""
    with mock.patch.object(pretrain.weights, "save", side_effect=KeyboardInterrupt):
        try:
            train(folder, TWO_EPOCHS)
        except KeyboardInterrupt:
            (folder / pretrain.ASKED).unlink()  # which says that two were asked for
            distributed.nothing_more()


def time_arrow_that_is_nan(*arguments, **settings):
    loss, extra = losses_time_arrow(*arguments, **settings)
    return loss * torch.nan, extra


losses_time_arrow = losses.time_arrow


def main(folder: Path) -> None:
    with distributed.processes("cpu"):
        done = {"size": distributed.size(), "steps": ten_steps(), "norm": batch_norm()}
        cut_after_two_epochs(folder / "begun by two")
        train(folder / "begun by one", SETTINGS)
        done["odd"] = train(folder / "odd", ODD)
        spoilt = mock.patch.object(losses, "time_arrow", time_arrow_that_is_nan)
        if distributed.rank():  # in one of them only
            spoilt.start()
        done["nan"] = train(folder / "nan", SETTINGS)
        torch.save(done, folder / f"{distributed.rank()}.pt")


def environment(rank: int, port: int) -> dict[str, str]:
    """Such as `torchrun` makes for one of two processes."""
    return os.environ | {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "LOCAL_WORLD_SIZE": "2",
                         "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}


def together(folder: Path) -> list[dict]:
    """Start the two, wait for them, and return what each has found."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    started = [subprocess.Popen([sys.executable, __file__, str(folder)], env=environment(rank, port), text=True,
                                stderr=subprocess.PIPE) for rank in (0, 1)]
    try:
        said = [process.communicate(timeout=900)[1] for process in started]
    finally:
        for process in started:
            process.kill()
    assert [process.returncode for process in started] == [0, 0], "\n".join(said)
    return [torch.load(folder / f"{rank}.pt", weights_only=True) | {"said": said[rank]} for rank in (0, 1)]


if __name__ == "__main__":
    torch.set_num_threads(1)
    main(Path(sys.argv[1]))
