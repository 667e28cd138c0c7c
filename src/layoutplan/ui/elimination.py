"""The way to no large class and no over-size school, as a picture and a table under the findings."""

from __future__ import annotations

from html import escape
from weakref import WeakKeyDictionary

import streamlit as st

from layoutplan.labels import Lang, label
from layoutplan.plan.elimination import EliminationPath, elimination_path
from layoutplan.plan.planning import PlanResult
from layoutplan.ui import charts, origins
from layoutplan.ui.charts import Curve

_ROWS = ("classes_over_norm", "classes_large", "classes_extra_large", "schools_over_size", "pupils_over_size",
         "pupils_to_move", "classes_to_add", "rooms_to_add")  # fmt: skip
# Only remembers what would be worked out again on every visit; goes when the plan goes.
_PATHS: WeakKeyDictionary[PlanResult, EliminationPath] = WeakKeyDictionary()


def path_of(result: PlanResult) -> EliminationPath:
    """Return the elimination path of a plan, worked out once."""
    if result not in _PATHS:
        _PATHS[result] = elimination_path(result)
    return _PATHS[result]


def draw(result: PlanResult, lang: Lang) -> None:
    """Draw large classes by year, and beside them what has to move or be built in the years that count."""
    left, right = st.columns([1, 1.3])
    with left:
        st.html(picture(result, lang))
    with right:
        st.html(table(result, lang))


def picture(result: PlanResult, lang: Lang) -> str:
    """Return the number of large classes by year as a card."""
    county = path_of(result).county.set_index("year")
    large = county["classes_large"] + county["classes_extra_large"]
    line = dict(zip(large.index.astype(int).tolist(), large.tolist(), strict=True))
    goal = int(result.prepared.norms.value("plan.goal_year"))
    marks = {goal: label("ui.path.goal", lang, year=goal)} if goal in line else {}
    words = label("ui.path.picture", lang)
    drawn = charts.curve(Curve({"line": line}, marks=marks), width=460, height=190)
    return f'<section class="lp-card"><h4>{escape(words)}</h4>{charts.picture(drawn, words)}</section>'


def table(result: PlanResult, lang: Lang) -> str:
    """Return what stands between the county and the norms in the base, the goal and the last year, as a card."""
    path, norms = path_of(result), result.prepared.norms
    county = path.county.set_index("year").astype(float)
    counts = {name: county[name].to_dict() for name in _ROWS}
    years = sorted({int(county.index.min()), int(norms.value("plan.goal_year")), int(county.index.max())})
    years = [year for year in years if year in county.index]
    head = "".join(f"<th>{year}</th>" for year in years)
    rows = "".join(
        f"<tr><td>{origins.titled(f'ui.path.{name}', lang)}</td>"
        + "".join(f"<td>{counts[name][year]:,.0f}</td>" for year in years)
        + "</tr>"
        for name in _ROWS
    )
    clauses = " · ".join(dict.fromkeys(norms[key].clause for key in ("class_size.primary", "class_size.large")))
    about = label("ui.path.about", lang, schools=path.left["school_id"].nunique(), clause=clauses)
    return (
        f'<section class="lp-card"><h4>{escape(label("ui.path.table", lang))}</h4>'
        f'<table class="lp-table"><tr><th></th>{head}</tr>{rows}</table><p>{escape(about)}</p></section>'
    )
