"""The networks: U-Net, projection, time-arrow head, and the two event heads.

Shapes in comments: N pairs, C channels, h x w pixels. The tests count the weights.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from tapnb.system import device

FEATURES = 32
"""Channels of the dense feature z."""


BAND = 64
"""Rows of a large frame that go through a block of the U-Net together, outside training."""

REACH = 2
"""Rows beyond a band that its values depend on: two 3x3 convolutions."""


def pad(x: torch.Tensor) -> torch.Tensor:
    """Repeat the border of maps (N, C, h, w) once all around.

    The same as PyTorch's replicate padding, whose gradient is not deterministic on CUDA, and which `torch.compile`
    cannot differentiate for maps laid out channels last.
    """
    if not (x.is_cuda or torch.compiler.is_compiling()):
        return F.pad(x, (1, 1, 1, 1), mode="replicate")
    x = torch.cat([x[..., :1], x, x[..., -1:]], dim=-1)
    return torch.cat([x[..., :1, :], x, x[..., -1:, :]], dim=-2)


class Convolution(nn.Conv2d):
    """A 3x3 convolution with replicate padding."""

    def __init__(self, channels_in: int, channels_out: int):
        super().__init__(channels_in, channels_out, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(pad(x), self.weight, self.bias)


def _double_conv(channels_in: int, channels_out: int) -> list[nn.Module]:
    return [layer for i in (channels_in, channels_out)
            for layer in (Convolution(i, channels_out), nn.BatchNorm2d(channels_out), nn.LeakyReLU(inplace=True))]


def convolve_upsampled(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """A 3x3 convolution, replicate padding, of a map that is up-sampled by repeating every pixel.

    Two of three neighbouring rows (columns) of the up-sampled map are the same pixel, so each of the four pixels
    that one becomes sees 2x2 pixels only: four convolutions with summed weights, at a quarter of the pixels.
    That is 4/9 of the arithmetic, the same values up to rounding, and no large map in between.

    Parameters
    ----------
    x : tensor, shape (N, C, h, w)
    weight : tensor, shape (D, C, 3, 3)

    Returns
    -------
    tensor, shape (N, D, 2h, 2w)
    """
    height, width = x.shape[-2:]
    first, middle, last = weight.unbind(dim=-2)  # (D, C, 3) each: rows
    rows = torch.stack([first, middle + last], -2), torch.stack([first + middle, last], -2)  # (D, C, 2, 3) each
    x = pad(x)
    phases = []
    for i, kernel in enumerate(rows):
        left, centre, right = kernel.unbind(dim=-1)  # (D, C, 2) each
        for j, columns in enumerate(((left, centre + right), (left + centre, right))):
            phases.append(F.conv2d(x[..., i : i + height + 1, j : j + width + 1], torch.stack(columns, -1)))
    return F.pixel_shuffle(torch.stack(phases, dim=2).flatten(1, 2), 2)


class UpBlock(nn.Sequential):
    """Decoder block: a double convolution of the up-sampled map and the encoder's map of that size, side by side.

    The first convolution of the two is the sum of a convolution of each: nothing is up-sampled or concatenated.
    """

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        convolution = self[0]
        coarse, fine = convolution.weight.split([x.shape[1], skip.shape[1]], dim=1)
        x = F.conv2d(pad(skip), fine, convolution.bias) + convolve_upsampled(x, coarse)
        for layer in list(self)[1:]:
            x = layer(x)
        return x


def _in_bands(block: nn.Module, *maps: torch.Tensor) -> torch.Tensor:
    """``block(*maps)``, band by band where the maps are large, in evaluation mode and without a gradient.

    A band's maps stay in the processor's cache, and the whole frame's are never all there. The values are the same
    up to rounding: a band takes along what its rows see, and the padding at its edges is cut off.
    """
    height = maps[-1].shape[-2]
    if block.training or torch.is_grad_enabled() or height <= 2 * BAND:
        return block(*maps)
    bands = []
    for top in range(0, height, BAND):
        start, stop = max(0, top - REACH), min(height, top + BAND + REACH)
        parts = (m[..., start * m.shape[-2] // height : stop * m.shape[-2] // height, :] for m in maps)
        bands.append(block(*parts)[..., top - start : top - start + BAND, :])
    return torch.cat(bands, dim=-2)


class UNet(nn.Module):
    """Fully convolutional three-block U-Net, the backbone f of Gallusser et al. (2023).

    Maps frames (N, 1, h, w) to (N, 32, h, w). Sides that 8 does not divide are padded by replication and
    cropped back.
    """

    def __init__(self, channels: Sequence[int] = (32, 64, 128, 256), features: int = FEATURES):
        super().__init__()
        self.down = nn.ModuleList(nn.Sequential(*_double_conv(i, o)) for i, o in zip((1, *channels), channels))
        self.up = nn.ModuleList(UpBlock(*_double_conv(i + o, o)) for i, o in zip(channels[:0:-1], channels[-2::-1]))
        self.head = nn.Conv2d(channels[0], features, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="leaky_relu")
                nn.init.zeros_(module.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height, width = x.shape[-2:]
        step = 2 ** (len(self.down) - 1)
        x = F.pad(x, (0, -width % step, 0, -height % step), mode="replicate")
        skips = []
        for block in self.down[:-1]:
            skips.append(_in_bands(block, x))
            x = F.max_pool2d(skips[-1], 2)
        x = _in_bands(self.down[-1], x)
        for block in self.up:
            x = _in_bands(block, x, skips.pop())
        return self.head(x)[..., :height, :width]


class DenseFeatures(nn.Module):
    """Frames to dense features: U-Net, 1x1 projection, BatchNorm. z is the output of the BatchNorm.

    Maps pairs (N, 2, h, w) to (N, 2, 32, h, w).
    """

    def __init__(self, channels: Sequence[int] = (32, 64, 128, 256)):
        super().__init__()
        self.backbone = UNet(channels)
        self.projection = nn.Sequential(nn.Conv2d(FEATURES, FEATURES, 1), nn.BatchNorm2d(FEATURES))

    def forward(self, pairs: torch.Tensor) -> torch.Tensor:
        frames = pairs.flatten(0, 1)[:, None]  # (2N, 1, h, w)
        # Layers keep the layout of their input. One channel is both layouts at once, and `contiguous` would leave it.
        frames = frames.to(memory_format=device.layout(pairs.device))
        return self.projection(self.backbone(frames)).unflatten(0, pairs.shape[:2])


class EquivariantLayer(nn.Module):
    """Permutation-equivariant 1x1 layer over the two frames (Zaheer et al., 2017): L x_i + mean_j G x_j."""

    def __init__(self, channels_in: int, channels_out: int):
        super().__init__()
        self.own = nn.Conv2d(channels_in, channels_out, 1)
        self.shared = nn.Conv2d(channels_in, channels_out, 1)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        own = self.own(z.flatten(0, 1)).unflatten(0, z.shape[:2])  # (N, 2, C, h, w)
        return own + self.shared(z.mean(dim=1))[:, None]  # mean and G commute: half the work


class TimeArrowHead(nn.Module):
    """Time-equivariant head u: features (N, 2, 32, h, w) to logits (N, 2), one a frame.

    The larger logit names the earlier frame. Swapping the frames swaps the logits (Appendix A).
    """

    def __init__(self, features: int = FEATURES):
        super().__init__()
        self.layers = nn.ModuleList(EquivariantLayer(features, features) for _ in range(2))
        self.norms = nn.ModuleList(nn.BatchNorm2d(features) for _ in range(2))
        self.last = EquivariantLayer(features, 1)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        for layer, norm in zip(self.layers, self.norms):
            z = layer(z)
            z = F.leaky_relu(norm(z.flatten(0, 1))).unflatten(0, z.shape[:2])
        z = z.mean(dim=(-2, -1), keepdim=True)  # (N, 2, 32, 1, 1)
        return self.last(z).flatten(1)  # (N, 2)


class TimeArrowModel(nn.Module):
    """Dense features and time-arrow head, trained together (Appendix A).

    ``forward`` returns the logits (N, 2) and the dense features (N, 2, 32, h, w).
    """

    def __init__(self, channels: Sequence[int] = (32, 64, 128, 256)):
        super().__init__()
        self.features = DenseFeatures(channels)
        self.head = TimeArrowHead()

    def forward(self, pairs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        z = self.features(pairs)
        return self.head(z), z


class LinearHead(nn.Module):
    """Both frames' features, flattened, to two logits (147 456 inputs at 48 px; Section 3, A0 to C0)."""

    def __init__(self, size: int = 48, features: int = FEATURES):
        super().__init__()
        self.linear = nn.Linear(2 * features * size * size, 2)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.linear(z.flatten(1))


class InvariantLinearHead(nn.Module):
    """:class:`LinearHead` on the mean of the two frames' features: blind to their order (Section 5)."""

    def __init__(self, size: int = 48, features: int = FEATURES):
        super().__init__()
        self.linear = nn.Linear(features * size * size, 2)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.linear(z.mean(dim=1).flatten(1))


class ResNetHead(nn.Module):
    """One convolution, one basic residual block, mean over the two frames, linear (Figure 7).

    Temporal mean pooling makes it invariant to the order of the frames.
    """

    def __init__(self, size: int = 48, features: int = FEATURES, width: int = 64):
        super().__init__()

        def conv(channels):
            return [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)]

        self.stem = nn.Sequential(*conv(features), nn.ReLU(inplace=True))
        self.block = nn.Sequential(*conv(width), nn.ReLU(inplace=True), *conv(width))
        self.linear = nn.Linear(width * size * size, 2)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        x = self.stem(z.flatten(0, 1).contiguous(memory_format=torch.channels_last))  # (2N, 64, h, w); faster so
        x = F.relu(x + self.block(x))
        x = x.unflatten(0, z.shape[:2]).flatten(2).mean(dim=1)  # (N, 64 h w)
        return self.linear(x)


def folded(model: nn.Module) -> nn.Module:
    """A copy for evaluation: every BatchNorm is folded into the convolution before it.

    The running statistics are constants there, so the pair is one convolution: the same values up to rounding,
    with a pass less over every map.
    """
    model = copy.deepcopy(model).eval()
    for block in [module for module in model.modules() if isinstance(module, nn.Sequential)]:
        for i, (layer, following) in enumerate(zip(list(block), list(block)[1:])):
            if isinstance(layer, nn.Conv2d) and isinstance(following, nn.BatchNorm2d):
                block[i], block[i + 1] = fuse_conv_bn_eval(layer, following), nn.Identity()
    return model


def redraw_kaiming_uniform(model: nn.Module, redraw_norms: bool = False) -> None:
    """Forget what was learned: Kaiming-uniform weights (ReLU gain), zero biases (Table 2, B and C).

    Parameters
    ----------
    model : Module
        Changed in place; BatchNorm goes back to its defaults, running statistics included.
    redraw_norms : bool
        Draw the BatchNorm scales from N(0, 1), as the authors' scripts do.
    """
    for module in model.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            nn.init.kaiming_uniform_(module.weight, nonlinearity="relu")
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.reset_parameters()
            if redraw_norms:
                nn.init.normal_(module.weight)
