"""The font of every figure: packaged, so that a sheet looks the same on every machine."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any

FAMILY = "Layoutplan Sans SC"
# Typesetters' mark for a character the font lacks; it stands in GB 2312, so it is always there.
GETA = "〓"

_STYLE: dict[Any, Any] = {
    "font.family": [FAMILY],
    "axes.unicode_minus": False,
    "mathtext.default": "regular",
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "layoutplan",
    "path.simplify": True,
    "hatch.linewidth": 0.5,
}


class GlyphWarning(UserWarning):
    """A text holds characters that the packaged font cannot draw."""


@contextmanager
def use_fonts() -> Iterator[str]:
    """Draw matplotlib figures in the packaged font for as long as the context lasts.

    Yields
    ------
    str
        The font's family name.

    Notes
    -----
    The font's own family name keeps it apart from every installed font, so handing it to
    matplotlib's font list changes no other figure; all other settings end with the context.
    """
    import matplotlib as mpl

    _register()
    with mpl.rc_context(_STYLE):
        yield FAMILY


def font_path() -> str:
    """Return where the packaged font lies."""
    return str(files("layoutplan") / "assets" / "fonts" / "LayoutplanSansSC-Regular.ttf")


@cache
def _register() -> None:
    from matplotlib import font_manager

    font_manager.fontManager.addfont(font_path())


@cache
def _drawable() -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(font_path()).get_charmap())


_RULERS = threading.local()


def _ruler() -> Any:
    """Return a font to measure with; to open the file takes longer than to measure, and no two threads share it."""
    from matplotlib.ft2font import FT2Font

    if not hasattr(_RULERS, "font"):
        _RULERS.font = FT2Font(font_path())
    return _RULERS.font


@cache
def text_width_mm(text: str, size: float) -> float:
    """Return how wide a line of text is on paper [mm] at a size in points.

    Examples
    --------
    >>> round(text_width_mm("小学", 10.0), 2), text_width_mm("", 10.0)
    (7.06, 0.0)
    """
    from matplotlib.ft2font import LoadFlags

    if not text:
        return 0.0
    font = _ruler()
    font.set_size(size * 10.0, 72.0)
    font.set_text(text, 0.0, flags=LoadFlags.NO_HINTING)
    return float(font.get_width_height()[0]) / 64.0 / 10.0 * 25.4 / 72.0


@cache
def font_metrics() -> tuple[float, float]:
    """Return how far the font rises above its baseline and falls below it, of its size."""
    font = _ruler()
    table = font.get_sfnt_table("OS/2")
    return table["sTypoAscender"] / font.units_per_EM, -table["sTypoDescender"] / font.units_per_EM


def missing_glyphs(texts: Iterable[str]) -> str:
    r"""Return the characters the packaged font cannot draw, sorted, each once.

    Examples
    --------
    >>> missing_glyphs(["第一小学 堃 祎", "45 人/班, 30 min"])
    ''
    >>> missing_glyphs(["\N{CJK UNIFIED IDEOGRAPH-20BB7}家村"]) == "\N{CJK UNIFIED IDEOGRAPH-20BB7}"
    True
    """
    held = _drawable()
    return "".join(sorted({mark for text in texts for mark in text if ord(mark) not in held and mark != "\n"}))


def drawable(text: str) -> str:
    """Return a text whose missing characters are replaced by 〓, with a warning that names them.

    A character that cannot be drawn must not stop a plan, and must not vanish either.
    """
    lost = missing_glyphs([text])
    if not lost:
        return text
    warnings.warn(
        f"the packaged font cannot draw {lost!r} of {text!r}; 〓 is drawn instead", GlyphWarning, stacklevel=2
    )
    return "".join(GETA if mark in lost else mark for mark in text)
