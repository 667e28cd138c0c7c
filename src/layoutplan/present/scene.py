"""What one sheet shows of a plan: schools with their signs, catchments, sites, key figures."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from layoutplan.county.tables import STAGES
from layoutplan.labels import Lang, label
from layoutplan.plan import planning
from layoutplan.present.sheet import Row
from layoutplan.present.signs import Sign
from layoutplan.present.symbols import catchment_hues, closed_schools, school_symbols, standing_schools

if TYPE_CHECKING:
    import geopandas as gpd

    from layoutplan.plan.planning import PlanResult

SHEETS = (
    "present", "primary", "junior", "cover", "oversize", "gap", "resettlement", "shells", "planned", "layout", "change",
    "elimination", "demand",
)  # fmt: skip
# These are about the county as it is; the others about the goal year.
_OF_NOW = ("present", "oversize", "shells")
_STAGES_OF_KIND = {
    "teaching_point": ("primary",), "primary": ("primary",), "junior": ("junior",),
    "nine_year": STAGES, "twelve_year": STAGES, "special": STAGES,
}  # fmt: skip
# Key figures in the order of the table; True where less is better, missing where neither way is.
_KEY_FIGURES: dict[str, bool | None] = {
    "pupils_primary": None, "seats_primary": None, "seat_gap_primary": True, "pupils_junior": None,
    "seats_junior": None, "seat_gap_junior": True, "classes_over_norm": True, "classes_large": True,
    "classes_extra_large": True, "schools_over_size": True, "pupils_over_limit": True, "pupils_unplaced": True,
    "mean_minutes_primary": True, "mean_minutes_junior": True,
}  # fmt: skip
# The county town is looked for within this distance of the middle of its schools.
_TOWN_REACH_M = 6000.0


@dataclass(frozen=True)
class Scene:
    """What a sheet shows of a plan.

    Parameters
    ----------
    result : PlanResult
        Plan.
    sheet : str
        One of :data:`SHEETS`; ``primary`` and ``junior`` show one stage, the others all schools.
    year : int
        School year.
    lang : {"zh", "en"}
        Language of the words.
    """

    result: PlanResult
    sheet: str
    year: int
    lang: Lang

    @classmethod
    def of(cls, result: PlanResult, sheet: str, *, lang: Lang, year: int | None) -> Scene:
        """Return the scene of a sheet; without a year, the one it is about.

        Raises
        ------
        ValueError
            Unknown sheet, or a year outside the plan.
        """
        if sheet not in SHEETS:
            raise ValueError(f"unknown sheet {sheet!r}; there are {', '.join(SHEETS)}")
        years = sorted({int(one) for one in result.enrolment.frame["year"]})
        if year is None and sheet in _OF_NOW:
            year = result.prepared.county.base_year
        if year is None:
            year = min(max(int(result.prepared.norms.value("plan.goal_year")), years[0]), years[-1])
        if year not in years:
            raise ValueError(f"year {year} is not in the plan ({years[0]}-{years[-1]})")
        return cls(result, sheet, year, lang)

    @cached_property
    def filled(self) -> str:
        """Stage whose catchments are filled."""
        return self.sheet if self.sheet in STAGES else "primary"

    @cached_property
    def catchments(self) -> gpd.GeoDataFrame:
        """Catchments of the filled stage."""
        return planning.catchments_of(self.result, stage=self.filled, year=self.year)

    def at(self, *, year: int | None = None, sheet: str | None = None) -> Scene:
        """Return the scene of another year or sheet of the same plan."""
        return replace(self, year=self.year if year is None else year, sheet=sheet or self.sheet)

    @property
    def goal(self) -> int:
        """Goal year of the norms, as far as the plan reaches it."""
        return min(max(int(self.result.prepared.norms.value("plan.goal_year")), self.years[0]), self.years[-1])

    @cached_property
    def junior_catchments(self) -> gpd.GeoDataFrame:
        """Catchments of the junior stage."""
        return planning.catchments_of(self.result, stage="junior", year=self.year)

    @cached_property
    def hues(self) -> dict[str, int]:
        """Hue of each catchment."""
        return catchment_hues(self.catchments.dropna(subset=["school_id"]))

    @cached_property
    def schools(self) -> pd.DataFrame:
        """Schools on the sheet, by id: ``name, kind, setting, east_m, north_m, sign``; closed ones too."""
        result = self.result
        standing = standing_schools(result, self.year)
        symbols = school_symbols(result, self.year).drop(columns="school_id")
        signs = [Sign(**{str(k): v for k, v in row.items()}) for row in symbols.to_dict("records")]
        roster = result.roster.schools
        closed = roster[roster["school_id"].isin(closed_schools(result, self.year))]
        ghosts = [Sign("circle", 0.0, closed=True)] * len(closed)
        frame = pd.concat([standing, closed], ignore_index=True)
        points = shapely.get_coordinates(frame.geometry.to_numpy())
        table = frame[["school_id", "name", "kind", "setting"]].assign(
            east_m=points[:, 0], north_m=points[:, 1], sign=pd.Series([*signs, *ghosts], dtype=object)
        )
        shown = table["kind"].map(lambda kind: self.sheet not in STAGES or self.sheet in _STAGES_OF_KIND[kind])
        return pd.DataFrame(table[shown]).set_index("school_id").sort_index()

    @cached_property
    def sites(self) -> pd.DataFrame:
        """Resettlement sites: ``name, east_m, north_m`` by id."""
        places = self.result.prepared.county.places
        mine = places[places["kind"] == "resettlement"]
        points = shapely.get_coordinates(shapely.point_on_surface(mine.geometry.to_numpy()))
        return pd.DataFrame(
            {"name": mine["name"].to_numpy(), "east_m": points[:, 0], "north_m": points[:, 1]}, index=mine["place_id"]
        )

    @cached_property
    def town(self) -> tuple[float, float, float, float] | None:
        """Extent of the county town's schools and the sites among them; missing where there are fewer than two."""
        mine = self.schools[self.schools["setting"] == "county_town"]
        if len(mine) < 2:
            return None
        points = mine[["east_m", "north_m"]].to_numpy(float)
        centre = np.median(points, axis=0)
        near = points[np.hypot(*(points - centre).T) <= _TOWN_REACH_M]
        return (near[:, 0].min(), near[:, 1].min(), near[:, 0].max(), near[:, 1].max())

    @cached_property
    def years(self) -> tuple[int, ...]:
        """Years of the plan."""
        return tuple(sorted({int(year) for year in self.result.enrolment.frame["year"]}))

    @cached_property
    def key_figures(self) -> list[Row]:
        """Rows of the summary table: the base year and, if another is shown, the year of the sheet."""
        table = self.result.indicators.pivot(index="indicator", columns="year", values="value")
        units = self.result.indicators.drop_duplicates("indicator").set_index("indicator")["unit"]
        table = table.reindex(columns=list(self.table_years))
        rows = []
        for name, less_is_better in _KEY_FIGURES.items():
            if name in table.index:
                words = label(f"indicator.{name}", self.lang), label(f"unit.{units[name]}", self.lang)
                values = tuple(table.loc[name].to_numpy(float).tolist())
                rows.append(Row(*words, values, 1 if units[name] == "min" else 0, less_is_better))
        return rows

    @cached_property
    def table_years(self) -> tuple[int, ...]:
        """Base year and year of the sheet, once where they are the same."""
        return tuple(sorted({self.result.prepared.county.base_year, self.year}))
