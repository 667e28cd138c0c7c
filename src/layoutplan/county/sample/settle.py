"""Where people live and schools stand: sites in the valleys, villages within a walk of them.

Distances hold by construction: a village is a node of the finished roads whose walk to its
school is under 1.6 km and, hills counted, under 30 minutes; a far one lies beyond 2.2 km, an
island has no road to the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy import sparse
from scipy.sparse import csgraph
from scipy.spatial import cKDTree
from shapely.ops import substring

from layoutplan.county.sample.facts import TOWNSHIPS, generator
from layoutplan.county.sample.roads import (
    RANK,
    Lattice,
    build_main_roads,
    connect,
    connect_hamlets,
    draw_lines,
    fill_with_field_ways,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

NEAR_M = (120.0, 1_520.0)
# Up and down counted by Tobler's function: 28.5 minutes at 3.6 km/h.
NEAR_STEEP_M = 1_710.0
FAR_M = (2_300.0, 4_300.0)
NODES = 21_500
HAMLETS = 3_000
# Footpaths that end a few metres short of the road they lead to, all this far from any place.
BROKEN, BROKEN_AWAY_M = 8, 1_500.0
# Villages too far from any school, and villages without a road to the rest, by township.
FAR = {"640422200": 2, "640422212": 2, "640422201": 1, "640422204": 1, "640422213": 1}
ISLANDS = ("640422202", "640422215", "640422208")
SHELLS = ("640422200", "640422102", "640422204", "640422203", "640422207", "640422208", "640422212")
DECOYS = ("640422211",)
TWINS = ("640422101", "640422103", "640422205", "640422208", "640422209")
VACANT = ("640422101", "640422103", "640422200", "640422102", "640422202", "640422206", "640422209", "640422213")
_TINY = ("shell", "decoy")


@dataclass(frozen=True)
class Site:
    """A place for a rural school, and what is planted there.

    Parameters
    ----------
    township : int
        Position in ``TOWNSHIPS``.
    node : int
        Node of the lattice.
    role : {"seat", "village", "shell", "decoy", "vacant", "twin"}
        Seat of a township, an ordinary village school, a planted one, one that only looks
        planted, or a second school with two grades beside an ordinary one.
    """

    township: int
    node: int
    role: str = "village"


@dataclass(frozen=True)
class Village:
    """A village on the roads.

    Parameters
    ----------
    township : int
        Position in ``TOWNSHIPS``.
    node : int
        Node of the lattice.
    role : {"near", "far", "island", "tiny"}
        Tiny ones lie at a shell school.
    """

    township: int
    node: int
    role: str = "near"


@dataclass(frozen=True, eq=False)
class Ground:
    """The finished roads with sites and villages on them.

    Parameters
    ----------
    built : int64 [road]
        Edge of the lattice of every road.
    lines : object [road]
        Line of every road.
    sites, villages : tuple
        In a fixed order.
    """

    lattice: Lattice
    built: Ints
    lines: npt.NDArray[Any]
    sites: tuple[Site, ...]
    villages: tuple[Village, ...]

    def walks(self, sources: Ints, *, limit_m: float = 8_000.0) -> Floats:
        """Return the walk [source, node] in metres, infinite beyond the limit."""
        start, end = self.lattice.edges[self.built].T
        count = len(self.lattice.nodes)
        graph = sparse.csr_array((shapely.length(self.lines), (start, end)), shape=(count, count))
        walks: Floats = csgraph.dijkstra(graph, directed=False, indices=sources, limit=limit_m)
        return walks

    def steep_walks(self, sources: Ints, *, limit_m: float = 8_000.0) -> Floats:
        """Return the walk [source, node] in metres on the flat that take as long, the dearer way of two."""
        start, end = self.lattice.edges[self.built].T
        count, length = len(self.lattice.nodes), shapely.length(self.lines)
        slope = (self.lattice.height_m[end] - self.lattice.height_m[start]) / length
        up, down = (length * np.exp(3.5 * (np.abs(way * slope + 0.05) - 0.05)) for way in (1.0, -1.0))
        ends = np.concatenate([start, end]), np.concatenate([end, start])
        outward = sparse.csr_array((np.concatenate([up, down]), ends), shape=(count, count))
        there, back = (
            csgraph.dijkstra(graph, indices=sources, limit=limit_m) for graph in (outward, sparse.csr_array(outward.T))
        )
        dearer: Floats = np.maximum(there, back)
        return dearer


def settle(lattice: Lattice, polygons: list[shapely.Polygon]) -> Ground:
    """Choose school sites, build every road to them and to the hamlets, and choose the villages."""
    owner = _owners(lattice, polygons)
    sites = _choose_sites(lattice, owner, polygons)
    islands = _choose_islands(lattice, owner, sites)
    pieces = [_close_off(lattice, island) for island in islands]
    build_main_roads(lattice)
    village_nodes = np.array([site.node for site in sites if site.role != "seat"])
    connect(lattice, village_nodes, "township", sources=lattice.seats)
    connect_hamlets(lattice, _hamlets(lattice, owner))
    fill_with_field_ways(lattice, NODES)
    _leave_no_car_alone(lattice)
    for piece in pieces:
        lattice.build(piece, "village")
    built, lines = draw_lines(lattice)
    draft = Ground(lattice, built, lines, tuple(sites), ())
    villages = _choose_villages(draft, owner)
    villages += [Village(int(owner[island]), island, "island") for island in islands]
    sites += _choose_extra(draft, owner, villages)
    _pave(lattice, sites, villages)
    _break_off(lattice, built, lines, np.array([site.node for site in sites] + [village.node for village in villages]))
    return Ground(lattice, built, lines, tuple(sites), tuple(villages))


def _owners(lattice: Lattice, polygons: list[shapely.Polygon]) -> Ints:
    """Return the township of every node."""
    points = shapely.points(lattice.nodes)
    owner = np.full(len(points), -1)
    for number, polygon in enumerate(polygons):
        shapely.prepare(polygon)
        owner[shapely.contains(polygon, points)] = number
    return owner


def _site_count(number: int) -> int:
    """Return how many rural schools a township has besides its seat."""
    township = TOWNSHIPS[number]
    return 13 if number == 0 else round(township.villages * 0.6)


def _choose_sites(lattice: Lattice, owner: Ints, polygons: list[shapely.Polygon]) -> list[Site]:
    """Choose school sites: low ground first, apart from each other and from the border."""
    rng = generator(20)
    score = np.clip(lattice.above_valley_m, 0, None) + 38.0 * rng.exponential(1.0, len(lattice.nodes))
    sites = [Site(number, int(node), "seat") for number, node in enumerate(lattice.seats)]
    taken = [lattice.nodes[site.node] for site in sites]
    town = cKDTree(lattice.nodes[lattice.town_start[0] : lattice.town_start[1]])
    clear_of_town = town.query(lattice.nodes)[0] > 2_300.0
    for number, township in enumerate(TOWNSHIPS):
        inner = polygons[number].buffer(-500.0)
        shapely.prepare(inner)
        free = (owner == number) & shapely.contains_xy(inner, lattice.nodes) & clear_of_town
        free[lattice.town_start[0] :] = False
        candidates = np.flatnonzero(free)
        candidates = candidates[np.argsort(score[candidates], kind="stable")]
        apart, found = 2_750.0, 0
        while found < _site_count(number):
            for node in candidates.tolist():
                if (
                    found < _site_count(number)
                    and np.min(np.hypot(*(np.array(taken) - lattice.nodes[node]).T)) >= apart
                ):
                    role = "village"
                    if found == 3:
                        role = "shell" if township.code in SHELLS else "decoy" if township.code in DECOYS else role
                    sites.append(Site(number, node, role))
                    taken.append(lattice.nodes[node])
                    found += 1
            apart *= 0.93
    return sites


def _choose_islands(lattice: Lattice, owner: Ints, sites: list[Site]) -> list[int]:
    """Choose the nodes of villages that no road joins to the rest, far from every school site."""
    away = cKDTree(lattice.nodes[[site.node for site in sites]]).query(lattice.nodes)[0]
    chosen = []
    for code in ISLANDS:
        number = [township.code for township in TOWNSHIPS].index(code)
        mine = np.flatnonzero(owner == number)
        chosen.append(int(mine[np.argmax(away[mine] - 12.0 * np.clip(lattice.above_valley_m[mine] - 60.0, 0, None))]))
    return chosen


def _close_off(lattice: Lattice, island: int) -> Ints:
    """Keep every other road away from an island, and return the edges of its own few roads."""
    away = np.hypot(*(lattice.nodes - lattice.nodes[island]).T)
    lattice.closed |= away < 950.0
    inner = np.flatnonzero((away[lattice.edges] < 560.0).all(axis=1))
    start, end = lattice.edges[inner].T
    count = len(lattice.nodes)
    tree = csgraph.minimum_spanning_tree(sparse.csr_array((lattice.effort[inner], (start, end)), shape=(count, count)))
    pairs = np.array(tree.nonzero())
    return lattice.edge_number(pairs[0].astype(np.int64), pairs[1].astype(np.int64))


def _hamlets(lattice: Lattice, owner: Ints) -> Ints:
    """Draw hamlets, more of them on low ground and where more people live."""
    rng = generator(21)
    crowd = np.array([(township.villages + 6) / township.area_km2 for township in TOWNSHIPS])
    likely = np.exp(-np.clip(lattice.above_valley_m, 0, None) / 90.0) * np.where(owner >= 0, crowd[owner], 0.0)
    likely[lattice.town_start[0] :] = 0.0
    likely[lattice.closed] = 0.0
    return rng.choice(len(likely), size=HAMLETS, replace=False, p=likely / likely.sum())


def _leave_no_car_alone(lattice: Lattice) -> None:
    """Make footpaths of the tracks that only footpaths lead to."""
    drivable = np.flatnonzero(lattice.rank <= RANK["track"])
    start, end = lattice.edges[drivable].T
    count = len(lattice.nodes)
    graph = sparse.csr_array((np.ones(len(drivable)), (start, end)), shape=(count, count))
    piece = csgraph.connected_components(graph, directed=False)[1]
    lattice.rank[drivable[piece[start] != piece[lattice.seats[0]]]] = RANK["path"]


def _choose_villages(ground: Ground, owner: Ints) -> list[Village]:
    """Choose the villages of every township among the nodes that vehicles reach."""
    lattice = ground.lattice
    rng = generator(22)
    good = np.unique(lattice.edges[lattice.rank <= RANK["track"]])
    free = np.zeros(len(lattice.nodes), bool)
    free[good] = True
    free &= ~lattice.closed
    free[lattice.town_start[0] :] = False
    walks = ground.walks(np.array([site.node for site in ground.sites]))
    nearest, walk = np.argmin(walks, axis=0), np.min(walks, axis=0)
    steep = ground.steep_walks(np.array([site.node for site in ground.sites])).min(axis=0)
    score = lattice.above_valley_m + 30.0 * rng.exponential(1.0, len(lattice.nodes))
    villages: list[Village] = []
    for number, township in enumerate(TOWNSHIPS):
        mine = free & (owner == number)
        far = _pick_far(lattice, mine, walk, score, count=FAR.get(township.code, 0))
        villages += [Village(number, node, "far") for node in far]
        wanted = township.villages - len(far) - (township.code in ISLANDS)
        near = mine & (walk >= NEAR_M[0]) & (walk <= NEAR_M[1]) & (steep <= NEAR_STEEP_M)
        villages += _pick_near(ground, number, (near, nearest, walk, score), wanted)
    return villages


def _pick_far(lattice: Lattice, mine: npt.NDArray[np.bool_], walk: Floats, score: Floats, *, count: int) -> list[int]:
    candidates = np.flatnonzero(mine & (walk > FAR_M[0]) & (walk < FAR_M[1]))
    chosen: list[int] = []
    for node in candidates[np.argsort(score[candidates], kind="stable")].tolist():
        if len(chosen) < count and all(
            np.hypot(*(lattice.nodes[node] - lattice.nodes[other])) > 2_500 for other in chosen
        ):
            chosen.append(node)
    return chosen


def _pick_near(
    ground: Ground, number: int, fields: tuple[npt.NDArray[np.bool_], Ints, Floats, Floats], wanted: int
) -> list[Village]:
    """Give every site of a township its first village, then second ones, until there are enough."""
    near, nearest, walk, score = fields
    nodes = ground.lattice.nodes
    order = [position for position, site in enumerate(ground.sites) if site.township == number]
    order = [position for position in order if ground.sites[position].role != "seat"] + [
        position for position in order if ground.sites[position].role == "seat" and number > 0
    ]
    chosen: list[Village] = []
    taken: list[int] = []
    for turn in range(6):
        for position in order:
            site = ground.sites[position]
            if len(chosen) >= wanted or (turn and site.role in _TINY) or (turn == 0 and site.role == "seat"):
                continue
            reach = near & (nearest == position) & ((walk < 520.0) if turn == 0 else (walk > 560.0))
            candidates = np.flatnonzero(reach)
            for node in candidates[np.argsort(score[candidates], kind="stable")].tolist():
                if all(np.hypot(*(nodes[node] - nodes[other])) > 480.0 for other in taken):
                    taken.append(node)
                    chosen.append(Village(number, node, "tiny" if site.role in _TINY else "near"))
                    break
    return chosen


def _choose_extra(ground: Ground, owner: Ints, villages: list[Village]) -> list[Site]:
    """Choose where empty schools and second ones stand: beside an ordinary school, not a planted one."""
    lattice = ground.lattice
    walks = ground.walks(np.array([site.node for site in ground.sites]))
    nearest, walk = np.argmin(walks, axis=0), np.min(walks, axis=0)
    plain = np.array([site.role == "village" for site in ground.sites])
    near_village = cKDTree(lattice.nodes[[village.node for village in villages]]).query(lattice.nodes)[0]
    drivable = np.zeros(len(lattice.nodes), bool)
    drivable[np.unique(lattice.edges[lattice.rank <= RANK["track"]])] = True
    drivable[lattice.town_start[0] :] = False
    chosen: list[Site] = []
    for role, codes, least, most in (("vacant", VACANT, 1_000.0, 1_500.0), ("twin", TWINS, 650.0, 1_100.0)):
        for code in codes:
            number = [township.code for township in TOWNSHIPS].index(code)
            good = (
                drivable & (owner == number) & plain[nearest] & (walk > least) & (walk < most) & (near_village < 700.0)
            )
            for site in chosen:
                good &= np.hypot(*(lattice.nodes - lattice.nodes[site.node]).T) > 2_500.0
            candidates = np.flatnonzero(good)
            chosen.append(Site(number, int(candidates[np.argmin(lattice.above_valley_m[candidates])]), role))
    return chosen


def _pave(lattice: Lattice, sites: list[Site], villages: list[Village]) -> None:
    """Make the way from every village to its nearest site a village road at least."""
    schools = np.array([site.node for site in sites if site.role not in ("vacant", "twin")])
    start, end = lattice.edges[lattice.built].T
    length = np.hypot(*(lattice.nodes[start] - lattice.nodes[end]).T)
    count = len(lattice.nodes)
    graph = sparse.csr_array((length, (start, end)), shape=(count, count))
    _, before, _ = csgraph.dijkstra(graph, directed=False, indices=schools, min_only=True, return_predecessors=True)
    for node in [village.node for village in villages if village.role != "island"] + [site.node for site in sites]:
        while before[node] >= 0:
            lattice.build(lattice.edge_number(np.array([before[node]]), np.array([node])), "village")
            node = int(before[node])


def _break_off(lattice: Lattice, built: Ints, lines: npt.NDArray[Any], lived: Ints) -> None:
    """Leave a gap of a few metres before some footpaths far from everybody, as real surveys do."""
    rng = generator(23)
    arms = np.bincount(lattice.edges[built].ravel(), minlength=len(lattice.nodes))
    away = cKDTree(lattice.nodes[np.r_[lived, lattice.town_start[0] : len(lattice.nodes)]]).query(lattice.nodes)[0]
    ends = lattice.edges[built]
    loose = (arms[ends] == 1).sum(axis=1) == 1
    loose &= (lattice.rank[built] == RANK["path"]) & (away[ends].min(axis=1) > BROKEN_AWAY_M)
    for road in rng.choice(np.flatnonzero(loose), size=BROKEN, replace=False).tolist():
        line, gap = lines[road], float(rng.uniform(2.0, 9.0))
        attached = 0 if arms[ends[road, 0]] > 1 else 1
        cut = (gap, line.length) if attached == 0 else (0.0, line.length - gap)
        lines[road] = shapely.LineString(np.round(shapely.get_coordinates(substring(line, *cut)), 1))
