"""A table whose selected row is sought on the map."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

import pandas as pd
import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.ui import origins


@dataclass(frozen=True)
class Shown:
    """One column: field of the frame, label of its heading, how it is written, width in pixels."""

    field: str
    heading: str
    kind: Literal["text", "number", "share", "year"] = "number"
    width: int = 80
    decimals: int = 0


# A row of one line, of two lines; the browser wraps no text in rows of less than 65 pixels.
ROW_PX: Mapping[int, int] = {1: 35, 2: 66}
_HEAD_PX = 38


def room(rows: int, most: int, lines: int = 1) -> int:
    """Return the height of a list in pixels: that of its rows, at most what there is.

    Examples
    --------
    >>> room(2, 300), room(200, 300)
    (108, 300)
    """
    return min(most, _HEAD_PX + ROW_PX[lines] * rows)


def pick(
    frame: pd.DataFrame, columns: Sequence[Shown], *, key: str, lang: Lang, height: int = 300, lines: int = 1
) -> Mapping[str, Any] | None:
    """Draw a table; return the row selected in it, or None.

    Parameters
    ----------
    frame : DataFrame
        Rows in the order shown.
    columns : sequence of Shown
        Columns in order.
    key : str
        Name of the table in the session; another list needs another name.
    lang : {"zh", "en"}
        Language of the headings.
    height : int
        Pixels at most; a short list takes no more than its rows.
    lines : int
        Lines of a row, one or two; sentences wrap instead of being cut.
    """
    if frame.empty:
        st.caption(label("ui.list.none", lang))
        return None
    shown = pd.DataFrame({label(column.heading, lang): _values(frame, column) for column in columns})
    # What is clicked on the map takes the place of the row selected: the table begins anew.
    answer = st.dataframe(
        shown, height=room(len(frame), height, lines), row_height=ROW_PX[lines], hide_index=True,
        on_select="rerun", selection_mode="single-row",
        key=f"{key}|{st.session_state.get('subject')}",
        column_config={label(column.heading, lang): _config(column, lang) for column in columns},
    )  # fmt: skip
    rows = [row for row in cast("dict[str, Any]", answer)["selection"]["rows"] if row < len(frame)]
    return cast("Mapping[str, Any]", frame.iloc[rows[0]].to_dict()) if rows else None


def _values(frame: pd.DataFrame, column: Shown) -> pd.Series[Any]:
    values = frame[column.field]
    if column.kind == "share":
        return (values.astype(float) * 100).round(column.decimals)
    return values.astype(float).round(column.decimals) if column.kind == "number" else values


def _config(column: Shown, lang: Lang) -> Any:
    how = origins.hint(column.heading, lang)  # where the numbers of the column come from, at its heading
    if column.kind == "text":
        return st.column_config.TextColumn(width=column.width, help=how)
    form = {"share": f"%.{column.decimals}f %%", "year": "%d", "number": "localized"}[column.kind]
    return st.column_config.NumberColumn(width=column.width, format=form, help=how)
