"""Text files as people's programs write them: in UTF-8, or with a mark at their beginning that says otherwise."""

import codecs
from pathlib import Path

__all__ = ["read_text"]

LARGEST = 2**28  # bytes; a table of ten million tracks
MARKS = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32",  # before UTF-16, whose mark begins theirs
         codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16", codecs.BOM_UTF8: "utf-8-sig"}


def read_text(path) -> str:
    """Read a text file in UTF-8, or in the encoding that its byte order mark names.

    Parameters
    ----------
    path : str or pathlib.Path
        A table written by another program.

    Returns
    -------
    str
        Without the mark.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no text, or larger than 256 MiB.
    """
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}: check the path.")
    if path.stat().st_size > LARGEST:
        raise ValueError(f"{path} has {path.stat().st_size >> 20} MiB, too much for a table: check which file it is.")
    content = path.read_bytes()
    encoding = next((name for mark, name in MARKS.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise ValueError(f"{path} is not text in UTF-8 or UTF-16: save the table as plain text in UTF-8.")
    return text
