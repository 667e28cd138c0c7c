"""Office files whose bytes depend on their content only, and files put in place whole."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

from layoutplan.files import write_whole

NO_DATE = "1980-01-01"
_CORE = "docProps/core.xml"
_CORE_XML = """<?xml version='1.0' encoding='UTF-8' standalone='yes'?>
<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" \
xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" \
xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\
<dc:title>{title}</dc:title><dc:creator>layoutplan</dc:creator><dc:description>{stamp}</dc:description>\
<cp:lastModifiedBy>layoutplan</cp:lastModifiedBy>\
<dcterms:created xsi:type="dcterms:W3CDTF">{date}T00:00:00Z</dcterms:created>\
<dcterms:modified xsi:type="dcterms:W3CDTF">{date}T00:00:00Z</dcterms:modified></cp:coreProperties>"""


def settle_office(content: bytes, *, date: str, title: str, stamp: str) -> bytes:
    """Return an Office file (.docx, .xlsx) without a trace of when it was written.

    Parameters
    ----------
    content : bytes
        The file as a library wrote it.
    date : str
        ISO date of the data, which becomes the date of the document; empty where it is unknown.
    title : str
        Title in the document's properties.
    stamp : str
        What the document was made from (:func:`~layoutplan.present.provenance.stamp_of`), kept as its description.

    Returns
    -------
    bytes
        The same parts in the order of their names, the content types first as readers expect.
    """
    day = max(date or NO_DATE, NO_DATE)
    year, month, of_month = (int(part) for part in day.split("-"))
    core = _CORE_XML.format(title=escape(title), stamp=escape(stamp), date=day)
    settled = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(settled, "w", zipfile.ZIP_DEFLATED) as after:
        for name in sorted(before.namelist(), key=lambda part: (part != "[Content_Types].xml", part)):
            info = zipfile.ZipInfo(name, (year, month, of_month, 0, 0, 0))
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 3, 0o644 << 16
            after.writestr(info, core.encode() if name == _CORE else before.read(name))
    return settled.getvalue()


def pack_folder(folder: Path) -> bytes:
    """Return the files of a folder as a ZIP archive; equal files give equal bytes."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            # The date of a ZIP's beginning, not of its making: the same plan gives the same bytes.
            archive.writestr(zipfile.ZipInfo(path.relative_to(folder).as_posix()), path.read_bytes())
    return held.getvalue()


def pack_png(pixels: npt.NDArray[np.uint8], *, dpi: int, texts: Mapping[str, str], level: int) -> bytes:
    r"""Return a picture as PNG, its rows unfiltered.

    Filters help with photographs. Sheets are flat colours and fine lines: without filters they take half the time of
    an image library, which offers no choice, and fewer bytes.

    Parameters
    ----------
    pixels : ndarray
        Red, green and blue, [row, column, 3].
    dpi : int
        Dots an inch.
    texts : mapping
        Keyword to text, kept uncompressed.
    level : int
        Of compression, 1 to 9.

    Examples
    --------
    >>> pack_png(np.zeros((1, 2, 3), np.uint8), dpi=300, texts={"Software": "x"}, level=6)[:4]
    b'\x89PNG'
    """
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), dtype=np.uint8)
    rows[:, 1:] = pixels.reshape(height, 3 * width)
    per_metre = round(dpi / 0.0254)
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        *((b"tEXt", f"{key}\0{text}".encode("latin-1")) for key, text in texts.items()),
        (b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1)),
        (b"IDAT", zlib.compress(rows.tobytes(), level)), (b"IEND", b""),
    ]  # fmt: skip
    framed = (
        struct.pack(">I", len(part)) + kind + part + struct.pack(">I", zlib.crc32(part, zlib.crc32(kind)))
        for kind, part in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(framed)


def put_file(path: Path, content: bytes) -> Path:
    """Write a file under a temporary name and put it in place; a broken write leaves the old file whole.

    Parameters
    ----------
    path : Path
        Where it goes; its folder is made if missing.
    content : bytes
        All of it.

    Returns
    -------
    Path
        The same path.

    Raises
    ------
    OutputError
        Names the file that could not be written and how many bytes were.
    """
    with write_whole(path) as draft:
        draft.write_bytes(content)
    return path
