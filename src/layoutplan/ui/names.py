"""What layers are called on the pages."""

from __future__ import annotations

from layoutplan.county.tables import RASTERS, TABLES
from layoutplan.labels import Lang, label


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
