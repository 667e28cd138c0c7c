"""All subjects of the figure set: each is drawn in both languages, in the look of the bureau, and as it was."""

from __future__ import annotations

import io
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from goldens import keeps_anew

from layoutplan.errors import DataError
from layoutplan.labels import LANGS
from layoutplan.present import comparing, mapsheet, outlooks, places
from layoutplan.present.figures import Printing, draw_figure, draw_picture
from layoutplan.present.look import Look, load_look
from layoutplan.present.outputs import PIECES
from layoutplan.present.scene import SHEETS
from layoutplan.present.signs import Sign, draw_school
from layoutplan.present.subjects import SUBJECTS
from layoutplan.present.symbols import STATUSES

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = ROOT / "tests" / "golden"
# A colour counts as the same within so many of 255 steps; so many pixels may differ.
TOLERANCE, ALLOWED = 32, 30
DPI = 36
KEPT = ("present", "cover", "gap", "resettlement", "planned", "change", "elimination", "demand")


def test_every_subject_is_a_sheet_and_a_piece():
    assert set(SUBJECTS) == set(SHEETS)
    assert {f"sheet_{name}" for name in SHEETS} <= set(PIECES)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("sheet", ["oversize", "shells", "cover", "change"])
def test_small_paper_and_both_languages(result, tmp_path, sheet, lang):
    paths = draw_figure(result, tmp_path, sheet=sheet, lang=lang, printing=Printing(("pdf",), "A4"))
    assert [path.name.endswith(f"_{lang}_A4.pdf") for path in paths] == [True]
    assert b"/MediaBox [ 0 0 841.8" in paths[0].read_bytes()


def picture(content):
    return np.rint(matplotlib.image.imread(io.BytesIO(content))[..., :3] * 255.0).astype(int)


@pytest.fixture(scope="module")
def dated(result):
    """The plan under fixed hashes: a new norm changes the line at the foot of every sheet, and nothing else of it."""
    fixed = {"layoutplan": "0", "county": "0123456789abcdef", "norms": "0", "scenario": "0123456789abcdef"}
    return replace(result, provenance={**result.provenance, **fixed})


def mismatch(result, sheet):
    """Count the pixels of a sheet that differ from the picture that was looked at and kept.

    ``LAYOUTPLAN_NEW_GOLDEN=1`` keeps what is drawn now.
    """
    drawn, path = draw_picture(result, sheet=sheet, lang="zh", dpi=DPI), GOLDEN / f"{sheet}.png"
    if keeps_anew():
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(drawn)
    now, kept = picture(drawn), picture(path.read_bytes())
    assert now.shape == kept.shape
    return int((np.abs(now - kept).max(axis=-1) > TOLERANCE).sum())


@pytest.mark.parametrize("sheet", KEPT)
def test_golden_figures(dated, sheet):
    assert mismatch(dated, sheet) <= ALLOWED


@pytest.mark.parametrize(("sheet", "module", "layer"), [
    ("present", mapsheet, "draw_roads"), ("present", mapsheet, "draw_marks"), ("present", places, "draw_catchments"),
    ("present", mapsheet, "draw_relief"), ("present", places, "draw_legend"), ("present", mapsheet, "draw_scale"),
    ("cover", comparing, "fill_area"), ("gap", comparing, "draw_boundaries"), ("demand", outlooks, "_finish"),
    ("elimination", outlooks, "draw_listing"), ("resettlement", places, "_draw_ways"),
])  # fmt: skip
def test_a_golden_figure_fails_when_a_layer_is_missing(dated, monkeypatch, sheet, module, layer):
    if keeps_anew():
        pytest.skip("figures are being kept anew")
    box = (0.0, 0.0, 0.0, 0.0)
    monkeypatch.setattr(module, layer, lambda *words, **named: box)
    if layer == "draw_boundaries":
        monkeypatch.setattr(module, layer, lambda *words, **named: None)
    assert mismatch(dated, sheet) > ALLOWED


def test_the_style_file_shown_is_the_look_of_the_house():
    assert load_look(ROOT / "docs" / "style.toml") == Look()


def test_a_bureau_changes_the_look(result, tmp_path):
    (tmp_path / "ours.toml").write_text(
        'maker = "教育局"\n[status]\nwithin = "#010203"\n[roads.path]\nwidth = 0.5\n', "utf-8"
    )
    look = load_look(tmp_path / "ours.toml")
    assert look.roads["path"].colour == Look().roads["path"].colour
    (path,) = draw_figure(result, tmp_path, sheet="present", printing=Printing(("svg",), look=look))
    assert "#010203" in path.read_text("utf-8")
    (plain,) = draw_figure(result, tmp_path, sheet="present", printing=Printing(("svg",)))
    assert "#010203" not in plain.read_text("utf-8")


def test_what_is_wrong_in_a_style_file_is_told_at_once(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text('makr = "x"\n[colours]\nink = "black"\n[text]\nschool = 99\n[roads.lane]\nwidth = 1.0\n', "utf-8")
    with pytest.raises(DataError) as caught:
        load_look(path)
    found = {(problem.code, problem.field) for problem in caught.value.problems}
    assert found == {
        ("key_unknown", "makr"),
        ("style_value", "ink"),
        ("style_value", "school"),
        ("key_unknown", "lane"),
    }
    assert all("ours.toml" in caught.value.say(lang) for lang in LANGS)


def test_statuses_read_in_grey():
    """Lightness or, where two are close, the sign itself tells them apart."""
    status = Look().status.model_dump()
    light = {
        name: sum(w * int(c[at : at + 2], 16) for w, at in ((0.2126, 1), (0.7152, 3), (0.0722, 5)))
        for name, c in status.items()
    }
    for one, other in (("near", "over"), ("over", "large"), ("large", "extra_large")):
        assert light[one] - light[other] > 25


def grey(status):
    """Draw the smallest sign of a school in a status, as a printer without colours would."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(0.2, 0.2))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0), xlim=(-2.54, 2.54), ylim=(-2.54, 2.54))
    axes.set_axis_off()
    draw_school(axes, (0.0, 0.0), Sign("small_circle", 20.0, class_status=status), unit=1.0)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=300)
    buffer.seek(0)
    return matplotlib.image.imread(buffer)[..., :3] @ np.array([0.2126, 0.7152, 0.0722])


@pytest.mark.parametrize("pair", list(combinations([one for one in STATUSES if one != "no_data"], 2)))
def test_the_smallest_signs_of_two_statuses_differ_in_grey(pair):
    one, other = map(grey, pair)
    sign = (one < 0.98) | (other < 0.98)
    assert np.abs(one - other)[sign].mean() > 0.06
