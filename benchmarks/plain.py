"""The baseline's networks: the paper's, written the usual way, in float32 and the default memory layout.

A first implementation from the paper's Appendix A and Figure 7: nothing clever, and nothing slow on purpose. The
weights have the same names as in :mod:`tapnb.models`, so that either side can load those of the other; a test shows
that both then give the same numbers. N pairs, h x w pixels.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

WIDTHS = (32, 64, 128, 256)


def double_conv(channels_in: int, channels_out: int) -> nn.Sequential:
    """Two 3x3 convolutions, each with BatchNorm and LeakyReLU."""
    return nn.Sequential(
        nn.Conv2d(channels_in, channels_out, 3, padding=1, padding_mode="replicate"),
        nn.BatchNorm2d(channels_out),
        nn.LeakyReLU(inplace=True),
        nn.Conv2d(channels_out, channels_out, 3, padding=1, padding_mode="replicate"),
        nn.BatchNorm2d(channels_out),
        nn.LeakyReLU(inplace=True),
    )


class UNet(nn.Module):
    """Frames (N, 1, h, w) to (N, 32, h, w); 8 divides both sides."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS):
        super().__init__()
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        before = 1
        for width in widths:
            self.down.append(double_conv(before, width))
            before = width
        for width in reversed(widths[:-1]):
            self.up.append(double_conv(before + width, width))
            before = width
        self.head = nn.Conv2d(widths[0], 32, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        skips = []
        for i, block in enumerate(self.down):
            if i > 0:
                x = F.max_pool2d(x, 2)
            x = block(x)
            skips.append(x)
        for block, skip in zip(self.up, reversed(skips[:-1])):
            x = F.interpolate(x, scale_factor=2, mode="nearest")
            x = block(torch.cat([x, skip], dim=1))
        return self.head(x)


class DenseFeatures(nn.Module):
    """Frames (N, 1, h, w) to dense features (N, 32, h, w)."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS):
        super().__init__()
        self.backbone = UNet(widths)
        self.projection = nn.Sequential(nn.Conv2d(32, 32, 1), nn.BatchNorm2d(32))

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        return self.projection(self.backbone(frames))


class EquivariantLayer(nn.Module):
    """L x_i + mean_j G x_j, per pixel."""

    def __init__(self, channels_in: int, channels_out: int):
        super().__init__()
        self.own = nn.Conv2d(channels_in, channels_out, 1)
        self.shared = nn.Conv2d(channels_in, channels_out, 1)

    def forward(self, first: torch.Tensor, second: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mean = (self.shared(first) + self.shared(second)) / 2
        return self.own(first) + mean, self.own(second) + mean


class TimeArrowHead(nn.Module):
    """Features (N, 2, 32, h, w) to logits (N, 2)."""

    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([EquivariantLayer(32, 32), EquivariantLayer(32, 32)])
        self.norms = nn.ModuleList([nn.BatchNorm2d(32), nn.BatchNorm2d(32)])
        self.last = EquivariantLayer(32, 1)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        first, second = z[:, 0], z[:, 1]
        for layer, norm in zip(self.layers, self.norms):
            both = norm(torch.cat(layer(first, second)))  # statistics over both frames
            first, second = F.leaky_relu(both).chunk(2)
        first, second = (F.adaptive_avg_pool2d(frame, 1) for frame in (first, second))
        return torch.cat(self.last(first, second), dim=1).flatten(1)


class TimeArrowModel(nn.Module):
    """Pairs (N, 2, h, w) to logits (N, 2) and dense features (N, 2, 32, h, w)."""

    def __init__(self, widths: tuple[int, ...] = WIDTHS):
        super().__init__()
        self.features = DenseFeatures(widths)
        self.head = TimeArrowHead()

    def forward(self, pairs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        z = pair_features(self.features, pairs)
        return self.head(z), z


class LinearHead(nn.Module):
    """Both frames' features, flattened, to two logits."""

    def __init__(self, size: int = 48):
        super().__init__()
        self.linear = nn.Linear(2 * 32 * size * size, 2)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.linear(z.flatten(1))


class ResNetHead(nn.Module):
    """Figure 7: convolution, basic residual block, mean over the two frames, linear."""

    def __init__(self, size: int = 48, width: int = 64):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(32, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.block = nn.Sequential(nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(),
                                   nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))
        self.linear = nn.Linear(width * size * size, 2)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        n, frames = z.shape[:2]
        x = self.stem(z.flatten(0, 1))
        x = F.relu(x + self.block(x))
        x = x.flatten(1).view(n, frames, -1).mean(dim=1)
        return self.linear(x)


HEADS = {"linear": LinearHead, "ResNet": ResNetHead}


def pair_features(features: DenseFeatures, pairs: torch.Tensor) -> torch.Tensor:
    """Dense features (N, 2, 32, h, w) of pairs (N, 2, h, w)."""
    n, frames, height, width = pairs.shape
    return features(pairs.reshape(n * frames, 1, height, width)).view(n, frames, 32, height, width)


def decorrelation(z: torch.Tensor) -> torch.Tensor:
    """The paper's Eq. 5."""
    rows = z.flatten(0, 1).flatten(2)  # (2N, 32, h w)
    own = F.log_softmax(torch.bmm(rows, rows.transpose(1, 2)) / 0.2, dim=-1)
    return -torch.diagonal(own, dim1=1, dim2=2).mean()


def loss(model: TimeArrowModel, pairs: torch.Tensor, flip: torch.Tensor) -> torch.Tensor:
    """The paper's Eq. 4."""
    logits, z = model(pairs)
    return F.cross_entropy(logits, flip.long()) + 0.01 * decorrelation(z)


def train_step(model: TimeArrowModel, optimiser: torch.optim.Optimizer, pairs: torch.Tensor,
               flip: torch.Tensor) -> None:
    """One step of time arrow pretraining."""
    optimiser.zero_grad()
    loss(model, pairs, flip).backward()
    optimiser.step()


def train_head_step(features: DenseFeatures, head: nn.Module, optimiser: torch.optim.Optimizer, pairs: torch.Tensor,
                    labels: torch.Tensor) -> None:
    """One step of an event head on fixed features, which are computed for the batch."""
    features.eval()
    with torch.no_grad():
        z = pair_features(features, pairs)
    optimiser.zero_grad()
    F.cross_entropy(head(z), labels).backward()
    optimiser.step()


@torch.no_grad()
def event_probability(features: DenseFeatures, head: nn.Module, pair: torch.Tensor) -> float:
    """Probability of an event in one crop pair (2, s, s)."""
    features.eval()
    head.eval()
    return head(pair_features(features, pair[None])).softmax(dim=1)[0, 1].item()
