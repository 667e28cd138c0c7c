import io

import docx
import pytest

from layoutplan.labels import LANGS
from layoutplan.plan.closure import closure_gate
from layoutplan.plan.ladder import small_school_ladder
from layoutplan.present.evidence import compose_evidence, write_evidence


def standing(result):
    """Return a school that no action is about."""
    named = {getattr(action, "school_id", None) for action in result.scenario.actions}
    ids = result.prepared.county.schools["school_id"]
    pupils = result.enrolment.frame.groupby("school_id")["pupils"].sum()
    return next(str(one) for one in ids if one not in named and pupils.get(one, 0) > 0)


@pytest.mark.parametrize("lang", LANGS)
def test_the_file_holds_every_lock_every_receiver_and_the_ladder(result, lang):
    school_id = standing(result)
    gate, ladder = closure_gate(result, school_id, 2028), small_school_ladder(result, school_id, 2028)
    content = write_evidence(result, gate, ladder, lang=lang)
    assert content == write_evidence(result, gate, ladder, lang=lang)
    paper = docx.Document(io.BytesIO(content))
    text = "\n".join(paragraph.text for paragraph in paper.paragraphs)
    for table in (gate.locks, gate.sheet, ladder.sheet):
        assert all(line in text for line in table[f"text_{lang}"])
    names = {row.cells[0].text for row in paper.tables[0].rows}
    assert set(gate.receivers["name"]) <= names


def test_without_a_ladder_its_chapter_is_left_out(result):
    school_id = standing(result)
    gate = closure_gate(result, school_id, 2028)
    with_it = compose_evidence(result, gate, small_school_ladder(result, school_id, 2028), lang="en")
    assert len(compose_evidence(result, gate, lang="en").blocks) < len(with_it.blocks)
