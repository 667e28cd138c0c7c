"""Settings of the process that only hold if made before the geodata libraries load."""

from __future__ import annotations

import os

# Drivers that follow a path or an address written inside a file, or hand it to a remote service.
# pyogrio and rasterio carry different GDAL builds, so the list names the drivers of both.
_REFUSED_DRIVERS = (
    "VRT OGR_VRT GDALG GTI WMS WCS WFS WMTS HTTP OAPIF OGCAPI PLMOSAIC PLSCENES EEDA EEDAI DAAS NGW STACIT STACTA "
    "CSW Carto AmigoCloud Elasticsearch GML KML LIBKML GPX GeoRSS PDF DXF DGN XLSX ODS OSM PMTiles MVT MBTiles "
    "MapML S57 Selafin SXF EDIGEO Idrisi JML LVBAG PGDUMP TopoJSON ESRIJSON ESRIC GeoJSONSeq JSONFG VDV WAsP PDS4 "
    "VICAR netCDF HDF5 HDF5Image BAG Zarr Rasterlite SAFE SENTINEL2 KMLSUPEROVERLAY DERIVED AVCBin AVCE00 "
    "OpenFileGDB GTFS GPSBabel ADBC MRF CALS NGSGEOID"
)
_THREAD_LIMITS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def guard() -> None:
    """Limit GDAL's drivers and the numeric threads, and drop other programs' PROJ data.

    GDAL reads ``GDAL_SKIP`` when its drivers register, that is when pyogrio or rasterio is
    imported: set later it does nothing. Each of the two builds would print a line for every
    driver that only the other one has; ``CPL_LOG`` keeps those lines off the terminal, while
    errors of reading still reach Python. PROJ paths left behind by PostgreSQL or OSGeo4W make
    rasterio read foreign tables, so they are removed for this process only.
    """
    os.environ["GDAL_SKIP"] = _REFUSED_DRIVERS
    os.environ.setdefault("CPL_LOG", os.devnull)
    # Its own way of filling Arrow tables from a FlatGeobuf crashes on a damaged one; the way of all formats does not.
    os.environ["OGR_FLATGEOBUF_STREAM_BASE_IMPL"] = "YES"
    os.environ.setdefault("GDAL_HTTP_PROXY", "http://127.0.0.1:9")
    os.environ.setdefault("CPL_VSIL_CURL_ALLOWED_EXTENSIONS", ".none")
    for name in _THREAD_LIMITS:
        os.environ.setdefault(name, "1")
    for name in ("PROJ_LIB", "PROJ_DATA", "GDAL_DATA"):
        os.environ.pop(name, None)
