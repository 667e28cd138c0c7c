"""Hand a sensitivity in: one table of schools that flip, one figure of how many."""

from __future__ import annotations

import io
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from layoutplan.files import write_whole
from layoutplan.labels import LANGS, Lang, label
from layoutplan.plan.sensitivity import BEARING, GATE, MEASURES, Sensitivity
from layoutplan.present.csvtables import write_table
from layoutplan.present.fonts import FAMILY, use_fonts
from layoutplan.present.provenance import stamp_of
from layoutplan.present.symbols import INK

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DRAWING = threading.RLock()
_WIDTH_MM, _ROW_MM, _FRAME_MM, _DPI = 170.0, 5.2, 24.0, 200
_ENTERED, _LEFT = "#d55e00", "#0072b2"


def write_sensitivity(found: Sensitivity, out: Path) -> list[Path]:
    """Write a sensitivity into a folder.

    Parameters
    ----------
    found : Sensitivity
        What flips.
    out : Path
        Folder; made if missing.

    Returns
    -------
    list of Path
        ``sensitivity.csv`` (a row a school that flips), ``sensitivity_cases.csv`` (a row a thing moved),
        ``sensitivity_gate.csv`` (the shell candidates at the gate), ``sensitivity_zh.png``, ``sensitivity_en.png``.
    """
    tables = {"sensitivity": found.flips, "sensitivity_cases": found.cases, "sensitivity_gate": found.gate}
    paths = []
    for name, table in tables.items():
        paths.append(out / f"{name}.csv")
        write_table(table, paths[-1])
    for lang in LANGS:
        paths.append(out / f"sensitivity_{lang}.png")
        with write_whole(paths[-1]) as draft:
            draft.write_bytes(draw_sensitivity(found, lang=lang))
    return paths


def draw_sensitivity(found: Sensitivity, *, lang: Lang) -> bytes:
    """Draw how many schools flip, a row a thing moved and a panel a measure, as PNG.

    Parameters
    ----------
    found : Sensitivity
        What flips.
    lang : {"zh", "en"}
        Language of its words.

    Returns
    -------
    bytes
        A picture; schools that come to be named to the right, those no longer named to the left.
    """
    from matplotlib.figure import Figure

    panels = [measure for measure in (*MEASURES, GATE) if (found.cases["measure"] == measure).any()]
    rows = {measure: _shown(found.cases, measure) for measure in panels}
    heights = [len(rows[measure]) + 2.5 for measure in panels]
    with _DRAWING, use_fonts():
        height_mm = _FRAME_MM + _ROW_MM * sum(heights)
        figure = Figure(figsize=(_WIDTH_MM / 25.4, height_mm / 25.4), layout="constrained", facecolor="white")
        axes = np.atleast_1d(figure.subplots(len(panels), 1, height_ratios=heights, sharex=True))
        most = max(1.0, float(found.cases[["entered", "left"]].to_numpy(float).max(initial=0.0)))
        for axis, measure in zip(axes, panels, strict=True):
            _draw_panel(axis, rows[measure], measure, lang)
            axis.set_xlim(-1.25 * most, 1.25 * most)
        axes[-1].set_xlabel(label("sensitivity.axis", lang), fontsize=7.5, color=INK, family=FAMILY)
        county = found.plan.prepared.county
        name = county.name if lang == "zh" else county.name_en
        title = label("sensitivity.title", lang, county=name, scenario=found.plan.scenario.name)
        figure.suptitle(title, fontsize=10, color=INK, family=FAMILY)
        if county.synthetic:
            figure.supxlabel(label("figure.footer.synthetic", lang), fontsize=6.5, color=_ENTERED, family=FAMILY)
        buffer = io.BytesIO()
        metadata = {"Software": "layoutplan", "Description": stamp_of(found.plan)}
        figure.savefig(buffer, format="png", dpi=_DPI, metadata=metadata)
    return buffer.getvalue()


def _shown(cases: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the cases of a measure that bear on it, or that make a school flip all the same."""
    mine = cases[cases["measure"] == measure]
    bears = mine["moved"].str.startswith(BEARING[measure]) | (mine["mover"] != "norm")
    return mine[bears | (mine[["entered", "left"]].sum(axis=1) > 0)].reset_index(drop=True)


def _draw_panel(axis: Axes, rows: pd.DataFrame, measure: str, lang: Lang) -> None:
    at = np.arange(len(rows))
    for column, sign, colour in (("entered", 1, _ENTERED), ("left", -1, _LEFT)):
        values = rows[column].to_numpy(float)
        axis.barh(at, sign * values, height=0.7, color=colour, label=label(f"sensitivity.{column}", lang))
        for row in np.flatnonzero(values).tolist():
            side = "left" if sign > 0 else "right"
            axis.text(
                sign * values[row], row, f" {values[row]:.0f} ", ha=side, va="center", fontsize=6.5, color=INK,
                family=FAMILY,
            )  # fmt: skip
    axis.axvline(0, color=INK, linewidth=0.6)
    axis.set_yticks(at, [case_said(row, lang) for row in rows.to_dict("records")], fontsize=6.8, family=FAMILY)
    axis.invert_yaxis()
    axis.set_title(label(f"sensitivity.{measure}", lang), fontsize=8.5, color=INK, family=FAMILY, loc="left")
    axis.tick_params(axis="x", labelsize=7, colors=INK, length=2.5)
    axis.xaxis.set_major_formatter(lambda value, _: f"{abs(value):,.0f}" if float(value).is_integer() else "")
    for side in ("top", "right", "left"):
        axis.spines[side].set_visible(False)
    axis.grid(axis="x", linewidth=0.4, color="#dddddd")
    axis.set_axisbelow(True)
    if rows[["entered", "left"]].to_numpy(float).sum() == 0:
        axis.text(0.98, 0.5, label("sensitivity.none", lang), transform=axis.transAxes, ha="right", va="center",
                  fontsize=7, color="#666666", family=FAMILY)  # fmt: skip
    else:
        axis.legend(fontsize=6.5, frameon=False, loc="best")


def case_said(case: Mapping[Any, Any], lang: Lang) -> str:
    """Return what is moved in words: a norm with both values, a safeguard taken away, an order.

    Examples
    --------
    >>> case_said({"mover": "norm", "moved": "shell.max_pupils", "base": 10.0, "value": 15.0}, "en")
    'small school [pupil] 10 → 15'
    """
    kind, moved = str(case["mover"]), str(case["moved"])
    words = label(f"sensitivity.{kind}.{moved.replace('.', '_')}", lang)
    if kind != "norm":
        return words
    return f"{words} {case['base']:g} → {case['value']:g}"


def flips_said(found: Sensitivity, lang: Lang) -> list[str]:
    """Return a sentence for every thing moved that makes a school flip, with the schools."""
    lines = []
    for key, part in found.flips.groupby(["mover", "moved", "value", "measure"], sort=False, dropna=False):
        mover, moved, value, measure = key
        base = found.cases[(found.cases["moved"] == moved) & (found.cases["measure"] == measure)]["base"].iloc[0]
        case = case_said({"mover": mover, "moved": moved, "base": base, "value": value}, lang)
        told = ", ".join(
            label("sensitivity.flip", lang, name=row["name"], before=label(f"sensitivity.state.{row['before']}", lang),
                  after=label(f"sensitivity.state.{row['after']}", lang))
            for row in part.to_dict("records")
        )  # fmt: skip
        lines.append(
            label("sensitivity.line", lang, case=case, measure=label(f"sensitivity.{measure}", lang), told=told)
        )
    return lines or [label("sensitivity.none", lang)]
