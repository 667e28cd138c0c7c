"""A copy that may be shown: small counts hidden so that no subtraction brings them back, tiny places moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from layoutplan.county.tables import STAGE_OF_GRADE, STAGES
from layoutplan.labels import Lang, label
from layoutplan.present.grids import Cell, Column, Grid
from layoutplan.present.workbook import write_grids

if TYPE_CHECKING:
    from layoutplan.plan.planning import PlanResult

Counts = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


def hide_small(counts: Counts, *, least: int) -> Mask:
    """Return which cells of a table with totals must not be shown.

    A count from 1 to ``least - 1`` is hidden. As the totals of rows and columns are shown, a hidden count could be
    had back by subtraction; so more cells are hidden, the smallest first, until every hidden cell lies on a ring of
    hidden cells: then at least one pupil could be moved round the ring without changing anything that is shown.

    Parameters
    ----------
    counts : int64 [row, column]
        Persons, without totals.
    least : int
        Smallest count that may be shown.

    Returns
    -------
    bool [row + 1, column + 1]
        True where hidden; the last row and column are the totals, which are hidden too where they have to be.

    Notes
    -----
    Cells and totals are the edges of a graph whose nodes are the rows and columns; the shown sums fix a hidden
    cell exactly if its edge is a bridge.
    """
    table = with_totals(counts)
    hidden = (table > 0) & (table < least)
    while True:
        wanted = _next_to_hide(table, hidden, least)
        if wanted is None:
            return hidden
        hidden[wanted] = True


def with_totals(counts: Counts) -> Counts:
    """Return a table with its totals as last row and last column (int64 [row + 1, column + 1])."""
    wide = np.concatenate([counts, counts.sum(axis=1, keepdims=True)], axis=1)
    return np.asarray(np.concatenate([wide, wide.sum(axis=0, keepdims=True)], axis=0), dtype=np.int64)


def _next_to_hide(table: Counts, hidden: Mask, least: int) -> tuple[int, int] | None:
    """Return one more cell to hide: the smallest positive one in a line that gives a hidden cell away."""
    import networkx as nx

    rows, columns = table.shape
    graph = nx.Graph([(int(r), rows + int(c)) for r, c in np.argwhere(hidden)])
    lines = {node for edge in nx.bridges(graph) for node in edge}
    for node in graph:
        line = _line(table, hidden, node)
        if line[0][line[1]].sum() < least:
            lines.add(node)
    for positive in (True, False):
        best = [choice for node in sorted(lines) if (choice := _smallest(table, hidden, node, positive)) is not None]
        if best:
            return min(best)[1]
    return None


def _line(table: Counts, hidden: Mask, node: int) -> tuple[Counts, Mask]:
    at = np.s_[node, :] if node < len(table) else np.s_[:, node - len(table)]
    return table[at], hidden[at]


def _smallest(
    table: Counts, hidden: Mask, node: int, positive: bool
) -> tuple[tuple[int, int, int], tuple[int, int]] | None:
    """Return the smallest cell of a line not hidden yet; totals last, as hiding them tells readers least."""
    counts, known = _line(table, hidden, node)
    open_cells = np.flatnonzero(~known & ((counts > 0) == positive))
    if not len(open_cells):
        return None
    at = min(open_cells.tolist(), key=lambda cell: (cell == len(counts) - 1, counts[cell], cell))
    cell = (node, at) if node < len(table) else (at, node - len(table))
    return (int(at == len(counts) - 1), int(counts[at]), node), cell


def generalise(points: npt.NDArray[np.object_], small: Mask, *, grid_m: float) -> npt.NDArray[np.object_]:
    """Return points of which the small ones stand in the middle of their grid square.

    Parameters
    ----------
    points : Point [place]
        In metres.
    small : bool [place]
        Places so small that their spot tells who lives there.
    grid_m : float
        Side of a square.
    """
    at = shapely.get_coordinates(points)
    middle = (np.floor(at / grid_m) + 0.5) * grid_m
    return np.asarray(np.where(small, shapely.points(middle), points), dtype=object)


def public_grids(result: PlanResult, lang: Lang) -> list[Grid]:
    """Return the tables of the public copy: pupils by school and by place, with their totals, of the base year.

    Counts under ``public.min_count`` are hidden, as are as many more as it takes; places with fewer pupils than
    ``public.min_place_pupils`` stand in the middle of a square of ``public.grid_m``.
    """
    norms, county = result.prepared.norms, result.prepared.county
    least = int(norms.value("public.min_count"))
    enrolment = result.enrolment.frame
    now = enrolment[enrolment["year"] == county.base_year]
    schools = _by_stage(now, "school_id", list(result.roster.schools["school_id"]))
    names = pd.DataFrame(result.roster.schools[["school_id", "name"]])
    grids = [_grid("public_schools", names, schools, least, lang)]
    demand = result.demand.frame[result.demand.frame["year"] == county.base_year]
    places = _by_stage(
        demand.assign(stage=demand["grade"].map(STAGE_OF_GRADE)), "place_id", list(county.places["place_id"])
    )
    small = places.sum(axis=1) < norms.value("public.min_place_pupils")
    inside = shapely.point_on_surface(county.places.geometry.to_numpy())
    points = generalise(inside, small, grid_m=norms.value("public.grid_m"))
    at = shapely.get_coordinates(points).round().astype(int)
    about = pd.DataFrame({"place_id": county.places["place_id"], "name": county.places["name"]})
    about = about.assign(
        east_m=at[:, 0], north_m=at[:, 1], moved=[label("map.yes", lang) if is_small else "" for is_small in small]
    )
    return [*grids, _grid("public_places", about, places, least, lang)]


def _by_stage(frame: pd.DataFrame, key: str, order: list[str]) -> Counts:
    """Return whole pupils by subject and stage, every stage's sum kept (int64 [subject, stage])."""
    wide = frame.pivot_table(index=key, columns="stage", values="pupils", aggfunc="sum")
    real = wide.reindex(index=order, columns=list(STAGES)).fillna(0.0).to_numpy(float)
    whole = np.floor(real + 1e-9).astype(np.int64)
    for stage in range(len(STAGES)):
        rest = real[:, stage] - whole[:, stage]
        left = int(np.floor(real[:, stage].sum() + 0.5)) - int(whole[:, stage].sum())
        whole[np.argsort(-rest, kind="stable")[: max(left, 0)], stage] += 1
    return whole


def _grid(key: str, about: pd.DataFrame, counts: Counts, least: int, lang: Lang) -> Grid:
    """Return subjects with their counts and totals; a hidden cell is a mark, never empty and never 0."""
    table, hidden = with_totals(counts), hide_small(counts, least=least)
    mark = label("public.hidden", lang)
    shown: list[list[Cell]] = [
        [mark if hide else int(count) for count, hide in zip(row, masks, strict=True)]
        for row, masks in zip(table, hidden, strict=True)
    ]
    total: list[Cell] = [label("public.total", lang), *[None] * (about.shape[1] - 1)]
    subjects: list[list[Cell]] = [*about.astype(object).values.tolist(), total]
    heads = [Column(label(f"column.{name}", lang), 0, counts=False) for name in about.columns]
    heads += [Column(label(f"public.{name}", lang), 0) for name in (*STAGES, "all")]
    rows = [(*subject, *cells) for subject, cells in zip(subjects, shown, strict=True)]
    return Grid(key, label(f"grid.{key}", lang), tuple(heads), rows)


def write_public(result: PlanResult, *, lang: Lang) -> bytes:
    """Return the workbook of the public copy; maps are no part of it, as they have to be reviewed first."""
    county = result.prepared.county
    title = label("public.title", lang, county=county.name if lang == "zh" else county.name_en)
    return write_grids(result, public_grids(result, lang), lang=lang, title=title)
