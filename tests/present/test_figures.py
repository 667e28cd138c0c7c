import shutil
import subprocess
from dataclasses import replace

import matplotlib.image
import numpy as np
import pytest

from layoutplan.present.figures import Printing, draw_figure
from layoutplan.present.ground import shade_relief
from layoutplan.present.mapface import Mark
from layoutplan.present.marks import kept_apart
from layoutplan.present.sheet import nice_scale
from layoutplan.present.signs import Sign


@pytest.fixture(scope="module")
def sheet(result, tmp_path_factory):
    return draw_figure(result, tmp_path_factory.mktemp("sheet"), lang="zh", year=2026)


def test_three_files_of_an_a3_sheet(sheet):
    assert [path.name for path in sheet] == [f"layout_2026_zh.{kind}" for kind in ("png", "pdf", "svg")]
    picture = matplotlib.image.imread(sheet[0])
    assert picture.shape[:2] == (3507, 4960)
    assert not list(sheet[0].parent.glob("*.tmp"))


def test_pdf_embeds_its_font_as_truetype_and_says_what_it_must(sheet):
    if shutil.which("pdftotext") is None:
        pytest.skip("no pdftotext on this machine")
    fonts = subprocess.run(["pdffonts", sheet[1]], capture_output=True, text=True, check=True).stdout
    assert "LayoutplanSansSC" in fonts
    assert "Type 3" not in fonts
    text = subprocess.run(["pdftotext", "-layout", sheet[1], "-"], capture_output=True, text=True, check=True).stdout
    for words in ("比例尺 1:", "EPSG:4544", "审图号", "数据截止日期", "制图单位", "九年一贯制学校", "小学学位缺口"):
        assert words in text.replace("　", " "), words


def test_same_plan_same_bytes(result, sheet, tmp_path):
    again = draw_figure(result, tmp_path, lang="zh", year=2026)
    assert [path.read_bytes() for path in again] == [path.read_bytes() for path in sheet]


@pytest.mark.parametrize("stage", ["primary", "junior"])
def test_sheets_of_one_stage_in_english(result, tmp_path, stage):
    (path,) = draw_figure(result, tmp_path, sheet=stage, lang="en", printing=Printing(("svg",)))
    assert path.name == f"{stage}_2028_en.svg"
    assert path.stat().st_size > 50_000


def test_real_data_carry_no_stamp(result, tmp_path):
    county = replace(result.prepared.county, synthetic=False, rasters={})
    real = replace(result, prepared=replace(result.prepared, county=county))
    stamped, plain = (
        matplotlib.image.imread(draw_figure(plan, tmp_path / name, year=2026, printing=Printing(("png",)))[0])
        for plan, name in ((result, "made_up"), (real, "real"))
    )
    corner = np.s_[530:605, 290:600]
    assert np.ptp(plain[corner][..., :3], axis=(0, 1)).max() < 0.01
    assert np.ptp(stamped[corner][..., :3], axis=(0, 1)).max() > 0.5


@pytest.mark.parametrize("wrong", [{"sheet": "nothing"}, {"year": 1999}])
def test_unknown_wishes_are_errors(result, tmp_path, wrong):
    with pytest.raises(ValueError, match="nothing|1999"):
        draw_figure(result, tmp_path, **wrong)


@pytest.mark.parametrize("wrong", [{"formats": ("gif",)}, {"paper": "A0"}])
def test_unknown_ways_of_printing_are_errors(wrong):
    with pytest.raises(ValueError, match="gif|A0"):
        Printing(**wrong)


def test_scale_is_round_and_fits():
    assert nice_scale(72_000, 71_000, box=(0, 0, 268, 226)) == 325_000
    assert nice_scale(26_800, 1000, box=(0, 0, 268, 226)) == 100_000


def test_relief_is_lit_from_the_north_west(hill):
    shade = shade_relief(hill, crs="EPSG:4544", bounds=(0.0, -500.0, 4000.0, 500.0), cells=80)
    assert shade.shape == (20, 80)
    assert 0.0 <= np.nanmin(shade) < np.nanmax(shade) <= 1.0


def test_signs_on_one_spot_are_moved_apart():
    pair = [(Sign("square", 900.0), Mark(key, (0.0, 0.0), 2.0, key, "black", 0.0)) for key in ("a", "b")]
    (_, first), (_, second) = kept_apart(pair, unit=100.0)
    assert first.at == (0.0, 0.0)
    assert second.at[0] == pytest.approx(2 * 2.0 * 0.92 * 100.0, rel=0.05)
