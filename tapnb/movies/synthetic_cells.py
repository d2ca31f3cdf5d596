"""The simulated cells: crawling, growing, rounding up, dividing, dying.

Arrays of cells, debris and blobs, advanced in steps of five minutes. Not everything bright is an event:
cells also round up and flatten again, cling loosely as bright spheres for hours, and float by out of focus.
Only arithmetic and square roots act on the state, so that a seed gives the same cells on other processors.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial import cKDTree

from tapnb.movies import synthetic_optics

# Scale and time
UM_PER_PIXEL = 0.9  # so that a flat cell is 25 to 35 pixels across and a 48-pixel crop holds one or two
STEP = 5.0  # minutes; anaphase lasts two steps, nothing else is as quick
WARM_UP = 180.0  # minutes simulated before frame 0, so that it shows every stage of every event
MARGIN = 24  # pixels simulated beyond the field: cells come and go across its borders

# Size
VOLUME = 1400.0  # um3 at birth, doubled at division: adherent mammalian cells have 1000 to 4000
VOLUME_SPREAD = 0.05  # relative spread of the linear size (so 15 % of volume)
DENSITY = 0.12  # relative spread of the refractive increment: protein concentration differs from cell to cell
THICKNESS = 3.4  # um, mean of a spread cell: the nucleus is about 5 high, the lamella below 1

# Cycle
CYCLE = 16.7 * 60  # minutes from birth to the next mitosis: fast adherent lines take 14 to 20 hours
CYCLE_SPREAD = 0.13  # relative standard deviation; sisters and cousins differ by 10 to 20 %
ROUNDING = 28.0  # minutes to round up for mitosis, by actomyosin contraction: 20 to 40 in HeLa and MCF10A
METAPHASE = (10.0, 32.0)  # minutes from rounded to anaphase onset: plate formed and checkpoint satisfied
ANAPHASE = 10.0  # minutes during which the chromatids' two bars move apart
CYTOKINESIS = 25.0  # minutes the daughters stay spherical from anaphase onset, furrow included
SEPARATION = (15.0, 27.0)  # minutes from anaphase onset until the furrow is closed: the label's end
SPREADING = 105.0  # minutes to flatten out: adhesion is rebuilt slowly, 1 to 2 hours
PUSH_APART = 0.14  # um a minute, each daughter, by polar relaxation and crawling away from each other

# Death
DEATH = 0.0052 / 60  # per cell and minute: half a per cent an hour, a culture in fair health under the lamp
DYING = (65.0, 120.0)  # minutes of shrinking and blebbing before the cell breaks up: execution of apoptosis
SHRINKAGE = 0.72  # final linear size: apoptosis takes a half or more of the volume
DEBRIS_LIFE = 7 * 60.0  # minutes over which apoptotic bodies fade (digested, detached)

# Confounders: bright, round or fast, but no event
ROUND_UP = 0.045 / 60  # per cell and minute: passing loss of adhesion or abortive rounding
ROUND_UP_TIME = (40.0, 170.0)  # minutes before it spreads again
CLINGING = 0.016 / 60  # per cell and minute: becomes a loosely attached sphere ...
CLINGING_TIME = (180.0, 780.0)  # ... for hours; one cell in six is round: a weakly adherent line
POLARISED = 0.018 / 60  # per cell and minute: polarises and runs
POLARISED_TIME = (50.0, 130.0)  # minutes
SPECKS = 150  # pieces of dirt in 1024 x 1024 pixels, present in all frames
BLOBS = 26  # out-of-focus things in 1024 x 1024 pixels
BLOB_LIFE = 6 * 60.0  # minutes before a blob floats off and another comes

# Motion
SPEED = 0.22  # um a minute (13 um an hour): epithelial cells at low density, 10 to 30
RUN = 0.75  # um a minute while polarised: a fast, keratocyte-like run
PERSISTENCE = 70.0  # minutes until a cell has forgotten its direction

FLAT, ROUNDED, CLINGS, RUNS, MITOSIS, DAUGHTER, DIES = range(7)  # states of a cell
PLANS = ((DIES, DEATH, DYING), (ROUNDED, ROUND_UP, ROUND_UP_TIME), (CLINGS, CLINGING, CLINGING_TIME),
         (RUNS, POLARISED, POLARISED_TIME))  # state, chance of entering it per minute, minutes spent in it
SPHERE = 0.6203505  # radius of a sphere of volume 1: (3 / 4 pi)^(1/3)
HALF = 0.7937005  # linear size of half the volume: (1/2)^(1/3)

CELL = np.dtype([(n, "f8") for n in ("y", "x", "hy", "hx", "length", "growth", "due", "clock", "span", "age",
                                     "round", "pace", "stretch", "grain", "blend", "dense")]
                + [("modes", "f8", 8), ("state", "i8"), ("track", "i8"), ("parent", "i8"), ("nucleus", "i8"),
                   ("granule", "i8", 2)])
SPECK = np.dtype([(n, "f8") for n in ("y", "x", "radius", "path", "fades")] + [("track", "i8")])
BLOB = np.dtype([(n, "f8") for n in ("y", "x", "radius", "glow", "age", "life")] + [("track", "i8")])


class Population:
    """Cells and debris of one position, advanced in steps of five minutes.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness; the same state gives the same population.
    size : int
        Side of the field in pixels; the domain reaches ``MARGIN`` pixels further on each side.
    cells : int
        Cells in the field after the warm-up, on average.

    Attributes
    ----------
    cells : structured ndarray of CELL
        One row per living cell: position ``y x`` (pixels), axis ``hy hx`` (unit vector), ``length`` (um, cube
        root of the volume), ``growth`` (um a minute), ``due`` (minutes to mitosis), ``state`` with its
        ``clock`` (minutes left) and ``span`` (minutes in all), ``age`` (minutes since birth), ``round`` (0
        flat .. 1 sphere), ``pace`` (relative speed), ``stretch`` (long axis over the short one),
        the outline's ``modes``, textures, ``track`` and ``parent``.
    specks : structured ndarray of SPECK
        Debris: ``y x radius`` (pixels), ``path`` (radians), ``fades`` (share lost per minute), ``track``.
    blobs : structured ndarray of BLOB
        Out of focus: ``y x radius`` (pixels), ``glow`` (share of the background), ``age life`` (minutes).
    """

    def __init__(self, rng: np.random.Generator, size: int, cells: int):
        self.rng, self.size, self.tracks = rng, size, 0
        domain = (size + 2 * MARGIN) ** 2 / 1024**2  # in areas of 1024 x 1024 pixels
        grown = 2 ** (WARM_UP / CYCLE) * (1 - DEATH * WARM_UP)
        count = max(1, round(cells * (1024 / size) ** 2 * domain / grown * 1.03))
        self.cells = self._new_cells(count)
        side = int(np.ceil(np.sqrt(count)))
        place = rng.permutation(side * side)[:count]  # jittered grid: cells do not begin on top of each other
        for axis, index in (("y", place // side), ("x", place % side)):
            self.cells[axis] = (index + rng.uniform(0.1, 0.9, count)) * (size + 2 * MARGIN) / side - MARGIN
        self.cells["length"] = VOLUME ** (1 / 3) * (1 + VOLUME_SPREAD * rng.standard_normal(count))
        self._start_cycle(self.cells)
        past = np.round(-np.log2(1 - rng.random(count) / 2), 6)  # growing: more young than old cells
        self.cells["age"] = past * self.cells["due"]
        self.cells["length"] += self.cells["growth"] * self.cells["age"]
        self.cells["due"] -= self.cells["age"]
        clings = rng.random(count) < 0.8 * CLINGING * np.mean(CLINGING_TIME)  # let go before the warm-up
        self.cells["state"][clings], self.cells["round"][clings] = CLINGS, 1.0
        self.cells["clock"][clings] = (rng.uniform(*CLINGING_TIME, count) * rng.random(count))[clings]
        self.specks = self._new_specks(*self._anywhere(round(SPECKS * domain)))
        self.blobs = self._new_blobs(max(1, round(BLOBS * domain)))
        self.blobs["age"] = rng.random(len(self.blobs)) * self.blobs["life"]
        for _ in range(round(WARM_UP / STEP)):
            self.advance()

    def advance(self) -> None:
        """One step of five minutes: states, division and death, shape, motion, debris."""
        self._change_states()
        self._divide_and_die()
        self._reshape()
        self._move()
        self._drift()

    def _anywhere(self, count: int) -> np.ndarray:
        return self.rng.uniform(-MARGIN, self.size + MARGIN, (2, count))

    def _tracks(self, count: int) -> np.ndarray:
        self.tracks += count
        return np.arange(self.tracks - count, self.tracks) + 1

    def _new_cells(self, count: int) -> np.ndarray:
        """Cells with random axes, outlines and textures; the caller sets position, size and cycle."""
        rng, cells = self.rng, np.zeros(count, CELL)
        cells["hy"], cells["hx"] = unit(rng.standard_normal((2, count)))
        cells["modes"] = rng.standard_normal((count, 8))
        cells["pace"], cells["stretch"] = rng.uniform(0.75, 1.35, count), 1.0
        cells["grain"], cells["blend"] = rng.uniform(0.10, 0.24, count), rng.random(count)
        cells["dense"] = 1 + DENSITY * np.clip(rng.standard_normal(count), -2.5, 2.5)
        cells["nucleus"] = rng.integers(0, synthetic_optics.TEXTURES, count)
        cells["granule"] = rng.integers(0, synthetic_optics.TEXTURES, (count, 2))
        cells["track"] = self._tracks(count)
        return cells

    def _new_specks(self, y, x) -> np.ndarray:
        rng, specks = self.rng, np.zeros(len(y), SPECK)
        specks["y"], specks["x"], specks["track"] = y, x, self._tracks(len(y))
        specks["radius"] = 1.2 + 4.2 * rng.random(len(y)) ** 2  # many crumbs, few remains of whole cells
        specks["path"] = rng.uniform(0.25, 2.4, len(y))  # some dark, some bright
        return specks

    def _new_blobs(self, count: int) -> np.ndarray:
        rng, blobs = self.rng, np.zeros(count, BLOB)
        (blobs["y"], blobs["x"]), blobs["track"] = self._anywhere(count), self._tracks(count)
        blobs["radius"] = rng.uniform(9, 26, count)
        blobs["glow"] = np.where(rng.random(count) < 0.75, rng.uniform(0.15, 1.2, count), -0.15)
        blobs["life"] = np.maximum(BLOB_LIFE * rng.standard_exponential(count), 60.0)
        return blobs

    def _start_cycle(self, cells: np.ndarray) -> None:
        """Draw the time to the next mitosis, and the growth that about doubles the volume by then."""
        cycle = CYCLE * np.clip(1 + CYCLE_SPREAD * self.rng.standard_normal(len(cells)), 0.6, 1.5)
        cells["due"] = cycle
        target = (VOLUME ** (1 / 3) + cells["length"]) / 2 / HALF  # small cells catch up over generations
        cells["growth"] = (target - cells["length"]) / cycle

    def _change_states(self) -> None:
        c = self.cells
        for field, change in (("due", -STEP), ("age", STEP), ("clock", -STEP)):
            c[field] += change
        chance, share = self.rng.random((2, len(c)))
        back = np.isin(c["state"], (ROUNDED, CLINGS, RUNS, DAUGHTER)) & (c["clock"] <= 0)
        c["state"][back] = FLAT
        free = (c["state"] == FLAT) & (c["age"] > SPREADING)  # a spreading daughter has no other plans yet
        upper = 0.0
        for state, rate, (least, most) in PLANS:
            enters = free & (chance >= upper) & (chance < upper + rate * STEP)
            upper += rate * STEP
            c["state"][enters] = state
            c["span"][enters] = c["clock"][enters] = least + (most - least) * share[enters]
        enters = (c["state"] == FLAT) & (c["due"] <= 0)
        c["state"][enters] = MITOSIS
        rounding = ROUNDING / c["pace"] * (1 - c["round"])
        c["clock"][enters] = (rounding + METAPHASE[0] + (METAPHASE[1] - METAPHASE[0]) * share)[enters]

    def _divide_and_die(self) -> None:
        c, rng = self.cells, self.rng
        over = c["clock"] <= 0
        mothers, dead = c[(c["state"] == MITOSIS) & over], c[(c["state"] == DIES) & over]
        daughters = self._new_cells(2 * len(mothers))
        for field in ("y", "x", "hy", "hx", "dense"):
            daughters[field] = np.repeat(mothers[field], 2)
        side = np.tile([1.0, -1.0], len(mothers))
        away = side * 0.6 * SPHERE * np.repeat(mothers["length"], 2) / UM_PER_PIXEL  # still overlapping
        daughters["y"] += away * daughters["hy"]
        daughters["x"] += away * daughters["hx"]
        daughters["hy"] *= side  # each faces away from its sister
        daughters["hx"] *= side
        share = 1 + side * np.repeat(np.clip(0.02 * rng.standard_normal(len(mothers)), -0.06, 0.06), 2)
        daughters["length"] = np.repeat(mothers["length"], 2) * HALF * share
        self._start_cycle(daughters)
        daughters["state"], daughters["round"] = DAUGHTER, 1.0
        daughters["clock"] = np.repeat(rng.uniform(*SEPARATION, len(mothers)), 2)
        daughters["parent"] = np.repeat(mothers["track"], 2)
        pieces = np.repeat(dead, rng.integers(3, 8, len(dead)))  # apoptotic bodies, where the cell was
        spread = 0.75 * SPHERE * pieces["length"] / UM_PER_PIXEL
        remains = self._new_specks(pieces["y"] + spread * rng.standard_normal(len(pieces)),
                                   pieces["x"] + spread * rng.standard_normal(len(pieces)))
        remains["path"] = rng.uniform(0.6, 2.2, len(remains))
        remains["fades"] = 1 / (DEBRIS_LIFE * rng.uniform(0.4, 1.6, len(remains)))
        self.specks = np.concatenate([self.specks, remains])
        gone = over & ((c["state"] == MITOSIS) | (c["state"] == DIES))
        self.cells = np.concatenate([c[~gone], daughters])

    def _reshape(self) -> None:
        c, rng = self.cells, self.rng
        state = c["state"]
        dying = state == DIES
        shrinking = c["length"] * 1.2 * (SHRINKAGE - 1) / np.maximum(c["span"], STEP)  # 1.2: compound
        growing = np.where(state == MITOSIS, 0, c["growth"])
        c["length"] += STEP * np.where(dying, shrinking, growing)
        fresh = (state == DAUGHTER) & (c["age"] <= CYTOKINESIS)
        up = np.isin(state, (ROUNDED, CLINGS, MITOSIS, DIES)) | fresh
        pace = c["pace"] * np.where(up, STEP / ROUNDING, -STEP / SPREADING)
        c["round"] = np.clip(c["round"] + pace, 0, 1)
        target = np.where(state == RUNS, 1.95, np.where(state == FLAT, 1.35, 1.0))
        c["stretch"] += (target - c["stretch"]) * STEP / 25.0
        forget = np.where(dying, STEP / 9.0, STEP / 80.0)[:, None]  # blebs come and go within minutes
        noise = rng.standard_normal((len(c), 8))
        c["modes"] += -c["modes"] * forget + np.sqrt(2 * forget - forget**2) * noise
        c["blend"] += STEP / 100.0  # organelles rearrange within two hours: the next texture fades in
        full = c["blend"] >= 1
        c["blend"][full] -= 1
        c["granule"][full, 0] = c["granule"][full, 1]
        c["granule"][full, 1] = rng.integers(0, synthetic_optics.TEXTURES, full.sum())

    def _move(self) -> None:
        c, rng = self.cells, self.rng
        state, flat = c["state"], 1 - c["round"]
        loose = np.select([state == RUNS, state == MITOSIS], [0.35, 0.0], flat)  # a spindle keeps its axis
        turn = np.sqrt(2 * STEP / PERSISTENCE) * loose * rng.standard_normal(len(c))
        c["hy"], c["hx"] = unit(np.stack([c["hy"] + turn * c["hx"], c["hx"] - turn * c["hy"]]))
        speed = np.where(state == RUNS, RUN, SPEED * c["pace"]) * flat
        step = (speed + PUSH_APART * (state == DAUGHTER)) * STEP / UM_PER_PIXEL
        jitter = 0.25 * rng.standard_normal((2, len(c)))  # pixels; spheres wobble on the spot
        place = np.stack([c["y"] + step * c["hy"], c["x"] + step * c["hx"]], axis=1) + jitter.T  # (n, 2)
        radius, _, _ = form(c)
        pairs = cKDTree(place).query_pairs(2 * radius.max(), output_type="ndarray")
        i, j = pairs[np.lexsort(pairs.T)].T  # sums in an order that does not depend on the tree
        apart = place[i] - place[j]
        distance = np.sqrt((apart**2).sum(axis=1)) + 1e-6
        overlap = np.clip(0.88 * (radius[i] + radius[j]) - distance, 0, None)
        push = (0.28 * overlap / distance)[:, None] * apart  # soft: crowded cells deform rather than jump
        np.add.at(place, i, push)
        np.add.at(place, j, -push)
        for axis, position in (("y", place[:, 0]), ("x", place[:, 1])):
            outside = (position < -MARGIN) | (position > self.size + MARGIN)
            c["h" + axis][outside] *= -1  # turns back at the wall of the domain, out of view
            c[axis] = np.clip(position, -MARGIN, self.size + MARGIN)

    def _drift(self) -> None:
        rng, b, s = self.rng, self.blobs, self.specks
        s["path"] *= 1 - s["fades"] * STEP
        self.specks = s = s[s["path"] > 0.06]
        for axis in ("y", "x"):
            s[axis] += 0.12 * rng.standard_normal(len(s))  # Brownian motion of what lies on the dish
            b[axis] += 0.7 * rng.standard_normal(len(b))  # and of what floats above it
        b["age"] += STEP
        over = b["age"] > b["life"]
        b[over] = self._new_blobs(int(over.sum()))
        for table in (s, b):
            for axis in ("y", "x"):
                table[axis] = np.clip(table[axis], -MARGIN, self.size + MARGIN)


def form(cells: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Radius (pixels), mean height (um) and roundness of cells, all (n,); rounding up keeps the volume."""
    sphere, volume = cells["round"] ** 2 * (3 - 2 * cells["round"]), cells["length"] ** 3
    radius = sphere * SPHERE * cells["length"] + (1 - sphere) * np.sqrt(volume / (np.pi * THICKNESS))
    return radius / UM_PER_PIXEL, volume / (np.pi * radius**2), sphere


def labels(cells: np.ndarray) -> np.ndarray:
    """Event label of cells, (n,) uint8: 1 from rounding until the daughters have parted, 2 while dying."""
    state, sphere = cells["state"], cells["round"]
    divides = (state == DAUGHTER) | (state == MITOSIS) & (sphere >= 0.7)
    return np.where(divides, 1, np.where((state == DIES) & (sphere >= 0.4), 2, 0)).astype(np.uint8)


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors (2, ...) scaled to length 1; directions are stored as unit vectors, so that no sine is needed."""
    return vectors / np.sqrt(vectors[0] ** 2 + vectors[1] ** 2)
