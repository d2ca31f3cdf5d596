"""A network as a list of steps, read off the module itself: what a drawing of it is made of.

The module is traced symbolically and run on a tensor without contents, so that neither its weights nor its
BatchNorm statistics are touched and no memory is spent.
"""

from __future__ import annotations

import copy
import operator
from dataclasses import dataclass

import torch
from torch import fx, nn

BATCH = 10_007
"""Pairs in the tensor without contents: a prime, so that a multiple of it in a shape can only be the batch."""

ACTIVATIONS = {text.lower(): text for text in ("ReLU", "LeakyReLU", "GELU", "SiLU", "Sigmoid", "Tanh")}
"""By their names without capitals and underscores, the same for a layer and a function."""

RESHAPES = ("flatten", "unflatten", "reshape", "view")


@dataclass(frozen=True)
class Step:
    """One operation on tensors.

    Attributes
    ----------
    kind : str
        "input", "convolution", "BatchNorm", "activation", "sum", "reshape", "mean", "linear", "output" or "other".
    text : str
        What it does, with its sizes.
    inputs : tuple of int
        The steps that it works on, by their place in the list.
    shape : tuple of int or str
        Of what comes out; "N" is the number of pairs, "2N" twice that.
    weights : int
        Trained numbers in it.
    path : str
        Name of its submodule, such as "block.0"; empty for a function.
    """

    kind: str
    text: str
    inputs: tuple[int, ...]
    shape: tuple[int | str, ...]
    weights: int = 0
    path: str = ""


class _Shapes(fx.Interpreter):
    """Runs a traced module and notes the shape of every tensor on the way."""

    def run_node(self, node: fx.Node):
        result = super().run_node(node)
        if isinstance(result, torch.Tensor):
            node.meta["shape"] = tuple(_size(length) for length in result.shape)
        return result


def steps(module: nn.Module, shape: tuple[int, ...]) -> list[Step]:
    """The operations of a module in the order in which they run.

    Parameters
    ----------
    module : Module
        Takes one tensor, whose first dimension counts the pairs. It is not changed.
    shape : tuple of int
        Of one pair, without that first dimension: (2, 32, 48, 48) for an event head (Figure 7).

    Returns
    -------
    list of Step
        The first is the input, the last the output.

    Raises
    ------
    ValueError
        If the module cannot be traced, or does not take such an input.
    """
    empty = copy.deepcopy(module).eval().to("meta")
    name, input_shape = type(module).__name__, " x ".join(map(str, ("N", *shape)))
    try:
        traced = fx.symbolic_trace(empty)
    except Exception as error:  # tracing runs the forward method, which may raise anything
        raise ValueError(f"the layers of {name} cannot be read off it ({str(error).partition('. ')[0]}); its forward "
                         "method must take one tensor, not branch on values, and have no hooks") from error
    try:
        _Shapes(traced).run(torch.empty(BATCH, *shape, device="meta"))
    except Exception as error:  # whatever its layers raise
        raise ValueError(f"{name} does not take an input of {input_shape}; give the size and the number of features "
                         "that it was made for") from error
    operations: list[Step] = []
    places: dict[fx.Node, int] = {}
    for node in traced.graph.nodes:
        if "shape" not in node.meta:  # sizes on their way to a reshape, not tensors
            continue
        if node.target in ("contiguous", "to", "permute"):  # another layout in memory of the same values: not a step
            places[node] = places[node.all_input_nodes[0]]
            continue
        before = [n for n in node.all_input_nodes if n in places]
        layer = traced.get_submodule(node.target) if node.op == "call_module" else None
        kind, text = _described(node, layer, before)
        places[node] = len(operations)
        operations.append(Step(kind, text, tuple(places[n] for n in before), node.meta["shape"],
                               sum(p.numel() for p in layer.parameters()) if layer else 0,
                               node.target if layer else ""))
    return operations


def grouped(number: int) -> str:
    """A whole number with a narrow space between its thousands."""
    return f"{number:,}".replace(",", "\u202f")


def _described(node: fx.Node, layer: nn.Module | None, before: list[fx.Node]) -> tuple[str, str]:
    """Kind and text of one step."""
    if node.op in ("placeholder", "output"):
        return ("input", "input") if node.op == "placeholder" else ("output", "output")
    if isinstance(layer, nn.Conv2d):
        return "convolution", (f"convolution {_by(layer.kernel_size)}, stride {_one(layer.stride)}, "
                               f"padding {_one(layer.padding)}, {layer.out_channels} channels")
    if isinstance(layer, nn.Linear):
        return "linear", f"linear, {grouped(layer.in_features)} to {grouped(layer.out_features)}"
    if isinstance(layer, nn.BatchNorm2d):
        return "BatchNorm", "BatchNorm"
    name = type(layer).__name__ if layer is not None else getattr(node.target, "__name__", str(node.target))
    activation = ACTIVATIONS.get(name.lower().replace("_", ""))
    if activation:
        return "activation", activation
    if node.target in (operator.add, operator.iadd, torch.add) or name in ("add", "add_", "iadd"):
        return "sum", "sum"
    if name in RESHAPES:
        return "reshape", name + _meaning(before[0].meta["shape"], node.meta["shape"])
    if name == "mean":
        dimensions = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else "all")
        temporal = dimensions == 1 and before[0].meta["shape"][:2] == ("N", 2)
        return "mean", "temporal mean pooling" if temporal else f"mean over dimension {dimensions}"
    return "other", name


def _meaning(before: tuple, after: tuple) -> str:
    """What a reshape does to the two frames of a pair."""
    if (before[:2], after[:1]) == (("N", 2), ("2N",)):
        return ": each frame by itself"
    if (before[:1], after[:2]) == (("2N",), ("N", 2)):
        return ": the frames of a pair together"
    return ""


def _size(length: int) -> int | str:
    times, rest = divmod(length, BATCH)
    return length if rest or not times else f"{times if times > 1 else ''}N"


def _by(sides: tuple[int, ...]) -> str:
    return " \u00d7 ".join(map(str, sides))


def _one(sides: tuple[int, ...] | str) -> str:
    """"1" for (1, 1); both where they differ; a padding may also be a word."""
    if isinstance(sides, str):
        return sides
    return str(sides[0]) if len(set(sides)) == 1 else _by(sides)
