"""What breaks the norms: findings as data, each with its clause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

RULES = (
    "class_over_norm", "class_large", "class_extra_large", "school_over_size", "school_vacant",
    "shell_candidate", "place_over_limit", "place_unreached", "seat_gap",
)  # fmt: skip
SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True, eq=False)
class Findings:
    """Everything that breaks a norm or should be looked at.

    Parameters
    ----------
    frame : DataFrame
        ``rule, subject_kind, subject, year`` (sorted; ``subject_kind`` is ``class``, ``school``,
        ``place`` or ``township``; a class is ``school_id/grade/class_no``, a township's seats
        ``township_id/stage``), ``school_id``, ``place_id``, ``township_id`` (where it is, may be missing),
        ``measured``, ``limit``, ``unit``, ``clause``, ``verified``, ``severity``, ``text_zh``, ``text_en``.
    """

    frame: pd.DataFrame
