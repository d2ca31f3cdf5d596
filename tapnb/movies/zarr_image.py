"""Zarr images, versions 2 and 3: the largest resolution of an OME-Zarr, or a plain array.

A chunk that was never stored is no chunk of zeros: see :mod:`tapnb.movies.zarr_chunks`.
"""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np

from tapnb.movies.axes import Part, part
from tapnb.movies.file_names import Choice
from tapnb.movies.frame_times import missing_times
from tapnb.movies.storage import LARGE, empty
from tapnb.movies.tiff import Recording
from tapnb.movies.tiff_sizes import MICROMETRES, MINUTES, oblong
from tapnb.movies.zarr_chunks import Chunks, black_by_right
from tapnb.movies.zarr_folder import attributes, first_image, is_zarr, json_of, one_image
from tapnb.system.files import said

__all__ = ["is_zarr", "read_zarr"]


def read_zarr(path: Path, choice=Choice(), labels=False) -> Recording:
    """Read the largest resolution of an OME-Zarr image, or a plain array.

    Time points of which nothing was stored are left out, and so are those that lost a part, see
    :func:`tapnb.movies.zarr_chunks.black_by_right`.

    Parameters
    ----------
    path : pathlib.Path
        Of an image, or of a folder of images 0, 1, ... as bioformats2raw writes it, of which ``choice.position`` is one.
    choice : Choice
    labels : bool
        Whether it holds labels: then whatever was not stored holds none.

    Raises
    ------
    ValueError
        If the folder holds no image, an array is damaged, or something besides time is left open.
    """
    import zarr  # here: it takes half a second, and other movies do without

    path = one_image(path, choice.position)
    axes, units, level, scale = _described(path)
    try:
        array = zarr.open_array(path / level, mode="r")
        plain = math.prod(array.chunks)
    except Exception as error:  # missing, cut or of a codec that is not there
        raise ValueError(f"{path / level[:60]} is not a readable Zarr array ({said(error)}): copy the whole folder "
                         "again.") from None
    if array.dtype.kind not in "biuf":  # before a chunk is read: objects may be pickles
        raise ValueError(f"{path} holds {str(array.dtype)[:60]} and no numbers: export it again.")
    axes = axes or "Q" * (array.ndim - 2) + "YX"
    if len(axes) != array.ndim or array.ndim < 2:
        raise ValueError(f"{path} has the axes {axes[:60]} for an array of {array.ndim}: export it again.")
    if (size := plain * array.dtype.itemsize) > LARGE:  # a whole chunk is unpacked, however little is read
        raise ValueError(f"{path} has chunks of {size / 1e9:.1f} GB: export it again with one frame a chunk.")
    chosen = part(axes, array.shape, choice, path)
    recording = _recording(Chunks(array, path / level), array, chosen, labels, path)
    if len(scale) != len(axes) or not units:
        return recording
    lengths = {"angstrom": 1e-4, "nanometer": 1e-3, "micrometer": 1.0, "millimeter": 1e3, "centimeter": 1e4,
               "meter": 1e6} | MICROMETRES
    times = {"millisecond": 1 / 60_000, "second": 1 / 60, "minute": 1.0, "hour": 60.0, "day": 1440.0} | MINUTES
    y, x, time = *chosen.order[-2:], chosen.time
    high, wide, between = (size if 0 < size < np.inf else None for size in (
        known.get(units[axis], 0) * scale[axis] for known, axis in ((lengths, y), (lengths, x), (times, time))))
    remark = "; ".join(filter(None, (recording.remark, oblong(wide, high))))
    return replace(recording, um_per_pixel=wide, minutes_per_frame=between, remark=remark)


def _recording(chunks: Chunks, array, chosen: Part, labels: bool, path) -> Recording:
    """Read frame by frame, so that only what is chosen is unpacked, those frames that were stored."""
    promised = array.shape[chosen.time]
    stored = promised if labels else chunks.length(chosen.time)
    frames = empty((stored, *(array.shape[i] for i in chosen.order[-2:])), array.dtype.newbyteorder("="), path)
    place = dict(zip(chosen.order, (*chosen.index, slice(None), slice(None))))
    kept, dark = [], 0  # which frames, and how many of them lack chunks that may be black
    read_axes = [i for i in sorted(place) if isinstance(place[i], slice) and i != chosen.time]
    turned = [read_axes.index(i) for i in chosen.order if i in read_axes]  # to ([Z,] Y, X)
    for t in range(stored):
        try:
            pixels, missing = chunks.read(tuple(place[i] if i != chosen.time else t for i in sorted(place)))
        except Exception as error:  # each codec has its own; a damaged chunk may claim any size, the sound ones do not
            raise ValueError(f"{path} is damaged in frame {t} ({said(error)}): copy the whole folder again.") from None
        if missing is not None and not labels:
            if not black_by_right(pixels, missing, chunks.fill):
                continue
            dark += 1
        pixels = pixels.transpose(turned)
        frames[len(kept)] = pixels.max(axis=0) if pixels.ndim == 3 else pixels
        kept.append(t)
    if len(kept) < min(promised, 2):
        raise ValueError(f"{path} has {len(kept)} whole of the {promised} time points that its metadata promise: the others were "
                         "never stored, or are lost, so copy the whole folder again, or record it again.")
    remarks = [missing_times(promised, len(kept), kept)] if len(kept) < promised else []
    if dark:
        times, of_these = ("point", "this time point") if dark == 1 else ("points", "these time points")
        remarks.append(f"in {dark} time {times} parts were not stored and are read as {chunks.fill:g}, because the rest of "
                       f"{of_these} holds such pixels too")
    return Recording(frames[: len(kept)], remark="; ".join(remarks), gaps=np.diff(kept) > 1)


def _described(path: Path) -> tuple[str, list[str], str, list[float]]:
    """Return what the metadata say: axes and units, the path of the largest resolution, and its scale (empty: not said)."""
    about = attributes(path)
    if (plain := _plain(path)) is not None:
        return plain, [], "", []
    try:
        scales = about.get("ome", about).get("multiscales")
    except AttributeError:  # neither is a mapping
        scales = about
    if not scales:
        such = first_image(path) or "the one named 0"
        raise ValueError(f"{path} is a Zarr folder that is no image itself (no `multiscales`): give the folder of one image, "
                         f"such as {such}.")
    try:
        level = scales[0]["datasets"][0]
        named = [axis if isinstance(axis, dict) else {"name": axis} for axis in scales[0].get("axes", "tczyx")]
        axes = "".join(axis["name"][0].upper() for axis in named)
        told = [_scale(described) for described in (level, scales[0])]  # what is told of all levels multiplies that of one
        told = [scale for scale in told if scale]
        scale = [math.prod(steps) for steps in zip(*told)] if len({len(scale) for scale in told}) == 1 else []
        return axes, [str(axis.get("unit", "")) for axis in named], level["path"] + "", scale
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"{path} has metadata that describe no OME-Zarr image ({said(error)}): export it again.") from None


def _scale(described: dict) -> list[float]:
    """Return the scale of a level or of a whole multiscale image, a number an axis; empty if it is not said."""
    steps = described.get("coordinateTransformations") or []
    return [float(n) for n in next((step["scale"] for step in steps if step.get("type") == "scale"), [])]


def _plain(path: Path) -> str | None:
    """Return the axes of a plain array, empty if it does not name them; None if the folder holds none."""
    if (path / ".zarray").is_file():
        about, key = attributes(path), "_ARRAY_DIMENSIONS"  # as xarray writes it
    elif (path / "zarr.json").is_file():
        about, key = json_of(path / "zarr.json"), "dimension_names"
        if not isinstance(about, dict) or about.get("node_type") != "array":
            return None
    else:
        return None
    names = about.get(key) if isinstance(about, dict) else None
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        return ""
    letters = "".join(name[0].upper() for name in names)
    return letters if len(set(letters)) == len(letters) and {"Y", "X"} <= set(letters) else ""
