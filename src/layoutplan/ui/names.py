"""What layers and clauses are called on the pages."""

from __future__ import annotations

from layoutplan.county.tables import RASTERS, TABLES
from layoutplan.labels import Lang, label

DASH = "—"  # what is not known


def layer_name(layer: str, lang: Lang) -> str:
    """Return what a layer or raster is called; another file by its own name.

    Examples
    --------
    >>> layer_name("roads", "zh"), layer_name("county.toml", "zh")
    ('道路', 'county.toml')
    """
    if layer in RASTERS:
        return label(f"ui.data.raster_{layer}", lang)
    table = TABLES.get(layer)
    return layer if table is None else str(getattr(table, lang))


def clause_name(clause: str, lang: Lang) -> str:
    """Return a clause as a reader is told of it; what norms files call a guide has no text that binds.

    Examples
    --------
    >>> clause_name("GB 50099-2011 5.2", "en"), clause_name("guide", "en")
    ('GB 50099-2011 5.2', 'guide value, no binding text found; the bureau decides')
    """
    return label("ui.clause.guide", lang) if clause == "guide" else clause


def unconfirmed(clause: str, verified: bool, lang: Lang) -> str:
    """Return the remark behind a clause that nobody has read yet; a guide says by itself what it is."""
    return "" if verified or clause == "guide" else f" · {label('ui.findings.unverified', lang)}"
