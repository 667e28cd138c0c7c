"""Single ages from five-year age groups by Sprague's multipliers.

Sprague's fifth-difference osculatory interpolation, as tabled in Shryock and Siegel, *The Methods and
Materials of Demography*, appendix C. A single age is a weighted sum of the groups around it; the five
ages of a group add up to the group.
"""

from __future__ import annotations

import numpy as np

from layoutplan.access.network import Floats
from layoutplan.county.problems import Mask

GROUP_YEARS = 5
LEAST_GROUPS = 4
# Weights [age in its group, group]. The first two groups of a series lean on the first four groups.
FIRST = np.array(
    [
        [0.3616, -0.2768, 0.1488, -0.0336],
        [0.2640, -0.0960, 0.0400, -0.0080],
        [0.1840, 0.0400, -0.0320, 0.0080],
        [0.1200, 0.1360, -0.0720, 0.0160],
        [0.0704, 0.1968, -0.0848, 0.0176],
    ]
)
SECOND = np.array(
    [
        [0.0336, 0.2272, -0.0752, 0.0144],
        [0.0080, 0.2320, -0.0480, 0.0080],
        [-0.0080, 0.2160, -0.0080, 0.0000],
        [-0.0160, 0.1840, 0.0400, -0.0080],
        [-0.0176, 0.1408, 0.0912, -0.0144],
    ]
)
# Groups with two on either side lean on all five.
MIDDLE = np.array(
    [
        [-0.0128, 0.0848, 0.1504, -0.0240, 0.0016],
        [-0.0016, 0.0144, 0.2224, -0.0416, 0.0064],
        [0.0064, -0.0336, 0.2544, -0.0336, 0.0064],
        [0.0064, -0.0416, 0.2224, 0.0144, -0.0016],
        [0.0016, -0.0240, 0.1504, 0.0848, -0.0128],
    ]
)


def split_groups(groups: Floats) -> tuple[Floats, Mask]:
    """Return single ages, and the groups that had to be split evenly.

    Parameters
    ----------
    groups : float [area, group] [person]
        Residents of the ages 0-4, 5-9, ... in order, none left out; at least four groups.

    Returns
    -------
    ages : float [area, age] [person]
        Ages 0, 1, 2, ...; never negative; the ages of a group add up to it.
    evenly : bool [area, group]
        Groups in which a multiplier gave a negative age. Their five ages are a fifth each: the rule is
        simple, keeps the group's total and cannot be negative.

    Raises
    ------
    ValueError
        There are fewer than four groups.

    Examples
    --------
    >>> ages, evenly = split_groups(np.array([[500.0, 500.0, 500.0, 500.0]]))
    >>> ages[0].round(6).tolist() == [100.0] * 20, bool(evenly.any())
    (True, False)
    """
    areas, count = groups.shape
    if count < LEAST_GROUPS:
        raise ValueError(f"{count} groups, {LEAST_GROUPS} needed")
    ages = np.stack([_weights(at, count) @ groups.T for at in range(count)]).transpose(2, 0, 1)
    # Multipliers have four digits, so a thousandth of a person is still nobody.
    evenly = np.asarray((ages < -1e-9).any(axis=2), dtype=np.bool_)
    ages = np.where(evenly[:, :, None], groups[:, :, None] / GROUP_YEARS, np.maximum(ages, 0.0))
    return ages.reshape(areas, count * GROUP_YEARS), evenly


def _weights(at: int, count: int) -> Floats:
    """Return the weights [age, group] of one group among all groups."""
    weights = np.zeros((GROUP_YEARS, count))
    if at < 2:
        weights[:, :LEAST_GROUPS] = (FIRST, SECOND)[at]
    elif at >= count - 2:
        # The end of a series is its beginning seen in a mirror.
        weights[:, count - LEAST_GROUPS :] = (FIRST, SECOND)[count - 1 - at][::-1, ::-1]
    else:
        weights[:, at - 2 : at + 3] = MIDDLE
    return weights
