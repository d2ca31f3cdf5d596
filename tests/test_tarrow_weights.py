"""Weights of tarrow: the numbers that its own order of layers gives, written down again below, and what is refused."""

import re

import pytest
import torch
from safetensors.torch import save_file
from torch.nn import functional as F

from tapnb import models, pretrain
from tapnb.tarrow_weights import OPTIONS, PARTS, read_tarrow

CHANNELS = (32, 64, 128, 256)


def shapes() -> dict[str, tuple[int, ...]]:
    """Names and shapes in a state dict of tarrow's default network, from its source and not from our table."""
    kept = {}

    def convolution(name, channels_in, channels_out, side):
        kept[f"{name}.weight"], kept[f"{name}.bias"] = (channels_out, channels_in, side, side), (channels_out,)

    def norm(name, channels):
        kept.update({f"{name}.{part}": (channels,) for part in ("weight", "bias", "running_mean", "running_var")})
        kept[f"{name}.num_batches_tracked"] = ()

    def block(name, channels_in, channels_out):
        convolution(f"{name}.conv_block.0", channels_in, channels_out, 3)
        norm(f"{name}.conv_block.1", channels_out)
        convolution(f"{name}.conv_block.3", channels_out, channels_out, 3)
        norm(f"{name}.conv_block.4", channels_out)

    for level, channels in enumerate(CHANNELS):
        block(f"backbone.l_conv.{level}", (1, *CHANNELS)[level], channels)
    for level in range(3):
        block(f"backbone.r_conv.{level}", CHANNELS[level] + CHANNELS[level + 1], CHANNELS[level])
    convolution("backbone.head", 32, 32, 1)
    convolution("projection_head.layers.0", 32, 32, 1)
    norm("projection_head.layers.1", 32)
    for part, channels in (("layers.0", 32), ("layers.1", 32), ("head.1", 1)):
        for linear in "LG":
            name = f"classification_head.{part}.layers.0.{linear}"
            kept[f"{name}.weight"], kept[f"{name}.bias"] = (channels, 32), (channels,)
        if channels == 32:
            norm(f"classification_head.{part}.layers.0.norm", 32)
    return kept


@pytest.fixture(scope="module")
def state() -> dict[str, torch.Tensor]:
    """A state dict in which every tensor matters."""
    generator, values = torch.Generator().manual_seed(3), {}
    for name, shape in shapes().items():
        if name.endswith("num_batches_tracked"):
            values[name] = torch.tensor(7)
        elif len(shape) > 1:
            fan_in = torch.Size(shape[1:]).numel()
            values[name] = torch.randn(shape, generator=generator) / fan_in**0.5
        elif name.endswith("running_var"):
            values[name] = 0.5 + torch.rand(shape, generator=generator)
        else:
            is_scale = name.endswith(".weight")
            values[name] = is_scale + 0.1 * torch.randn(shape, generator=generator)
    return values


def as_tarrow_computes(state: dict[str, torch.Tensor], pairs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits (N, 2) and dense features (N, 2, 32, h, w), in evaluation mode, straight from the tensors."""
    def tensors(name):
        return state[f"{name}.weight"], state[f"{name}.bias"]

    def norm(x, name):
        return F.batch_norm(x, state[f"{name}.running_mean"], state[f"{name}.running_var"], *tensors(name))

    def block(x, name):
        for i in (0, 3):
            x = F.conv2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), *tensors(f"{name}.conv_block.{i}"))
            x = F.leaky_relu(norm(x, f"{name}.conv_block.{i + 1}"))
        return x

    def unet(x, level=0):
        skip = block(x, f"backbone.l_conv.{level}")
        if level == 3:
            return skip
        coarse = unet(F.max_pool2d(skip, 2), level + 1)
        coarse = F.interpolate(coarse, scale_factor=2, mode="nearest")
        return block(torch.cat([skip, coarse], 1), f"backbone.r_conv.{level}")

    def exchange(z, name):  # z: (..., 2, C), the frames last but one
        return F.linear(z, *tensors(f"{name}.L")) + F.linear(z, *tensors(f"{name}.G")).mean(-2, keepdim=True)

    height, width = pairs.shape[-2:]
    rows, columns = -height % 8, -width % 8
    around = (columns // 2, (columns + 1) // 2, rows // 2, (rows + 1) // 2)
    x = F.pad(pairs.flatten(0, 1)[:, None], around, mode="replicate")
    x = F.conv2d(unet(x), *tensors("backbone.head"))
    x = x[..., rows // 2 : rows // 2 + height, columns // 2 : columns // 2 + width]
    dense = norm(F.conv2d(x, *tensors("projection_head.layers.0")), "projection_head.layers.1").unflatten(0, (-1, 2))
    z = dense.permute(0, 3, 4, 1, 2)  # (N, h, w, 2, 32)
    for part in ("layers.0", "layers.1"):
        z = exchange(z, f"classification_head.{part}.layers.0")
        z = F.leaky_relu(norm(z.flatten(0, -2), f"classification_head.{part}.layers.0.norm").view_as(z))
    return exchange(z.mean((1, 2)), "classification_head.head.1.layers.0").flatten(1), dense


@pytest.fixture
def kept(state, tmp_path):
    """Keep the state dict, with some changes, and return its path."""
    def keep(**changes):
        values = {name: value for name, value in (state | changes).items() if value is not None}
        save_file(values, tmp_path / "tarrow.safetensors")
        return tmp_path / "tarrow.safetensors"
    return keep


@pytest.mark.parametrize("height, width", [(48, 48), (29, 22)])  # tarrow pads the second one on all sides
def test_the_numbers_are_those_of_tarrow(state, kept, height, width):
    model, pairs = read_tarrow(kept()), torch.randn(3, 2, height, width, generator=torch.Generator().manual_seed(1))
    assert not model.training
    logits, dense = as_tarrow_computes(state, pairs)
    assert logits.std() > 1e-3 and dense.std() > 0.1  # so that the tolerances mean something
    with torch.no_grad():
        ours, z = model(pairs)
    torch.testing.assert_close(ours, logits, rtol=0, atol=1e-6)
    torch.testing.assert_close(z, dense, rtol=0, atol=1e-5)
    double = {name: tensor.double() for name, tensor in state.items()}
    with torch.no_grad():
        ours, z = model.double()(pairs.double())
    logits, dense = as_tarrow_computes(double, pairs.double())
    torch.testing.assert_close(ours, logits, rtol=0, atol=1e-12)
    torch.testing.assert_close(z, dense, rtol=0, atol=1e-12)


def test_the_table_names_every_part_once(state):
    own = models.TimeArrowModel().state_dict()
    assert len(own) == len(state) and len(set(PARTS.values())) == len(PARTS)
    for theirs, ours in PARTS.items():
        assert ({name.removeprefix(theirs) for name in state if name.startswith(f"{theirs}.")}
                == {name.removeprefix(ours) for name in own if name.startswith(f"{ours}.")})


def test_pytorchs_own_file_is_read_as_well_and_nothing_is_drawn(state, kept, tmp_path):
    torch.save(state, tmp_path / "model_state.pt")
    before = torch.get_rng_state()
    one, other = read_tarrow(tmp_path / "model_state.pt").state_dict(), read_tarrow(str(kept())).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(one[name], other[name]) for name in other)


def test_what_was_read_can_be_kept_as_weights_of_ours(kept, tmp_path):
    from tapnb import weights

    model = read_tarrow(kept())
    weights.save(tmp_path / pretrain.WEIGHTS, model.state_dict())
    pairs = torch.rand(1, 2, 16, 16)
    with torch.no_grad():
        # kernels in float16
        torch.testing.assert_close(pretrain.load(tmp_path)(pairs), model(pairs), rtol=0, atol=5e-2)


class Pickled:
    """Runs when it is unpickled."""

    def __reduce__(self):
        return exec, ("raise SystemExit('it ran')",)


@pytest.mark.parametrize("is_zip", [True, False])
def test_a_pickled_network_is_refused_and_does_not_run(tmp_path, is_zip):
    torch.save(Pickled(), tmp_path / "model_full.pt", _use_new_zipfile_serialization=is_zip)
    with pytest.raises(ValueError, match=r"model_full.pt holds a pickled network.*give model_state.pt.*save model"):
        read_tarrow(tmp_path / "model_full.pt")


def test_files_that_are_no_state_dict_are_refused(state, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no file .*none.pt: give the file of a state dict"):
        read_tarrow(tmp_path / "none.pt")
    torch.save({"model": state, "epoch": 3}, tmp_path / "checkpoint.pt")
    with pytest.raises(ValueError, match=r"checkpoint.pt holds more than a state dict.*save model.state_dict"):
        read_tarrow(tmp_path / "checkpoint.pt")
    torch.save(state, tmp_path / "whole.pt")
    for content in (b"", b"hello world", (tmp_path / "whole.pt").read_bytes()[:-500]):
        (tmp_path / "cut.pt").write_bytes(content)
        with pytest.raises(ValueError, match=r"cut.pt is neither a .safetensors file nor a whole file.*copy it again"):
            read_tarrow(tmp_path / "cut.pt")


@pytest.mark.parametrize("name, value, message", [
    ("backbone.r_conv.1.conv_block.3.bias", None, r"holds no tensor '{name}', expected with the shape \(64,\)"),
    ("backbone.extra.weight", torch.ones(2), r"holds a tensor '{name}', which is in no network of tarrow that tapnb has"),
    ("features.backbone.head.bias", torch.ones(32), r"'{name}'.*tapnb.pretrain.load reads weights of tapnb"),
    ("classification_head.head.1.layers.0.L.weight", torch.ones(2, 32),
     r"'{name}' has the shape \(2, 32\) .*expected were \(1, 32\) and torch.float32"),
    ("backbone.head.bias", torch.ones(32, dtype=torch.int64), r"'{name}' has .* torch.int64, expected were .*float32"),
    ("backbone.head.bias", torch.full((32,), torch.nan), r"tensor '{name}' that is not finite"),
])
def test_a_tensor_that_is_missing_unknown_or_of_another_shape_is_named(kept, name, value, message):
    path, message = kept(**{name: value}), message.replace("{name}", re.escape(name))
    with pytest.raises(ValueError, match=f"tarrow.safetensors.*{message}"):
        read_tarrow(path)


def without(state, beginning, *more):
    return dict.fromkeys(name for name in state if name.startswith(beginning)) | dict(more)


@pytest.mark.parametrize("option, value, beginning, other", [
    ("backbone", "unet_16fmaps", None, ("backbone.l_conv.0.conv_block.0.weight", (16, 1, 3, 3))),
    ("backbone", "resnet", "backbone.", ("backbone.blocks.0.conv_block.0.weight", (32, 1, 3, 3))),
    ("backbone", "resnet18", "backbone.", ("backbone._module.0.weight", (64, 1, 5, 5))),
    ("backbone", "fpn_resnet", "backbone.", ("backbone.fpn.inner_blocks.0.0.weight", (16, 32, 1, 1))),
    ("backbone", "simple", "backbone.", ("backbone.conv1.0.weight", (32, 1, 3, 3))),
    ("backbone", "id", "backbone.", None),
    ("n_input_channels", 2, None, ("backbone.l_conv.0.conv_block.0.weight", (32, 2, 3, 3))),
    ("n_features", 16, None, ("projection_head.layers.0.bias", (16,))),
    ("projection_head", "linear", "projection_head.layers.1.", None),
    ("projection_head", "id", "projection_head.", None),
    ("projection_head", "three_3x3convs", None, ("projection_head.layers.3.weight", (32, 32, 3, 3))),
    ("symmetric", False, "classification_head.", ("classification_head.layers.0.weight", (32, 64, 1, 1))),
    ("classification_head", "linear", "classification_head.layers.1.", None),
    ("classification_head", "difference", "classification_head.head.", None),
])
def test_an_option_that_our_network_has_not_is_said(state, kept, option, value, beginning, other):
    changes = without(state, beginning) if beginning else {}
    path = kept(**changes | ({other[0]: torch.ones(other[1])} if other else {}))
    expected = f"with {option} = {value!r}, which tapnb has not: train it with {option} = {OPTIONS[option]!r}"
    with pytest.raises(ValueError, match=expected):
        read_tarrow(path)


@pytest.mark.parametrize("folder", ["", "checkpoints"])
def test_options_that_no_tensor_tells_are_read_from_tarrows_own_list(state, tmp_path, folder):
    (tmp_path / folder).mkdir(exist_ok=True)
    save_file(state, tmp_path / folder / "state.safetensors")
    for option, value in (("backbone", "lnet"), ("n_frames", 3)):
        lines = OPTIONS | {"outdir": "runs/hela", "commit": None} | {option: value}
        (tmp_path / "model_kwargs.yaml").write_text("".join(f"{name}: {'null' if kept is None else str(kept).lower()}\n"
                                                            for name, kept in lines.items()))
        with pytest.raises(ValueError, match=f"with {option} = {value!r}, which tapnb has not"):
            read_tarrow(tmp_path / folder / "state.safetensors")
    (tmp_path / "model_kwargs.yaml").write_text("backbone: unet\nsymmetric: true\nn_frames: 2\n")
    assert isinstance(read_tarrow(tmp_path / folder / "state.safetensors"), models.TimeArrowModel)
