"""How many live in each block of the county town, so that its schools have about the children near them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import cKDTree

from layoutplan.county.sample.facts import BASE_YEAR, COUNTY_TOWN, PERSONS_PER_HOUSEHOLD, TOWN_SCHOOLS
from layoutplan.county.sample.settle import Ground
from layoutplan.county.sample.streets import Town, allot_blocks

Floats = npt.NDArray[np.float64]

# Children aged 6-11 and 12-14 per resident of the county town, about.
_PER_RESIDENT = {"primary": 0.134, "junior": 0.070}
_BOUNDS = (400.0, 4_500.0)


def fit_town(ground: Ground, town: Town, places: pd.DataFrame) -> Floats:
    """Return the residents wanted in each town neighbourhood, in the order of ``places``.

    Notes
    -----
    Iterative proportional fitting: neighbourhoods are scaled to the size of their nearest junior
    school, then of their nearest primary school, and so on, within bounds.
    """
    mine = places[(places["township_id"] == COUNTY_TOWN) & (places["kind"] != "village")]
    fixed = np.array([years[BASE_YEAR - 2019] * PERSONS_PER_HOUSEHOLD if years else 0.0 for years in mine["dated"]])
    free = (mine["kind"] == "town").to_numpy()
    blocks = allot_blocks(town, schools=len(TOWN_SCHOOLS), homes=0).schools
    street = cKDTree(town.nodes)
    first = int(ground.lattice.town_start[0])
    homes = first + street.query(mine[["east_m", "north_m"]].to_numpy())[1]
    walks = ground.walks(first + street.query(town.centres[list(blocks)])[1])[:, homes]
    people = np.where(free, 1_500.0, fixed)
    sizes = {
        "primary": {block: primary for _, _, primary, _, block in TOWN_SCHOOLS if primary},
        "junior": {block: junior for _, _, _, junior, block in TOWN_SCHOOLS if junior},
    }
    for _ in range(25):
        for stage in ("junior", "primary"):
            pupils = sizes[stage]
            nearest = np.array(list(pupils))[np.argmin(walks[list(pupils)], axis=0)]
            for block, size in pupils.items():
                near = nearest == block
                wanted = size / _PER_RESIDENT[stage] - people[near & ~free].sum()
                people[near & free] *= max(wanted, 0.0) / max(people[near & free].sum(), 1.0)
                people[free] = people[free].clip(*_BOUNDS)
    return people[free]
