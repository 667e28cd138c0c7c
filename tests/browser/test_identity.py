"""A name that a proxy has checked reaches the store; without it nobody saves."""

from __future__ import annotations

from pathlib import Path

import pytest
from toy_county import toy

from layoutplan.labels import label
from layoutplan.plan.members import appoint
from layoutplan.plan.store import list_names, list_versions
from layoutplan.plan.storefile import Store

ROOT = Path(__file__).parents[2]


@pytest.fixture
def office(tmp_path):
    store = Store(tmp_path / "office.sqlite")
    appoint(store, "head", "admin")
    appoint(store, "li", "planner", by="head")
    appoint(store, "guest", "viewer", by="head")
    return store


@pytest.fixture
def address(serve, office, tmp_path):
    folder = tmp_path / "county"
    folder.mkdir()
    toy().write(folder)
    told = {
        "LAYOUTPLAN_COUNTY": str(folder),
        "LAYOUTPLAN_STORE": str(office.path),
        "LAYOUTPLAN_IDENTITY": "header",
        "STREAMLIT_SERVER_TRUSTED_USER_HEADERS": '{"X-Forwarded-User": "name"}',
    }
    with serve(ROOT / "app.py", tmp_path / "app.log", **told) as where:
        yield where


def save(browser, address, name):
    """Come as the proxy would bring a visitor, and save the plan in hand; return what the page complains of."""
    context = browser.new_context(extra_http_headers={"X-Forwarded-User": name} if name else {})
    page = context.new_page()
    page.goto(f"{address}/plans")
    alert = page.locator('[data-testid="stAlertContentError"]')
    title = page.get_by_text(label("ui.office.title", "zh"), exact=True)
    title.or_(alert).first.wait_for(timeout=120_000)
    if not alert.count():
        title.click()
        page.get_by_role("button", name=label("ui.office.save", "zh")).click()
        alert.or_(page.get_by_role("button", name=label("ui.office.open", "zh"))).first.wait_for(timeout=60_000)
    said = page.locator(".stApp").all_inner_texts() if alert.count() else []
    context.close()
    return said


def test_only_who_may_save_does(browser, address, office):
    assert label("ui.office.no_name", "zh") in "".join(save(browser, address, ""))
    assert "role_needed" in "".join(save(browser, address, "guest"))
    assert "member_unknown" in "".join(save(browser, address, "stranger"))
    assert list_names(office) == ()
    assert save(browser, address, "li") == []
    (name,) = list_names(office)
    assert [version.saved_by for version in list_versions(office, name)] == ["li"]
