"""Texts under ``tests/golden/plans``: compared, or written anew by ``LAYOUTPLAN_GOLDEN=write``."""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden" / "plans"


def hold(name: str, lines: list[str]) -> None:
    """Compare lines with those of a golden file, or write them."""
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("LAYOUTPLAN_GOLDEN") == "write":
        path.write_text("\n".join(lines) + "\n", "utf-8")
    wanted = path.read_text("utf-8").splitlines()
    differing = [f"{line}\n  was {old}" for line, old in zip(lines, wanted, strict=False) if line != old]
    assert lines == wanted, "\n".join(differing[:20])
