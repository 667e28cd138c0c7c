"""Every format that is handed out, with what writes it, for the tests of full disks and kills."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from layoutplan.plan.scenario import save_scenario
from layoutplan.present.csvtables import write_table
from layoutplan.present.export import write_run
from layoutplan.present.figures import Printing, draw_figure
from layoutplan.present.geoparquet import write_geoparquet
from layoutplan.present.handin import write_export, write_public_copy, write_special
from layoutplan.present.maps import draw_map


def _figure(kind):
    return lambda result, out: draw_figure(result, out, sheet="demand", printing=Printing((kind,), "A4"))


WRITERS: dict[str, Callable[..., object]] = {
    ".csv": lambda result, out: write_table(result.enrolment.frame, out / "enrolment.csv"),
    ".json": write_run, ".xlsx": write_public_copy, ".docx": write_special, ".gpkg": write_export,
    ".html": lambda result, out: draw_map(result, out), ".parquet": write_geoparquet, ".png": _figure("png"),
    ".pdf": _figure("pdf"), ".svg": _figure("svg"),
    ".toml": lambda result, out: save_scenario(result.scenario, out / "plan.toml"),
}  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    """Return what stands in a folder under its final names."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files if ".tmp" not in path.name}
