"""One training by several processes, each with its share of every batch: what `torchrun` starts (DDP).

Nothing is drawn anew for it. Every process draws the whole batch from the epoch's generator and takes its share,
BatchNorm takes mean and variance over all shares, and gradients are averaged: so N processes do, up to the order of
sums, the step that one process would do with the whole batch. Whoever is started alone has the whole batch as its
share, and nothing here changes anything.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
from torch import distributed, nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

from tapnb.checkpoints import Stateful
from tapnb.system import device

STARTED = ("RANK", "LOCAL_RANK", "WORLD_SIZE", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
"""What `torchrun` tells a process that it starts."""

PATIENCE = timedelta(days=1)
"""The others wait while the first process tests a finished network. `torchrun` ends them earlier if that one dies."""


GONE = ("closed by peer", "reset by peer", "Broken pipe", "remote process exited", "NCCL communicator was aborted")
"""What gloo and nccl say when another process has ended."""


class OtherProcessEnded(RuntimeError):
    """This process has nobody to train with any more."""


def size() -> int:
    """How many processes train together; 1: this one alone."""
    return distributed.get_world_size() if distributed.is_available() and distributed.is_initialized() else 1


def rank() -> int:
    """The number of this process, from 0: the first alone writes files and says how far it is."""
    return distributed.get_rank() if size() > 1 else 0


def number_on_machine() -> int:
    """The number of this process among those of its machine, from 0, as `torchrun` gives it."""
    return _number(os.environ.get("LOCAL_RANK", "0"))


@contextmanager
def processes(name: str = "auto") -> Iterator[torch.device]:
    """Join the processes that `torchrun` has started, for the length of a ``with`` block; alone, do nothing.

    Parameters
    ----------
    name : str
        See :func:`tapnb.system.device.choose`. On CUDA every process of a machine has a GPU of its own, and they talk
        by nccl; on the CPU by gloo.

    Yields
    ------
    torch.device
        On which this process computes.

    Raises
    ------
    ValueError
        If the environment is not that of a process of `torchrun`, or the device is not there for all of them.
    """
    on = device.choose(name)
    if os.environ.get("WORLD_SIZE", "1") == "1":
        yield on
        return
    _check_world()
    if on.type == "cuda":
        own = int(os.environ["LOCAL_WORLD_SIZE"])
        if own > torch.cuda.device_count():
            raise ValueError(f"{own} processes want a GPU each and there are {torch.cuda.device_count()}: start as many "
                             "processes as GPUs, or name the device cpu")
        on = torch.device("cuda", number_on_machine())
        torch.cuda.set_device(on)
    elif on.type != "cpu":
        raise ValueError(f"several processes can train together on cpu or cuda, not on {on.type}: name the device cpu")
    distributed.init_process_group("nccl" if on.type == "cuda" else "gloo", timeout=PATIENCE)
    try:
        yield on
    except RuntimeError as error:
        if any(words in str(error) for words in GONE):
            raise OtherProcessEnded(f"process {rank()} of {size()}, counted from 0, has stopped because another one has; "
                                    "look at what that one says") from None
        raise
    finally:
        distributed.destroy_process_group()


def _check_world() -> None:
    """Raise ValueError unless the environment is that of one of several processes that `torchrun` has started."""
    world = {key: os.environ[key] for key in STARTED if key in os.environ}
    missing = [key for key in STARTED if key not in world]
    if missing:
        what = f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing"
    else:
        rank, local_rank, world_size, local_world_size = (_number(world[key]) for key in STARTED[:4])
        if 0 <= rank < world_size and 0 <= local_rank < local_world_size:
            return
        what = " and ".join(f"{key} is {world[key]}" for key in STARTED[:4])
    raise ValueError(f"WORLD_SIZE says that several processes train together, but {what}: start them with "
                     "`torchrun --nproc-per-node N`, or unset WORLD_SIZE to train in this process alone")


def _number(text: str) -> int:
    """A number of the environment; -1, which none of them can be, for anything else."""
    return int(text) if text.isascii() and text.isdigit() else -1


@contextmanager
def first_of_machine() -> Iterator[None]:
    """A block that the first process of every machine goes through before the others, such as fetching a movie."""
    waits = size() > 1 and number_on_machine() > 0
    if waits:
        distributed.barrier()
    yield
    if size() > 1 and not waits:
        distributed.barrier()


def share(batch: int) -> slice:
    """Which pairs of a batch this process computes.

    Raises
    ------
    ValueError
        If the processes cannot have equal shares.
    """
    if batch % size():
        most = next(n for n in range(size(), 0, -1) if batch % n == 0)
        raise ValueError(f"a batch of {batch} pairs cannot be shared equally by {size()} processes: start a number of "
                         f"processes that divides it, such as {most}, or choose another batch")
    own = batch // size()
    return slice(rank() * own, (rank() + 1) * own)


def part(n: int) -> slice:
    """Which of ``n`` held-out pairs this process checks: every so many, or all where there are too few to share."""
    return slice(rank(), None, size()) if n >= size() else slice(None)


def mean(values: dict[str, float], weight: float = 1.0) -> dict[str, float]:
    """The mean over all processes of each value, the same on all of them; alone, the values themselves.

    Parameters
    ----------
    values : dict of float
        With the same keys on every process.
    weight : float
        How much this process's values count, such as the number of pairs that they are means of.
    """
    if size() == 1:
        return values
    sums = torch.tensor([*values.values(), 1.0], dtype=torch.float64) * weight
    sums = sums.to(_where())
    distributed.all_reduce(sums)
    return dict(zip(values, (sums[:-1] / sums[-1]).tolist()))


def from_first(value: Any) -> Any:
    """What the first process calls this with, on every process."""
    if size() > 1:
        box = [value]
        distributed.broadcast_object_list(box, src=0, device=_where())
        value = box[0]
    return value


def hand_on(parts: dict[str, Stateful], history: list) -> None:
    """Call the other processes to a training: they get the state of network and optimiser, and the epochs so far."""
    if size() > 1:
        file = io.BytesIO()
        torch.save({name: part.state_dict() for name, part in parts.items()}, file)
        from_first((file.getvalue(), history))


def nothing_more() -> None:
    """Tell the other processes that there is no training to be called to any more."""
    from_first(None)


def called() -> tuple[bytes, list] | None:
    """Wait, in a process that is not the first, for :func:`hand_on` or :func:`nothing_more`, which is None."""
    return from_first(None)


def unpack(content: bytes, parts: dict[str, Stateful], on: torch.device) -> None:
    """Put every part into the state that :func:`hand_on` wrote down."""
    state = torch.load(io.BytesIO(content), map_location=on, weights_only=True)
    for name, part in parts.items():
        part.load_state_dict(state[name])


def together(model: nn.Module, on: torch.device) -> nn.Module:
    """The network for training steps: alone, ``model`` itself; else with averaged gradients and shared statistics.

    Parameters
    ----------
    model : Module
        Its BatchNorms are changed in place. It keeps its weights and their names, and is what is saved.
    on : torch.device
        Where it is.
    """
    if size() == 1:
        return model
    for module in model.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = WholeBatchNorm  # the same weights, in the same optimiser, under the same names
    return DistributedDataParallel(model, device_ids=[on] if on.type == "cuda" else None, gradient_as_bucket_view=True)


class WholeBatchNorm(nn.BatchNorm2d):
    """BatchNorm whose mean and variance, running ones included, are those of all processes' shares together.

    PyTorch's own ``SyncBatchNorm`` wants a GPU; this one also works on a CPU. All shares have one size.
    """

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training:
            return super().forward(x)
        with torch.no_grad():
            mean, variance = _statistics(x)
            n = x.numel() // x.shape[1] * size()
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (n / (n - 1)), self.momentum)
            self.num_batches_tracked += 1
        x = _GradientOfStatistics.apply(x, mean, variance, self.eps)
        return F.batch_norm(x, mean, variance, self.weight, self.bias, eps=self.eps)  # by constants, as it were


def _statistics(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean and variance (C,) of all processes' maps (N, C, h, w), in float32 or wider."""
    width = torch.promote_types(x.dtype, torch.float32)
    own_mean = x.mean((0, 2, 3), dtype=width)
    own_variance = (x - own_mean[:, None, None]).square_().mean((0, 2, 3))
    # One exchange: each process fills its row, so that the sum is all of them. Differences of means are exact thus.
    rows = x.new_zeros((size(), 2, x.shape[1]), dtype=width)
    rows[rank()] = torch.stack([own_mean, own_variance])
    distributed.all_reduce(rows)
    means, variances = rows.unbind(1)  # (processes, C) each
    mean = means.mean(0)
    return mean, (variances + (means - mean).square()).mean(0)


class _GradientOfStatistics(torch.autograd.Function):
    """The identity before a BatchNorm by constants; the gradient is that of a BatchNorm by the batch's statistics.

    They depend on every value of a channel: so a gradient has no part along the channel's mean, and none along its
    standardised values.
    """

    @staticmethod
    def forward(context, x: torch.Tensor, mean: torch.Tensor, variance: torch.Tensor, eps: float) -> torch.Tensor:
        context.save_for_backward(x, mean, (variance + eps).rsqrt())
        return x.view_as(x)

    @staticmethod
    def backward(context, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None, None]:
        x, mean, scale = context.saved_tensors
        standard = (x - mean[:, None, None]).mul_(scale[:, None, None])
        sums = torch.stack([gradient.sum((0, 2, 3), dtype=mean.dtype),
                            (gradient * standard).sum((0, 2, 3), dtype=mean.dtype)])  # (2, C)
        distributed.all_reduce(sums)
        offset, slope = sums[..., None, None] / (x.numel() // x.shape[1] * size())  # (C, 1, 1) each
        return (gradient - offset - standard.mul_(slope)).to(gradient.dtype), None, None, None


def _where() -> torch.device:
    """Where a message between processes has to lie."""
    cuda = distributed.get_backend() == "nccl"
    return torch.device("cuda", torch.cuda.current_device()) if cuda else torch.device("cpu")
