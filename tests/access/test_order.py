from __future__ import annotations

import sys

import numpy as np
import pytest

from layoutplan.access.order import cache_folder, order_nodes

# A path with a branch: 0 - 1 - 2 - 3, and 4 at 1.
BEGIN, END = np.array([0, 1, 2, 1]), np.array([1, 2, 3, 4])


def kept(folder):
    return sorted(path.name for path in folder.iterdir())


def test_an_order_is_kept_once_for_a_shape_and_read_again(tmp_path):
    order = order_nodes(5, BEGIN, END, cache=tmp_path / "deep" / "cache")
    (name,) = kept(tmp_path / "deep" / "cache")
    path = tmp_path / "deep" / "cache" / name
    np.savez(path, rank=order[::-1].copy())
    assert order_nodes(5, BEGIN, END, cache=path.parent).tolist() == order[::-1].tolist()
    order_nodes(5, BEGIN[:3], END[:3], cache=path.parent)
    assert len(kept(path.parent)) == 2


def an_object(path):
    np.savez(path, rank=np.array([{}] * 5, dtype=object))


def not_an_order(path):
    np.savez(path, rank=np.array([0, 1, 1, 2, 9], dtype=np.int32))


def too_short(path):
    np.savez(path, rank=np.arange(4, dtype=np.int32))


def another_name(path):
    np.savez(path, place=np.arange(5, dtype=np.int32))


def a_bare_array(path):
    with path.open("wb") as file:
        np.save(file, np.arange(5, dtype=np.int32))


def cut_off(path):
    path.write_bytes(path.read_bytes()[:60])


def empty(path):
    path.write_bytes(b"")


@pytest.mark.parametrize("spoil", [an_object, not_an_order, too_short, another_name, a_bare_array, cut_off, empty])
def test_a_spoilt_file_is_made_anew(tmp_path, spoil):
    order = order_nodes(5, BEGIN, END, cache=tmp_path)
    (path,) = tmp_path.iterdir()
    good = path.read_bytes()
    spoil(path)
    assert order_nodes(5, BEGIN, END, cache=tmp_path).tolist() == order.tolist()
    assert path.read_bytes() == good
    assert len(kept(tmp_path)) == 1


def test_without_a_place_for_files_the_order_is_found_all_the_same(tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    assert order_nodes(5, BEGIN, END, cache=tmp_path / "file").tolist() == order_nodes(5, BEGIN, END).tolist()


@pytest.mark.parametrize("nodes", [0, 1, 2])
def test_networks_of_hardly_any_node(nodes):
    none = np.zeros(0, dtype=np.int64)
    assert sorted(order_nodes(nodes, none, none).tolist()) == list(range(nodes))


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the place differs")
def test_the_cache_is_where_the_desktop_keeps_such_files(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "layoutplan"
