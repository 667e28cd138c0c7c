"""The answer in sentences: what all plans agree on, sites and runners-up, what binds, what would have to give way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from layoutplan.county.tables import STAGES
from layoutplan.labels import LANGS, both, label
from layoutplan.plan.optimise.answer import Plan
from layoutplan.plan.optimise.gather import Question
from layoutplan.plan.optimise.locked import Kept
from layoutplan.plan.optimise.slack import SEATS, Gap, Relaxation
from layoutplan.plan.optimise.task import Layout, Row
from layoutplan.plan.optimise.variety import agreed

AGREED_COLUMNS = ("year", "deed", "site_id", "name", "text_zh", "text_en")
SITE_COLUMNS = ("site_id", "name", "east_m", "north_m", "is_chosen", "plans", "objective", "extra_share", "text_zh",
                "text_en")  # fmt: skip
BINDING_COLUMNS = ("code", "subject", "year", "measured", "limit", "unit", "price", "text_zh", "text_en")
GAP_COLUMNS = ("option", "code", "subject", "year", "amount", "unit", "is_proven", "text_zh", "text_en")
NOTE_COLUMNS = ("code", "subject", "text_zh", "text_en")
_UNITS = {"budget_rooms": "room", "budget_yuan": "yuan", "budget_posts": "post", "budget_new_schools": "school",
          "must_open": "school", SEATS: "person"}  # fmt: skip
# The dearest seats are the ones to speak of; the rest stand in the table of loads.
_SHOWN_SEATS, _SHOWN_PLACES = 20, 5
_WORTH = 1e-6


def _texts(key: str, **values: object) -> dict[str, str]:
    """Return a sentence in every language; a value may itself be a mapping by language."""
    return {
        f"text_{lang}": label(key, lang, **{k: v[lang] if isinstance(v, dict) else v for k, v in values.items()})
        for lang in LANGS
    }


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 or float(value).is_integer() else f"{value:.1f}"


def agreed_rows(question: Question, layouts: Sequence[Layout], actions: pd.DataFrame | None) -> pd.DataFrame:
    """Return the actions of the best plan at sites that every plan changes."""
    if actions is None or not layouts:
        return pd.DataFrame(columns=list(AGREED_COLUMNS))
    ids = np.array(question.task.site_ids, dtype=object)[agreed(question.task, layouts)]
    return actions.loc[actions["site_id"].isin(ids), list(AGREED_COLUMNS)].reset_index(drop=True)


def site_rows(question: Question, layouts: Sequence[Layout]) -> pd.DataFrame:
    """Return sites built on in any plan: those of the best first, then the runners-up by what they cost more."""
    rows = []
    for at, site in enumerate(question.sites):
        having = [layout for layout in layouts if layout.acted(question.task)[at]]
        if not site.is_new or not having:
            continue
        best = min(layout.objective for layout in having)
        extra = best / layouts[0].objective - 1 if layouts[0].objective else 0.0
        chosen = layouts[0] in having
        words = {"name": site.name, "plans": len(having), "all": len(layouts), "extra": f"{100 * extra:.2f}"}
        rows.append(
            (site.site_id, site.name, site.east_m, site.north_m, chosen, len(having), best, extra,
             *_texts(f"optimise.site.{'chosen' if chosen else 'next'}", **words).values())
        )  # fmt: skip
    frame = pd.DataFrame(rows, columns=list(SITE_COLUMNS))
    order = ["is_chosen", "extra_share", "site_id"]
    return frame.sort_values(order, ascending=[False, True, True], ignore_index=True)


def binding_rows(question: Question, layout: Layout | None, plan: Plan | None) -> pd.DataFrame:
    """Return what keeps a plan from being better: budgets used up, full schools, rows at their bound, schools kept."""
    rows = []
    if layout is not None and plan is not None:
        rows += _tight_rows(question, layout)
        rows += _full_schools(plan)
    rows += [
        _binding("kept", kept.school_id, 0, (np.nan, np.nan), np.nan, _kept_words(question, kept))
        for kept in question.closable.kept
    ]
    return pd.DataFrame(rows, columns=list(BINDING_COLUMNS))


def _binding(
    code: str, subject: str, year: int, held: tuple[float, float], price: float, texts: dict[str, str]
) -> dict[str, object]:
    values = code, subject, year, *held, _UNITS.get(code, ""), price
    return dict(zip(BINDING_COLUMNS, values, strict=False)) | texts


def _kept_words(question: Question, kept: Kept) -> dict[str, str]:
    said = {"zh": kept.text_zh, "en": kept.text_en} if kept.text_zh else {**both("optimise.only_in_reach")}
    return _texts("optimise.row.kept", name=_name(question, kept.school_id), lock=said)


def _name(question: Question, site_id: str) -> str:
    known = {site.site_id: site.name for site in question.sites}
    return known.get(site_id, site_id)


def _tight_rows(question: Question, layout: Layout) -> list[dict[str, object]]:
    """Return conditions that leave no room: budgets that pay for no further step, others at their bound."""
    found = []
    stand = layout.stands(question.task)
    for row in question.task.rows:
        value = row.value(layout.start, layout.close, stand)
        if row.code.startswith("budget"):
            least = row.coefficient.min(initial=np.inf)
            tight, limit = row.high - value < least - _WORTH, row.high
        else:
            tight = (value - row.low < 1 - _WORTH) or (row.high - value < 1 - _WORTH)
            limit = row.low if np.isfinite(row.low) else row.high
            # Conditions on closings matter only to schools that could be closed and were not.
            tight = tight and (row.code == "must_open" or _stays(question, layout, row))
        if tight:
            found.append(_tight(question, row, value, limit))
    seen: dict[tuple[str, str], dict[str, object]] = {}
    for one in found:
        seen.setdefault(
            (str(one["code"]), f"{one['subject']}{one['year'] if str(one['code'])[:6] == 'budget' else ''}"), one
        )
    return list(seen.values())


def _stays(question: Question, layout: Layout, row: Row) -> bool:
    site = question.task.site_ids.index(row.subject)
    return bool(question.task.closes[site].any() and not layout.close[site].any())


def _tight(question: Question, row: Row, value: float, limit: float) -> dict[str, object]:
    when = _texts("optimise.when.all") if row.year == 0 else _texts("optimise.when.from", year=row.year)
    words = {"zh": when["text_zh"], "en": when["text_en"]}
    texts = _texts(
        f"optimise.row.{row.code}",
        when=words,
        name=_name(question, row.subject),
        used=_number(value),
        limit=_number(limit),
    )
    return _binding(row.code, row.subject, row.year, (value, limit), np.nan, texts)


def _full_schools(plan: Plan) -> list[dict[str, object]]:
    """Return the schools whose seats are dearest, each in its worst year."""
    loads = plan.loads[plan.loads["seat_price"] > _WORTH].sort_values(
        ["seat_price", "year", "site_id"], ascending=[False, True, True]
    )
    loads = loads.drop_duplicates(["site_id", "stage"]).head(_SHOWN_SEATS)
    found = []
    for row in loads.to_dict("records"):
        texts = _texts(
            "optimise.row.full", name=row["name"], stage=both(f"stage.{row['stage']}"), year=row["year"],
            seats=_number(row["seats"]), price=f"{row['seat_price']:.1f}",
        )  # fmt: skip
        held = float(row["pupils"]), float(row["seats"])
        found.append(_binding("full", str(row["site_id"]), int(row["year"]), held, float(row["seat_price"]), texts))
    return found


def relaxation_rows(question: Question, slack: Sequence[Relaxation]) -> pd.DataFrame:
    """Return every option to make a goal feasible, a row for each condition that would have to give way."""
    rows = []
    for option, one in enumerate(slack, start=1):
        for gap in one.gaps:
            unit = _UNITS.get(gap.code, "")
            values = option, gap.code, _subject(question, gap), gap.year, gap.amount, unit, one.is_proven
            rows.append(dict(zip(GAP_COLUMNS, values, strict=False)) | _gap_words(question, gap))
    return pd.DataFrame(rows, columns=list(GAP_COLUMNS))


def _places(question: Question, gap: Gap) -> list[str]:
    places = len(question.place_ids)
    return sorted({question.place_ids[int(unit) % places] for unit in gap.subject.split(",") if unit})


def _subject(question: Question, gap: Gap) -> str:
    return ",".join(_places(question, gap)) if gap.code == SEATS else gap.subject


def _gap_words(question: Question, gap: Gap) -> dict[str, str]:
    when = _texts("optimise.when.all") if gap.year == 0 else _texts("optimise.when.from", year=gap.year)
    words: dict[str, object] = {
        "when": {"zh": when["text_zh"], "en": when["text_en"]},
        "amount": _number(np.ceil(gap.amount - _WORTH)),
    }
    if gap.code != SEATS:
        return _texts(f"optimise.gap.{gap.code}", name=_name(question, gap.subject), **words)
    ids = _places(question, gap)
    named = question.prepared.county.places.set_index("place_id")["name"]
    names = [str(named[place_id]) for place_id in ids[:_SHOWN_PLACES]]
    shown = {
        lang: label("optimise.places", lang, names=label("optimise.comma", lang).join(names), count=len(ids))
        for lang in LANGS
    }
    unit = int(gap.subject.split(",")[0])
    stage = STAGES[question.task.block_stage[question.task.unit_block[unit]]]
    near = float(question.minutes[[int(one) for one in gap.subject.split(",")]].min(axis=1).max())
    key = "no_way" if not np.isfinite(question.task.cost[unit]).any() else "seats"
    return _texts(f"optimise.gap.{key}", places=shown, stage=both(f"stage.{stage}"), minutes=_number(near), **words)


def note_rows(question: Question) -> pd.DataFrame:
    """Return what the answer rests on: the high side, candidates, prices, and who is in no sum."""
    goal, task = question.goal, question.task
    new = sum(site.is_new for site in question.sites)
    middle, high = question.middle.sum(), task.pupils.sum()
    more = 100 * (high / middle - 1) if middle else 0.0
    rows = [
        ("quantile", "", _texts("optimise.note.quantile", share=f"{100 * goal.quantile:.0f}", more=f"{more:.1f}")),
        ("candidates", "", _texts("optimise.note.candidates", count=new, forms=len(question.forms))),
        ("closable", "", _texts("optimise.note.closable", count=len(question.closable.school_ids))),
        ("policy", "", _texts("optimise.note.policy")),
    ]
    rows += [
        ("barred", site_id, _texts("optimise.note.barred", site=site_id, reason=both(f"reason.{reason}")))
        for site_id, reason in question.barred.items()
    ]
    lost = float(question.unreached.max(initial=0.0))
    if lost > 0:
        rows.append(("unreached", "", _texts("optimise.note.unreached", pupils=_number(lost))))
    frame = pd.DataFrame([{"code": code, "subject": subject} | texts for code, subject, texts in rows])
    return frame[list(NOTE_COLUMNS)]
