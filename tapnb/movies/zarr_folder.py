"""Folders of Zarr: their metadata, and where in a plate, a well or a folder of images the images are."""

import json
from pathlib import Path

__all__ = ["attributes", "first_image", "is_zarr", "json_of", "one_image"]


def is_zarr(path: Path) -> bool:
    """Whether a folder is a Zarr image, version 2 or 3."""
    return any((path / name).is_file() for name in (".zattrs", ".zgroup", "zarr.json", ".zarray"))


def one_image(path: Path, position: int | None) -> Path:
    """Return the folder of an image, in a folder of images 0, 1, ... as bioformats2raw writes it; else the folder itself.

    Raises
    ------
    ValueError
        If there are several and none is chosen, or there is none of that number.
    """
    images = _numbered(path)
    if not images:
        return path
    if len(images) == 1:
        return next(iter(images.values()))
    listed = ", ".join(map(str, list(images)[:20])) + (", ..." if len(images) > 20 else "")
    if position is None:
        raise ValueError(f"{path} holds {len(images)} images: choose one with `position`, of {listed}.")
    if position not in images:
        raise ValueError(f"{path} has no position {position}: it has {listed}.")
    return images[position]


def first_image(path: Path) -> Path | None:
    """Return the first image that is there in a plate or a well, or in a folder of such folders; None if there is none."""
    about = _about(path)
    named = [child for key, group in (("plate", "wells"), ("well", "images")) for child in _named(about.get(key), group)]
    if not named:
        named = sorted(child.name for child in path.iterdir() if child.is_dir() and child.name != "OME")
    for name in named:
        child = path / name
        # A well is two folders down; a folder on the way need not be one of Zarr's.
        if not Path(name).is_absolute() and ".." not in Path(name).parts and child.is_dir():
            image = child if _about(child).get("multiscales") else first_image(child) if is_zarr(child) else None
            if image is not None:
                return image
    return None


def _named(listed, group: str) -> list[str]:
    """Return the paths that metadata of a plate or a well name."""
    children = listed.get(group) if isinstance(listed, dict) else None
    paths = [child.get("path") for child in children if isinstance(child, dict)] if isinstance(children, list) else []
    return [name for name in paths if isinstance(name, str) and name]


def _numbered(path: Path) -> dict[int, Path]:
    """Return the images 0, 1, ... that lie in a folder that is no image, plate or well itself."""
    about = _about(path)
    if {"multiscales", "plate", "well"} & set(about) or (path / ".zarray").is_file():
        return {}
    folders = {int(child.name): child for child in path.iterdir() if child.name.isdecimal() and is_zarr(child)}
    told = "bioformats2raw.layout" in about  # else folders 0, 1, ... may be the arrays of an image whose metadata are lost
    return {number: folders[number] for number in sorted(folders) if told or _about(folders[number]).get("multiscales")}


def _about(path: Path) -> dict:
    """Return the metadata of a group, those of OME in version 0.5 as well; empty if they cannot be read."""
    try:
        about = attributes(path)
        about = about.get("ome", about) if isinstance(about, dict) else {}
        return about if isinstance(about, dict) else {}
    except ValueError:
        return {}


def attributes(path: Path):
    """Return the metadata of a Zarr group or array, version 2 or 3."""
    if (path / ".zattrs").is_file():
        return json_of(path / ".zattrs")
    about = json_of(path / "zarr.json") if (path / "zarr.json").is_file() else {}
    return about.get("attributes", {}) if isinstance(about, dict) else about


def json_of(file: Path):
    """Return what a file of metadata holds."""
    try:
        return json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError):
        raise ValueError(f"{file} is no readable JSON: copy the folder again.") from None
