"""What an action is checked against, by hand."""

from __future__ import annotations

import pytest
import toy

from layoutplan.plan.conflicts import grades_after, stages_between, township_at
from layoutplan.plan.scenario import ConvertSchool, OpenSchool


@pytest.mark.parametrize(
    ("east_m", "township"),
    [(1999.0, "t1"), (2001.0, "t2"), (2000.0, "t1"), (-500.0, "t1"), (4500.0, "t2"), (-501.0, None), (4501.0, None)],
)
def test_a_school_on_a_line_stands_in_the_township_of_the_smaller_id_and_outside_in_none(east_m, township):
    """Townships meet at 2000 m; the county goes from -500 to 4500."""
    new = OpenSchool(
        year=2024, school_id="n", name="N", school_kind="primary", setting="village", east_m=east_m, north_m=0.0
    )
    assert township_at(new, toy.county()) == township


def test_a_converted_school_has_the_grades_of_its_kind_and_a_point_those_it_says():
    def grades(kind, **said):
        return grades_after(ConvertSchool(year=2024, school_id="a", school_kind=kind, **said))

    found = [grades("primary"), grades("junior"), grades("nine_year")]
    assert found == [(1, 6), (7, 9), (1, 9)]
    assert grades("teaching_point", grade_to=4) == (1, 4)
    assert [stages_between(*span) for span in found] == [("primary",), ("junior",), ("primary", "junior")]
    assert stages_between(6, 6) == ("primary",)
    assert stages_between(6, 7) == ("primary", "junior")
