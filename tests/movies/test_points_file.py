"""Tables of event points, as napari, spreadsheets and people write them."""

import pytest

from tapnb.movies.hela20 import hela20_points
from tapnb.movies.points_file import events_of_points, read_points


@pytest.fixture
def table(tmp_path):
    def write(content):
        path = tmp_path / "points.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize("content", [
    "# my clicks\nt,y,x\n0,1.5,2\n3,4,5\n",
    "T, Y, X\n0, 1.5, 2\n\n3, 4, 5\n",
    "x;t;y\n2;0;1.5\n5;3;4\n",
    "t\ty\tx\n0\t1.5\t2\n3\t4\t5\n",
    " t y  x note\n 0 1.5   2 a \n3 4 5 'b'\n",
    b"\xef\xbb\xbft,y,x\n0,1.5,2\n3,4,5\n",
    "t,y,x\n0,1.5,2\n3,4,5\n".encode("utf-16"),
    "t,y,x\r\n0,1.5,2,\r\n3.0,4,5e0,\r\n",
    "index,axis-0,axis-1,axis-2\n0.0,0.0,1.5,2.0\n1.0,3.0,4.0,5.0\n",
    '"index","axis-0","axis-1","axis-2","note"\n0,0,1.5,2,a\n1,3,4,5,"b, c"\n',
])
def test_points_are_read_whoever_wrote_them(table, content):
    assert read_points(table(content))[["t", "y", "x"]].to_numpy().tolist() == [[0, 1.5, 2], [3, 4, 5]]


def test_kinds_are_words_or_the_values_of_masks(table):
    text = "index,axis-0,axis-1,axis-2,kind\n0,0,1,1,{}\n1,0,5,5,{}\n"
    for kinds in (("division", "death"), ("Division", "DEATH"), ("1", "2"), ("1.0", "2.0"), ("mitosis", "Apoptotic"),
                  ("dividing cell", "cell_death")):
        assert read_points(table(text.format(*kinds)))["kind"].tolist() == ["division", "death"]


@pytest.mark.parametrize(("header", "cells"), [
    ("label", ("division", "death")), ("Type", ("mitosis", "apoptosis")), ("class", ("1", "2")), ("label", ("1", "2.0")),
    ("event", ("division", "dying")), ("category", ("Division", "Dead")), ("name", ("division 1", "Apoptosis of b")),
    ("Event Type", ("division", "death")), ("annotation", ("dividing", "dying")), ("label,kind", ("1,division", "2,death"))])
def test_kinds_are_understood_whatever_their_column_is_called(table, header, cells):
    points = read_points(table(f"index,axis-0,axis-1,axis-2,{header}\n0,0,1,1,{cells[0]}\n1,0,5,5,{cells[1]}\n"))
    assert points["kind"].tolist() == ["division", "death"] and "event" not in points


@pytest.mark.parametrize(("header", "cells"), [
    ("label", ("1", "7")), ("label", ("a.tif:0003", "a.tif:0004")), ("name", ("1", "2")), ("event", ("1", "2")),
    ("note", ("here", "")), ("comment", ("clear division", "deadline")), ("event", ("e1", "e2")), ("score", ("0.5", "2"))])
def test_other_columns_tell_no_kinds(table, header, cells):
    points = read_points(table(f"t,y,x,{header}\n0,1,1,{cells[0]}\n0,5,5,{cells[1]}\n"))
    assert "kind" not in points and header in points


def test_a_comment_may_speak_of_deaths_where_a_column_tells_kinds(table):
    points = read_points(table("t,y,x,kind,comment\n0,1,1,division,near a dead cell\n0,5,5,death,\n"))
    assert points["kind"].tolist() == ["division", "death"]


@pytest.mark.parametrize(("content", "says"), [
    ("", "is empty: event points need the columns t, y and x, or napari's axis-0"),
    ("t,y,x\n", "holds no point"),
    ("t,y\n0,1\n", "has no column 'x'"),
    ("0,1.5,2\n3,4,5\n", "has no column 't'"),
    ("Slice,y,x\n1,1,2\n", "a column 'Slice', which Fiji counts from 1, and no column 't': write one, less 1"),
    ("FRAME,y,x\n0,1,2\n", "a column 'FRAME', which may count from 0 .*TrackMate.* rename it t if it counts from 0"),
    ("y,x,Frame\n1,2,0\n", "a column 'Frame', which may count from 0 .* or from 1 .Fiji"),
    ("t y x comment\n0 1 2 a cell\n", "the line '0 1 2 a cell' has 5 cells, but the header has 4"),
    ("t,y,x,T\n0,1,2,0\n", "has the column 't' twice"),
    ("t,y,x,a,a\n0,1,2,0,0\n", "two columns of one name"),
    ("t,y,x\n0,here,2\n", "'here' in column y is not a number"),
    ("t,y,x\n0,1,inf\n", "'inf' in column x is not a number"),
    ("t,y,x\n0,,2\n", "'' in column y is not a number"),
    ("t,y,x\n1.5,1,2\n", "'1.5' in column t is not the number of a frame"),
    ("t,y,x\n0,1\n", "line '0,1' has 2 cells, but the header has 3"),
    ("t,y,x\n0,1,5,2,0\n", "has 5 cells, but the header has 3: .* write decimals with a point"),
    ("t;y;x\n0;1,5;2\n", "'1,5' in column y is not a number"),
    ("t,y,x,kind\n0,1,2,interphase\n", "line 2: 'interphase' in column kind is neither 'division' nor 'death'"),
    ("t,y,x,kind\n0,1,2,death\n\n0,1,2,\n", "line 4: a blank in column kind"),
    ("t,y,x,label\n0,1,2,death\n0,1,2,\n", "line 3: a blank in column label"),
    ("t,y,x,note\n0,1,2,apoptosis\n0,1,2,odd\n", "line 3: 'odd' in column note"),
    ("t,y,x,comment\n2,3,6,clear division\n3,6,5,apoptosis?\n", "line 3: 'apoptosis.' in column comment speaks of a death"),
    ("t;y;x;remarks\n2;3;6;not sure, apoptotic\n", "line 2: 'not sure, apoptotic' in column remarks .*add a column kind"),
    ("t,y,x,Type\n0,1,2,A\n", "line 2: 'A' in column Type .* or leave the column out"),
    ("t,y,x,class\n0,1,2,0\n0,1,2,1\n", "line 2: '0' in column class"),
    ("t,y,x,is_death\n0,1,2,0\n", "a column 'is_death', which may tell kinds: tell them in one column kind"),
    ("t,y,x,kind,type\n0,1,2,division,death\n", "line 2 is a division in column kind and a death in column type"),
    ("t,y,x,event\n0,1,2,anaphase\n", "line 2: 'anaphase' in column event is no number of an event"),
    ("t,y,x,event\n0,1,2,1\n0,1,2,\n", "line 3: a blank in column event"),
    ("t,y,x,event,kind\n0,1,2,1,death\n0,1,2,1.0,division\n", "line 3: event 1 is a division here and a death before"),
    ("t,y,x\n# a comment\n-5,1,2\n", "line 3: '-5' in column t is negative: frames count from 0"),
    ("t,y,x\n0,1,2\n5,-5,2\n", "line 3: '-5' in column y is negative: pixels count from 0"),
    ("index,axis-0,axis-1\n0,1,2\n", "has 2 axes: save a points layer with the three of the movie"),
    ("index,axis-0,axis-1,axis-2,axis-3\n0,1,2,3,4\n", "has 4 axes"),
    ("index,shape-type,vertex-index,axis-0,axis-1,axis-2\n0,polygon,0,1,2,3\n", "is a shapes layer of napari"),
    (b"\x89PNG\0\0", "is not text"),
    ("t,y,x\n" + "1" * 200_000 + ",1,1\n", "is not a readable table .*field larger"),
])
def test_what_is_no_table_of_points_is_refused_in_one_sentence(table, content, says):
    path = table(content)
    with pytest.raises(ValueError, match=says) as error:
        read_points(path)
    assert str(path) in str(error.value) and "\n" not in str(error.value)


def test_a_table_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no file .*points.csv"):
        read_points(tmp_path / "points.csv")


def test_points_of_one_number_are_one_event(table):
    points = read_points(table("event,t,y,x,kind\n7,1,10,10,division\n7,2,8,10,division\n7,2,14,12,division\n"
                               "9,0,30,30,death\n"))
    assert events_of_points(points).to_dict("records") == [
        {"t": 2, "y": 11, "x": 11, "kind": "division", "track": 7},
        {"t": 0, "y": 30, "x": 30, "kind": "death", "track": 9}]
    assert events_of_points(points.drop(columns="event")) is None


def test_the_divisions_of_hela20_are_such_events():
    points = hela20_points()
    daughters = points[points["role"] == "daughter"].groupby("event")[["t", "y", "x"]].mean()
    assert events_of_points(points)[["t", "y", "x"]].to_numpy() == pytest.approx(daughters.to_numpy())


def test_a_cell_of_thousands_of_digits_is_quoted_in_part(tmp_path):
    (tmp_path / "points.csv").write_text(f"t,y,x\n{'9' * 5000},1,1\n")
    with pytest.raises(ValueError, match="in column t is not the number of a frame") as refused:
        read_points(tmp_path / "points.csv")
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("header", ["X,Y,Slice", ",X,Y,slice"])
def test_fijis_table_of_results_counts_from_one(tmp_path, header):
    (tmp_path / "results.csv").write_text(f"{header}\n" + ",".join("1" for _ in header.split(",")) + "\n")
    with pytest.raises(ValueError, match="which Fiji counts from 1, and no column 't': write one, less 1"):
        read_points(tmp_path / "results.csv")


def test_a_place_that_is_both_kinds_is_refused(tmp_path):
    (tmp_path / "points.csv").write_text("t,y,x,kind\n3,47,47,division\n3,47.2,47,death\n")
    with pytest.raises(ValueError, match="points.csv, line 3: a point is a division and a death at once"):
        read_points(tmp_path / "points.csv")
