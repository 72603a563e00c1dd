"""Municipal-service problems: the unit that owes the service, its clock, its rating."""

import json
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
from portal.models import (
    Message,
    MunicipalUnit,
    Organisation,
    TraceEntry,
    UnitCase,
    WorkOrder,
)
from portal.queries import units as queries
from portal.queries.limits import default_numbers
from portal.queries.workdays import load_calendar
from portal.rules import clocks, matters, tick, trace, work_orders
from portal.rules.reports import Report
from portal.rules.work_orders import services, timing
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


def note(session: Any, order: WorkOrder, name: str, **told: Any) -> None:
    """One of the moves of the unit, in the name of who acts, today."""
    work_orders.move(session, order.id, name, {"on": clock.today()} | told)


def verbs(session: Any, order: WorkOrder) -> list[str]:
    """What who acts can note of the unit now."""
    return [
        step.name for step in work_orders.moves_of(session, order) if step.name in services.EFFECTS
    ]


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
    order, water = problem(session), unit(session)
    with acting(who(session, "leader07")):
        note(session, order, "hand_over", unit=f"u{water.id}")
        before = ours(order)
        with acting(SYSTEM):
            timing.load(session).start_answer(order, clock.now(), clock.now())
    assert ours(order) == before


def test_what_is_in_hand_again_is_checked_again(session: Any) -> None:
    order, water, today = problem(session), unit(session), clock.today()
    with acting(who(session, "leader07")):
        note(session, order, "hand_over", unit=f"u{water.id}")
        note(session, order, "unit_answered")
        note(session, order, "rechecked", recheck="good")
        work_orders.move(session, order.id, "answer", {"result": "已通水"})
    with acting(who(session, "block02")):
        work_orders.move(session, order.id, "check", {})
    with acting(who(session, "station")):
        work_orders.move(session, order.id, "reopen", {"reason": "又停水"})
    with acting(who(session, "leader07")):
        assert verbs(session, order) == ["rechecked"]
        note(session, order, "rechecked", recheck="not")
        assert verbs(session, order) == ["unit_answered"]
    row = case(session)
    assert (row.right_first, row.failed, row.done_on) == (True, 1, None)
    period = (today, today)
    (found,) = queries.ratings(session, UnitCase.unit_id == water.id, [period], today)
    assert found.reopened == 1


def test_the_units_clock_runs_apart_from_ours(session: Any) -> None:
    order, water, today = problem(session), unit(session), clock.today()
    with acting(who(session, "leader07")):
        assert verbs(session, order) == ["hand_over"]
        assert services.hand_over_by(session, order) == later(session, today, 1)
        note(session, order, "hand_over", unit=f"u{water.id}")
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
        note(session, order, "hand_over", unit=f"u{water.id}")
        assert verbs(session, order) == ["unit_answered"]
        note(session, order, "unit_answered")
        assert clock.local(clock.aware(order.due_at)).date() == later(session, today, 2)
        assert verbs(session, order) == ["rechecked"]
        note(session, order, "rechecked", recheck="good")
        assert verbs(session, order) == []
    row = case(session)
    assert (row.on_time, row.right_first, row.failed, row.done_on) == (True, True, 0, today)
    moves = list(session.scalars(select(TraceEntry.move).where(TraceEntry.order_id == order.id)))
    assert moves[-3:] == ["hand_over", "unit_answered", "rechecked"]
    assert not trace.verify(session).faults


def test_what_is_not_put_right_goes_back_with_its_time_anew(session: Any) -> None:
    order, water, today = problem(session), unit(session), clock.today()
    with acting(who(session, "leader07")):
        note(session, order, "hand_over", unit=f"u{water.id}")
        note(session, order, "unit_answered")
        note(session, order, "rechecked", recheck="not")
        row = case(session)
        assert (row.right_first, row.failed, row.answered_on) == (False, 1, None)
        assert row.due_on == later(session, today, 3) and row.on_time
        note(session, order, "unit_answered")
        note(session, order, "rechecked", recheck="good")
    row = case(session)
    assert (row.right_first, row.failed, row.done_on) == (False, 1, today)


def test_whoever_is_not_in_charge_notes_nothing(session: Any) -> None:
    order, water = problem(session), unit(session)
    with acting(who(session, "worker07")):
        assert verbs(session, order) == []
        with pytest.raises(Forbidden):
            note(session, order, "hand_over", unit=f"u{water.id}")
    with acting(who(session, "leader07")):
        with pytest.raises(RuleError):
            note(session, order, "unit_answered")
        with pytest.raises(RuleError):
            note(session, order, "hand_over", unit="u999")
        tomorrow = clock.today() + timedelta(days=1)
        with pytest.raises(RuleError) as refused:
            note(session, order, "hand_over", unit=f"u{water.id}", on=tomorrow)
        assert refused.value.field == "on"


def test_only_units_that_owe_it_here_are_offered(session: Any) -> None:
    order = problem(session)
    here, away = unit(session), unit(session, "别处", ELSEWHERE)
    old = unit(session, "撤销的")
    old.in_use = False
    company = Organisation(grid_code=CELL, name="某物业", kind="property")
    session.add_all([company, Organisation(grid_code=CELL, name="小卖部", kind="shop")])
    session.commit()
    found = [value for value, _name in services.offered(session, order)]
    assert found == [f"u{here.id}", f"o{company.id}"] and f"u{away.id}" not in found


def test_a_rating_counts_the_units_own_rows_and_nothing_few_may_see(session: Any) -> None:
    water, today = unit(session), clock.today()
    for number, right in enumerate((True, False, True)):
        order = problem(session)
        with acting(who(session, "leader07")):
            note(session, order, "hand_over", unit=f"u{water.id}")
            note(session, order, "unit_answered")
            note(session, order, "rechecked", recheck="good" if right else "not")
        if number == 2:
            order.visibility = "restricted"
            session.commit()
    first = order
    order = problem(session)
    with acting(who(session, "leader07")):
        note(session, order, "hand_over", unit=f"u{water.id}")
    with acting(SYSTEM):
        order.merged_into_id = first.id
        session.commit()
    period = (today, today)
    (found,) = queries.ratings(session, UnitCase.unit_id == water.id, [period], today)
    assert found == queries.Rating(2, 2, 2, 2, 1, 0)
    gone = (today - timedelta(days=9), today - timedelta(days=1))
    assert queries.ratings(session, UnitCase.unit_id == water.id, [gone], today) == [
        queries.Rating()
    ]


def test_without_a_unit_on_the_list_the_form_says_who_adds_one(
    portal: Flask, client_as: Client
) -> None:
    with portal.app_context(), acting(SYSTEM):
        order = problem(db.session).id
    page = client_as("leader07").get(f"/work-orders/move/{order}/hand_over")
    assert "名录中还没有" in page.one("#unit-why").get_text()
    # What nobody has filled in takes no room on an order's page.
    shown = client_as("leader07").get(f"/work-orders/show/{order}").one("main").get_text()
    assert "办理时限" in shown and "挂起原因" not in shown


def test_it_is_handed_over_on_the_page_of_the_order(portal: Flask, client_as: Client) -> None:
    with portal.app_context(), acting(SYSTEM):
        order, water = problem(db.session).id, unit(db.session).id
    leader, today = client_as("leader07"), clock.today().isoformat()
    show = f"/work-orders/show/{order}"
    moves = f"/work-orders/move/{order}"
    address = f"{moves}/hand_over"
    assert leader.get(show).links(f"a[href='{address}']")
    assert leader.submit(address, {"unit": "", "on": today}).status == 400
    assert leader.submit(address, {"unit": f"u{water}", "on": today}).location == show
    page = leader.get(show)
    assert "水务所" in page.text and "不计入本社区" in page.text
    assert leader.submit(address, {"unit": f"u{water}", "on": today}).status == 409  # once
    assert leader.submit(f"{moves}/answer", {"result": "已通水"}).status == 409
    for verb, told in (("unit_answered", {}), ("rechecked", {"recheck": "good"})):
        answer = leader.submit(f"{moves}/{verb}", told | {"on": today})
        assert answer.status == 302, answer.text
    page = leader.get(show)
    trail = [line.get_text(" ", strip=True) for line in page.soup.select("ol.trail li")]
    assert "转办责任单位" in trail[2] and "水务所" in trail[2]
    assert "责任单位反馈" in trail[1] and "复核" in trail[0] and "合格" in trail[0]
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


def test_the_reporter_hears_of_the_unit_and_the_head_of_its_answer(session: Any) -> None:
    order, water = problem(session), unit(session)

    def told(name: str) -> list[str]:
        asked = select(Message.params).where(Message.user_id == id_of(session, name))
        return [json.loads(one).get("move", "") for one in session.scalars(asked)]

    with acting(who(session, "station")):
        note(session, order, "hand_over", unit=f"u{water.id}")
        assert "hand_over" in told("worker07") and "hand_over" in told("leader07")
        note(session, order, "unit_answered")
        note(session, order, "rechecked", recheck="not")
    assert {"unit_answered", "rechecked"} <= set(told("leader07"))
    assert not {"unit_answered", "rechecked"} & set(told("worker07"))


def test_nothing_is_noted_while_its_clock_stands_still(session: Any) -> None:
    order, water = problem(session), unit(session)
    with acting(who(session, "leader07")):
        note(session, order, "hand_over", unit=f"u{water.id}")
        told = {"suspension": "weather", "until": clock.today() + timedelta(days=5)}
        work_orders.move(session, order.id, "suspend", told)
        assert verbs(session, order) == []
        with pytest.raises(RuleError):
            note(session, order, "unit_answered")
        assert order.next_warning_at is None
        work_orders.move(session, order.id, "resume", {})
        assert verbs(session, order) == ["unit_answered"]


def test_it_is_answered_once_the_unit_has_put_it_right(session: Any) -> None:
    order, water = problem(session), unit(session)
    with acting(who(session, "leader07")):
        note(session, order, "hand_over", unit=f"u{water.id}")
        for name, more in (("unit_answered", {}), ("rechecked", {"recheck": "good"})):
            with pytest.raises(RuleError):
                work_orders.move(session, order.id, "answer", {"result": "已通水"})
            note(session, order, name, **more)
        work_orders.move(session, order.id, "answer", {"result": "已通水"})
    assert order.state == "answered"


def test_with_another_grade_the_units_day_is_another(session: Any) -> None:
    order, water, today = problem(session), unit(session), clock.today()
    with acting(who(session, "leader07")):
        note(session, order, "hand_over", unit=f"u{water.id}")
        work_orders.move(session, order.id, "escalate", {"tried": "催过三次"})
    told = {"grade": "difficult", "level": "block", "assignee": str(id_of(session, "block02"))}
    with acting(who(session, "block02")):
        work_orders.move(session, order.id, "dispatch", told)
    row = case(session)
    assert row.due_on == later(session, today, 7)
    assert clock.local(clock.aware(order.outside_due_at)).date() == row.due_on
    assert ours(order) == later(session, row.due_on, 2)


def test_there_is_one_way_to_the_unit(session: Any) -> None:
    kind = category(session, "MU0101")
    kind.route = "handoff"
    order = problem(session)
    order.state = "accepted"
    session.commit()
    with acting(who(session, "leader07")):
        assert verbs(session, order) == ["hand_over"]
        with pytest.raises(RuleError):
            work_orders.move(session, order.id, "handoff", {"unit": "水务所"})


def test_what_happened_meanwhile_is_said_in_words(session: Any) -> None:
    order, water = problem(session), unit(session)
    before = order.trail_count
    with acting(who(session, "leader07")):
        note(session, order, "hand_over", unit=f"u{water.id}")
        with pytest.raises(RuleError) as refused:
            work_orders.move(session, order.id, "progress", {"note": "x"}, seen_entries=before)
    assert "转办责任单位" in str(refused.value)
    with acting(SYSTEM):
        entry = trace.Step("supervise", order.state, order.state)
        trace.note_many(session, {order.id: entry}, clock.now())
        session.refresh(order)
    seen = order.trail_count - 1
    with acting(who(session, "leader07")), pytest.raises(RuleError) as refused:
        work_orders.move(session, order.id, "progress", {"note": "x"}, seen_entries=seen)
    assert "系统" in str(refused.value) and "督办" in str(refused.value)


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
        note(session, order, "hand_over", unit=f"u{water.id}")
    session.commit()
    with pytest.raises(IntegrityError):
        session.execute(text(f"UPDATE unit_cases SET {change}"))
