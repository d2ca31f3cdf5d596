"""Files that are almost right, for :mod:`fuzz`: whole ones with some bytes, tags, cells or lines changed."""

import io
import struct
from functools import cache

import numpy as np
import tifffile
from hypothesis import strategies as st

NUMBERS = [0, 1, 2, 3, 7, 8, 15, 16, 17, 255, 256, 65_535, 65_536, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1]
"""Where programs go wrong."""
FORMATS = {1: "<B", 2: "<H", 4: "<I", 8: "<Q"}
TAGS = [254, 256, 257, 258, 259, 262, 266, 270, 273, 277, 278, 279, 282, 284, 296, 317, 320, 322, 323, 324, 325, 330,
        338, 339, 347, 32997, 34412, 42112, 50838, 50839]
"""Of a TIFF file: sizes, counts, offsets, compression, colours, metadata."""


@cache
def whole_stacks() -> tuple[bytes, ...]:
    """Small TIFF files of every kind that microscopes write."""
    ramp = np.arange(5 * 24 * 32).reshape(5, 24, 32)
    ways = [{}, {"bigtiff": True}, {"byteorder": ">"}, {"imagej": True, "metadata": {"axes": "TYX"}}, {"ome": True},
            {"tile": (16, 16)}, {"rowsperstrip": 7}, {"metadata": None}, {"shaped": False},
            *({"compression": name} for name in ("zlib", "lzw", "zstd", "packbits", "lzma", "webp", "jpegxl", "lerc")),
            {"compression": "zlib", "predictor": True}, {"compression": "zlib", "tile": (16, 16)}]
    files = []
    for dtype in (np.uint16, np.uint8, np.float32):
        for way in ways:
            file = io.BytesIO()
            try:
                tifffile.imwrite(file, ramp.astype(dtype), photometric="minisblack", **way)
            except Exception:  # noqa: BLE001  not every codec knows every dtype
                continue
            files.append(file.getvalue())
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros((4, 16, 16, 3), np.uint8), photometric="rgb")
    return (*files, file.getvalue())


def entries(content: bytes) -> list[tuple[int, int]]:
    """Offset and size of every entry of the first pages' tag lists."""
    order = "<" if content[:2] == b"II" else ">"
    big = content[2:4] in (b"+\0", b"\0+")
    start, count, pointer, size = (8, "Q", "Q", 20) if big else (4, "H", "I", 12)
    places = []
    try:
        for _ in range(6):
            (offset,) = struct.unpack_from(order + pointer, content, start)
            if not offset:
                break
            (n,) = struct.unpack_from(order + count, content, offset)
            first = offset + struct.calcsize(count)
            places += [(first + i * size, size) for i in range(min(n, 60)) if first + (i + 1) * size <= len(content)]
            start = first + n * size
    except (struct.error, OverflowError):  # it is changed already
        pass
    return places


@st.composite
def stacks(draw) -> bytes:
    """A TIFF file with a few changes: in its tags, or anywhere."""
    content = bytearray(draw(st.sampled_from(whole_stacks())))
    order = "<" if content[:2] == b"II" else ">"
    for _ in range(draw(st.integers(0, 4))):
        places = entries(bytes(content))
        how = draw(st.sampled_from(["value", "value", "value", "count", "type", "tag", "bytes"]))
        if how == "bytes" or not places:
            content = bytearray(draw(changed(bytes(content))))
            continue
        place, size = draw(st.sampled_from(places))
        wide = size == 20
        if how == "tag":
            struct.pack_into(order + "H", content, place, draw(st.sampled_from(TAGS)))
        elif how == "type":
            struct.pack_into(order + "H", content, place + 2, draw(st.integers(0, 19)))
        else:
            number = draw(st.one_of(st.sampled_from(NUMBERS), st.integers(0, 2**32 - 1)))
            offset = 4 if how == "count" else 12 if wide else 8
            # A short number is in the first bytes of its field, whatever the byte order.
            form = draw(st.sampled_from("HQ" if wide else "HI"))
            most = 2 ** (8 * struct.calcsize(f"<{form}")) - 1
            struct.pack_into(order + form, content, place + offset, min(number, most))
    return bytes(content)


@st.composite
def changed(draw, content: bytes) -> bytes:
    """Any file with a piece cut off, left out, repeated, zeroed or overwritten."""
    if not content:
        return draw(st.binary(max_size=40))
    start = draw(st.integers(0, len(content) - 1))
    end = min(len(content), start + draw(st.sampled_from([1, 2, 4, 8, 60, 1000])))
    how = draw(st.sampled_from(["overwrite", "number", "cut", "leave out", "repeat", "zeros", "insert"]))
    if how == "cut":
        return content[:start]
    if how == "leave out":
        return content[:start] + content[end:]
    if how == "repeat":
        return content[:end] + content[start:end] * draw(st.integers(1, 20)) + content[end:]
    if how == "zeros":
        return content[:start] + bytes(end - start) + content[end:]
    if how == "number":
        size = draw(st.sampled_from(list(FORMATS)))
        number = draw(st.sampled_from(NUMBERS)) % 2 ** (8 * size)
        return content[:start] + struct.pack(FORMATS[size], number) + content[start + size:]
    piece = draw(st.binary(min_size=1, max_size=12))
    return content[:start] + piece + content[start + (len(piece) if how == "overwrite" else 0):]


@st.composite
def in_some_encoding(draw, text: st.SearchStrategy[str]) -> bytes:
    """Text as bytes, mostly in UTF-8, sometimes as another program writes it, sometimes with changes."""
    encoding = draw(st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1"]))
    content = draw(text).encode(encoding, "replace")
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):
        content = draw(changed(content))
    return content


def words(*usual: str) -> st.SearchStrategy[str]:
    """A word that is usual in such a file, a number, or anything."""
    number = st.one_of(st.integers(-3, 40), st.sampled_from(NUMBERS), st.integers(), st.floats()).map(str)
    strange = st.sampled_from(["", " ", "nan", "inf", "-1", "1e999", "٣", "0x10", "1_000", "9" * 5000, '"', "\0", "#"])
    return st.one_of(number, number, strange, st.text(max_size=6), *([st.sampled_from(usual)] * 2 if usual else []))


def lines(cells: st.SearchStrategy[str], separators: list[str], width: tuple[int, int]) -> st.SearchStrategy[str]:
    """Lines of cells."""
    line = st.tuples(st.lists(cells, min_size=width[0], max_size=width[1]), st.sampled_from(separators)).map(
        lambda drawn: drawn[1].join(drawn[0]))
    return st.tuples(st.lists(line, max_size=8), st.sampled_from(["\n", "\r\n", "\r"])).map(
        lambda drawn: drawn[1].join(drawn[0]))


def lineages() -> st.SearchStrategy[bytes]:
    """Lineage tables: four numbers a line, more or less."""
    sound = st.lists(st.tuples(st.integers(1, 9), st.integers(0, 5), st.integers(4, 9), st.integers(0, 9)), max_size=9)
    almost = sound.map(lambda rows: "\n".join(" ".join(map(str, row)) for row in rows))
    return in_some_encoding(st.one_of(almost, lines(words(), [" ", " ", "\t", ",", ";"], (3, 5))))


def points() -> st.SearchStrategy[bytes]:
    """CSV files of points, with plain headers and with napari's."""
    headers = st.sampled_from(["t,y,x", "t,y,x,kind", "t,y,x,kind,radius", "index,axis-0,axis-1,axis-2", "t;y;x", "x,y",
                               "t,t,y,x", '"t","y","x"', "# t,y,x", ""])
    body = lines(words("division", "death", "1.5"), [",", ",", ",", ";", "\t"], (2, 6))
    return in_some_encoding(st.tuples(headers, body).map("\n".join))


def yaml_values() -> st.SearchStrategy[str]:
    """Values of YAML, the strange ones as well."""
    bomb = "[&a [x, x, x, x, x, x, x, x], &b [*a, *a, *a, *a, *a, *a, *a, *a], &c [*b, *b, *b, *b, *b, *b, *b, *b], " \
           "&d [*c, *c, *c, *c, *c, *c, *c, *c], &e [*d, *d, *d, *d, *d, *d, *d, *d], [*e, *e, *e, *e, *e, *e, *e, *e]]"
    strange = ["[" * 2000, "[" * 300 + "]" * 300, "{" * 300, "&a [*a]", "&a {b: *a}", bomb, "!!int abc", "!!float x",
               "!!timestamp 2001-99-99", "!!timestamp x", "!!binary ===", "!!set {a, b}", "!!omap [a: 1]", "!!python/name:os",
               "!!bool 3", "!!null 3", "!!pairs [a]", "? [a]", "{[a]: b}", "{{a: b}: c}", "*b", "|\n  text", ">", "%", "@",
               "a: b: c", "<<: *a", "{<<: 3}", "~nobody/x.tif", "x" * 5000, "a/" * 3000, '"\\0"', '"\\ud800"', "1" * 5000]
    return st.one_of(words("frames.tif", "labels.tif", "true", "[1, 2]", "{a: 1}"), st.sampled_from(strange),
                     st.recursive(words(), lambda part: st.lists(part, max_size=3).map(lambda p: f"[{', '.join(p)}]")))


def profiles() -> st.SearchStrategy[bytes]:
    """Profiles: flat YAML."""
    keys = words("extends", "movie", "tap_pairs", "seeds", "mine", "<<")
    values = st.one_of(yaml_values(), st.just("mine"))
    return in_some_encoding(st.lists(st.tuples(keys, values).map(": ".join), max_size=5).map("\n".join))


def movies() -> st.SearchStrategy[bytes]:
    """Descriptions of a movie."""
    keys = words("frames", "frames", "labels", "sequence", "held_out", "um_per_pixel", "minutes_per_frame", "single_child",
                 "  frames", "  labels", "channel", "pattern", "gaps")
    first = st.sampled_from(["frames: .\n", "frames: movie.yaml\n", "", "frames: frames.tif\n"])
    rest = st.lists(st.tuples(keys, yaml_values()).map(": ".join), max_size=5).map("\n".join)
    return in_some_encoding(st.tuples(first, rest).map("".join))
