"""Everything handed in: every piece has its name, writes files, and the same ones again."""

import pytest

from layoutplan.labels import LANGS, label
from layoutplan.present.outputs import PIECES, each_output, write_piece


def test_every_piece_is_named():
    for piece in PIECES:
        assert all(label(f"outputs.piece.{piece}", lang) for lang in LANGS)


def test_chosen_pieces_go_into_folders_of_their_own(result, tmp_path):
    steps = each_output(result, tmp_path, lang="en", pieces=("run", "public"))
    written = [path for step in steps for path in step.paths]
    assert [path.parent.name for path in written[-2:]] == ["run", "public"]
    assert {path.parent.name for path in written} == {"public", "run"}
    assert all(path.stat().st_size for path in written)


def test_each_step_says_how_far_the_whole_is_and_who_stops_asking_stops_the_work(result, tmp_path):
    steps = each_output(result, tmp_path, pieces=("public", "run", "export"))
    first = next(steps)
    assert (first.done, first.of) == (1, 3)
    assert 0.0 < first.share < 1.0
    steps.close()
    assert [path.name for path in tmp_path.iterdir()] == [first.piece]
    assert list(each_output(result, tmp_path, pieces=("public",)))[-1].share == 1.0


def test_an_unknown_piece_is_an_error(result, tmp_path):
    with pytest.raises(ValueError, match="nothing"):
        write_piece(result, "nothing", tmp_path)
