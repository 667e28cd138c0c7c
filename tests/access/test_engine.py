from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from network_oracle import NORMS, points, roads

from layoutplan.access import engine
from layoutplan.access.network import build_network, snap_points
from layoutplan.access.travel import measure_travel

SRC = Path(__file__).resolve().parents[2] / "src"
STREETS = [[(0, 0), (200, 0)], [(200, 0), (600, 0)], [(600, 0), (600, 300)]]
# numba cannot be imported in this process, as on a machine without it.
HIDDEN = "import sys; sys.modules['numba'] = None; "


def run(code: str, **environment: str) -> str:
    """Run Python code in a fresh process and return what it prints."""
    import os

    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(SRC), **environment},
        capture_output=True, text=True, encoding="utf-8", check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_the_package_loads_neither_numba_nor_kernels():
    names = "numba", "layoutplan.access.sweeps", "scipy.sparse.linalg"
    code = f"import sys, layoutplan; print([name for name in {names} if name in sys.modules])"
    assert run(code) == "[]"
    code = f"import sys, layoutplan.access.travel; print([name for name in {names[:2]} if name in sys.modules])"
    assert run(code) == "[]"


def test_without_numba_scipy_answers():
    code = (
        HIDDEN + "import sys; sys.path.insert(0, 'tests'); from layoutplan.access import engine; "
        "from layoutplan.access.travel import measure_travel; from layoutplan.access.network import Network, Snaps; "
        "import numpy as np; length = np.array([5, 7]); net = Network(np.arange(3.0), np.zeros(3), np.array([0, 1]), "
        "np.array([1, 2]), length, None, None, {'walk': (length, length)}, {'walk': np.zeros(3, int)}, '', {}, 3.6); "
        "ends = Snaps(('a', 'b'), np.array([0, 1]), np.array([1, 6]), np.array([0, 0])); "
        "from layoutplan.norms import load_norms; "
        "print(engine.is_compiled(), engine.warm_up(), engine.open_hierarchy(net, 'walk'), "
        "measure_travel(net, ends, ends, mode='walk', norms=load_norms()).cost.tolist(), 'numba' in sys.modules)"
    )
    assert run(code) == "False False None [0, 10, 0, 10] True"


def test_the_environment_can_keep_the_compiled_engine_out(monkeypatch):
    network = build_network(roads(STREETS), norms=NORMS)
    monkeypatch.setenv("LAYOUTPLAN_ENGINE", "scipy")
    assert not engine.is_compiled()
    assert engine.open_hierarchy(network, "walk") is None
    assert not engine.warm_up(lambda: pytest.fail("nothing is compiled, so nothing is said"))


def test_warming_up_says_so_first_and_compiles_all_that_travel_needs():
    pytest.importorskip("numba")
    said = []
    assert engine.warm_up(lambda: said.append("once"))
    assert said == ["once"]
    from numba.core.dispatcher import Dispatcher

    from layoutplan.access import elimination, matrix, sweeps

    kernels = [
        item for module in (elimination, sweeps) for item in vars(module).values() if isinstance(item, Dispatcher)
    ]
    assert len(kernels) > 10
    before = {kernel: len(kernel.signatures) for kernel in kernels}
    assert min(before.values()) > 0
    assert matrix.climb in kernels
    network = build_network(roads(STREETS, oneway=[False, True, False]), norms=NORMS)
    for mode in ("walk", "drive"):
        places = snap_points(network, points(a=(10, 5), b=(300, 0)), mode=mode, norms=NORMS)
        measure_travel(network, places, places, mode=mode, norms=NORMS)
    assert {kernel: len(kernel.signatures) for kernel in kernels} == before


def test_the_first_run_on_a_machine_compiles_and_the_next_does_not(tmp_path):
    pytest.importorskip("numba")
    code = (
        "from layoutplan.access import engine; print(engine.is_warm()); "
        "from layoutplan.access import sweeps; import numpy; "
        "first = numpy.array([0, 1, 1], numpy.int32); "
        "sweeps.reach_up(first, numpy.array([1], numpy.int32), numpy.array([True, False])); print(engine.is_warm())"
    )
    # Another kernel's file does not say that all are there; the one asked for is compiled last of its chain.
    assert run(code, NUMBA_CACHE_DIR=str(tmp_path)) == "False\nFalse"
    (path,) = {path.parent for path in tmp_path.rglob("*.nbi")}
    (path / "sweeps.climb-1.py311.nbi").write_bytes(b"")
    assert run(code, NUMBA_CACHE_DIR=str(tmp_path)) == "True\nTrue"
    assert run("from layoutplan.access import engine; print(engine.is_warm())", LAYOUTPLAN_ENGINE="scipy") == "True"


def test_kernels_are_loaded_behind_other_work():
    from layoutplan.access import engine as measured

    thread = measured.warm_behind()
    assert thread.daemon
    thread.join()
    assert measured.is_warm()


def test_a_second_process_reads_the_order_that_the_first_one_found(tmp_path):
    pytest.importorskip("numba")
    code = (
        "import sys, numpy as np; from pathlib import Path; from layoutplan.access import order\n"
        "begin = np.arange(9_999); find = order._find_order\n"
        "def loud(*given): print('found'); return find(*given)\n"
        "order._find_order = loud\n"
        "rank = order.order_nodes(10_000, begin, begin + 1); print(rank.sum())"
    )
    where = {"XDG_CACHE_HOME": str(tmp_path), "LOCALAPPDATA": str(tmp_path), "HOME": str(tmp_path)}
    assert run(code, **where).split() == ["found", "49995000"]
    assert run(code, **where).split() == ["49995000"]


def test_compiled_kernels_go_to_the_users_cache_where_the_package_cannot_be_written(tmp_path):
    pytest.importorskip("numba")
    code = (
        "import os; real = os.access; os.access = lambda path, mode: mode != os.W_OK and real(path, mode); "
        "import numba; from layoutplan.access import compiled; print(numba.config.CACHE_DIR)"
    )
    placed = run(code, XDG_CACHE_HOME=str(tmp_path), LOCALAPPDATA=str(tmp_path), HOME=str(tmp_path))
    assert Path(placed).is_dir()
    assert Path(placed).is_relative_to(tmp_path)
    (tmp_path / "file").write_text("", encoding="utf-8")
    blocked = str(tmp_path / "file")
    placed = run(code, XDG_CACHE_HOME=blocked, LOCALAPPDATA=blocked, HOME=blocked, TMPDIR=str(tmp_path))
    assert Path(placed).is_dir()


def test_a_network_is_prepared_once_and_modes_share_its_order():
    pytest.importorskip("numba")
    network = build_network(roads(STREETS), norms=NORMS)
    walk, drive = (engine.open_hierarchy(network, mode) for mode in ("walk", "drive"))
    assert engine.open_hierarchy(network, "walk") is walk
    assert walk.shape is drive.shape
    assert walk.length_bits == 0 < drive.length_bits
    assert np.array_equal(walk.wide_up.weight, walk.up.weight)
