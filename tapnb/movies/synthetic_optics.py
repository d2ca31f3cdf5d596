"""Rendering of the simulated movie: optical path, phase contrast and camera.

The cells of one frame are first drawn as optical path (how far each pixel's light is held back, in
radians). The picture then follows from how a phase-contrast microscope works: the light that passes
undeviated is delayed by a quarter wave and dimmed by the phase ring, and adds up with the scattered light.
The ring also catches some scattered light of low spatial frequency, which is where the bright halo and the
shade-off of real pictures come from. Flat cells come out darker than the background, rounded cells, whose
path exceeds the ring's delay, bright with a dark rim.

Per-pixel code uses only arithmetic, square roots and tables rounded to six digits. These give the same result on
every processor, so that a seed gives the same bytes everywhere.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import ndimage

PAD = 64  # pixels drawn beyond each side of the field, so that halos do not stop at the border
REACH = 28  # pixels from a cell's centre to the border of its patch: the longest polarised cell fits
CHUNK = 64  # cells drawn at once: 64 patches of 57 x 57 float32 stay in the processor's cache

PATH_PER_UM = 0.085  # radians per um of cell; an effective value, lower than plane-wave optics would give,
#                      because an objective of low aperture under a wide condenser ring averages over angles
LENS = 2.1  # a sphere acts as if its path were longer: its steep sides refract light, not only delay it
RING = 0.60  # amplitude that the phase ring lets pass (0.36 of the intensity; vendors' rings pass 0.1 to 0.4)
HALO_UM = 5.2  # width (sigma) of the zone from which scattered light passes the ring: 10x objectives, 4-8 um
COHERENCE = 0.77  # share of the light that interferes; the rest is a veil without contrast
BACKGROUND = 96.0  # grey level of empty dish, of 255: exposure set so that rounded cells just do not saturate
BLUR = 0.6  # sigma in pixels: the objective's resolution and the camera's pixel together
ELECTRONS = 26.0  # photo-electrons per grey level: shot noise of 1.9 grey levels on the background
READ_NOISE = 0.7  # grey levels
GRADIENT = 0.10  # illumination falls off by this share from one side of the field to the other
VIGNETTE = 0.07  # and by this share from the middle to a corner
DISH = 0.022  # radians: roughness of the dish's coating
TEXTURES = 64  # nuclei and granule patterns per movie, from which each cell takes one and two
TEXELS, SPAN = 64, 1.5  # side of a texture, and how many cell radii it reaches from the centre

DRAWN = np.dtype([(n, "f4") for n in ("hy", "hx", "radius", "height", "round", "stretch", "blend", "grain",
                                      "plate")]
                 + [("y", "f8"), ("x", "f8"), ("modes", "f4", 8), ("nucleus", "i4"), ("granule", "i4", 2),
                    ("label", "u1")])  # what draw_cells needs to know of a cell

_COS, _SIN = (np.round(f(np.arange(4096) / 1024), 6).astype(np.float32) for f in (np.cos, np.sin))


class Textures(NamedTuple):
    """Textures in a cell's own coordinates, from which every cell takes a few.

    Attributes
    ----------
    nuclei : ndarray, float32, (n, TEXELS * TEXELS)
        Relief of a nucleus with one to three nucleoli, relative to the cell's height.
    granules : ndarray, float32, (n, TEXELS * TEXELS)
        Relief of organelles and ruffles, zero mean, unit variance.
    dish : ndarray, float32, (side, side)
        Path of the empty dish over the padded field, radians.
    """

    nuclei: np.ndarray
    granules: np.ndarray
    dish: np.ndarray


def _unit(field: np.ndarray) -> np.ndarray:
    return (field - field.mean()) / field.std()


def make_textures(rng: np.random.Generator, size: int, count: int = TEXTURES) -> Textures:
    """Draw the textures of one movie.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness, advanced by the call.
    size : int
        Side of the field in pixels.
    count : int
        How many nuclei and how many granule patterns to draw.

    Returns
    -------
    Textures
    """
    axis = (np.arange(TEXELS) - (TEXELS - 1) / 2) * (2 * SPAN / TEXELS)  # in cell radii
    v, u = axis[:, None], axis[None, :]
    nuclei = np.zeros((count, TEXELS, TEXELS))
    granules = np.zeros((count, TEXELS, TEXELS))
    for k in range(count):
        long, wide = rng.uniform(0.40, 0.52), rng.uniform(0.32, 0.42)  # semi-axes
        inside = np.clip(1 - (u / long) ** 2 - (v / wide) ** 2, 0, 1)
        nuclei[k] = 0.55 * np.sqrt(inside) - 0.12 * (inside > 0)
        for _ in range(rng.integers(1, 4)):
            y, x = rng.uniform(-0.2, 0.2, 2)
            nuclei[k] += 0.9 * np.clip(1 - ((u - x) ** 2 + (v - y) ** 2) / rng.uniform(0.06, 0.12) ** 2, 0, 1)
        white = rng.standard_normal((2, TEXELS, TEXELS))
        coarse = _unit(ndimage.gaussian_filter(white[0], 5, mode="wrap"))
        fine = _unit(ndimage.gaussian_filter(white[1], 1.2, mode="wrap"))
        granules[k] = _unit(0.55 * coarse + fine * (0.6 + 0.4 * np.abs(fine)))  # a few granules stand out
    side = canvas_side(size)
    white = rng.standard_normal((2, side, side), dtype=np.float32)
    dish = _unit(ndimage.gaussian_filter(white[0], 9)) + 0.5 * _unit(ndimage.gaussian_filter(white[1], 1.5))
    flat = (count, TEXELS * TEXELS)
    return Textures(nuclei.reshape(flat).astype(np.float32), granules.reshape(flat).astype(np.float32),
                    (DISH * dish).astype(np.float32))


def canvas_side(size: int) -> int:
    """Side of the padded field in pixels: a multiple of 4, since halos are blurred at a quarter."""
    return -(-(size + 2 * PAD) // 4) * 4


def draw_cells(path: np.ndarray, labels: np.ndarray, cells: np.ndarray, textures: Textures,
               um_per_pixel: float) -> None:
    """Add the cells' optical path to a padded field, and their labels to its mask.

    Parameters
    ----------
    path : ndarray, float32, (side, side)
        Optical path in radians, added to in place (paths of overlapping cells add up).
    labels : ndarray, uint8, (side, side)
        Event mask, written in place: 1 division, 2 death.
    cells : structured ndarray, (n,)
        One row per cell: ``y x`` (pixels of the padded field), ``hy hx`` (unit vector of its long axis),
        ``radius`` (pixels), ``height`` (mean, um), ``round`` (0 flat .. 1 sphere), ``stretch`` (long over
        short axis), ``modes`` (8: cosine and sine of the outline's modes 2 to 5), ``nucleus granule`` (3
        texture numbers), ``blend`` (0..1, from the first granule texture to the second), ``grain`` (strength
        of the texture), ``plate`` (0..1, contrast of the chromosomes), ``label`` (0, 1, 2).
    textures : Textures
    um_per_pixel : float
    """
    grid = np.arange(-REACH, REACH + 1, dtype=np.float32)
    for start in range(0, len(cells), CHUNK):
        c = cells[start:start + CHUNK]
        row, col = np.floor(c["y"]).astype(int), np.floor(c["x"]).astype(int)
        phase, rho = _patches(c, grid, (c["y"] - row).astype(np.float32), (c["x"] - col).astype(np.float32),
                              textures, um_per_pixel)  # both (n, 57, 57)
        for i in range(len(c)):
            window = np.s_[row[i] - REACH:row[i] + REACH + 1, col[i] - REACH:col[i] + REACH + 1]
            path[window] += phase[i]
            if c["label"][i]:
                np.maximum(labels[window], (rho[i] < 1) * np.uint8(c["label"][i]), out=labels[window])


def _patches(c, grid, fy, fx, textures, um_per_pixel):
    """Path (n, P, P) in radians and relative radius rho (n, P, P) of a chunk of cells."""

    def column(name):
        return c[name].astype(np.float32)[:, None, None]

    dy, dx = grid[None, :, None] - fy[:, None, None], grid[None, None, :] - fx[:, None, None]
    long = np.sqrt(column("stretch"))
    u = (dx * column("hx") + dy * column("hy")) / long  # along the cell's axis, (n, P, P)
    v = (dy * column("hx") - dx * column("hy")) * long
    r = np.sqrt(u * u + v * v) + np.float32(1e-3)
    cos, sin = u / r, v / r
    modes, flat = c["modes"].astype(np.float32)[:, :, None, None], 1 - column("round")
    outline = np.ones_like(r)
    ck, sk = cos, sin
    for k in range(4):  # modes 2..5 by the addition theorem: no call of a trigonometric function
        ck, sk = ck * cos - sk * sin, sk * cos + ck * sin
        outline += modes[:, 2 * k] * ck + modes[:, 2 * k + 1] * sk
    size = column("radius")
    rho = r / (size * outline)
    inside = np.clip(1 - rho * rho, 0, 1)

    scale = np.float32(TEXELS / (2 * SPAN)) / size
    texel = np.clip(v * scale + TEXELS / 2, 0, TEXELS - 1).astype(np.int32) * TEXELS
    texel += np.clip(u * scale + TEXELS / 2, 0, TEXELS - 1).astype(np.int32)
    texel = texel.reshape(len(c), -1)

    def look_up(bank, which):
        return np.take(bank, texel + which.astype(np.int32)[:, None] * TEXELS * TEXELS).reshape(r.shape)

    blend = column("blend")
    granules = (1 - blend) * look_up(textures.granules, c["granule"][:, 0])
    granules += blend * look_up(textures.granules, c["granule"][:, 1])
    relief = 1 + column("grain") * granules
    # both profiles have mean 1 over the outline, so that the drawn volume is the cell's volume
    spread = inside * (5 - 1.5 * inside) / 3 * (relief + look_up(textures.nuclei, c["nucleus"]))
    sphere = LENS * np.sqrt(inside) * (0.65 + 0.35 * relief)
    phase = np.float32(1.5 * PATH_PER_UM) * column("height") * (flat * spread + (1 - flat) * sphere)

    dividing = np.flatnonzero(c["plate"] > 0)
    if len(dividing):  # condensed chromosomes: a bar across the spindle axis, darker than the bright cell
        wide, tall = 3.0 / um_per_pixel, 6.6 / um_per_pixel  # um, half axes
        bar = np.clip(1 - (u[dividing] / wide) ** 2 - (v[dividing] / tall) ** 4, 0, 1)
        phase[dividing] *= 1 - column("plate")[dividing] * bar
    return phase, rho


def draw_discs(image: np.ndarray, y, x, radius, strength, reach: int, sharp: bool) -> None:
    """Add discs to a padded field: specks of debris (``sharp``) or blobs far out of focus.

    Parameters
    ----------
    image : ndarray, float32, (side, side)
        Added to in place.
    y, x, radius, strength : ndarray, (n,)
        Centres and radii in pixels, value at the centre.
    reach : int
        Half the side of a patch, at least the largest radius.
    sharp : bool
        Spherical profile; otherwise a smooth bell with a faint ring, as defocus gives.
    """
    grid = np.arange(-reach, reach + 1, dtype=np.float32)
    for cy, cx, size, top in zip(y, x, radius, strength, strict=True):
        row, col = int(np.floor(cy)), int(np.floor(cx))
        square = (grid[:, None] - np.float32(cy - row)) ** 2 + (grid[None, :] - np.float32(cx - col)) ** 2
        inside = np.clip(1 - square / np.float32(size * size), 0, 1)
        profile = np.sqrt(inside) if sharp else inside * inside * (2.2 - 1.2 * inside)
        image[row - reach:row + reach + 1, col - reach:col + reach + 1] += np.float32(top) * profile


def photograph(path: np.ndarray, glow: np.ndarray, size: int, um_per_pixel: float, tilt: tuple[float, float],
               gain: float, rng: np.random.Generator) -> np.ndarray:
    """Take the phase-contrast picture of an optical path.

    Parameters
    ----------
    path : ndarray, float32, (side, side)
        Optical path in radians over the padded field.
    glow : ndarray, float32, (side, side)
        Light from far out of focus, as a share of the background.
    size : int
        Side of the field in pixels.
    um_per_pixel : float
    tilt : tuple of float
        Direction (y, x) of the illumination's gradient, a unit vector.
    gain : float
        Lamp brightness in this frame, about 1.
    rng : numpy.random.Generator
        Source of the noise, advanced by the call.

    Returns
    -------
    ndarray, uint8, (size, size)
    """
    index = np.clip(path * 1024, 0, 4095).astype(np.int16)
    real, imaginary = _COS[index], _SIN[index]
    low_real, low_imaginary = (_blur_wide(part, HALO_UM / um_per_pixel) for part in (real, imaginary))
    # scattered light + direct light, a quarter wave late and dimmed: exp(i path) - (1 + i RING) low
    real = real - low_real + RING * low_imaginary
    imaginary = imaginary - low_imaginary - RING * low_real
    light = (real * real + imaginary * imaginary) / np.float32(RING**2)
    light = COHERENCE * light + (1 - COHERENCE + glow)
    light = ndimage.gaussian_filter(light, BLUR, truncate=3)[PAD:PAD + size, PAD:PAD + size]
    axis = np.linspace(-1, 1, size, dtype=np.float32)
    lamp = 1 + GRADIENT / 2 * (tilt[0] * axis[:, None] + tilt[1] * axis[None, :])
    lamp -= VIGNETTE / 2 * (axis[:, None] ** 2 + axis[None, :] ** 2)
    grey = np.float32(BACKGROUND * gain) * lamp.astype(np.float32) * light
    noise = np.sqrt(grey / np.float32(ELECTRONS) + np.float32(READ_NOISE**2))
    grey += noise * rng.standard_normal(grey.shape, dtype=np.float32)
    return np.clip(np.rint(grey), 0, 255).astype(np.uint8)


def _blur_wide(image: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur of a wide sigma (pixels), done at a quarter of the resolution."""
    side = image.shape[0]
    small = image.reshape(side // 4, 4, side // 4, 4).mean(axis=(1, 3))
    small = ndimage.gaussian_filter(small, sigma / 4, truncate=3)
    large = np.repeat(np.repeat(small, 4, axis=0), 4, axis=1)
    return ndimage.uniform_filter(large, 5)  # removes the steps of the repetition
