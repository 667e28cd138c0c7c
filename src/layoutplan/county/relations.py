"""Check what no table can see alone: ids that point nowhere, and rows that contradict each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from layoutplan.county.contracts import rows_of
from layoutplan.county.problems import MAX_ALIKE, NOTHING_NEAR, Mask, near
from layoutplan.county.resident_checks import check_residents
from layoutplan.county.tables import GRADES_OF_KIND, RESETTLEMENT, RESIDENTIAL, STAGE_OF_GRADE, TABLES, WHOLE_COUNTY
from layoutplan.errors import Problem

MAX_SPREAD_YEARS = 6
# What an id may name when it points to no single layer: layers, their columns, and words allowed besides.
_PLACES = (("residential", "place_id"), ("resettlement", "place_id"))
_UNIONS: Mapping[str, tuple[tuple[tuple[str, str], ...], tuple[str, ...]]] = {
    "places": (_PLACES, ()),
    "areas": ((*_PLACES, ("townships", "township_id")), (WHOLE_COUNTY,)),
    "counted_areas": ((("townships", "township_id"), ("schools", "school_id")), ()),
}

Frames = Mapping[str, pd.DataFrame]


def check_relations(frames: Frames, *, absent: frozenset[str], base_year: int) -> list[Problem]:
    """Return every contradiction between tables.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Layers that could be read, typed, every row kept; the index is the row number.
    absent : frozenset of str
        Layers the county has but that could not be read; what depends on them is not checked.
    base_year : int
        School year of the classes.
    """
    problems = [*_references(frames, absent), *_place_ids(frames), *_origins(frames, absent)]
    if "schools" in frames:
        problems += _grade_spans(frames["schools"])
        spans = grade_spans(frames["schools"])
        problems += _grades_taught(frames, spans)
        problems += _stages_taught(frames, spans)
    problems += _boarders(frames) + _move_in(frames, absent) + check_residents(frames, base_year=base_year)
    for name in sorted({"enrolment", "births", "monthly_births", "control_totals", "field_counts"} & set(frames)):
        frame = frames[name]
        late = (frame["year"] > base_year).fillna(False).to_numpy(dtype=bool)
        problems += rows_of(frame, TABLES[name]).problems(
            "year_future", late, field="year", shown=frame["year"].tolist(), base_year=base_year
        )
    return problems


def warn_relations(frames: Frames, *, as_of: Mapping[str, str]) -> list[Problem]:
    """Return what fits the contracts but should be looked at, named by id.

    Parameters
    ----------
    frames : mapping of str to DataFrame
        Layers, faultless.
    as_of : mapping
        ISO date of each layer.
    """
    warnings = []
    years = sorted((date[:4], name) for name, date in as_of.items())
    if years and int(years[-1][0]) - int(years[0][0]) > MAX_SPREAD_YEARS:
        values = {"old": years[0][1], "old_year": years[0][0], "new": years[-1][1], "new_year": years[-1][0]}
        warnings.append(Problem("vintage_spread", "county.toml", field="as_of", values=values))
    taught = frames["classes"].loc[frames["classes"]["pupils"] > 0, ["school_id", "grade"]]
    taught = taught.assign(stage=taught["grade"].map(STAGE_OF_GRADE))
    rooms = frames["rooms"].loc[frames["rooms"]["rooms"] > 0, ["school_id", "stage"]]
    both = taught.drop_duplicates(["school_id", "stage"]).merge(rooms, how="left", indicator=True)
    bare = both.loc[both["_merge"] == "left_only"].sort_values(["school_id", "stage"])
    for school_id, stage in bare[["school_id", "stage"]].itertuples(index=False):
        warnings.append(Problem("pupils_without_rooms", "rooms", row=school_id, values={"stage": stage}))
    return warnings


def grade_spans(schools: pd.DataFrame) -> pd.DataFrame:
    """Return ``grade_from`` and ``grade_to`` of every school: what its row says, else what its kind teaches.

    Parameters
    ----------
    schools : DataFrame
        With ``kind``, ``grade_from``, ``grade_to``.

    Examples
    --------
    >>> none = pd.array([None, 1], dtype="Int64")
    >>> schools = pd.DataFrame({"kind": ["junior", "primary"], "grade_from": none, "grade_to": none})
    >>> grade_spans(schools).to_numpy().tolist()
    [[7, 9], [1, 1]]
    """
    usual = {at: schools["kind"].map({kind: span[at] for kind, span in GRADES_OF_KIND.items()}) for at in (0, 1)}
    return pd.DataFrame(
        {name: schools[name].fillna(usual[at].astype("Int64")) for at, name in enumerate(("grade_from", "grade_to"))}
    )


def _references(frames: Frames, absent: frozenset[str]) -> Iterable[Problem]:
    """Name every id that stands in no row of the table it points to."""
    for name in sorted(frames):
        for field, other, key in TABLES[name].refers:
            parts, words = _UNIONS.get(other, (((other, key),), ()))
            if absent & {layer for layer, _ in parts}:
                continue
            known = set(words).union(*(frames[layer][column].dropna() for layer, column in parts if layer in frames))
            yield from _dangling(frames[name], name, field, known=known, other=other)


def _dangling(frame: pd.DataFrame, name: str, field: str, *, known: set[str], other: str) -> list[Problem]:
    cells = frame[field]
    lost = (cells.notna() & ~cells.isin(known)).to_numpy(dtype=bool)
    problems: list[Problem] = []
    rows, ids = rows_of(frame, TABLES[name]), cells.tolist()
    for count, at in enumerate(np.flatnonzero(lost).tolist()):
        # Looking for the nearest name is slow, and only the first few are shown.
        few = count < MAX_ALIKE
        values = {"other": other, **(near(ids[at], known) if few else NOTHING_NEAR)}
        problems.append(rows.problem("reference_unknown", at, field=field, value=ids[at], is_named=few, **values))
    return problems


def _place_ids(frames: Frames) -> list[Problem]:
    """Name resettlement sites whose id is that of a residential area."""
    if not {"residential", "resettlement"} <= set(frames):
        return []
    sites = frames["resettlement"]
    twice = sites["place_id"].isin(frames["residential"]["place_id"].dropna()).to_numpy(dtype=bool)
    return rows_of(sites, RESETTLEMENT).problems("place_in_both", twice, field="place_id")


def _origins(frames: Frames, absent: frozenset[str]) -> list[Problem]:
    """Name places that come from nowhere known, or from themselves."""
    problems: list[Problem] = []
    for table in (RESIDENTIAL, RESETTLEMENT):
        if table.name in frames:
            frame = frames[table.name]
            same = (frame["origin_place_id"] == frame["place_id"]).fillna(False).to_numpy(dtype=bool)
            problems += rows_of(frame, table).problems("origin_itself", same, field="origin_place_id")
    if "residential" in frames and "resettlement" not in absent:
        known = set(frames["residential"]["place_id"].dropna())
        known |= set(frames["resettlement"]["place_id"].dropna()) if "resettlement" in frames else set()
        problems += _dangling(frames["residential"], "residential", "origin_place_id", known=known, other="places")
    return problems


def _grade_spans(schools: pd.DataFrame) -> list[Problem]:
    """Name schools whose span is missing, upside down, or beyond what their kind teaches."""
    rows = rows_of(schools, TABLES["schools"])
    spans = grade_spans(schools)
    unsaid = (schools["kind"] == "teaching_point").to_numpy(dtype=bool, na_value=False)[
        :, None
    ] & spans.isna().to_numpy()
    problems: list[Problem] = []
    for at, name in enumerate(("grade_from", "grade_to")):
        problems += rows.problems("grades_unsaid", unsaid[:, at], field=name)
    turned = (spans["grade_from"] > spans["grade_to"]).fillna(False).to_numpy(dtype=bool)
    problems += rows.problems("grades_turned", turned, field="grade_to", shown=spans["grade_to"].tolist())
    usual = {**GRADES_OF_KIND, "teaching_point": (1, 6)}
    low, high = (schools["kind"].map({kind: span[at] for kind, span in usual.items()}).astype("Int64") for at in (0, 1))
    for name, beyond in (("grade_from", spans["grade_from"] < low), ("grade_to", spans["grade_to"] > high)):
        where = beyond.fillna(False).to_numpy(dtype=bool)
        problems += rows.problems("grades_beyond_kind", where, field=name, shown=spans[name].tolist())
    return problems


def _span_at(frame: pd.DataFrame, schools: pd.DataFrame, spans: pd.DataFrame) -> tuple[pd.Series[int], pd.Series[int]]:
    """Return the span of the school of every row; missing where the school is unknown or not sure."""
    once = ~schools["school_id"].duplicated(keep=False) & schools["school_id"].notna()
    by_id = spans.loc[once].set_axis(schools.loc[once, "school_id"], axis=0)
    low, high = (frame["school_id"].map(by_id[name]).astype("Int64") for name in ("grade_from", "grade_to"))
    return low, high


def _grades_taught(frames: Frames, spans: pd.DataFrame) -> list[Problem]:
    """Name classes of a grade that their school does not teach."""
    if "classes" not in frames:
        return []
    frame = frames["classes"]
    low, high = _span_at(frame, frames["schools"], spans)
    where = ((frame["grade"] < low) | (frame["grade"] > high)).fillna(False).to_numpy(dtype=bool)
    return _span_problems("grade_not_taught", frame, "classes", where, field="grade", spans=(low, high))


def _stages_taught(frames: Frames, spans: pd.DataFrame) -> list[Problem]:
    """Name rooms and zones of a stage that their school does not teach."""
    problems: list[Problem] = []
    for name in ("rooms", "zones"):
        if name in frames:
            frame = frames[name]
            low, high = _span_at(frame, frames["schools"], spans)
            primary, junior = frame["stage"] == "primary", frame["stage"] == "junior"
            wrong = (primary & (low > 6)) | (junior & (high < 7))
            where = wrong.fillna(False).to_numpy(dtype=bool)
            problems += _span_problems("stage_not_taught", frame, name, where, field="stage", spans=(low, high))
    return problems


def _span_problems(
    code: str, frame: pd.DataFrame, name: str, where: Mask, *, field: str, spans: tuple[pd.Series[int], pd.Series[int]]
) -> list[Problem]:
    rows = rows_of(frame, TABLES[name])
    cells, low, high = (column.tolist() for column in (frame[field], *spans))
    return [
        rows.problem(code, at, field=field, value=cells[at], is_named=count < MAX_ALIKE, low=low[at], high=high[at])
        for count, at in enumerate(np.flatnonzero(where).tolist())
    ]


def _boarders(frames: Frames) -> list[Problem]:
    """Name classes with more boarders than pupils."""
    if "classes" not in frames:
        return []
    frame = frames["classes"]
    more = (frame["boarders"] > frame["pupils"]) & (frame["pupils"] >= 0)
    where = more.fillna(False).to_numpy(dtype=bool)
    return rows_of(frame, TABLES["classes"]).problems(
        "boarders_exceed", where, field="boarders", shown=frame["boarders"].tolist()
    )


def _move_in(frames: Frames, absent: frozenset[str]) -> list[Problem]:
    """Name dated households of places nobody moves into: villages and towns."""
    if "move_in" not in frames or "residential" not in frames or "resettlement" in absent:
        return []
    frame, places = frames["move_in"], frames["residential"]
    settled = set(places.loc[places["kind"].isin(["village", "town"]), "place_id"].dropna())
    where = frame["place_id"].isin(settled).to_numpy(dtype=bool)
    return rows_of(frame, TABLES["move_in"]).problems(
        "move_in_kind", where, field="place_id", shown=frame["place_id"].tolist()
    )
