"""Read a county in a process of its own, with little memory and little time.

A file may be made to crash the library that reads it, to fill the memory or to keep it busy for hours.
Where many people share one program, as in the app, that must cost only the reader. The child sets its own
limits, reads and checks the county as :func:`layoutplan.county.layers.read_county` does, and leaves plain
tables in a folder that is gone afterwards; nothing it wrote is run.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from layoutplan.county.layers import County, read_county
from layoutplan.errors import DataError, InputError, Problem

_FAULT, _NO_ROOM = 2, 3
# A wall clock runs on while others have the processor, so it is given more.
_PATIENCE = 3
_MAX_WRITTEN_BYTES = 1_000_000_000


@dataclass(frozen=True)
class Limits:
    """What the reader may take.

    Parameters
    ----------
    memory_bytes : int
        Data it may hold; kept by the system on Linux and macOS, not on Windows.
    seconds : int
        Of the processor on Linux and macOS; three times as long by the clock everywhere.
    """

    memory_bytes: int = 1_500_000_000
    seconds: int = 20


def read_apart(path: Path | str, *, limits: Limits | None = None) -> County:
    """Read a county as ``read_county`` does, in a child process under limits.

    Parameters
    ----------
    path : path
        ``county.toml`` or the folder that holds it.
    limits : Limits, optional
        1.5 GB and 20 seconds if absent.

    Returns
    -------
    County
        The same value, to the last cell and type; rasters by their full paths.

    Raises
    ------
    DataError
        With every problem of every layer, or ``reader_slow``, ``reader_big``, ``reader_died``.
    """
    county, kept = Path(path).resolve(), limits or Limits()
    with tempfile.TemporaryDirectory(prefix="layoutplan-") as name:
        folder = Path(name)
        command = [sys.executable, "-P", "-m", __name__, str(county), name, json.dumps(asdict(kept))]
        # The system's own allocator, for the limit counts what Arrow's sets aside in advance.
        quiet = os.environ | {"ARROW_DEFAULT_MEMORY_POOL": "system", "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                command, cwd=folder, env=quiet, stdin=subprocess.DEVNULL, capture_output=True,
                timeout=kept.seconds * _PATIENCE, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as late:
            raise _stopped("reader_slow", county, kept, "") from late
        if done.returncode == _FAULT:
            raise DataError(_problems(folder / "problems.json"))
        if done.returncode:
            raise _why(done, county, kept)
        return _collect(folder)


def _why(done: subprocess.CompletedProcess[bytes], county: Path, limits: Limits) -> DataError:
    slow = getattr(signal, "SIGXCPU", None)
    if slow is not None and done.returncode == -slow:
        return _stopped("reader_slow", county, limits, "")
    if done.returncode == _NO_ROOM:
        return _stopped("reader_big", county, limits, "")
    last = done.stderr.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
    return _stopped("reader_died", county, limits, last[:200] or str(done.returncode))


def _stopped(code: str, county: Path, limits: Limits, reason: str) -> DataError:
    values = {"reason": reason, "seconds": limits.seconds, "memory": f"{limits.memory_bytes / 1e9:.1f}"}
    return DataError([Problem(code, county.name, values=values)])


# ---- what crosses from the child to its parent -------------------------------------------------
def _leave(county: County, folder: Path) -> None:
    """Write a county as one GeoParquet file a table and one JSON file for the rest."""
    rest: dict[str, Any] = {}
    for one in fields(county):
        value = getattr(county, one.name)
        if isinstance(value, pd.DataFrame):
            value.to_parquet(folder / f"{one.name}.parquet")
        else:
            rest[one.name] = value
    rest["as_of"] = dict(county.as_of)
    rest["rasters"] = {name: str(path) for name, path in county.rasters.items()}
    rest["warnings"] = [asdict(problem) for problem in county.warnings]
    (folder / "county.json").write_text(json.dumps(rest, default=str), "utf-8")


def _collect(folder: Path) -> County:
    rest = json.loads((folder / "county.json").read_text("utf-8"))
    rest["rasters"] = {name: Path(path) for name, path in rest["rasters"].items()}
    rest["warnings"] = tuple(Problem(**row) for row in rest["warnings"])
    frames: dict[str, Any] = {path.stem: _table(path) for path in folder.glob("*.parquet")}
    return County(**rest, **frames)


def _table(path: Path) -> pd.DataFrame:
    kind = {one.name: str(one.type) for one in fields(County)}[path.stem]
    frame: pd.DataFrame = gpd.read_parquet(path) if kind.endswith("GeoDataFrame") else pd.read_parquet(path)
    return frame


def _problems(path: Path) -> list[Problem]:
    return [Problem(**row) for row in json.loads(path.read_text("utf-8"))]


# ---- the child ---------------------------------------------------------------------------------
def _limit(limits: Limits) -> None:
    """Have the system stop this process where it takes more than its limits."""
    try:
        import resource
    except ImportError:  # Windows, where the parent's clock remains
        return
    wanted = {
        resource.RLIMIT_DATA: limits.memory_bytes,
        resource.RLIMIT_CPU: limits.seconds,
        resource.RLIMIT_FSIZE: _MAX_WRITTEN_BYTES,
        resource.RLIMIT_CORE: 0,
    }
    for kind, most in wanted.items():
        # At the hard limit of time the system kills without saying why, so that one lies a little behind.
        resource.setrlimit(kind, (most, most + 1))


def main(county: str, folder: str, limits: str) -> int:
    """Read a county under limits and leave it in a folder; return the exit code."""
    _limit(Limits(**json.loads(limits)))
    try:
        _leave(read_county(county), Path(folder))
    except InputError as fault:
        rows = [asdict(problem) for problem in fault.problems]
        (Path(folder) / "problems.json").write_text(json.dumps(rows, default=str), "utf-8")
        return _FAULT
    except MemoryError:
        return _NO_ROOM
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
