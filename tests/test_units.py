"""Municipal-service problems: the unit that owes the service, its clock, its rating."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.errors import Forbidden, RuleError
from portal.extensions import db
from portal.models import MunicipalUnit, Organisation, TraceEntry, UnitCase, WorkOrder
from portal.queries import units as queries
from portal.queries.limits import default_numbers
from portal.queries.workdays import load_calendar
from portal.rules import clocks, matters, tick, trace, units, work_orders
from portal.rules.reports import Report
from portal.rules.work_orders import timing
from portal.scope import SYSTEM, acting
from tests.support.client import PageClient
from tests.support.matters import CELL, COMMUNITY, category, id_of, who

Client = Callable[..., PageClient]
ELSEWHERE = "4201020029900201001"


def problem(session: Any, code: str = "MU0101") -> WorkOrder:
    """No water in the cell of leader07, in that person's hands."""
    with acting(who(session, "worker07")):
        order = matters.report(session, Report(category(session, code).id, CELL, "停水一天"))
    with acting(who(session, "leader07")):
        work_orders.move(session, order.id, "accept", {})
        told = {"grade": "general", "level": "cell", "assignee": str(id_of(session, "leader07"))}
        work_orders.move(session, order.id, "dispatch", told)
        work_orders.move(session, order.id, "take", {})
    session.commit()
    return order


def unit(session: Any, name: str = "水务所", code: str = COMMUNITY) -> MunicipalUnit:
    row = MunicipalUnit(
        name=name, grid_code=code, services="供水\n管道", contact_phone="02788880000"
    )
    session.add(row)
    session.commit()
    return row


def case(session: Any) -> UnitCase:
    session.expire_all()
    return session.scalars(select(UnitCase)).one()


def later(session: Any, day: date, days: int) -> date:
    return clocks.workday(day, days, load_calendar(session))


def test_the_community_has_one_day_to_hand_over_and_two_to_check() -> None:
    known = default_numbers()
    assert (known["municipal.hand_over"], known["municipal.recheck"]) == (1, 2)
    assert [known[f"municipal.{grade}"] for grade in ("general", "difficult", "major")] == [
        3,
        7,
        15,
    ]


def ours(order: WorkOrder) -> date:
    """The last day of the order."""
    return clock.local(clock.aware(order.due_at)).date()


def test_until_it_is_handed_over_the_order_has_one_day(session: Any) -> None:
    order, today = problem(session), clock.today()
    assert ours(order) == later(session, today, 1)
    assert order.outside_due_at is None  # no unit has it, so no unit's clock runs
    moment = clocks.end_of(ours(order)) + timedelta(minutes=1)
    assert tick.tick(session, moment).orange == 1


def test_a_new_grade_does_not_cut_short_what_a_unit_has(session: Any) -> None:
    order, water, today = problem(session), unit(session), clock.today()
    with acting(who(session, "leader07")):
        units.hand_over(session, order.id, f"u{water.id}", today)
        before = ours(order)
        with acting(SYSTEM):
            timing.load(session).start_answer(order, clock.now(), clock.now())
    assert ours(order) == before


def test_what_is_in_hand_again_is_checked_again(session: Any) -> None:
    order, water, today = problem(session), unit(session), clock.today()
    with acting(who(session, "leader07")):
        units.hand_over(session, order.id, f"u{water.id}", today)
        units.answered(session, order.id, today)
        units.recheck(session, order.id, True, today)
        work_orders.move(session, order.id, "answer", {"result": "已通水"})
    with acting(who(session, "block02")):
        work_orders.move(session, order.id, "check", {})
    with acting(who(session, "station")):
        work_orders.move(session, order.id, "reopen", {"reason": "又停水"})
    with acting(who(session, "leader07")):
        assert units.verbs(session, order) == ["recheck"]
        units.recheck(session, order.id, False, today)
        assert units.verbs(session, order) == ["answered"]
    row = case(session)
    assert (row.right_first, row.failed, row.done_on) == (True, 1, None)
    period = (today, today)
    (found,) = queries.ratings(session, UnitCase.unit_id == water.id, [period], today)
    assert found.reopened == 1


def test_the_units_clock_runs_apart_from_ours(session: Any) -> None:
    order, water, today = problem(session), unit(session), clock.today()
    with acting(who(session, "leader07")):
        assert units.verbs(session, order) == ["hand_over"]
        assert units.hand_over_by(session, order) == later(session, today, 1)
        units.hand_over(session, order.id, f"u{water.id}", today)
    row = case(session)
    assert row.due_on == later(session, today, 3)  # three working days, general
    assert order.outside_unit == "水务所"
    assert clock.local(clock.aware(order.outside_due_at)).date() == row.due_on
    assert ours(order) == later(session, row.due_on, 2)
    # The unit's day passes and nobody here is warned of it.
    moment = clocks.end_of(row.due_on) + timedelta(minutes=1)
    done = tick.tick(session, moment)
    assert (done.orange, done.red) == (0, 0)


def test_it_answers_in_time_and_is_put_right_at_the_first_check(session: Any) -> None:
    order, water, today = problem(session), unit(session), clock.today()
    with acting(who(session, "leader07")):
        units.hand_over(session, order.id, f"u{water.id}", today)
        assert units.verbs(session, order) == ["answered"]
        units.answered(session, order.id, today)
        assert clock.local(clock.aware(order.due_at)).date() == later(session, today, 2)
        assert units.verbs(session, order) == ["recheck"]
        units.recheck(session, order.id, True, today)
        assert units.verbs(session, order) == []
    row = case(session)
    assert (row.on_time, row.right_first, row.failed, row.done_on) == (True, True, 0, today)
    moves = list(session.scalars(select(TraceEntry.move).where(TraceEntry.order_id == order.id)))
    assert moves[-3:] == ["hand_over", "unit_answered", "rechecked"]
    assert not trace.verify(session).faults


def test_what_is_not_put_right_goes_back_with_its_time_anew(session: Any) -> None:
    order, water, today = problem(session), unit(session), clock.today()
    with acting(who(session, "leader07")):
        units.hand_over(session, order.id, f"u{water.id}", today)
        units.answered(session, order.id, today)
        units.recheck(session, order.id, False, today)
        row = case(session)
        assert (row.right_first, row.failed, row.answered_on) == (False, 1, None)
        assert row.due_on == later(session, today, 3) and row.on_time
        units.answered(session, order.id, today)
        units.recheck(session, order.id, True, today)
    row = case(session)
    assert (row.right_first, row.failed, row.done_on) == (False, 1, today)


def test_whoever_is_not_in_charge_notes_nothing(session: Any) -> None:
    order, water = problem(session), unit(session)
    with acting(who(session, "worker07")):
        assert units.verbs(session, order) == []
        with pytest.raises(Forbidden):
            units.hand_over(session, order.id, f"u{water.id}", clock.today())
    with acting(who(session, "leader07")):
        with pytest.raises(RuleError):
            units.answered(session, order.id, clock.today())
        with pytest.raises(RuleError):
            units.hand_over(session, order.id, "u999", clock.today())
        tomorrow = clock.today() + timedelta(days=1)
        with pytest.raises(RuleError):
            units.hand_over(session, order.id, f"u{water.id}", tomorrow)


def test_only_units_that_owe_it_here_are_offered(session: Any) -> None:
    order = problem(session)
    here, away = unit(session), unit(session, "别处", ELSEWHERE)
    old = unit(session, "撤销的")
    old.in_use = False
    company = Organisation(grid_code=CELL, name="某物业", kind="property")
    session.add_all([company, Organisation(grid_code=CELL, name="小卖部", kind="shop")])
    session.commit()
    found = [value for value, _name in units.offered(session, order)]
    assert found == [f"u{here.id}", f"o{company.id}"] and f"u{away.id}" not in found


def test_a_rating_counts_the_units_own_rows_and_nothing_few_may_see(session: Any) -> None:
    water, today = unit(session), clock.today()
    for number, right in enumerate((True, False, True)):
        order = problem(session)
        with acting(who(session, "leader07")):
            units.hand_over(session, order.id, f"u{water.id}", today)
            units.answered(session, order.id, today)
            units.recheck(session, order.id, right, today)
        if number == 2:
            order.visibility = "restricted"
            session.commit()
    period = (today, today)
    (found,) = queries.ratings(session, UnitCase.unit_id == water.id, [period], today)
    assert found == queries.Rating(2, 2, 2, 2, 1, 0)
    gone = (today - timedelta(days=9), today - timedelta(days=1))
    assert queries.ratings(session, UnitCase.unit_id == water.id, [gone], today) == [
        queries.Rating()
    ]


def test_it_is_handed_over_on_the_page_of_the_order(portal: Flask, client_as: Client) -> None:
    with portal.app_context(), acting(SYSTEM):
        order, water = problem(db.session).id, unit(db.session).id
    leader, today = client_as("leader07"), clock.today().isoformat()
    show = f"/work-orders/show/{order}"
    address = f"/work-orders/unit/hand_over/{order}"
    assert leader.get(show).links(f"a[href='{address}']")
    assert leader.submit(address, {"unit": "", "on": today}).status == 400
    assert leader.submit(address, {"unit": f"u{water}", "on": today}).location == show
    page = leader.get(show)
    assert "水务所" in page.text and "不计入本社区" in page.text
    assert leader.submit(address, {"unit": f"u{water}", "on": today}).status == 400  # once
    for verb, told in (("answered", {}), ("recheck", {"right": "yes"})):
        answer = leader.submit(f"/work-orders/unit/{verb}/{order}", told | {"on": today})
        assert answer.status == 302, answer.text
    assert client_as("worker07").get(address).status == 403
    assert client_as("area2").get(address).status == 404
    # Everybody on the staff sees the unit and how it kept its word.
    for name in ("worker07", "area2", "street"):
        page = client_as(name).get(f"/municipal-units/show/{water}")
        if name == "street":
            assert page.status in (200, 404)
            continue
        assert "1 / 1 · 100%" in page.text, name
        assert page.soup.select("ul.bars svg rect.kept")
        assert "02788880000" not in page.text


def test_units_are_listed_by_name(portal: Flask, client_as: Client) -> None:
    with portal.app_context(), acting(SYSTEM):
        for name in ("丙", "甲", "乙"):
            unit(db.session, name)
    rows = client_as("station").get("/municipal-units/list/").soup.select("main tbody tr th")
    names = [row.get_text(strip=True) for row in rows]
    assert names == sorted(names)


@pytest.mark.parametrize(
    "change",
    [
        "unit_id = NULL",
        "answered_on = '2026-01-05', on_time = NULL",
        "rechecked_on = '2026-01-05'",
        "done_on = '2026-01-05'",
    ],
)
def test_the_database_refuses_what_cannot_be(session: Any, change: str) -> None:
    order, water = problem(session), unit(session)
    with acting(who(session, "leader07")):
        units.hand_over(session, order.id, f"u{water.id}", clock.today())
    session.commit()
    with pytest.raises(IntegrityError):
        session.execute(text(f"UPDATE unit_cases SET {change}"))
