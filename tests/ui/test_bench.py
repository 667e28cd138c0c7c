from layoutplan.ui import bench as benches
from layoutplan.ui.bench import MAX_CANDIDATES, Bench, Candidate

TWO = Bench((Candidate("site-1", 0, 0), Candidate("site-2", 5, 5, 24)), "site-2")


def test_a_new_candidate_comes_to_hand_with_the_size_of_the_last():
    more = benches.add(TWO, 9, 9, site_id="site-3")
    assert more.in_hand() == Candidate("site-3", 9, 9, 24)
    assert len(TWO.candidates) == 2


def test_a_full_bench_takes_no_more():
    bench = Bench()
    for at in range(MAX_CANDIDATES + 2):
        bench = benches.add(bench, at, at, site_id=f"site-{at}")
    assert len(bench.candidates) == MAX_CANDIDATES


def test_moving_and_resizing_change_one_candidate_only():
    moved = benches.move(TWO, "site-1", 3, 4)
    assert moved.in_hand() == Candidate("site-1", 3, 4)
    assert moved.candidates[1] == TWO.candidates[1]
    assert benches.resize(TWO, 30).in_hand().rooms == 30
    assert benches.move(TWO, "nobody", 3, 4) == TWO


def test_dropping_the_last_leaves_an_empty_hand():
    left = benches.drop(benches.drop(TWO, "site-2"), "site-1")
    assert left == Bench()
    assert left.in_hand() is None
    assert benches.drop(TWO, "site-1").active == "site-2"


def test_ids_of_schools_and_candidates_are_not_used_again():
    assert benches.free_id(TWO, ["site-3"]) == "site-4"
