"""Ways of drawing training crops, written in a word: "uniform 96", "change 24:3 32:2 48:1"."""

from __future__ import annotations

from dataclasses import dataclass

from tapnb.arrow import SAMPLERS


@dataclass(frozen=True)
class Recipe:
    """A sampler, the sides of the crops in pixels in their order, and the share of the pairs at each."""

    sampler: str
    sizes: list[int]
    shares: list[float]

    def pairs(self, budget: int) -> int:
        """Crop pairs that cost as many pixels as ``budget`` pairs of 48 x 48."""
        cost = sum(share * (size / 48) ** 2 for size, share in zip(self.sizes, self.shares)) / sum(self.shares)
        return max(1, round(budget / cost))


def read_recipe(text: str) -> Recipe:
    """Read "SAMPLER SIZE[:SHARE] ...", where a share that is not given is 1.

    Raises
    ------
    ValueError
        If the sampler is unknown, or a size or share is no positive number.
    """
    sampler, *steps = text.split()
    try:
        sizes = [int(step.partition(":")[0]) for step in steps]
        shares = [float(step.partition(":")[2] or 1) for step in steps]
        sound = sampler in SAMPLERS and sizes and min(sizes) > 0 and min(shares) > 0
    except ValueError:
        sound = False
    if not sound:
        raise ValueError(f"cannot read the recipe {text!r}; write a sampler ({' or '.join(SAMPLERS)}) and crop sizes "
                         "in pixels, each with its share if they differ: 'change 24:3 32:2 48:1'")
    return Recipe(sampler, sizes, shares)
