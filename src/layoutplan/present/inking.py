"""Shapes drawn many at a time: one collection for a run of shapes that differ in colour and width only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import shapely

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Shape:
    """One shape in the units of its axes.

    Parameters
    ----------
    outline : Path
        Its outline.
    zorder : float
        Higher ones lie above; of equal ones the later.
    face, edge : str
        Colours; ``none`` leaves it out.
    width : float
        Of the edge [pt].
    alpha : float
        Of both.
    hatch : str, optional
        Drawn in the colour of the edge.
    """

    outline: Path
    zorder: float
    face: str = "none"
    edge: str = "none"
    width: float = 0.0
    alpha: float = 1.0
    hatch: str | None = None


def draw_shapes(axes: Axes, shapes: Iterable[Shape]) -> None:
    """Draw shapes; those of one height in the order given."""
    from matplotlib.collections import PathCollection
    from matplotlib.colors import to_rgba

    def alike(shape: Shape) -> tuple[float, str]:
        return shape.zorder, shape.hatch or ""

    for (zorder, hatch), run in groupby(sorted(shapes, key=lambda shape: shape.zorder), key=alike):
        mine = list(run)
        collection = PathCollection(
            [shape.outline for shape in mine],
            facecolors=[_with_alpha(to_rgba(shape.face), shape.alpha) for shape in mine],
            edgecolors=[_with_alpha(to_rgba(shape.edge), shape.alpha) for shape in mine],
            linewidths=[shape.width for shape in mine], hatch=hatch or None, zorder=zorder, transform=axes.transData,
            joinstyle="miter", capstyle="butt",
        )  # fmt: skip
        axes.add_collection(collection, autolim=False)


def _with_alpha(colour: tuple[float, float, float, float], alpha: float) -> tuple[float, float, float, float]:
    return (*colour[:3], colour[3] * alpha)


def ring_path(rings: Iterable[Floats]) -> Path:
    """Return closed rings, arrays [vertex, 2] whose last vertex is the first, as one path."""
    from matplotlib.path import Path

    held = list(rings)
    codes = [np.r_[Path.MOVETO, np.full(len(ring) - 2, Path.LINETO), Path.CLOSEPOLY] for ring in held]
    return Path(np.vstack(held), np.concatenate(codes).astype(np.uint8))


def corner_path(corners: Floats) -> Path:
    """Return a polygon, an array [corner, 2], as a path."""
    return ring_path([np.vstack((corners, corners[:1]))])


def circle_path(at: tuple[float, float], radius: float) -> Path:
    """Return a circle as a path."""
    from matplotlib.path import Path

    unit = Path.unit_circle()
    return Path(np.asarray(unit.vertices) * radius + at, unit.codes)


def joined(paths: Sequence[Path]) -> Path:
    """Return paths as one, which is drawn faster; without any, an empty one."""
    from matplotlib.path import Path

    return Path.make_compound_path(*paths)


def line_path(lines: Iterable[Any]) -> Path:
    """Return lines, geometries without holes, as one path."""
    from matplotlib.path import Path

    points, line = shapely.get_coordinates(np.asarray(list(lines), dtype=object), return_index=True)
    first = np.r_[True, line[1:] != line[:-1]] if len(line) else np.zeros(0, dtype=bool)
    return Path(points.reshape(-1, 2), np.where(first, Path.MOVETO, Path.LINETO).astype(np.uint8))
