"""Words drawn as outlines: names in a halo, headings with thicker strokes.

matplotlib lays such a text out anew for every format and draws it alone. Here a text is laid out once, and words
of one colour are one path.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from layoutplan.present.fonts import FAMILY, drawable, font_metrics

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.path import Path

# Width of the line that makes strokes bold, of the size of the text: the packaged font has one weight only.
_BOLD = 0.035
_SHIFT_ACROSS = {"left": 0.0, "center": 0.5, "right": 1.0}


@dataclass(frozen=True)
class Words:
    """A line to be written.

    Parameters
    ----------
    across, up : float
        Where, in the units of the axes.
    text : str
        What.
    size : float
        Size [pt].
    colour : str
        Colour.
    ha : {"left", "center", "right"}
        Which end stands at the point.
    va : {"baseline", "center"}
        What of its height does.
    """

    across: float
    up: float
    text: str
    size: float
    colour: str
    ha: str = "left"
    va: str = "baseline"


@dataclass(frozen=True)
class Halo:
    """A pale edge around words, so that they can be read over lines; its width in points."""

    colour: str
    width: float
    alpha: float = 1.0


@dataclass(frozen=True, eq=False)
class _Outline:
    """A text at a size of 1, its baseline beginning at (0, 0)."""

    points: npt.NDArray[np.float64]
    codes: npt.NDArray[np.uint8]
    width: float
    middle: float


def write_words(
    axes: Axes, words: Sequence[Words], *, point: float, zorder: float, halo: Halo | None = None, bold: bool = False
) -> None:
    """Write words as outlines.

    Parameters
    ----------
    axes : Axes
        Where.
    words : sequence of Words
        What; all halos lie under all words.
    point : float
        Units of the axes a point [1/72 inch].
    zorder : float
        Of all.
    halo : Halo, optional
        Around each of them.
    bold : bool
        Whether strokes are thickened.
    """
    from matplotlib.patches import PathPatch

    shown = [one for one in words if one.text.strip()]
    if not shown:
        return
    style: dict[str, Any] = {"zorder": zorder, "joinstyle": "round", "snap": False, "clip_on": False}
    if halo is not None:
        edge = {"fill": False, "edgecolor": halo.colour, "linewidth": halo.width, "alpha": halo.alpha}
        axes.add_artist(PathPatch(_joined(shown, point), **edge, **style))
    # Bold strokes go with the size of the text, so words of one colour and size are one path.
    kinds = dict.fromkeys((one.colour, one.size if bold else 0.0) for one in shown)
    for colour, size in kinds:
        mine = [one for one in shown if one.colour == colour and (not bold or one.size == size)]
        edge = {"facecolor": colour, "edgecolor": colour, "linewidth": size * _BOLD}
        axes.add_artist(PathPatch(_joined(mine, point), **edge, **style))


def _joined(words: Sequence[Words], point: float) -> Path:
    from matplotlib.path import Path

    points, codes = [], []
    for one in words:
        outline = _outline(drawable(one.text))
        shift = (outline.width * _SHIFT_ACROSS[one.ha], outline.middle if one.va == "center" else 0.0)
        points.append((outline.points - shift) * (one.size * point) + (one.across, one.up))
        codes.append(outline.codes)
    return Path(np.concatenate(points), np.concatenate(codes))


@lru_cache(maxsize=4096)
def _outline(text: str) -> _Outline:
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import text_to_path

    font = FontProperties(family=[FAMILY], size=1.0)
    points, codes = text_to_path.get_text_path(font, text)
    width, height, fall = text_to_path.get_text_width_height_descent(text, font, False)
    # As matplotlib centres a line: by the font's own rise and fall, unless the text reaches farther.
    least_rise, least_fall = font_metrics()
    middle = (max(height - fall, least_rise) - max(fall, least_fall)) / 2
    return _Outline(np.asarray(points) / text_to_path.FONT_SCALE, np.asarray(codes, dtype=np.uint8), width, middle)
