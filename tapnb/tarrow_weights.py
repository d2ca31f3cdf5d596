"""Weights of `tarrow`, the first software for time arrow prediction, read into our network: the same numbers.

Names, shapes and the order of the layers are those of https://github.com/weigertlab/tarrow, files
``tarrow/models/{model,proj_heads,class_heads,permutation_equiv}.py`` and ``tarrow/models/backbones/unet_2d.py``. A
state dict is read as safetensors, or as PyTorch's own file, without unpickling anything but tensors.
"""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import torch
from torch.nn import functional as F

from tapnb import weights
from tapnb.models import TimeArrowModel, UNet
from tapnb.system import device, yaml12

PARTS = {
    "backbone.l_conv.0.conv_block": "features.backbone.down.0",
    "backbone.l_conv.1.conv_block": "features.backbone.down.1",
    "backbone.l_conv.2.conv_block": "features.backbone.down.2",
    "backbone.l_conv.3.conv_block": "features.backbone.down.3",
    "backbone.r_conv.2.conv_block": "features.backbone.up.0",
    "backbone.r_conv.1.conv_block": "features.backbone.up.1",
    "backbone.r_conv.0.conv_block": "features.backbone.up.2",
    "backbone.head": "features.backbone.head",
    "projection_head.layers": "features.projection",
    "classification_head.layers.0.layers.0.L": "head.layers.0.own",
    "classification_head.layers.0.layers.0.G": "head.layers.0.shared",
    "classification_head.layers.0.layers.0.norm": "head.norms.0",
    "classification_head.layers.1.layers.0.L": "head.layers.1.own",
    "classification_head.layers.1.layers.0.G": "head.layers.1.shared",
    "classification_head.layers.1.layers.0.norm": "head.norms.1",
    "classification_head.head.1.layers.0.L": "head.last.own",
    "classification_head.head.1.layers.0.G": "head.last.shared",
}
"""Part of tarrow's network: the same part of ours. What follows in a tensor's name is the same in both."""

OPTIONS = {"backbone": "unet", "projection_head": "minimal_batchnorm", "classification_head": "minimal",
           "symmetric": True, "n_frames": 2, "n_features": 32, "n_input_channels": 1}
"""The options of tarrow's network, by their names there, under which it is ours."""

KEPT_OPTIONS = "model_kwargs.yaml"
"""Where tarrow keeps them, beside the weights."""

SAVE = "save model.state_dict() with safetensors.torch.save_file"

OTHER_BACKBONES = {"backbone.blocks.": "resnet", "backbone._module.": "resnet18", "backbone.fpn.": "fpn_resnet",
                   "backbone.conv1.": "simple", "projection_head.": "id"}
"""What tensors' names begin with if the backbone is another one, that without any tensor last."""


class CentredUNet(UNet):
    """Our U-Net, which pads frames whose sides 8 does not divide on all sides, as tarrow does, and not at the end."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height, width = x.shape[-2:]
        rows, columns = (-side % 2 ** (len(self.down) - 1) for side in (height, width))  # that are missing
        above, left = rows // 2, columns // 2
        x = F.pad(x, (left, columns - left, above, rows - above), mode="replicate")
        return super().forward(x)[..., above : above + height, left : left + width]


def read_tarrow(path: Path | str, on: torch.device | str = "cpu") -> TimeArrowModel:
    """The network whose weights `tarrow` has saved, in evaluation mode.

    Logits and dense features are those of tarrow up to rounding. A network that is saved and loaded by other functions
    of ours pads at the end again: then this holds for frames whose sides 8 divides. So it does for tiles of a frame
    (:func:`tapnb.explain.dense_features`), which begin elsewhere than its padding does.

    Parameters
    ----------
    path : path-like
        A state dict: ``.safetensors``, or ``.pt`` such as ``model_state.pt``, which tarrow leaves. Two options cannot
        be told from tensors, the backbone ``lnet`` and the number of frames; they are checked if ``model_kwargs.yaml``
        still lies beside the file.
    on : device

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, it holds more than tensors, the network was another one, or a tensor is missing,
        unknown or of another shape.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}: give the file of a state dict, such as model_state.pt in "
                                "tarrow's folder of a model")
    _check_options(path, _kept_options(path))
    values = _read(path)
    _check_options(path, _options_of(values))
    with torch.random.fork_rng(devices=[]):  # what is drawn is overwritten
        model = TimeArrowModel()
        model.features.backbone = CentredUNet()
    model.load_state_dict(_ours(path, values, model.state_dict()))
    on = torch.device(on)
    return model.to(on, memory_format=device.layout(on)).eval()


def _read(path: Path) -> dict[str, torch.Tensor]:
    """Tensors by name, and nothing else, from either format."""
    if path.suffix == ".safetensors":
        return weights.load(path)[0]
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise  # nothing is wrong with the file
    except Exception as error:  # noqa: BLE001  a file that is cut or foreign has as many exceptions as bytes
        if isinstance(error, pickle.UnpicklingError) and (zipfile.is_zipfile(path) or "GLOBAL" in str(error)):
            raise ValueError(f"{path} holds a pickled network, and whoever reads one runs its code: give "
                             f"model_state.pt of the same folder, or {SAVE}") from None
        raise ValueError(f"{path} is neither a .safetensors file nor a whole file of PyTorch's "
                         f"({type(error).__name__}): copy it again, or {SAVE}") from None
    if not isinstance(values, dict) or not all(isinstance(value, torch.Tensor) for value in values.values()):
        raise ValueError(f"{path} holds more than a state dict, such as a checkpoint of a training: {SAVE}")
    return values


def _kept_options(path: Path) -> dict[str, object]:
    """The options that tarrow has written down, in the folder of the weights or above its folder of checkpoints."""
    folder = path.parent.parent if path.parent.name == "checkpoints" else path.parent
    kept = folder / KEPT_OPTIONS
    return yaml12.read_mapping(kept) if kept.is_file() else {}


def _options_of(values: dict[str, torch.Tensor]) -> dict[str, object]:
    """The options that can be told from tensors, of those that make it another network than ours."""
    def of(beginning: str) -> bool:
        return any(name.startswith(beginning) for name in values)

    def size(name: str, axis: int) -> int | None:
        return values[name].shape[axis] if name in values and values[name].dim() > axis else None

    options: dict[str, object] = {}
    if not of("backbone.l_conv."):
        options["backbone"] = next((name for beginning, name in OTHER_BACKBONES.items() if of(beginning)), None)
    else:
        first = "backbone.l_conv.0.conv_block.0.weight"
        options |= {"backbone": "unet_16fmaps" if size(first, 0) == 16 else None, "n_input_channels": size(first, 1)}
    if of("projection_head.layers.3."):
        options["projection_head"] = "three_3x3convs"
    elif of("classification_head.") and not of("projection_head.layers.1."):
        options["projection_head"] = "linear" if of("projection_head.") else "id"
    if of("classification_head.") and not any(name.endswith(".L.weight") for name in values):
        options["symmetric"] = False
    elif of("classification_head.head.") and not of("classification_head.layers.1."):
        options["classification_head"] = "linear"
    elif of("classification_head.layers.1.layers.0.L") and not of("classification_head.head."):
        options["classification_head"] = "difference"
    options["n_features"] = size("projection_head.layers.0.bias", 0)
    return {name: value for name, value in options.items() if value is not None}


def _check_options(path: Path, options: dict[str, object]) -> None:
    for name, ours in OPTIONS.items():
        if options.get(name, ours) != ours:
            other = yaml12.shown(options[name])
            raise ValueError(f"{path} is of a network of tarrow with {name} = {other}, which tapnb has not: train it "
                             f"with {name} = {yaml12.shown(ours)}")


def _ours(path: Path, values: dict[str, torch.Tensor], own: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return tarrow's tensors under our names and in our order of channels, every one checked."""
    theirs = {name: _their_name(name) for name in own}
    if unknown := sorted(set(values) - set(theirs.values()), key=str):
        instead = " (tapnb.pretrain.load reads weights of tapnb)" if unknown[0] in own else ""
        raise ValueError(f"{path} holds a tensor {yaml12.shown(unknown[0])}, which is in no network of tarrow that "
                         f"tapnb has: save the state dict of TimeArrowNet and nothing else{instead}")
    ours = {}
    for name, expected in own.items():
        their_name = theirs[name]
        linear = their_name.endswith((".L.weight", ".G.weight"))  # 1x1 convolutions here
        shape = tuple(expected.shape[:2] if linear else expected.shape)
        if their_name not in values:
            raise ValueError(f"{path} holds no tensor {their_name!r}, expected with the shape {shape}: save the whole "
                             "model.state_dict() of TimeArrowNet")
        tensor = values[their_name]
        if tuple(tensor.shape) != shape or tensor.is_floating_point() != expected.is_floating_point():
            raise ValueError(f"{path}: the tensor {their_name!r} has the shape {tuple(tensor.shape)} and the type "
                             f"{tensor.dtype}, expected were {shape} and {expected.dtype}: it is of another network")
        if not tensor.isfinite().all():
            raise ValueError(f"{path} holds a tensor {their_name!r} that is not finite, of a training that went wrong: "
                             "take an earlier checkpoint")
        if ".up." in name and name.endswith(".0.weight"):
            # There the encoder's channels come first, here the coarse map's. The encoder's are as many as come out.
            tensor = tensor.roll(-tensor.shape[0], dims=1)
        ours[name] = tensor.reshape(expected.shape)
    return ours


def _their_name(name: str) -> str:
    """tarrow's name of one of our tensors."""
    theirs, ours = next((theirs, ours) for theirs, ours in PARTS.items() if name.startswith(f"{ours}."))
    return theirs + name.removeprefix(ours)
