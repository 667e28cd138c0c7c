"""What the checks look at, with the sums that several of them need worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from layoutplan.access.network import Flags, Floats, Ints
from layoutplan.access.travel import Travel
from layoutplan.county.layers import County
from layoutplan.county.tables import GRADES_OF_STAGE, STAGE_OF_GRADE, STAGES
from layoutplan.norms import Norms
from layoutplan.seats.assignment import Assignment
from layoutplan.seats.checks.cubes import STAGE_WORDS, Cubes, Flows, read_flows, summed
from layoutplan.seats.checks.high import high_total
from layoutplan.seats.demand import Demand
from layoutplan.seats.rollforward import Enrolment
from layoutplan.seats.roster import Roster
from layoutplan.seats.settings import Policy
from layoutplan.seats.standing import is_vacant, yearly_counts
from layoutplan.seats.supply import Supply
from layoutplan.seats.ways import Ways

LIMIT_GRADES = (1, 2, 3)
Found = tuple[str, pd.DataFrame]
# A mean of 45.0000001 from floating arithmetic is no class over 45.
HAIR = 1e-6


@dataclass(frozen=True, eq=False)
class Facts:
    """What stands in the base year and no scenario changes.

    Parameters
    ----------
    county : County
        Classes, counts and names as they are.
    norms : Norms
        Limits and clauses.
    roster : Roster
        Schools.
    """

    county: County
    norms: Norms
    roster: Roster

    @property
    def base_year(self) -> int:
        """School year of the classes."""
        return self.county.base_year

    @cached_property
    def goal_year(self) -> int:
        """Year up to which a small school must stay small to be looked at."""
        return int(self.norms.value("plan.goal_year"))

    @cached_property
    def schools(self) -> pd.DataFrame:
        """Ordinary schools by ``school_id``, without their geometry; special ones are left out."""
        return _ordinary(self.roster)

    @cached_property
    def classes(self) -> pd.DataFrame:
        """Classes with pupils in ordinary schools, with ``kind``, ``stage`` and ``norm`` (the limit, in persons)."""
        table = self.county.classes
        table = table[(table["pupils"] > 0) & table["school_id"].isin(self.schools.index)]
        stage = table["grade"].map(STAGE_OF_GRADE)
        return table.assign(
            kind=table["school_id"].map(self.schools["kind"]),
            stage=stage,
            norm=stage.map(self.class_norms).astype(float),
        )

    @cached_property
    def class_norms(self) -> dict[str, float]:
        """Class norm of each stage [person]."""
        return {stage: float(self.norms.value(f"class_size.{stage}")) for stage in STAGES}

    @cached_property
    def counts(self) -> pd.DataFrame:
        """Pupils of the latest counts that judge a small school: ``school_id`` by year, missing where not counted."""
        needed = int(self.norms.value("shell.counts"))
        known = yearly_counts(self.county, range(self.base_year - needed + 1, self.base_year + 1))
        return known.reindex(self.schools.index)

    @cached_property
    def vacant(self) -> pd.Series:
        """Whether each ordinary school had no pupils in its latest counts."""
        return is_vacant(self.county, self.norms).reindex(self.schools.index).fillna(False).astype(bool)

    @cached_property
    def base_pupils(self) -> pd.Series:
        """Pupils of the base year by ordinary school, 0 where it has no class."""
        counted = self.county.classes.groupby("school_id")["pupils"].sum()
        return counted.reindex(self.schools.index).fillna(0.0).astype(float)

    @cached_property
    def rooms(self) -> pd.DataFrame:
        """Classes and rooms of the base year by ``school_id, stage`` (columns, sorted), stages with pupils only.

        ``pupils`` [person], ``formed`` [class] as counted, ``needed`` [class] by the norm, ``grades`` with pupils,
        ``rooms`` [room] (missing where not known), ``idle`` [room].

        needed = sum over grades of ceil(pupils / norm). Rounding once over the school gives too few: six grades
        of 46 need 12 classes, ceil(276 / 45) = 7.
        """
        grades = self.classes.groupby(["school_id", "stage", "grade"]).agg(
            pupils=("pupils", "sum"), formed=("pupils", "size"), norm=("norm", "first")
        )
        grades["needed"] = np.ceil(grades["pupils"] / grades["norm"] - HAIR)
        table = grades.groupby(level=["school_id", "stage"]).agg(
            pupils=("pupils", "sum"), formed=("formed", "sum"), needed=("needed", "sum"), grades=("pupils", "size")
        )
        rooms = self.county.rooms.set_index(["school_id", "stage"])["rooms"]
        table = table.astype(float).assign(rooms=rooms.reindex(table.index).astype(float))
        return table.assign(idle=table["rooms"] - table["needed"]).reset_index()

    @cached_property
    def zone_places(self) -> pd.DataFrame:
        """Places by the zone of each stage they lie in: ``place_id, stage, zone_id, school_id``.

        A place inside two zones of a stage counts for the first.
        """
        zones, places = self.county.zones, self.county.places
        tree = shapely.STRtree(shapely.point_on_surface(places.geometry.to_numpy()))
        zone, place = tree.query(zones.geometry.to_numpy(), predicate="intersects")
        frame = pd.DataFrame({"place_id": places["place_id"].to_numpy(object)[place]})
        frame = frame.assign(**{name: zones[name].to_numpy(object)[zone] for name in ("stage", "zone_id", "school_id")})
        order = frame.sort_values(["place_id", "stage", "zone_id"])
        return order.drop_duplicates(["place_id", "stage"], ignore_index=True)

    @cached_property
    def boarding_share(self) -> Floats:
        """Share of boarders among the pupils of each stage, 0 where there are none: [ordinary school, stage]."""
        keys = [self.classes["school_id"], self.classes["stage"]]
        boarders = self.classes["boarders"].astype("Float64").astype(float).fillna(0.0).groupby(keys).sum()
        share = boarders / self.classes["pupils"].astype(float).groupby(keys).sum()
        wide = share.unstack("stage").reindex(index=self.schools.index, columns=list(STAGES))
        return wide.fillna(0.0).to_numpy(float)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the checks look at in a plan: the facts, and all that was worked out under its scenario.

    Parameters
    ----------
    facts : Facts
        The county as it is.
    policy : Policy
        How each group of grades travels.
    roster : Roster
        Schools of the scenario.
    ways : Ways
        Ways of each group of grades.
    assignment : Assignment
        Who goes where, by residence.
    balance : DataFrame
        ``year, stage, township_id, demand, seats, gap``.
    demand, supply, enrolment
        Resident pupils, rooms by year, and pupils of every school by year.
    """

    facts: Facts
    policy: Policy
    roster: Roster
    ways: Ways
    assignment: Assignment
    balance: pd.DataFrame
    demand: Demand
    supply: Supply
    enrolment: Enrolment

    @property
    def travel(self) -> Travel:
        """Ways of grades 1-3, by which a school is near or far."""
        return self.ways.by_group["grades_1_3"]

    @cached_property
    def schools(self) -> pd.DataFrame:
        """Ordinary schools of the scenario by ``school_id``; see :attr:`Facts.schools`."""
        return _ordinary(self.roster)

    @cached_property
    def base_pupils(self) -> Floats:
        """Pupils of the base year in the order of ``schools``; 0 for schools that open later."""
        return self.facts.base_pupils.reindex(self.schools.index).fillna(0.0).to_numpy(float)

    @cached_property
    def years(self) -> Ints:
        """School years of the plan (int64 [year])."""
        return np.unique(self.balance["year"].to_numpy(np.int64))

    @cached_property
    def place_ids(self) -> npt.NDArray[np.object_]:
        """Sorted ids of the places (object [place])."""
        return np.array(self.travel.place_ids, dtype=object)

    @cached_property
    def local(self) -> dict[str, Floats]:
        """``demand``, ``seats`` and ``gap`` of the balance (each float [township, stage, year])."""
        order = [sorted(STAGES).index(stage) for stage in STAGES]
        shape = (len(self.years), len(STAGES), -1)
        return {
            name: self.balance[name].to_numpy(float).reshape(shape)[:, order].transpose(2, 1, 0)
            for name in ("demand", "seats", "gap")
        }

    @cached_property
    def flows(self) -> Flows:
        """Flows of the assignment as arrays."""
        return read_flows(self.assignment.flows, self.place_ids, pd.Index(self.schools.index), self.years)

    @cached_property
    def now(self) -> Flags:
        """Which flows are of the base year and carry pupils (bool [flow])."""
        flows = self.flows
        now: Flags = (self.years[flows.year] == self.facts.base_year) & (flows.pupils > 0)
        return now

    @cached_property
    def children(self) -> Floats:
        """Resident pupils [person] (float [year, grade 1-9, place])."""
        cube = self.demand.cube
        return cube.pupils[np.searchsorted(cube.years, self.years)][
            :, :, cube.place_ids.get_indexer(pd.Index(self.place_ids))
        ]

    @cached_property
    def cubes(self) -> Cubes:
        """Sums that most checks need."""
        school_ids, years = pd.Index(self.schools.index), self.years
        shape = (len(school_ids), len(STAGES), len(years))
        frame, norms = self.enrolment.frame, np.array([self.facts.class_norms[stage] for stage in STAGES])
        at = _positions(frame, school_ids, years)
        norm = norms[at[1]]
        pupils, size = frame["pupils"].to_numpy(float), frame["class_size"].to_numpy(float)
        largest = np.zeros(shape)
        np.maximum.at(largest, tuple(axis[at[0] >= 0] for axis in at), size[at[0] >= 0])
        large = size >= self.facts.norms.value("class_size.large") - HAIR
        sums = {
            "pupils": pupils, "formed": frame["classes"].to_numpy(float),
            "needed": np.ceil(pupils / norm - HAIR), "over": (size > norm + HAIR).astype(float),
            "large": large.astype(float),
        }  # fmt: skip
        cubes = {name: summed(values, at, shape) for name, values in sums.items()}
        supply, flows = self.supply.frame, self.flows
        held = _positions(supply, school_ids, years)
        seats, rooms = (summed(supply[name].to_numpy(float), held, shape) for name in ("seats", "rooms"))
        known = summed(np.ones(len(supply)), held, shape) > 0
        children = summed(flows.pupils, (flows.school, flows.stage, flows.year), shape)
        return Cubes(
            school_ids.to_numpy(object), years, largest=largest, rooms=np.where(known, rooms, np.nan), seats=seats,
            children=children, **cubes,
        )  # fmt: skip

    @cached_property
    def largest_catchments(self) -> tuple[pd.Series, pd.Series]:
        """The most children any year up to the goal year has nearest to each school [person], by ``school_id``.

        By the middle and by the high side (P90) of the forecast; 0 where nobody lives nearest, missing where the
        forecast has no range.
        """
        school_ids, until = self.schools.index, self.years <= self.facts.goal_year
        small = pd.Series(self.cubes.children.sum(axis=1)[:, until].max(axis=1, initial=0.0), index=school_ids)
        # The high side matters only where the middle is small; large catchments keep their middle value.
        low = ((small > 0) & (small <= self.facts.norms.value("shell.max_pupils"))).to_numpy()
        high, flows = small.copy(), self.flows
        mine = np.flatnonzero(low[flows.school] & until[flows.year])
        high[low] = high_total(self.assignment.flows.iloc[mine], self.demand).reindex(school_ids[low])
        # A school nobody lives nearest to has no children; one whose forecast has no range has an unknown high side.
        every = self.facts.schools.index
        return small.reindex(every, fill_value=0.0), high.reindex(every, fill_value=0.0)

    @cached_property
    def shells(self) -> pd.Series:
        """Whether a school of the county is so small for so long that a review is due, by ``school_id``.

        It stayed at or under the threshold in every one of the latest counts, the children for whom it is the
        nearest stay so in every year up to the goal year even on the high side of the forecast, and it stays open.
        """
        facts, threshold = self.facts, self.facts.norms.value("shell.max_pupils")
        tiny = (facts.counts <= threshold).all(axis=1) & ~facts.vacant
        closes = self.schools["closes_year"].notna().reindex(facts.schools.index)
        return tiny & (self.largest_catchments[1] <= threshold) & ~closes


def _ordinary(roster: Roster) -> pd.DataFrame:
    table = pd.DataFrame(roster.schools.drop(columns="geometry"))
    return table[table["kind"] != "special"].set_index("school_id", drop=False)


def _positions(frame: pd.DataFrame, school_ids: pd.Index, years: Ints) -> tuple[Ints, Ints, Ints]:
    """Return school (-1 for one that is not ordinary), stage and year of every row as positions."""
    if "grade" in frame:
        stage = (frame["grade"].to_numpy(np.int64) >= GRADES_OF_STAGE[STAGES[1]][0]).astype(np.int64)
    else:
        stage = (frame["stage"] == STAGES[1]).to_numpy().astype(np.int64)
    year = np.searchsorted(years, frame["year"].to_numpy(np.int64))
    return school_ids.get_indexer(pd.Index(frame["school_id"])), stage, year


def first_breaches(frame: pd.DataFrame, keys: list[str], *, worst: str) -> pd.DataFrame:
    """Return one row a subject: the first year it appears, and the year in which it is worst.

    Parameters
    ----------
    frame : DataFrame
        A row a breach, with ``year``.
    keys : list of str
        Columns that name the subject.
    worst : str
        Column that is largest in the worst year; of equal ones the earlier counts.

    Returns
    -------
    DataFrame
        Columns of the worst row, ``year`` replaced by the first year, and ``worst_year``; sorted by key.
    """
    if frame.empty:
        return frame.assign(worst_year=frame["year"])
    subject = frame[keys[0]].to_numpy(object)
    for key in keys[1:]:
        subject = subject + "/" + frame[key].to_numpy(object)
    _, code = np.unique(subject.astype(str), return_inverse=True)
    year, size = frame["year"].to_numpy(np.int64), frame[worst].to_numpy(float)
    order = np.lexsort((year, -size, code))
    at = order[np.r_[True, np.diff(code[order]) > 0]]
    first = np.full(len(at), np.iinfo(np.int64).max)
    np.minimum.at(first, code, year)
    return frame.iloc[at].reset_index(drop=True).assign(worst_year=year[at], year=first)


def stage_words(stages: pd.Series) -> pd.Series:
    """Return the words for stages, to stand in a sentence."""
    return pd.Series([STAGE_WORDS[stage] for stage in stages], index=stages.index, dtype=object)
