"""Golden files: compared, or kept anew where ``LAYOUTPLAN_NEW_GOLDEN=1`` says so."""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parent / "golden" / "plans"


def keeps_anew() -> bool:
    """Return whether what comes out now is kept, for its difference to be read before it is committed."""
    return os.environ.get("LAYOUTPLAN_NEW_GOLDEN") == "1"


def hold(name: str, lines: list[str]) -> None:
    """Compare lines with those of a golden text of plans, or write them."""
    path = GOLDEN / f"{name}.txt"
    if keeps_anew():
        path.write_text("\n".join(lines) + "\n", "utf-8")
    wanted = path.read_text("utf-8").splitlines()
    differing = [f"{line}\n  was {old}" for line, old in zip(lines, wanted, strict=False) if line != old]
    assert lines == wanted, "\n".join(differing[:20])
