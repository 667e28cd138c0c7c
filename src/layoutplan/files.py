"""Files are written whole or not at all: under a temporary name beside the target, synced, then renamed."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from layoutplan.errors import OutputError, Problem

_CODES = {errno.ENOSPC: "disk_full", errno.EROFS: "not_writable", errno.EACCES: "in_use", errno.EPERM: "in_use"}

# Less room than this is none: a writer asks for whole blocks.
_LITTLE_BYTES = 16_384


@contextmanager
def write_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path to write to; it takes the place of ``path`` only when all is written and synced.

    Parameters
    ----------
    path : Path
        Target; its folder is made if missing. A file already there stays whole until it is replaced, and
        stays for good if the writing fails.

    Yields
    ------
    Path
        Beside the target, with the same ending, for writers that go by it.

    Raises
    ------
    OutputError
        The disk is full (with the bytes written so far), cannot be written, or the file is held by another program.

    Examples
    --------
    >>> import tempfile
    >>> target = Path(tempfile.mkdtemp()) / "note.txt"
    >>> with write_whole(target) as draft:
    ...     _ = draft.write_text("whole", "utf-8")
    >>> target.read_text("utf-8"), [file.name for file in target.parent.iterdir()]
    ('whole', ['note.txt'])
    """
    draft = path.with_name(f".{path.stem}.{os.getpid()}-{threading.get_ident()}.tmp{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield draft
        _sync(draft)
        draft.replace(path)
        _sync(path.parent)
    except OutputError:
        raise
    except Exception as fault:
        # GDAL and Arrow say "disk full" in errors of their own.
        code = _CODES.get(getattr(fault, "errno", None) or 0) or ("disk_full" if _is_full(path.parent) else None)
        if code is None:
            raise
        values = {"path": path, "bytes": _size(draft), "free": _free_bytes(path.parent)}
        raise OutputError([Problem(code, path.name, values=values)]) from fault
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < _LITTLE_BYTES
    except OSError:
        return False


def _free_bytes(folder: Path) -> int | str:
    """Return how much room the disk would have had without what was written so far."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return "?"


def _size(draft: Path) -> int:
    try:
        return draft.stat().st_size
    except OSError:
        return 0


def _sync(path: Path) -> None:
    """Have the system put a file, or a folder's list of names, onto the disk."""
    if os.name == "nt" and path.is_dir():
        return  # Windows opens no folders.
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_scratch() -> sqlite3.Connection:
    """Return an empty database without a name, for what would fill the memory; the system takes it away at the end."""
    base = sqlite3.connect("")
    base.execute("PRAGMA journal_mode = OFF")
    return base
