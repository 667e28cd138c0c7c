"""What the sample county is shaped on: seats, residents, villages, rivers and the outline.

Names of townships, the resident total and the extent are public facts of Xiji County; seats,
areas and everything below a township are invented. Coordinates are kilometres in EPSG:4544.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

SEED = 640422
CRS = "EPSG:4544"
BASE_YEAR = 2022
AREA_KM2 = 3130.0
PERSONS_PER_HOUSEHOLD = 4.0
COUNTY_TOWN = "640422100"
GAP_TOWNSHIP = "640422214"


@dataclass(frozen=True)
class Township:
    """One township of the sample.

    Parameters
    ----------
    code, name : str
        Nine-digit code in the official style, and the real name.
    east_km, north_km : float
        Seat, roughly where the real one is.
    residents : int
        People who live there (synthetic weights that add up to the county).
    villages : int
        Administrative villages.
    area_km2 : float
        Area the borders are fitted to.
    blocks : int
        Town neighbourhoods at the seat.
    combined : bool
        Whether the seat has one nine-year school instead of a primary and a junior school.
    """

    code: str
    name: str
    east_km: float
    north_km: float
    residents: int
    villages: int
    area_km2: float
    blocks: int = 1
    combined: bool = False

    @property
    def short(self) -> str:
        """Name without 镇 or 乡."""
        return self.name[:-1]


TOWNSHIPS = (
    Township("640422100", "吉强镇", 564.70, 3982.27, 108_000, 30, 330.0, 52),
    Township("640422101", "兴隆镇", 574.4, 3948.6, 24_000, 20, 150.0, 4),
    Township("640422102", "平峰镇", 541.8, 3954.9, 15_000, 17, 170.0, 2),
    Township("640422103", "将台堡镇", 574.7, 3965.6, 18_000, 19, 160.0, 3),
    Township("640422200", "新营乡", 554.1, 3991.2, 13_900, 21, 282.8),
    Township("640422201", "红耀乡", 544.6, 3991.6, 8_300, 14, 175.0, 1, True),
    Township("640422202", "田坪乡", 537.9, 3980.6, 10_400, 15, 180.0),
    Township("640422203", "马建乡", 545.3, 3975.6, 7_800, 13, 140.0, 1, True),
    Township("640422204", "震湖乡", 547.2, 3967.6, 11_000, 16, 170.0),
    Township("640422205", "兴平乡", 555.4, 3964.6, 9_800, 13, 120.0),
    Township("640422206", "西滩乡", 561.6, 3957.3, 9_300, 11, 105.0),
    Township("640422207", "王民乡", 552.8, 3954.6, 8_800, 12, 115.0),
    Township("640422208", "什字乡", 585.6, 3960.2, 12_900, 14, 130.0),
    Township("640422209", "马莲乡", 582.0, 3972.6, 12_200, 14, 120.0),
    Township("640422211", "硝河乡", 569.2, 3973.8, 11_600, 13, 110.0),
    Township("640422212", "偏城乡", 586.2, 3984.8, 13_700, 17, 204.6),
    Township("640422213", "沙沟乡", 586.0, 3999.0, 7_300, 12, 170.0, 1, True),
    Township("640422214", "白崖乡", 577.0, 3992.3, 6_800, 11, 132.6, 1, True),
    Township("640422215", "火石寨乡", 566.8, 4000.4, 7_000, 13, 165.0, 1, True),
)
# Schools of the county town: name, kind, pupils of the primary and of the junior stage, and which of its
# evenly spread blocks each stands on; large ones where many blocks are near.
TOWN_SCHOOLS = (
    ("示范第一小学", "primary", 2_230, 0, 0),
    ("示范第二小学", "primary", 1_310, 0, 3),
    ("示范第三小学", "primary", 2_090, 0, 9),
    ("示范第四小学", "primary", 1_000, 0, 11),
    ("示范第五小学", "primary", 860, 0, 8),
    ("示范第六小学", "primary", 730, 0, 2),
    ("示范第七小学", "primary", 580, 0, 1),
    ("示范第一九年制学校", "nine_year", 1_720, 880, 4),
    ("示范第二九年制学校", "nine_year", 1_480, 820, 5),
    ("示范第一初级中学", "junior", 0, 2_260, 10),
    ("示范第二初级中学", "junior", 0, 1_800, 6),
    ("示范第三初级中学", "junior", 0, 1_300, 7),
    ("示范特殊教育学校", "special", 0, 0, 12),
)
BY_CODE = {township.code: township for township in TOWNSHIPS}

# Corners of the outline, clockwise from the north; the middle of the 67 x 72 km box is (563, 3975).
OUTLINE_KM = np.array(
    [
        (566.5, 4011.2), (573.5, 4007.6), (580.0, 4008.6), (588.0, 4006.4), (592.6, 4000.0), (591.0, 3993.0),
        (596.4, 3986.5), (592.0, 3979.5), (589.4, 3972.0), (593.0, 3965.0), (591.0, 3956.5), (585.0, 3952.0),
        (582.6, 3944.5), (578.0, 3939.3), (571.0, 3942.0), (567.0, 3948.5), (560.5, 3949.0), (555.5, 3945.6),
        (547.5, 3947.8), (541.0, 3946.2), (534.6, 3951.0), (535.6, 3959.0), (539.2, 3966.0), (533.0, 3972.5),
        (529.9, 3980.5), (534.0, 3987.0), (536.8, 3995.5), (544.0, 3999.8), (551.0, 4001.0), (557.0, 4003.6),
        (560.5, 4009.0),
    ]
)  # fmt: skip

# Valleys that the terrain is led along, each from its head to where it ends. The first is the Hulu river.
RIVERS_KM = tuple(
    np.array(line)
    for line in (
        [(547.0, 4001.0), (550.0, 3995.5), (554.1, 3990.7), (559.5, 3986.6), (564.7, 3981.6), (569.0, 3974.0),
         (574.6, 3966.0), (576.0, 3957.0), (574.4, 3948.3), (577.0, 3942.0), (578.3, 3936.0)],
        [(592.0, 3996.0), (586.3, 3985.0), (584.0, 3978.0), (581.8, 3972.3), (577.5, 3967.5), (575.2, 3963.0)],
        [(567.5, 4008.0), (566.8, 4000.0), (567.2, 3992.0), (564.7, 3981.6)],
        [(590.0, 4004.5), (586.0, 3999.0), (577.0, 3992.0), (571.5, 3986.0), (567.5, 3978.0)],
        [(544.5, 3998.5), (544.6, 3991.6), (540.5, 3986.0), (538.2, 3980.6), (541.5, 3977.0), (545.3, 3975.2),
         (547.2, 3967.4), (551.0, 3960.0), (553.0, 3954.2), (557.6, 3948.0), (558.5, 3936.0)],
        [(538.5, 3963.0), (541.6, 3954.8), (548.0, 3950.5), (553.0, 3948.0), (557.6, 3947.0)],
        [(556.0, 3972.0), (555.6, 3964.5), (558.5, 3960.0), (561.6, 3957.0), (563.0, 3950.0), (566.0, 3943.0),
         (569.0, 3936.0)],
        [(591.0, 3969.0), (585.6, 3960.0), (580.5, 3954.5), (575.6, 3951.5)],
    )
)  # fmt: skip


def generator(step: int) -> np.random.Generator:
    """Return the random numbers of one step; steps do not disturb each other."""
    return np.random.default_rng([SEED, step])


def rows_of(frame: pd.DataFrame) -> Iterator[Any]:
    """Return the rows of a frame as named tuples; what a column holds is known only when it runs."""
    rows: Iterator[Any] = frame.itertuples()
    return rows
