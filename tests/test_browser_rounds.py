"""The day list and a sweep on a telephone: under the thumb, with and without scripts; a finding
that waits for a connection is tied to its place all the same.
"""

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import expect
from sqlalchemy import select

from portal import scope
from portal.extensions import db
from portal.models import Matter, MatterCategory, PatrolCheck, PatrolFinding, SweepCheck
from tests.support.browser import Visitor
from tests.support.matters import CELL, COMMUNITY
from tests.support.rounds import place_at, sweep_at

pytestmark = pytest.mark.browser
THUMB = 44  # pixels
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture
def spots(portal: Flask) -> dict[str, int]:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        rows = {
            "east": place_at(
                db.session, CELL, "东仓库", address="幸福路十八号院内最里面的一排平房"
            ),
            "west": place_at(db.session, CELL, "西仓库", measures="通道畅通"),
            "sweep": sweep_at(db.session, COMMUNITY),
        }
        db.session.commit()
        return {name: row.id for name, row in rows.items()}


@pytest.mark.parametrize("scripts", [True, False])
def test_taps_of_a_round(
    portal: Flask, visit: Callable[..., Visitor], spots: dict[str, int], scripts: bool
) -> None:
    visitor = visit("worker07", phone=True, scripts=scripts)
    page = visitor.page
    page.goto("/patrols/today")
    buttons = page.locator(".taps .btn")
    expect(buttons).to_have_count(5)  # two for each place, one for the sweep
    for place in range(buttons.count()):
        box = buttons.nth(place).bounding_box()
        assert box and box["height"] >= THUMB and box["width"] >= THUMB
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390
    if scripts:
        assert page.evaluate(OVERFLOW) <= 0
        assert visitor.axe() == []
    page.locator(f'button[name=place][value="{spots["west"]}"]').click()
    expect(page.locator("button[name=place]")).to_have_count(1)
    page.goto(f"/sweeps/round/{spots['sweep']}")
    if scripts:
        assert page.evaluate(OVERFLOW) <= 0
        assert visitor.axe() == []
    page.locator("form.whole button").click()
    expect(page.locator("button[name=item]")).to_have_count(0)
    with portal.app_context():
        assert db.session.scalars(select(PatrolCheck.place_id)).all() == [spots["west"]]
        assert len(db.session.scalars(select(SweepCheck.id)).all()) == 2


def test_a_finding_without_a_connection_is_tied_to_its_place(
    portal: Flask, visit: Callable[..., Visitor], spots: dict[str, int]
) -> None:
    with portal.app_context():
        about = db.session.scalar(select(MatterCategory.id).filter_by(code="HZ0106"))
    visitor = visit("worker07", phone=True)
    page = visitor.page
    page.goto("/matters/report")
    page.fill("#summary", "别处的事")  # a draft of something else is not mixed with it
    page.goto("/patrols/today")
    page.locator(f'a[href="/matters/report?found=place-{spots["east"]}"]').click()
    assert page.input_value("#summary") == ""
    page.select_option("#common", str(about))
    page.fill("#summary", "门口堆满纸箱")
    visitor.context.set_offline(True)
    page.click("form[data-report] [type=submit]")
    page.locator("#told .note.warn").wait_for()
    visitor.context.set_offline(False)
    page.locator("#told .note.good a").first.wait_for()
    with portal.app_context():
        matter = db.session.scalars(select(Matter)).one()
        finding = db.session.scalars(select(PatrolFinding)).one()
        check = db.session.get_one(PatrolCheck, finding.check_id)
        assert (finding.matter_id, check.place_id) == (matter.id, spots["east"])
        assert (matter.grid_code, matter.place or "") == (
            CELL, "东仓库、幸福路十八号院内最里面的一排平房",
        )  # fmt: skip
    page.goto("/matters/report")
    assert page.input_value("#summary") == "别处的事"
