"""Try a new school anywhere on the map and see at once what it takes and relieves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class SiteTrial:
    """What one site would do in one stage and year.

    Parameters
    ----------
    site_id : str
        Id of the site.
    east_m, north_m : float
        Where it stands, in the county's CRS (as asked for).
    gap_m : float
        Straight distance to the road it is snapped to.
    reason : str
        Empty if the site can be reached; else ``off_network`` or ``outside_county``.
    load : DataFrame
        ``year, pupils, classes, class_size``: every plan year.
    relief : DataFrame
        ``school_id, pupils_before, pupils_after, seats`` in the year looked at, largest relief first.
    places : DataFrame
        ``place_id, school_before, pupils, minutes_before, minutes_after`` of the places it would serve.
    minutes_before, minutes_after : float
        Mean one-way minutes of all pupils of the stage who can reach a school, weighted by pupils.
    cells : int64 [cell won]
        Cells that would go to the site, sorted.
    """

    site_id: str
    east_m: float
    north_m: float
    gap_m: float
    reason: str
    load: pd.DataFrame
    relief: pd.DataFrame
    places: pd.DataFrame
    minutes_before: float
    minutes_after: float
    cells: npt.NDArray[np.int64]
