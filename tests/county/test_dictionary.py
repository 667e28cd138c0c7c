"""The committed dictionary is the one the contracts say."""

from pathlib import Path

from layoutplan.county.dictionary import write_dictionary
from layoutplan.county.tables import TABLES

FILE = Path(__file__).parents[2] / "data" / "gis" / "DICTIONARY.md"


def test_committed_dictionary_is_current():
    assert FILE.read_text("utf-8") == write_dictionary()


def test_every_column_stands_in_it():
    text = write_dictionary()
    for table in TABLES.values():
        section = text.split(f"## `{table.name}` ")[1].split("\n## ")[0]
        assert all(f"| `{column.name}` |" in section for column in table.columns)
