"""More files that are almost right, for :mod:`fuzz`: folders of them, archives, arrays, and what a training leaves."""

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
import roifile
import tifffile
import torch
import zarr
from hypothesis import strategies as st

from fuzz_files import NUMBERS, changed, lineages, stacks
from tapnb import checkpoints, weights
from tapnb.store.damage import IN_RECORDS

STRANGE = [None, True, "", "x", "\ud800", "../..", "a" * 5000, -1, 0, 1.5, 1e308, float("nan"), float("inf"), [], {}, [[]], [0],
           ["t", "y", "x"], {"name": 3}, *NUMBERS]
"""Values of JSON that a program does not expect."""


def content(write: Callable[[Path], object]) -> bytes:
    """What a function writes into the file that it is given."""
    with tempfile.TemporaryDirectory() as folder:
        write(path := Path(folder) / "file")
        return next(found for found in (path, path.with_suffix(".npy")) if found.exists()).read_bytes()


@st.composite
def sometimes_changed(draw, whole: bytes) -> bytes:
    """A file with up to two changes."""
    for _ in range(draw(st.integers(0, 2))):
        whole = draw(changed(whole))
    return whole


@st.composite
def changed_json(draw, value: object) -> object:
    """A value of JSON of which one part, however deep, is another."""
    if isinstance(value, dict) and value and draw(st.integers(0, 5)):
        key = draw(st.sampled_from(sorted(value)))
        if not draw(st.integers(0, 6)):
            return {name: part for name, part in value.items() if name != key}
        return value | {key: draw(changed_json(value[key]))}
    if isinstance(value, list) and value and draw(st.integers(0, 5)):
        place = draw(st.integers(0, len(value) - 1))
        new = draw(st.sampled_from([[], value[place:place + 1] * 2, None]))
        return value[:place] + ([draw(changed_json(value[place]))] if new is None else new) + value[place + 1:]
    return draw(st.sampled_from(STRANGE))


@st.composite
def changed_text(draw, text: bytes) -> bytes:
    """A file of JSON, of which values or bytes are changed."""
    how = draw(st.sampled_from(["value", "value", "value", "bytes"]))
    try:
        value = json.loads(text)
    except ValueError:
        how = "bytes"
    return draw(changed(text)) if how == "bytes" else json.dumps(draw(changed_json(value))).encode()


def arrays() -> st.SearchStrategy[bytes]:
    """Files of numpy.save, with headers that claim anything."""
    dtypes = ["<u2", ">u2", "|u1", "<f4", "<f8", "<i8", "|O", "<c8", "|b1", "<M8[s]", "|S3", "<U9", "|V4", "<f2", "<f16", "<q9"]
    sizes = st.one_of(st.integers(-2, 30), st.sampled_from(NUMBERS))
    shapes = st.one_of(st.sampled_from([(4, 24, 32), (2, 1, 24, 32)]), st.lists(sizes, max_size=5).map(tuple))

    def array(drawn) -> bytes:
        dtype, shape, fortran, data = drawn
        text = repr({"descr": dtype, "fortran_order": fortran, "shape": shape}).encode()
        text += b" " * (-(len(text) + 11) % 64) + b"\n"
        return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + data

    made_up = st.tuples(st.sampled_from(dtypes), shapes, st.booleans(), st.sampled_from(
        [b"", b"\x01\x02" * 1536, bytes(range(256)) * 24, b"\xff\x7f" * 3072])).map(array)
    kinds = [content(lambda path, d=d: np.save(path, np.arange(4 * 24 * 32).reshape(4, 24, 32).astype(d)))
             for d in (np.uint8, np.uint16, np.float32)]
    return st.one_of(made_up, made_up.flatmap(changed), st.sampled_from(kinds).flatmap(sometimes_changed))


@cache
def whole_rois() -> tuple[bytes, ...]:
    """ROIs of every kind."""
    rois = []
    for kind in roifile.ROI_TYPE:
        for points in ([[3.5, 4.5], [9, 4], [9, 12]], [[5, 6]]):
            roi = roifile.ImagejRoi.frompoints(points, name="death 1", t=2)
            whole = bytearray(roi.tobytes())
            whole[6] = kind.value % 256
            rois.append(bytes(whole))
    return tuple(rois)


@st.composite
def rois(draw) -> bytes:
    """Archives of ROIs, some changed, in every way of compression, some of them lying about their size."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", draw(st.sampled_from([0, 8, 8, 12, 14]))) as archive:
        for _ in range(draw(st.integers(0, 3))):
            name = draw(st.sampled_from(["0001-0004.roi", "a.roi", "a.ROI", "b/a.roi", "../a.roi", "a.txt", "b/", " ", "\u0663.roi"]))
            bomb = [bytes(2**22 + 1)] if not draw(st.integers(0, 30)) else []
            archive.writestr(name, draw(st.one_of(*map(st.just, bomb), st.sampled_from(whole_rois()).flatmap(sometimes_changed))))
    return draw(changed(file.getvalue())) if not draw(st.integers(0, 3)) else file.getvalue()


@cache
def whole_zarrs() -> tuple[dict[str, bytes], ...]:
    """OME-Zarr images of both versions."""
    images = []
    for version, axes, shape in [(2, "tyx", (3, 16, 20)), (2, "tczyx", (3, 1, 1, 16, 20)), (3, "tyx", (3, 16, 20)),
                                 (3, "tcyx", (3, 1, 16, 20))]:
        with tempfile.TemporaryDirectory() as folder:
            group = zarr.open_group(folder, mode="w", zarr_format=version)
            array = group.create_array("0", shape=shape, chunks=(1,) * (len(shape) - 2) + (16, 20), dtype=np.uint16)
            array[...] = np.arange(np.prod(shape)).reshape(shape)
            image = [{"axes": [{"name": a, "type": "space", "unit": "micrometer"} for a in axes], "datasets": [
                {"path": "0", "coordinateTransformations": [{"type": "scale", "scale": [0.5] * len(shape)}]}]}]
            group.attrs.update({"multiscales": image} if version == 2 else {"ome": {"version": "0.5", "multiscales": image}})
            images.append({str(path.relative_to(folder)): path.read_bytes() for path in sorted(Path(folder).rglob("*"))
                           if path.is_file()})
    return tuple(images)


@st.composite
def zarrs(draw) -> dict[str, bytes]:
    """OME-Zarr images with metadata or chunks changed, or files missing."""
    files = dict(draw(st.sampled_from(whole_zarrs())))
    for _ in range(draw(st.integers(0, 3))):
        name = draw(st.sampled_from(sorted(files)))
        what = draw(st.sampled_from(["metadata", "metadata", "metadata", "file", "gone"]))
        about = sorted(name for name in files if name.endswith((".json", ".zattrs", ".zarray")))
        if what == "metadata" and about:
            name = draw(st.sampled_from(about))
            files[name] = draw(changed_text(files[name]))
        elif what == "gone" and len(files) > 1:
            del files[name]
        else:
            files[name] = draw(changed(files[name]))
    return files


@cache
def images() -> tuple[tuple[str, bytes], ...]:
    """Single images, with the ends of their names."""
    picture = np.arange(16 * 20, dtype=np.uint16).reshape(16, 20)
    other, png, jpeg = io.BytesIO(), io.BytesIO(), io.BytesIO()
    tifffile.imwrite(other, picture)
    imageio.imwrite(png, picture, extension=".png")
    imageio.imwrite(jpeg, picture.astype(np.uint8), extension=".jpg")
    return ((".tif", other.getvalue()), (".tiff", other.getvalue()), (".TIF", other.getvalue()), (".png", png.getvalue()),
            (".jpg", jpeg.getvalue()))


@st.composite
def named_frames(draw) -> dict[str, bytes]:
    """A folder of frames whose names may say anything."""
    piece = st.one_of(st.sampled_from(["t", "_t", "T", "time", "c", "ch", "_w", "p", "pos", "xy", "z", "img_", "mask", "-", ".", " "]),
                      st.integers(0, 12).map("{:03}".format), st.sampled_from([*NUMBERS, "9" * 40, "\u0663", "\u00b2", "00", "-1"]).map(str),
                      st.text(max_size=3))
    steps = st.lists(piece, min_size=1, max_size=5)
    end, image = draw(st.sampled_from(images()))
    if draw(st.booleans()):  # one pattern, whose numbers count
        start, after = "".join(draw(steps)), "".join(draw(steps))
        first, step = draw(st.sampled_from([*NUMBERS, 1, 0])), draw(st.sampled_from([1, 1, 1, 2, 10, 2**31]))
        names = [f"{start}{first + i * step:0{draw(st.sampled_from([0, 3]))}}{after}" for i in range(draw(st.integers(1, 5)))]
    else:
        names = ["".join(draw(steps)) for _ in range(draw(st.integers(1, 5)))]
    files = {name.replace("/", "_") + end: image for name in names}
    if not draw(st.integers(0, 3)):
        name = draw(st.sampled_from(sorted(files)))
        files[name] = draw(changed(files[name]))
    return files


@st.composite
def tracked(draw) -> dict[str, bytes]:
    """A movie of the Cell Tracking Challenge, of which something is changed."""
    first, frames = draw(st.sampled_from([0, 0, 1, 10, 999])), draw(st.integers(2, 4))
    files = {}
    for t in range(frames):
        labels, stream = np.zeros((16, 20), draw(st.sampled_from([np.uint16, np.uint8]))), io.BytesIO()
        labels[2:6, 2:6] = 1 if t < 2 else 2
        labels[8:12, 2:6] = 0 if t < 2 else 3
        tifffile.imwrite(stream, labels)
        files[f"01/t{t + first:03}.tif"] = images()[0][1]
        files[f"01_GT/TRA/man_track{t + first:03}.tif"] = stream.getvalue()
    last = first + frames - 1
    table = f"1 {first} {first + 1} 0\n" + (f"2 {first + 2} {last} 1\n3 {first + 2} {last} 1\n" if frames > 2 else "")
    files["01_GT/TRA/man_track.txt"] = draw(st.one_of(st.just(table.encode()), changed(table.encode()), lineages()))
    for _ in range(draw(st.integers(0, 2))):
        name = draw(st.sampled_from(sorted(files)))
        if draw(st.booleans()):
            files[name] = draw(stacks() if name.endswith(".tif") and draw(st.booleans()) else changed(files[name]))
        elif len(files) > 1:
            del files[name]
    return files


def network() -> torch.nn.Module:
    """Of which weights and checkpoints are."""
    torch.manual_seed(0)
    return torch.nn.Linear(3, 2)


@st.composite
def safetensors(draw) -> bytes:
    """Weights whose header or numbers are changed."""
    whole = content(lambda path: weights.save(path, dict(network().state_dict()), {"made": "here"}))
    size = int.from_bytes(whole[:8], "little")
    if draw(st.booleans()):
        return draw(sometimes_changed(whole))
    header = draw(changed_text(whole[8:8 + size].rstrip()))
    return len(header).to_bytes(8, "little") + header + whole[8 + size:]


def epochs() -> st.SearchStrategy[bytes]:
    """Checkpoints of a training."""
    return sometimes_changed(content(lambda path: checkpoints.keep(path, {"network": network()}, [{"epoch": 1}])))


def records() -> st.SearchStrategy[bytes]:
    """Records of runs."""
    whole = {key: "record" for key in IN_RECORDS} | {
        "parameters": {"tap": "tap-x"}, "seed": 1, "results": {"loss": [0.5, 0.25]}, "files": ["record.json", "other.json"],
        "movies": {"train": {"name": "synthetic", "fingerprint": "0123", "labels": None, "shape": [5, 24, 32]}}}
    text = json.dumps(whole, indent=1).encode()
    return st.one_of(st.just(text), changed_text(text), changed_text(text).flatmap(changed_text))
