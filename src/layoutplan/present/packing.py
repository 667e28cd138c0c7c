"""Office files whose bytes depend on their content only, and files put in place whole."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from xml.sax.saxutils import escape

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
