"""Resettlement sites and other places people move to or from: who moves when, and who leaves where.

What is planned and what was observed are kept apart. From the last observation on, a plan counts in
the proportion in which it has come true so far: a site that holds half the households it was to hold
by now is expected to hold half of what is planned for later. People who move to a site leave their
origin on the same date, with their children and with those still to be born.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from layoutplan.access.network import Floats, Ints
from layoutplan.county.layers import County
from layoutplan.county.tables import AGES
from layoutplan.errors import DataError, Problem
from layoutplan.norms import Norms
from layoutplan.seats.notes import Note

OUTSIDE = -1
_PER_HUNDRED = 100.0
# Ages whose number says how many children movers will have later.
_YOUNG = 3
# Differences of floats are no people.
_HARDLY = 1e-6


@dataclass(frozen=True, eq=False)
class Dated:
    """Households of sites and estates by year.

    Parameters
    ----------
    households : DataFrame
        Index ``place_id``, a column a year: observed up to the base year, expected after [household].
    ratio : Series
        Index ``place_id``: observed over planned households at the last observation; 1 where no plan tells.
    is_scaled : Series
        Index ``place_id``: whether a later year is a plan times that ratio.
    notes : tuple of Note
        Plans that were scaled.
    """

    households: pd.DataFrame
    ratio: pd.Series
    is_scaled: pd.Series
    notes: tuple[Note, ...]


@dataclass(frozen=True, eq=False)
class Move:
    """Households that change their place in one year.

    Parameters
    ----------
    year : int
        School year before which they have moved.
    origin, destination : int
        Positions in ``county.places``; :data:`OUTSIDE` for beyond the county.
    households : float
        How many.
    per_household : float [age 0-15] or None
        Children of a moving household by age in that year; None: as many as at the origin.
    """

    year: int
    origin: int
    destination: int
    households: float
    per_household: Floats | None = None


def dated_households(county: County, years: Sequence[int]) -> Dated:
    """Return how many households live in every site and estate in every year.

    Parameters
    ----------
    county : County
        ``move_in`` and the households of ``places``.
    years : sequence of int
        School years, none before the base year.

    Returns
    -------
    Dated
        A row for every place that ``move_in`` names. Between dates the last number holds.
    """
    table = county.move_in.reindex(columns=["place_id", "year", "households", "planned"])
    # Before anything is said the register counts, and after that what was said last.
    span = range(min([county.base_year, *table["year"]]), max(years) + 1)
    said = table.pivot(index="place_id", columns="year", values="households").astype(float).reindex(columns=span)
    planned = table.pivot(index="place_id", columns="year", values="planned").astype(float).reindex(columns=span)
    now = county.places.set_index("place_id")["households"].reindex(said.index).astype(float)
    past = list(range(span.start, county.base_year + 1))
    later = list(range(county.base_year + 1, span.stop))
    observed, due = said[past], planned[past].ffill(axis=1)
    is_observed = observed.notna().any(axis=1)
    come_true = (observed / due.where(due > 0)).ffill(axis=1)[county.base_year]
    come_true = come_true.where(is_observed, now / due[county.base_year].where(due[county.base_year] > 0))
    ratio = come_true.fillna(1.0)
    base = observed.fillna(planned[past].mul(ratio, axis=0)).ffill(axis=1)[county.base_year]
    base = base.where(is_observed, now).fillna(0.0)
    follows = planned[later].mul(ratio, axis=0)
    # A plan that starts later cannot say that those who came early are not there.
    follows = follows.where(come_true.notna(), np.maximum(planned[later], base.to_numpy()[:, None]))
    is_scaled = (said[later].isna() & planned[later].notna()).any(axis=1) & (ratio != 1.0)
    households = pd.concat([said[past], said[later].fillna(follows)], axis=1)
    households[county.base_year] = base
    notes = [
        Note("plan_scaled", "fallback", place_id, county.base_year, ratio[place_id])
        for place_id in base[is_scaled].index
    ]
    return Dated(households.ffill(axis=1), ratio, is_scaled, tuple(notes))


def list_moves(county: County, years: Sequence[int]) -> tuple[list[Move], list[Note]]:
    """Return every move after the base year, and notes of what is not known about them.

    Parameters
    ----------
    county : County
        Places with their origins, dated households, movers.
    years : sequence of int
        School years, none before the base year.

    Returns
    -------
    moves : list of Move
        In order of year and place. A site gains from its origin, an estate or a site without one from
        outside the county. Households a place has lost have gone to ``to_place_id`` or left the county.
    notes : list of Note
        Scaled plans, sites whose people come from nowhere known, households that left the county.

    Raises
    ------
    DataError
        An origin is said to have sent more households than live there, or its households are unknown.
    """
    dated = dated_households(county, years)
    places = county.places.set_index("place_id")
    at = {place_id: number for number, place_id in enumerate(places.index)}
    origin = places["origin_place_id"].reindex(dated.households.index)
    _check_origins(origin.dropna(), dated, county.base_year, places["households"].astype("Float64"))
    per_household = _movers(county)
    goes_to = county.move_in.reindex(columns=["place_id", "year", "to_place_id"]).set_index(["place_id", "year"])
    moves, notes = [], list(dated.notes)
    for year, now in pairwise(range(county.base_year, max(years) + 1)):
        change = dated.households[now] - dated.households[year]
        for place_id in change.index[change != 0]:
            count, here = float(change[place_id]), at[place_id]
            if count > 0:
                source = at.get(str(origin[place_id]), OUTSIDE)
                moves.append(Move(now, source, here, count, per_household.get(place_id)))
                if source == OUTSIDE and places.at[place_id, "kind"] == "resettlement":
                    notes.append(Note("origin_unknown", "fallback", place_id))
                continue
            goal = goes_to["to_place_id"].get((place_id, now)) if len(goes_to) else None
            moves.append(Move(now, here, at.get(str(goal), OUTSIDE), -count))
            if pd.isna(goal):
                notes.append(Note("left_county", "fallback", place_id, now, -count))
    return moves, notes


def _movers(county: County) -> dict[str, Floats]:
    """Return children of a moving household by age, by site."""
    found = {}
    for place_id, part in county.movers.groupby("place_id"):
        told = part.set_index("age")["per_100_households"].reindex(list(AGES)).fillna(0.0)
        found[str(place_id)] = told.to_numpy(float) / _PER_HUNDRED
    return found


def _check_origins(origin: pd.Series, dated: Dated, base_year: int, households: pd.Series) -> None:
    """Raise if an origin cannot have sent the households its sites report; scaled plans are capped later."""
    base = dated.households[base_year]
    gained = (dated.households.loc[origin.index].max(axis=1) - base[origin.index]).clip(lower=0)
    certain = gained.mask(dated.is_scaled[origin.index], 0.0)
    problems = []
    for place_id, count in gained.groupby(origin).sum().items():
        lived = households.get(place_id)
        sure = certain[origin.index[origin == place_id]].sum()
        if (count > 0 and (lived is None or pd.isna(lived))) or (lived is not None and sure > 0 and lived < sure):
            values = {
                "leaving": f"{count:.0f}",
                "households": "?" if lived is None or pd.isna(lived) else f"{lived:.0f}",
            }
            problems.append(Problem("origin_households", "residential", str(place_id), "households", values))
    if problems:
        raise DataError(problems)


@dataclass(eq=False)
class Population:
    """Children and households of every place as they move through the years.

    Parameters
    ----------
    place_ids : str [place]
        Ids, for notes.
    ages : int [cohort]
        Cohorts by their age on 31 August of the base year; below 0: still to be born.
    children : float [place, cohort] [person]
        Where the cohorts live by now.
    households : float [place]
        By now; 0 where unknown.
    """

    place_ids: npt.NDArray[np.str_]
    ages: Ints
    children: Floats
    households: Floats

    def move(self, moves: Sequence[Move], *, elapsed: int, newcomers: Floats) -> list[Note]:
        """Carry out the moves of one year, all at once; what one place loses another gains.

        Parameters
        ----------
        moves : sequence of Move
            Of one year.
        elapsed : int
            Years since the base year.
        newcomers : float [cohort]
            Children a household brings along that comes from outside the county.

        Returns
        -------
        list of Note
            Origins that had fewer households or children than were to leave; they lose what they have.
        """
        notes: list[Note] = []
        before, have = self.children.copy(), self.households.copy()
        leaving = np.zeros(len(have))
        for move in moves:
            if move.origin != OUTSIDE:
                leaving[move.origin] += move.households
        fits = np.divide(have, leaving, out=np.ones(len(have)), where=leaving > have)
        for move in moves:
            count = move.households
            if move.origin == OUTSIDE:
                going = self._going(move, count, newcomers * count, elapsed)
            else:
                count *= fits[move.origin]
                share = count / have[move.origin] if have[move.origin] > 0 else 0.0
                wish = self._going(move, count, before[move.origin] * share, elapsed)
                going = np.minimum(wish, self.children[move.origin])
                self.children[move.origin] -= going
                self.households[move.origin] = max(0.0, self.households[move.origin] - count)
                notes += self._shortfalls(move, count, float((wish - going).sum()))
            if move.destination != OUTSIDE:
                self.children[move.destination] += going
                self.households[move.destination] += count
        return notes

    def _going(self, move: Move, count: float, usual: Floats, elapsed: int) -> Floats:
        """Return the children [cohort] who go along: as many as usual, or by the movers' own ages."""
        if move.per_household is None:
            return usual
        age = self.ages + elapsed
        told = (age >= 0) & (age < len(AGES))
        going = usual.copy()
        going[told] = move.per_household[age[told]] * count
        # Those still to be born follow the movers' own number of small children.
        small = told & (age < _YOUNG)
        if usual[small].sum() > 0:
            going[age < 0] = usual[age < 0] * going[small].sum() / usual[small].sum()
        return going

    def _shortfalls(self, move: Move, count: float, children: float) -> list[Note]:
        place_id, found = str(self.place_ids[move.origin]), []
        if move.households - count > _HARDLY:
            found.append(Note("origin_emptied", "fallback", place_id, move.year, move.households - count))
        if children > _HARDLY:
            found.append(Note("movers_exceed", "fallback", place_id, move.year, children))
        return found


def compare_sites(county: County) -> pd.DataFrame:
    """Set planned and observed households of every resettlement site side by side, year by year.

    Returns
    -------
    DataFrame
        ``place_id, year`` (key, sorted), ``planned``, ``observed`` [household], missing where not known;
        ``share``: observed over planned less one. Years after the base year have no observation.
    """
    sites = county.places.loc[county.places["kind"] == "resettlement", "place_id"]
    table = county.move_in.reindex(columns=["place_id", "year", "planned", "households"])
    table = table[table["place_id"].isin(sites)].rename(columns={"households": "observed"})
    frame = table.astype({"planned": float, "observed": float}).sort_values(["place_id", "year"], ignore_index=True)
    frame["observed"] = frame["observed"].where(frame["year"] <= county.base_year)
    share = frame["observed"] / frame["planned"].where(frame["planned"] > 0) - 1
    return frame.assign(share=share)


def sites_off_plan(county: County, norms: Norms) -> pd.DataFrame:
    """Return every site whose households stray from its plan by more than the threshold.

    Parameters
    ----------
    county : County
        ``move_in`` with ``households`` and ``planned``.
    norms : Norms
        ``resettlement.off_plan_share``: threshold as a share of the plan.

    Returns
    -------
    DataFrame
        ``subject`` and ``place_id`` (key, sorted), ``year``: the last with both numbers, ``measured`` and
        ``limit``: observed and planned households, ``share``: |observed - planned| / planned [%]. A site
        that was planned empty and is not is off by the whole.
    """
    both = compare_sites(county).dropna(subset=["planned", "observed"]).drop_duplicates("place_id", keep="last")
    share = (both["observed"] - both["planned"]).abs() / both["planned"].where(both["planned"] > 0, both["observed"])
    off = both.assign(share=share.fillna(0.0) * _PER_HUNDRED)
    off = off[off["share"] > norms.value("resettlement.off_plan_share") * _PER_HUNDRED + _HARDLY]
    off = off.rename(columns={"observed": "measured", "planned": "limit"}).assign(subject=off["place_id"])
    return off[["subject", "year", "measured", "limit", "place_id", "share"]].reset_index(drop=True)
