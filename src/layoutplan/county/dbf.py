"""Read the attribute table of a shapefile as text, in the encoding its bytes are really in.

The side file that names the encoding is often missing or wrong, and names cut in the middle of
a Chinese character stop the usual reader, so the few bytes of the format are read here.
"""

from __future__ import annotations

import codecs
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.errors import DataError, Problem

ENCODINGS = ("utf-8", "gb18030")
_FIELD_BYTES = 32
_FLAGS = {"T": "true", "Y": "true", "t": "true", "y": "true", "F": "false", "N": "false", "f": "false", "n": "false"}


def read_dbf(path: Path, *, layer: str) -> pd.DataFrame:
    """Return every record that is not marked deleted, all columns as text.

    Parameters
    ----------
    path : Path
        The ``.dbf`` beside the ``.shp``.
    layer : str
        Layer, for the message.

    Raises
    ------
    DataError
        The table is cut off, or its text is neither UTF-8 nor GB18030.
    """
    content = path.read_bytes()
    if len(content) < _FIELD_BYTES:
        raise _broken(path, layer)
    count = int.from_bytes(content[4:8], "little")
    start, width = int.from_bytes(content[8:10], "little"), int.from_bytes(content[10:12], "little")
    heads = [content[at : at + _FIELD_BYTES] for at in range(32, start - _FIELD_BYTES + 1, _FIELD_BYTES)]
    heads = [head for head in heads if len(head) == _FIELD_BYTES]
    heads = heads[: next((at for at, head in enumerate(heads) if head[:1] == b"\r"), len(heads))]
    if not heads or width != 1 + sum(head[16] for head in heads) or len(content) < start + count * width:
        raise _broken(path, layer)
    names = [head[:11].split(b"\0")[0] for head in heads]
    kinds = [chr(head[11]) for head in heads]
    form = np.dtype([("deleted", "S1"), *((f"f{at}", f"S{head[16]}") for at, head in enumerate(heads))])
    table = np.frombuffer(content, dtype=form, count=count, offset=start)
    table = table[table["deleted"] != b"*"]
    columns = [np.char.strip(table[f"f{at}"], b" \0") for at in range(len(names))]
    encoding = _encoding([names, *(column for column, kind in zip(columns, kinds, strict=True) if kind == "C")])
    if encoding is None:
        raise DataError([Problem("encoding_unknown", layer, field="file", values={"file": path.name})])
    frame = pd.DataFrame(
        {at: _text(column, kind, encoding) for at, (column, kind) in enumerate(zip(columns, kinds, strict=True))}
    )
    frame.columns = pd.Index([_decode(name, encoding, strict=False) for name in names])
    return frame


def _broken(path: Path, layer: str) -> DataError:
    values = {"file": path.name, "reason": "dbf"}
    return DataError([Problem("file_unreadable", layer, field="file", values=values)])


def _encoding(columns: list[list[bytes] | npt.NDArray[np.bytes_]]) -> str | None:
    """Return the first encoding that every text fits; a character cut off at the end of a field is let pass."""
    words = {bytes(word) for column in columns for word in column}
    for encoding in ENCODINGS:
        try:
            for word in words:
                _decode(word, encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return None


def _decode(word: bytes, encoding: str, *, strict: bool = True) -> str:
    return codecs.getincrementaldecoder(encoding)("strict" if strict else "ignore").decode(word, final=False)


def _text(column: npt.NDArray[np.bytes_], kind: str, encoding: str) -> pd.Series[str]:
    at, words = pd.factorize(column.astype(object))
    texts = np.array([_decode(word, encoding) for word in words], dtype=object)
    if kind == "L":
        texts = np.array([_FLAGS.get(text, "") for text in texts], dtype=object)
    if kind in "NF":
        texts = np.array([_plain(text) for text in texts], dtype=object)
    return pd.Series(texts[at] if len(texts) else [], dtype="object")


def _plain(number: str) -> str:
    """Return a number without the zeros that only fill its field, so that a code kept as number is a code again.

    A field full of asterisks is how the format writes no value.
    """
    if not number.strip("*"):
        return ""
    return number.rstrip("0").rstrip(".") if "." in number and "e" not in number.lower() else number
