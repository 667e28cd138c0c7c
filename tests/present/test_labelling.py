import pytest
from hypothesis import given
from hypothesis import strategies as st

from layoutplan.present.labelling import Wanted, place_names

FRAME = (0.0, 0.0, 60.0, 60.0)
SPOT = st.tuples(st.floats(5, 55), st.floats(5, 55), st.floats(3, 14), st.integers(0, 3))


@given(st.lists(SPOT, min_size=1, max_size=25))
def test_names_never_overlap_and_stay_inside(spots):
    wanted = [Wanted(f"k{i:02d}", a, u, 1.0, w, 3.0, rank=r, needed=r == 0) for i, (a, u, w, r) in enumerate(spots)]
    signs = [(a - 1, u - 1, a + 1, u + 1) for a, u, _, _ in spots]
    placed = place_names(wanted, taken=signs, frame=FRAME)
    assert placed == place_names(wanted[::-1], taken=signs, frame=FRAME)
    width = {want.key: want.width_mm for want in wanted}
    boxes = signs + [(p.left_mm, p.bottom_mm, p.left_mm + width[p.key], p.bottom_mm + 3.0) for p in placed.values()]
    for i, one in enumerate(boxes[len(signs) :], start=len(signs)):
        assert one[0] >= 0
        assert one[1] >= 0
        assert one[2] <= 60
        assert one[3] <= 60
        for other in boxes[:i]:
            apart = one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3] or other[1] >= one[3]
            assert apart


def test_the_first_in_rank_gets_the_best_spot():
    wanted = [Wanted(key, 30.0, 30.0, 1.0, 8.0, 3.0, rank=rank) for key, rank in (("b", 0), ("a", 1))]
    placed = place_names(wanted, taken=[], frame=FRAME)
    assert placed["b"].left_mm == pytest.approx(31.5)
    assert placed["a"].left_mm != placed["b"].left_mm


def test_without_room_a_name_is_left_out():
    assert place_names([Wanted("a", 5, 5, 1, 50, 3, rank=0)], taken=[], frame=(0, 0, 10, 10)) == {}
