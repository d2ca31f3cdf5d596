"""Events marked as points or as ROIs, in files that do not say where or when."""

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from tapnb.workflow.bad_inputs.row import BadInput
from tapnb.workflow.bad_inputs.small_files import Maker, content, labelled

__all__ = ["ROWS"]

GROUP = "Points and ROIs"


def _points(text: str, radius: str = "5") -> Maker:
    return labelled(content("points.csv", text), radius)


def _archive(name: str, written: Callable[[], bytes]) -> Maker:
    """A description with the archive of Fiji's ROI Manager, which holds one file."""
    def make(folder: Path) -> Path:
        with zipfile.ZipFile(folder / "rois.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(name), written())
        return folder / "rois.zip"
    return labelled(make, "5")


def _roi(corners: list[list[float]], kind: str = "POINT", **values: int) -> Callable[[], bytes]:
    """A ROI of Fiji in frame 2 (from 1), unless values say otherwise."""
    def write() -> bytes:
        import roifile  # here: most who use this package never need it

        roi = roifile.ImagejRoi.frompoints(np.asarray(corners))
        roi.roitype, roi.name = roifile.ROI_TYPE[kind], "cell 1"
        for name, value in ({"t_position": 2, "z_position": 1, "c_position": 1} | values).items():
            setattr(roi, name, value)
        return roi.tobytes()
    return write


LINE = [[10, 10], [14, 10], [14, 13]]

ROWS = (
    BadInput(GROUP, "an empty table of points", _points(""), r"is empty: event points need the columns t, y and x",
             "points.csv"),
    BadInput(GROUP, "a header without a point", _points("t,y,x\n"), r"holds no point", "points.csv"),
    BadInput(GROUP, "points without their frame", _points("y,x\n8,8\n"), r"no column 't'", "points.csv"),
    BadInput(GROUP, "a word for a coordinate", _points("t,y,x\n1,left,8\n"), r"'left' in column y is not a number",
             "points.csv"),
    BadInput(GROUP, "half a frame", _points("t,y,x\n1.5,8,8\n"), r"'1\.5' in column t is not the number of a frame",
             "points.csv"),
    BadInput(GROUP, "decimals with a comma", _points("t,y,x\n1,8,5,9,5\n"),
             r"5 cells, but the header has 3: .*decimals with a point", "points.csv"),
    BadInput(GROUP, "events that are neither divisions nor deaths", _points("t,y,x,kind\n1,8,8,interphase\n"),
             r"line 2: 'interphase' in column kind is neither", "points.csv"),
    BadInput(GROUP, "a point without its kind, in a column of another name", _points("t,y,x,label\n1,8,8,apoptosis\n1,8,9,\n"),
             r"line 3: a blank in column label is neither", "points.csv"),
    BadInput(GROUP, "classes that nobody has explained", _points("t,y,x,class\n1,8,8,0\n"),
             r"'0' in column class is neither .*leave the column out", "points.csv"),
    BadInput(GROUP, "one event of two kinds", _points("t,y,x,event,kind\n1,8,8,1,division\n1,8,9,1,death\n"),
             r"event 1 is a death here and a division before", "points.csv"),
    BadInput(GROUP, "a negative frame", _points("t,y,x\n-5,8,8\n"), r"line 2: '-5' in column t is negative", "points.csv"),
    BadInput(GROUP, "a shapes layer of napari",
             _points("index,shape-type,vertex-index,axis-0,axis-1,axis-2\n0,ellipse,0,1,8,8\n"),
             r"shapes layer of napari: save a points layer", "points.csv"),
    BadInput(GROUP, "a points layer with two axes", _points("index,axis-0,axis-1\n0,8,8\n"),
             r"has 2 axes: save a points layer", "points.csv"),
    BadInput(GROUP, "a point outside the movie", _points("t,y,x\n1,8,99\n"), r"lies outside the movie .*count from 0",
             "points.csv"),
    BadInput(GROUP, "points without a radius", _points("t,y,x\n1,8,8\n", ""), r"holds points, but no radius: say",
             "points.csv"),
    BadInput(GROUP, "a radius larger than the frames", _points("t,y,x\n1,8,8\n", "40"),
             r"the radius is 40: .*at most half", "points.csv"),
    BadInput(GROUP, "half an archive of ROIs", labelled(content("rois.zip", b"PK nothing"), "5"),
             r"not a sound zip archive", "rois.zip"),
    BadInput(GROUP, "an archive of something else", _archive("letter.txt", lambda: b"Dear all"),
             r"no \.roi file: give the archive", "letter.txt"),
    BadInput(GROUP, "an archive that unpacks to far more than ROIs take", _archive("a.roi", lambda: bytes(2**23)),
             r"more than 4 MiB, too much for a ROI", "a.roi"),
    BadInput(GROUP, "a damaged ROI", _archive("a.roi", lambda: b"Iout" + bytes(10)), r"not a readable ROI", "a.roi"),
    BadInput(GROUP, "a ROI that is tied to no frame", _archive("a.roi", _roi([[8, 8]], t_position=0)),
             r"in no frame: in Fiji, choose More, Options", "'cell 1'"),
    BadInput(GROUP, "frames that Fiji takes for planes", _archive("a.roi", _roi([[8, 8]], t_position=1, z_position=4)),
             r"plane z = 4, but a movie has frames", "'cell 1'"),
    BadInput(GROUP, "a ROI in a group that says no kind", _archive("a.roi", _roi([[8, 8]], group=3)),
             r"group 3, which says neither division nor death", "'cell 1'"),
    BadInput(GROUP, "a line instead of an outline", _archive("a.roi", _roi(LINE, "POLYLINE")),
             r"of the kind polyline: mark a cell", "a.roi"),
    BadInput(GROUP, "an outline beyond the last frame", _archive("a.roi", _roi(LINE, "POLYGON", t_position=9)),
             r"covers no pixel of the movie", "'cell 1'"),
)
