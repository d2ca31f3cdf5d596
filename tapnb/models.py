"""The networks as the paper draws them: U-Net, projection, time-arrow head, and the event heads.

What makes them quick stands apart, in :mod:`tapnb.fast`. Shapes in comments: N pairs, C channels, h x w pixels. The
tests count the weights.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import nn
from torch.nn import functional as F

from tapnb import fast
from tapnb.system import device

FEATURES = 32
"""Channels of the dense feature z."""

CHANNELS = (32, 64, 128, 256)
"""Channels of the U-Net's levels."""


class Convolution(nn.Conv2d):
    """A 3x3 convolution with replicate padding."""

    def __init__(self, channels_in: int, channels_out: int):
        super().__init__(channels_in, channels_out, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.conv2d(fast.pad(x), self.weight, self.bias)


def _double_conv(channels_in: int, channels_out: int) -> list[nn.Module]:
    return [layer for i in (channels_in, channels_out)
            for layer in (Convolution(i, channels_out), nn.BatchNorm2d(channels_out), nn.LeakyReLU(inplace=True))]


class UpBlock(nn.Sequential):
    """Decoder block: a double convolution of the up-sampled map and the encoder's map of that size, side by side.

    Why the first convolution needs no up-sampling: see :func:`tapnb.fast.convolve_joined`.
    """

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        first, *others = self
        x = fast.convolve_joined(x, skip, first)
        for layer in others:
            x = layer(x)
        return x


class UNet(nn.Module):
    """Fully convolutional three-block U-Net, the backbone f of Gallusser et al. (2023).

    Maps frames (N, 1, h, w) to (N, 32, h, w). Sides that 8 does not divide are padded by replication and
    cropped back.
    """

    def __init__(self, channels: Sequence[int] = CHANNELS, features: int = FEATURES):
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
        if height % step or width % step:  # asked since torch.compile cannot fuse a padding of nothing
            x = F.pad(x, (0, -width % step, 0, -height % step), mode="replicate")
        skips = []
        for block in self.down[:-1]:
            skips.append(fast.in_bands(block, x))
            x = F.max_pool2d(skips[-1], 2)
        x = fast.in_bands(self.down[-1], x)
        for block in self.up:
            x = fast.in_bands(block, x, skips.pop())
        return self.head(x)[..., :height, :width]


class DenseFeatures(nn.Module):
    """Frames to dense features: U-Net, 1x1 projection, BatchNorm. z is the output of the BatchNorm.

    Maps pairs (N, 2, h, w) to (N, 2, 32, h, w).
    """

    def __init__(self, channels: Sequence[int] = CHANNELS):
        super().__init__()
        self.backbone = UNet(channels)
        self.projection = nn.Sequential(nn.Conv2d(FEATURES, FEATURES, 1), nn.BatchNorm2d(FEATURES))

    def forward(self, pairs: torch.Tensor) -> torch.Tensor:
        frames = pairs.flatten(0, 1)[:, None]  # (2N, 1, h, w)
        # Layers keep the layout of their input. One channel is both layouts at once, and `contiguous` would leave it.
        frames = frames.to(memory_format=device.layout(pairs.device))
        return self.projection(self.backbone(frames)).unflatten(0, pairs.shape[:2])


class RawPixels(nn.Module):
    """No features: crop pairs (N, 2, h, w) as maps of one channel, (N, 2, 1, h, w). A control, not in the paper."""

    def forward(self, pairs: torch.Tensor) -> torch.Tensor:
        return pairs[:, :, None]


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

    Examples
    --------
    >>> import torch
    >>> from tapnb.models import TimeArrowModel
    >>> model = TimeArrowModel().eval()
    >>> pairs = torch.rand(2, 2, 48, 48)  # two crop pairs
    >>> logits, z = model(pairs)
    >>> logits.shape, z.shape
    (torch.Size([2, 2]), torch.Size([2, 2, 32, 48, 48]))
    >>> swapped, _ = model(pairs.flip(1))  # the later frame first: the logits change places
    >>> torch.allclose(swapped, logits.flip(1), atol=1e-4)
    True
    """

    def __init__(self, channels: Sequence[int] = CHANNELS):
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
        z_last = z.flatten(0, 1).permute(0, 2, 3, 1).contiguous()  # channels last is faster; said so that vmap can do it
        x = self.stem(z_last.permute(0, 3, 1, 2))  # (2N, 64, h, w)
        x = F.relu(x + self.block(x))
        x = x.unflatten(0, z.shape[:2]).flatten(2).mean(dim=1)  # (N, 64 h w)
        return self.linear(x)


def redrawn(model: DenseFeatures, redraw_norms: bool = False) -> DenseFeatures:
    """A copy of a network that has forgotten what was learned, see :func:`redraw_kaiming_uniform`.

    Its weights are drawn on the CPU and in one layout, so that a seed draws the same ones for every device.
    """
    on = next(model.parameters()).device
    forgetful = copy.deepcopy(model).to("cpu", memory_format=torch.contiguous_format)
    redraw_kaiming_uniform(forgetful, redraw_norms)
    return forgetful.to(on, memory_format=device.layout(on))


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
