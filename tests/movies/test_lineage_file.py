"""The lineage table, as trackers and spreadsheets write it."""

import pytest

from tapnb.movies.lineage_file import read_lineage

TABLE = "1 0 1 0\n2 2 4 1\n3 2 3 1\n4 0 4 0\n"
ROWS = [[1, 0, 1, 0], [2, 2, 4, 1], [3, 2, 3, 1], [4, 0, 4, 0]]


@pytest.fixture
def table(tmp_path):
    """Write a lineage table, as text or bytes, and return its path."""

    def write(content):
        path = tmp_path / "man_track.txt"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


def test_small_lineage(table):
    lineage = read_lineage(table(TABLE))
    assert lineage.columns.tolist() == ["label", "first", "last", "parent"]
    assert lineage.to_numpy().tolist() == [[1, 0, 1, 0], [2, 2, 4, 1], [3, 2, 3, 1], [4, 0, 4, 0]]


@pytest.mark.parametrize("content", [
    b"\xef\xbb\xbf" + TABLE.encode(),
    TABLE.encode("utf-16"),
    b"\xfe\xff" + TABLE.replace("\n", "\r\n").encode("utf-16-be"),
    TABLE.replace(" ", ","),
    TABLE.replace(" ", ", "),
    TABLE.replace(" ", ";"),
    TABLE.replace(" ", "\t"),
    TABLE.replace(" ", "  ").replace("\n", " \n\n"),
    TABLE.replace("1 0 1 0", "1 0 1 -1"),
    TABLE.replace(" 0\n", " -1\n"),
    "1 0 1 1\n2 2 4 1\n3 2 3 1\n4 0 4 4\n",  # nobody has 0: they say "none" with their own label
    TABLE.replace(" ", ".0 ").replace("\n", ".0\n"),
    "label begin end parent\n" + TABLE,
    "L B E P\n" + TABLE,
    "# made by hand\n" + TABLE.replace("0\n", "0  # no parent\n"),
    "Track ID,Parent,Start,End,Note\n1,0,0,1,a\n2,1,2,4,b\n3,1,2,3,c\n4,0,0,4,d\n",
])
def test_what_other_programs_write_is_read(table, content):
    assert read_lineage(table(content)).to_numpy().tolist() == ROWS


@pytest.mark.parametrize("text, words", [
    ("", "is empty"),
    ("1 0 1\n", "line 1 is '1 0 1': expected four whole numbers"),
    ("1 0 1 0\n2 0 x 0\n", "line 2"),
    ("1 0 1.5 0\n", "four whole numbers"),
    ("1 0 -1 0\n", "line 1 is '1 0 -1 0', whose last is negative: frames count from 0"),
    ("1 0 1 0\n2 -5 1 0\n", "line 2 is '2 -5 1 0', whose first is negative"),
    ("-3 0 1 0\n", "whose label is negative"),
    ("1 0 1 -2\n", "whose parent is negative: .* 0 or -1"),
    ("1 0 1 \n", "four whole numbers"),
    ("1,0,1,\n", "four whole numbers"),
    ("1 0 1 0 0\n", "four whole numbers"),
    ("1" * 30 + " 0 1 0\n", "four whole numbers"),
    ("1 0 1 1\n2 0 1 0\n", "track 1 is its own parent: write 0"),
    ("label begin end\n1 0 1\n", "header 'label begin end', which does not say what is parent"),
    ("x y z w\n1 0 1 0\n", "which does not say what is label: name the columns label, first, last and parent"),
    ("label,first,last,parent\n1,0,1\n", "line 2 is '1,0,1': expected four"),
    ("1 0 1 0\nlabel begin end parent\n", "line 2"),
    (b"\x89PNG\0\0", "is not text in UTF-8 or UTF-16"),
    (TABLE.encode("utf-16-le"), "is not text in UTF-8 or UTF-16"),
    (b"1 0 1 0 \xff\n", "is not text"),
    ("0 0 1 0\n", "label 0 cannot name a track, 0 is the background"),
    ("1 0 1 0\n1 2 3 0\n", "label 1 cannot name a track, it is used twice"),
    ("1 3 1 0\n", "track 1 ends in frame 1, before its first frame 3"),
    ("1 0 1 9\n", "parent 9, which is not in the table"),
    ("1 0 2 0\n2 2 3 1\n", "a mother ends before her daughters begin"),
])
def test_refused_lineages(table, text, words):
    path = table(text)
    with pytest.raises(ValueError, match=words) as error:
        read_lineage(path)
    assert str(path) in str(error.value)


def test_missing_lineage(tmp_path):
    with pytest.raises(FileNotFoundError, match="no lineage table"):
        read_lineage(tmp_path / "man_track.txt")
