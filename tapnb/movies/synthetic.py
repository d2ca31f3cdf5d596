"""A simulated phase-contrast movie of dividing and dying cells, with its event masks.

A dish is simulated (:mod:`tapnb.movies.synthetic_cells`), drawn every 15 minutes
(:mod:`tapnb.movies.synthetic_optics`), and its events are recorded as masks and as a table. The constants come from
biology and optics; none is fitted to a result.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from tapnb.movies import synthetic_optics
from tapnb.movies.movie import Movie
from tapnb.movies.synthetic_cells import (
    ANAPHASE,
    CLINGS,
    DAUGHTER,
    DIES,
    MITOSIS,
    ROUNDED,
    RUNS,
    STEP,
    UM_PER_PIXEL,
    Population,
    form,
    labels,
    unit,
)

VERSION = 1
"""Increased when the same arguments give a different movie: stored movies of another version are not read."""

MINUTES_PER_FRAME = 15.0  # the paper's movie
CELLS = 500  # in 1024 x 1024 pixels at frame 0: 590 per mm2, a third confluent; 1100 are three quarters
SMALLEST = 96  # pixels; a TAP crop
STAGE = 1.3  # pixels, standard deviation of the stage's position: a bounded walk, recalled over 4 hours
LAMP = 0.012  # relative standard deviation of the lamp, likewise bounded
PLATE = 0.55  # share of the cell's path that the plate seems to lack: condensed chromatin shows as a dark bar
CONDENSATION = 1.15  # optical density of a dying cell at the end: what remains is concentrated
OUTLINE = (0.10, 0.065, 0.035, 0.022)  # standard deviation of the outline's modes 2 to 5, in radii

KINDS = {ROUNDED: "round-up", CLINGS: "bright", RUNS: "polarised", MITOSIS: "division", DAUGHTER: "division",
         DIES: "death"}


def simulate(seed: int = 1, frames: int = 96, size: int = 1024, cells: int | None = None,
             name: str = "synthetic") -> Movie:
    """Simulate a movie with event masks; the same arguments give the same bytes.

    Parameters
    ----------
    seed : int
        Random seed; another seed gives another position of the same dish.
    frames : int
        Number of frames, 15 minutes apart, at least 2.
    size : int
        Side of the field in pixels of 0.9 um, at least 96.
    cells : int, optional
        Cells in the field at frame 0; by default 500 per 1024 x 1024 pixels of its area.
    name : str
        Name of the movie.

    Returns
    -------
    Movie
        ``frames`` (T, Y, X) uint8; ``masks`` (T, Y, X) uint8, 1 on a dividing cell from rounding until its
        daughters have parted, 2 on a dying cell while it shrinks and blebs; ``events``, one row per event or
        confounder: ``t y x`` (division: the daughters' first frame; death: its first frame; others: the
        middle of their time), ``kind`` ("division", "death", "round-up", "bright", "polarised", "debris",
        "blob"), ``track``, and ``first last`` (first and last frame in which it is visible) and ``moves`` (pixels, its
        largest distance from ``y x`` in that time).

    Raises
    ------
    ValueError
        If an argument is out of range.

    Notes
    -----
    Stands for the paper's movie (Section 3): 96 frames of 1024 x 1024 pixels, 8 bit, every 15 minutes.

    Examples
    --------
    >>> from tapnb.movies.synthetic import simulate
    >>> movie = simulate(seed=1, frames=3, size=96)
    >>> movie.shape, movie.frames.dtype, movie.masks.dtype
    ((3, 96, 96), dtype('uint8'), dtype('uint8'))
    >>> simulate(seed=1, frames=3, size=96).fingerprint == movie.fingerprint
    True
    """
    cells = _check(seed, frames, size, cells)
    rng = np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed)))
    textures = synthetic_optics.make_textures(rng, size)
    tilt = unit(rng.standard_normal(2))
    population = Population(rng, size, cells)
    pictures, masks = np.zeros((2, frames, size, size), np.uint8)
    stage, lamp, rows = STAGE * rng.standard_normal(2), 0.0, []
    for t in range(frames):
        if t:
            for _ in range(round(MINUTES_PER_FRAME / STEP)):
                population.advance()
            stage += -stage * 0.06 + STAGE * 0.35 * rng.standard_normal(2)  # recalled over 4 hours: bounded
            lamp += -lamp * 0.06 + LAMP * 0.35 * rng.standard_normal()
        offset = np.clip(stage, -6, 6)
        pictures[t], masks[t] = _render(population, textures, offset, tilt, 1 + lamp, rng)
        rows += _observe(population, offset, t)
    return Movie(pictures, masks, name, MINUTES_PER_FRAME, UM_PER_PIXEL,
                 f"simulated by tapnb from seed {seed}; masks are the simulation's own", _events(rows, size))


def _check(seed, frames, size, cells) -> int:
    """Return the number of cells; raise a ValueError for an argument out of range."""
    for label, value, least in (("seed", seed, 0), ("frames", frames, 2), ("size", size, SMALLEST)):
        if not isinstance(value, (int, np.integer)) or isinstance(value, bool) or value < least:
            raise ValueError(f"{label} of the synthetic movie is {value!r}: "
                             f"give a whole number of at least {least}.")
    if cells is None:
        return max(1, round(CELLS * (size / 1024) ** 2))
    most = size * size // 400
    if not isinstance(cells, (int, np.integer)) or isinstance(cells, bool) or not 1 <= cells <= most:
        raise ValueError(f"cells of the synthetic movie is {cells!r}: give a whole number from 1 to {most} "
                         f"(as many as fit into {size} x {size} pixels), or None for the usual density.")
    return int(cells)


def _render(population, textures, offset, tilt, gain, rng) -> tuple[np.ndarray, np.ndarray]:
    """Picture and mask of the population at this moment, both (size, size) uint8."""
    size, c = population.size, population.cells
    drawn = np.zeros(len(c), synthetic_optics.DRAWN)
    for field in ("hy", "hx", "stretch", "nucleus", "granule", "grain", "blend"):
        drawn[field] = c[field]
    drawn["y"], drawn["x"] = c["y"] + offset[0] + synthetic_optics.PAD, c["x"] + offset[1] + synthetic_optics.PAD
    drawn["radius"], drawn["height"], drawn["round"] = form(c)
    drawn["label"] = labels(c)
    dies = drawn["label"] == 2
    decay = np.where(dies, 1 - c["clock"] / np.maximum(c["span"], STEP), 0)
    drawn["height"] *= c["dense"] * (1 + (CONDENSATION - 1) * decay)
    loose = np.where(dies, 0.7, 1 - 0.75 * drawn["round"])  # spheres are smooth
    drawn["modes"] = c["modes"] * np.repeat(OUTLINE, 2) * loose[:, None]
    drawn["grain"] *= 1 + decay
    drawn["plate"] = PLATE * np.where(c["state"] == MITOSIS, np.clip((c["round"] - 0.8) / 0.2, 0, 1),
                                      (c["state"] == DAUGHTER) & (c["age"] <= ANAPHASE))
    path, glow = textures.dish.copy(), np.zeros_like(textures.dish)
    mask = np.zeros(path.shape, np.uint8)
    synthetic_optics.draw_cells(path, mask, drawn, textures, UM_PER_PIXEL)
    s, b = population.specks, population.blobs
    shift = offset + synthetic_optics.PAD
    # blebs: four spheres half sunk into the cell; the outline's modes set and move their places
    blebs = 0.85 * np.stack(unit(c["modes"][dies].reshape(-1, 4, 2).transpose(2, 0, 1)))  # (2, deaths, 4)
    bleb_y, bleb_x = (drawn[axis][dies, None] + drawn["radius"][dies, None] * way
                      for axis, way in zip(("y", "x"), blebs, strict=True))
    bleb = drawn["radius"][dies, None] * np.clip(0.25 + 0.12 * np.abs(c["modes"][dies, ::2]), 0, 0.55)
    synthetic_optics.draw_discs(path, bleb_y.ravel(), bleb_x.ravel(), bleb.ravel(), 0.12 * bleb.ravel(), 8, sharp=True)
    synthetic_optics.draw_discs(path, s["y"] + shift[0], s["x"] + shift[1], s["radius"], s["path"], 6, sharp=True)
    veil = b["glow"] * np.clip(np.minimum(b["age"], b["life"] - b["age"]) / 45, 0, 1)
    synthetic_optics.draw_discs(glow, b["y"] + shift[0], b["x"] + shift[1], b["radius"], veil, 28, sharp=False)
    view = np.s_[synthetic_optics.PAD:synthetic_optics.PAD + size, synthetic_optics.PAD:synthetic_optics.PAD + size]
    return synthetic_optics.photograph(path, glow, size, UM_PER_PIXEL, tilt, gain, rng), mask[view]


def _observe(population, offset, t: int) -> list[tuple]:
    """Rows (t, y, x, kind, track, begun) of the events and confounders seen in frame t."""
    c, size = population.cells, population.size
    radius, _, _ = form(c)
    label, rows = labels(c), []
    for state, kind in KINDS.items():
        seen = (c["state"] == state) & ((label > 0) | (c["round"] > 0.5) | (state == RUNS))
        track = c["parent"] if state == DAUGHTER else c["track"]  # a division keeps the mother's number
        begun = state == DAUGHTER
        rows += [(t, y, x, kind, n, begun, r) for y, x, n, r in
                 zip(c["y"][seen], c["x"][seen], track[seen], radius[seen], strict=True)]
    for table, kind in ((population.specks, "debris"), (population.blobs, "blob")):
        rows += [(t, row["y"], row["x"], kind, row["track"], False, row["radius"]) for row in table]
    moved = [(t, y + offset[0], x + offset[1], *rest) for t, y, x, *rest in rows]
    return [row[:6] for row in moved if all(-row[6] < p < size + row[6] for p in row[1:3])]


def _events(rows: list[tuple], size: int) -> pd.DataFrame:
    """Merge the rows per frame into one row per event."""
    seen = pd.DataFrame(rows, columns=["t", "y", "x", "kind", "track", "begun"])
    seen = seen.groupby(["kind", "track", "t"], as_index=False).mean()  # two daughters: their midpoint
    gap = (seen.t.diff() != 1) | (seen.track.diff() != 0) | (seen.kind != seen.kind.shift())
    events = []
    for _, event in seen.groupby(gap.cumsum()):
        kind, key = event.kind.iloc[0], len(event) // 2
        if kind == "death":
            key = 0
        elif kind == "division":
            key = int(event.begun.argmax()) if event.begun.any() else len(event) - 1
        t, y, x = event[["t", "y", "x"]].iloc[key]
        moves = np.sqrt((event.y - y) ** 2 + (event.x - x) ** 2).max()
        events.append((int(t), *np.clip((y, x), 0, size - 1).round(2), kind, int(event.track.iloc[0]),
                       int(event.t.iloc[0]), int(event.t.iloc[-1]), round(moves, 2)))
    columns = ["t", "y", "x", "kind", "track", "first", "last", "moves"]
    return pd.DataFrame(events, columns=columns).sort_values(["t", "kind", "track"], ignore_index=True)
