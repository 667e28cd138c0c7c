"""Write the data dictionary of a county's layers from their contracts."""

from __future__ import annotations

from collections.abc import Iterable

from layoutplan.county.tables import TABLES, Column, Table

_HEAD = """# Data dictionary / 数据字典

Generated from `src/layoutplan/county/tables.py` by `layoutplan.county.dictionary`; do not edit by hand.
本文件由程序根据数据约定生成，请勿手工修改。

A blank cell means *not known*, never 0. Ids are text. Years are school years that start on 1 September;
ages are on 31 August. Every geometry ends up in the county's projected CRS, in metres.
空白表示“不详”，不等于 0；代码一律为文本；年份为 9 月 1 日起的学年，年龄按 8 月 31 日满周岁计；
几何图形统一到县的投影坐标系，单位为米。
"""
_COLUMNS = "| column 字段 | kind 类型 | unit 单位 | required 必填 | range 取值 | 含义 | meaning |"


def write_dictionary() -> str:
    """Return the dictionary of all layers as Markdown.

    Examples
    --------
    >>> write_dictionary().splitlines()[0]
    '# Data dictionary / 数据字典'
    """
    return "\n".join([_HEAD, *(line for table in TABLES.values() for line in _table(table))])


def _table(table: Table) -> Iterable[str]:
    must = "required 必需" if table.required else "optional 可选"
    yield f"## `{table.name}` {table.zh} / {table.en}"
    yield ""
    yield f"- layer 图层: {must}"
    yield f"- key 主键: {', '.join(f'`{name}`' for name in table.key)}"
    yield f"- geometry 几何: {table.geometry.replace('_', ' ')}"
    for field, other, key in table.refers:
        yield f"- `{field}` → `{other}.{key}`"
    yield ""
    yield _COLUMNS
    yield "|" + " --- |" * 7
    for column in table.columns:
        required = "yes 是" if column.required else "no 否"
        cells = (f"`{column.name}`", column.kind, column.unit, required, _range(column), column.zh, column.en)
        yield "| " + " | ".join(cells) + " |"
    yield ""


def _range(column: Column) -> str:
    if column.choices:
        return ", ".join(f"`{choice}`" for choice in column.choices)
    if column.minimum is None:
        return ""
    return (
        f"{column.minimum:.15g} … {column.maximum:.15g}" if column.maximum is not None else f"≥ {column.minimum:.15g}"
    )
