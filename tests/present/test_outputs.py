"""Everything handed in: every piece has its name, writes files, and the same ones again."""

import pytest

from layoutplan.labels import LANGS, label
from layoutplan.present.outputs import PIECES, write_outputs, write_piece


def test_every_piece_is_named():
    for piece in PIECES:
        assert all(label(f"outputs.piece.{piece}", lang) for lang in LANGS)


def test_chosen_pieces_go_into_folders_of_their_own_and_are_told(result, tmp_path):
    told = []
    written = write_outputs(result, tmp_path, lang="en", pieces=("public", "run"), say=told.append)
    assert told == ["public", "run"]
    assert {path.parent.name for path in written} == {"public", "run"}
    assert all(path.stat().st_size for path in written)


def test_an_unknown_piece_is_an_error(result, tmp_path):
    with pytest.raises(ValueError, match="nothing"):
        write_piece(result, "nothing", tmp_path)
