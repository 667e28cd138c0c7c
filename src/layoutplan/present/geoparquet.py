"""The layers of a plan as GeoParquet, each with what it was made from."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from layoutplan.present.geopackage import layers_of
from layoutplan.present.packing import put_file
from layoutplan.present.provenance import stamp_of

if TYPE_CHECKING:
    from layoutplan.plan.planning import PlanResult


def write_geoparquet(result: PlanResult, out: Path) -> list[Path]:
    """Write every layer of a plan as ``<layer>.parquet`` into a folder.

    Parameters
    ----------
    result : PlanResult
        A plan.
    out : Path
        Folder; made if missing.

    Returns
    -------
    list of Path
        In the order of the layers; geometries are WKB in the county's CRS (GeoParquet 1.0), the provenance stands in
        the file's metadata under ``layoutplan``. The same plan gives the same bytes.
    """
    import pyarrow.parquet as pq

    stamp, written = stamp_of(result), []
    for name, frame in layers_of(result).items():
        plain, marked = io.BytesIO(), io.BytesIO()
        frame.to_parquet(plain, index=False, schema_version="1.0.0", compression="zstd")
        table = pq.read_table(plain)
        metadata = {**(table.schema.metadata or {}), b"layoutplan": stamp.encode("ascii")}
        pq.write_table(table.replace_schema_metadata(metadata), marked, compression="zstd")
        written.append(put_file(out / f"{name}.parquet", marked.getvalue()))
    return written
