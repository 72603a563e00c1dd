"""Petition matters: the authority's days apart from ours, agency, accusations."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.errors import RuleError
from portal.extensions import db
from portal.models import AuditEntry, Matter, Message, PetitionCase, TraceEntry, User, WorkOrder
from portal.queries.limits import Limits, default_numbers
from portal.rules import (
    accusations,
    case_round,
    keys,
    matters,
    petitions,
    tick,
    trace,
    work_orders,
)
from portal.rules.reports import Report
from portal.scope import SYSTEM, acting
from portal.workdays import WorkCalendar
from tests.support.client import Page, PageClient
from tests.support.counting import count_statements
from tests.support.matters import CELL, category, id_of, who
from tests.support.photos import portrait

Client = Callable[..., PageClient]
CALENDAR, LIMITS = WorkCalendar(), Limits(default_numbers())
NEW = bytes(range(32))


def petition(session: Any, code: str = "PT0201", assignee: str = "leader07") -> WorkOrder:
    """A petition of the cell of leader07, in hand of the named person."""
    with acting(who(session, "worker07")):
        order = matters.report(session, Report(category(session, code).id, CELL, "征收补偿未到位"))
    with acting(who(session, "leader07")):
        work_orders.move(session, order.id, "accept", {})
        told = {"grade": "general", "level": "cell", "assignee": str(id_of(session, assignee))}
        work_orders.move(session, order.id, "dispatch", told)
        work_orders.move(session, order.id, "take", {})
    session.commit()
    return order


@pytest.fixture
def order(portal: Flask) -> int:
    """The key of its order."""
    with portal.app_context(), acting(SYSTEM):
        return petition(db.session).id


def case(portal: Flask) -> PetitionCase:
    with portal.app_context(), acting(SYSTEM):
        found = db.session.scalars(select(PetitionCase)).one()
        db.session.expunge_all()
        return found


def write(client: PageClient, key: int, **told: Any) -> Page:
    return client.submit(f"/petitions/do/authority/{key}", told)


# the days -----------------------------------------------------------------------------------------


def days_of(**told: Any) -> dict[str, tuple[date, bool]]:
    """What follows from the days on record: kind → last day, whether the authority owes it."""
    row = PetitionCase(accusation=False, **{"claim": True} | told)
    return {one.kind: (one.due_on, one.owed) for one in petitions.dues(row, LIMITS, CALENDAR)}


def test_the_days_are_those_of_the_regulation() -> None:
    first = date(2026, 3, 2)  # a Monday
    assert days_of() == {}
    received = days_of(received_on=first)
    assert received["notice"] == (date(2026, 3, 17), True)  # 15 days of the calendar
    assert received["objection"] == (date(2026, 3, 9), False)  # five working days
    accepted = {"received_on": first, "accepted_on": first}
    assert days_of(**accepted)["answer"] == (date(2026, 5, 1), True)  # 60 days
    assert days_of(**accepted, extended_on=first)["answer"] == (date(2026, 5, 31), True)  # 30 more
    assert "answer" not in days_of(**accepted, claim=False)  # article 31 (6) only
    answered = accepted | {"answered_on": date(2026, 4, 1)}
    assert days_of(**answered)["review_request"] == (date(2026, 5, 1), False)
    asked = answered | {"review_asked_on": date(2026, 4, 10)}
    assert days_of(**asked)["review"] == (date(2026, 5, 10), True)
    reviewed = asked | {"review_answered_on": date(2026, 5, 4)}
    assert days_of(**reviewed)["second_request"] == (date(2026, 6, 3), False)
    second = days_of(**reviewed, second_asked_on=date(2026, 5, 20))
    assert second["second"] == (date(2026, 6, 19), True)


def test_what_the_authority_did_is_written_down_and_shown_apart(
    portal: Flask, client_as: Client, order: int
) -> None:
    leader = client_as("leader07")
    key = case(portal).id
    page = leader.get(f"/work-orders/show/{order}")
    assert page.links(f"a[href='/petitions/show/{key}']")
    received = (clock.today() - timedelta(days=3)).isoformat()
    assert write(leader, key, received_on=received).status == 400  # which authority?
    told = {"authority": "区住建局", "claim": "y", "received_on": received}
    assert write(leader, key, **told).status == 302
    row = case(portal)
    assert (row.owed, row.owed_by) == ("notice", clock.today() + timedelta(days=12))
    page = leader.get(f"/petitions/show/{key}")
    assert "区住建局" in page.text and "包案" in page.text and "不是本社区的时限" in page.text
    with portal.app_context(), acting(SYSTEM):
        known = db.session.get(WorkOrder, order)
        before = (known.due_at, known.next_warning_at)
        assert known.outside_unit == "区住建局"
    told |= {"notice_on": received, "accepted_on": received}
    assert write(leader, key, **told).status == 302
    assert case(portal).owed == "answer"
    with portal.app_context(), acting(SYSTEM):
        known = db.session.get(WorkOrder, order)
        assert (known.due_at, known.next_warning_at) == before  # our clock did not move
        assert known.outside_due_at is not None


def test_of_two_who_write_at_once_the_second_one_is_told(
    portal: Flask, client_as: Client, order: int
) -> None:
    leader, station, key = client_as("leader07"), client_as("station"), case(portal).id
    address, today = f"/petitions/do/authority/{key}", clock.today().isoformat()
    form = station.get(address).form()
    told = {"authority": "区住建局", "received_on": today}
    assert write(leader, key, **told).status == 302
    refused = station.post(address, form | {"authority": "区信访局"})
    assert refused.status == 400 and "有人" in refused.one("#errors").get_text()
    assert (case(portal).authority, str(case(portal).received_on)) == ("区住建局", today)
    assert station.submit(address, {"notice_on": today}).status == 302
    agency = f"/petitions/do/agency/{key}"
    form = leader.get(agency).form()
    with portal.app_context(), acting(SYSTEM):
        agent = str(id_of(db.session, "worker07"))
    told = {"agent": agent, "mandate_on": today}
    assert station.submit(agency, told).status == 302
    assert leader.post(agency, form | told).status == 400
    with portal.app_context(), acting(SYSTEM):
        entries = db.session.scalars(trace.entries_of(order)).all()[-3:]
        assert [(one.move, one.actor) for one in entries] == [
            ("authority", "leader07"), ("authority", "station"), ("mandate", "station"),
        ]  # fmt: skip
        assert json.loads(entries[1].details) == {"petition": {"notice_on": today}}
        assert trace.verify(db.session).faults == []
    shown = leader.get(f"/work-orders/show/{order}").text
    assert "mandate" not in shown and "代理" in shown
    assert write(leader, key).status == 302  # nothing new: nothing to note
    with portal.app_context(), acting(SYSTEM):
        assert len(db.session.scalars(trace.entries_of(order)).all()) == entries[-1].seq


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"notice_on": -1}, "notice_on"),  # of what was never received
        ({"received_on": 1}, "received_on"),
        ({"received_on": -2, "accepted_on": -3}, "accepted_on"),
        ({"received_on": -9, "accepted_on": -9, "extended_on": -1, "claim": ""}, "extended_on"),
        ({"answered_on": -1}, "answered_on"),
    ],
)
def test_days_that_do_not_fit_are_refused(
    portal: Flask, client_as: Client, order: int, told: dict[str, Any], field: str
) -> None:
    client, key = client_as("leader07"), case(portal).id
    days = {
        name: (clock.today() + timedelta(days=value)).isoformat()
        for name, value in told.items()
        if isinstance(value, int)
    }
    answer = write(client, key, authority="区住建局", **days)
    assert answer.status == 400 and answer.soup.select(f"#{field}-err")
    assert case(portal).received_on is None


def test_who_does_not_handle_it_does_not_write(
    portal: Flask, client_as: Client, order: int
) -> None:
    key = case(portal).id
    for name in ("clerk1", "worker08", "area1", "mediator", "street"):
        assert client_as(name).get(f"/petitions/show/{key}").status == 404, name
    reporter = client_as("worker07")
    assert reporter.get(f"/petitions/show/{key}").status == 200
    assert reporter.get(f"/petitions/do/authority/{key}").status == 403
    assert client_as("station").get(f"/petitions/do/authority/{key}").status == 200


def test_the_named_person_is_told_once_when_a_day_of_the_authority_has_passed(session: Any) -> None:
    order = petition(session)
    row = petitions.case_of_order(session, order.id)
    today = clock.today()
    with acting(who(session, "leader07")):
        received = today - timedelta(days=2)
        petitions.write_down(session, row, "区住建局", False, {"received_on": received})
    session.commit()
    due = received + timedelta(days=15)
    assert case_round.remind(session, due) == 0
    warned = tick.tick(session, clock.now())
    assert case_round.remind(session, due + timedelta(days=1)) == 1
    assert case_round.remind(session, due + timedelta(days=2)) == 0
    told = session.execute(select(Message).where(Message.kind == "case_authority")).scalars().all()
    assert [one.user_id for one in told] == [id_of(session, "leader07")]
    assert "征收" not in told[0].params
    assert (warned.yellow, warned.orange) == (0, 0)


def test_where_nobody_is_named_any_more_the_head_is_told(session: Any) -> None:
    order = petition(session)
    row = petitions.case_of_order(session, order.id)
    received = clock.today() - timedelta(days=30)
    with acting(who(session, "leader07")):
        petitions.write_down(session, row, "区住建局", False, {"received_on": received})
    order.void = True
    session.commit()
    assert case_round.remind(session, clock.today()) == 0  # void: nobody asks
    order.void, order.assignee_id = False, id_of(session, "worker07")
    session.get(User, order.assignee_id).active = False  # signs in no more
    session.commit()
    assert case_round.remind(session, clock.today()) == 1
    told = session.scalars(select(Message.user_id).where(Message.kind == "case_authority")).all()
    assert told == [id_of(session, "leader07")]


def test_the_round_asks_as_often_for_many_petitions_as_for_one(portal: Flask, session: Any) -> None:
    received, asked = clock.today() - timedelta(days=30), list[int]()
    for number in (1, 3):
        for _more in range(number):
            order = petition(session)
            row = petitions.case_of_order(session, order.id)
            with acting(who(session, "leader07")):
                petitions.write_down(session, row, "区住建局", False, {"received_on": received})
            order.assignee_id = id_of(session, "worker07")
        session.get(User, order.assignee_id).active = False  # so their heads are looked for
        session.commit()
        session.expunge_all()
        with count_statements(portal) as statements:
            found = list(case_round.days(session, clock.today()))
        assert {one.user_ids for one in found} == {(id_of(session, "leader07"),)}
        asked.append(len(statements))
        session.get(User, id_of(session, "worker07")).active = True
        session.commit()
    assert len(found) == 4 and asked[0] == asked[1]


def test_a_progress_note_begins_our_clock_again_and_not_theirs(session: Any) -> None:
    order = petition(session)
    row = petitions.case_of_order(session, order.id)
    with acting(who(session, "leader07")):
        received = clock.today() - timedelta(days=2)
        petitions.write_down(session, row, "区住建局", False, {"received_on": received})
        theirs = order.outside_due_at
        work_orders.move(session, order.id, "progress", {"note": "已联系"})
    assert clock.aware(order.outside_due_at) == clock.aware(theirs)
    assert order.due_at is not None


def test_a_matter_that_became_a_petition_gets_its_case(session: Any) -> None:
    order = petition(session)
    session.execute(text("DELETE FROM petition_cases"))
    session.commit()
    case_round.remind(session, clock.today())
    assert petitions.case_of_order(session, order.id) is not None


# agency -------------------------------------------------------------------------------------------


def test_a_worker_files_with_a_mandate_whose_picture_is_sealed(
    portal: Flask, client_as: Client, order: int, place: Any
) -> None:
    client, key = client_as("leader07"), case(portal).id
    with portal.app_context(), acting(SYSTEM):
        agent = id_of(db.session, "worker07")
    told = {"agent": str(agent), "mandate_on": clock.today().isoformat()}
    answer = client.submit(
        f"/petitions/do/agency/{key}", told | {"photo": (BytesIO(portrait()), "委托书.jpg")}
    )
    assert answer.status == 302, answer.text
    row = case(portal)
    assert (row.agent_id, row.mandate_on) == (agent, clock.today())
    (file,) = Path(place.var, "files", "mandates", str(key)).iterdir()
    assert file.suffix == ".sealed" and not file.read_bytes().startswith(b"\xff\xd8")
    assert "worker07" not in client.get(f"/petitions/show/{key}").text
    picture = client.raw.get(f"/petitions/mandate/{key}")
    assert picture.get_data().startswith(b"\xff\xd8")
    picture.close()
    with portal.app_context(), acting(SYSTEM):
        noted = select(AuditEntry).where(AuditEntry.action == "export")
        assert db.session.scalars(noted).one().table_name == "petition_cases"
    assert client_as("mediator").get(f"/petitions/mandate/{key}").status == 404
    # The new key reaches the file too.
    old = portal.config["PORTAL_DATA_KEYS"]
    with portal.app_context(), acting(SYSTEM):
        portal.config["PORTAL_DATA_KEYS"] = [NEW, *old]
        done = {tally.place: tally for tally in keys.rotate(db.session, lambda *told: None)}
        portal.config["PORTAL_DATA_KEYS"] = old
        file.unlink()
    assert done["files"].moved >= 1 and not done["files"].broken


def test_a_mandate_has_a_day_and_an_agent(portal: Flask, client_as: Client, order: int) -> None:
    client, key = client_as("leader07"), case(portal).id
    answer = client.submit(f"/petitions/do/agency/{key}", {"agent": "", "mandate_on": ""})
    assert answer.status == 400 and case(portal).mandate_on is None


# accusations --------------------------------------------------------------------------------------


def test_of_an_accusation_date_and_destination_are_all_that_is_kept(
    portal: Flask, client_as: Client
) -> None:
    with portal.app_context(), acting(SYSTEM):
        kind = category(db.session, "PT0902")
        key, name = kind.id, kind.name
    client = client_as("leader07")
    assert client.get("/petitions/list/").links("a[href='/petitions/accusation']")
    form = client.get("/petitions/accusation").form()
    assert set(form) - {"csrf_token", "once", "row_version", "grid_text"} <= {
        "category", "grid", "on", "destination",
    }  # fmt: skip
    told = {
        "category": str(key), "grid": CELL, "on": clock.today().isoformat(),
        "destination": "区纪委监委",
    }  # fmt: skip
    assert client.submit("/petitions/accusation", told).status == 302
    row = case(portal)
    assert row.accusation and row.authority == "区纪委监委" and row.owed is None
    with portal.app_context(), acting(SYSTEM):
        matter = db.session.scalars(select(Matter)).one()
        assert matter.summary == name and matter.visibility == "restricted"
        kept = (matter.detail, matter.place, matter.reporter_name, matter.reporter_contact)
        assert kept == (None, None, None, None)
        order = db.session.scalars(select(WorkOrder)).one()
        assert (order.state, order.outside_unit) == ("rejected", "区纪委监委")
        assert list(db.session.scalars(select(TraceEntry.note))) == [None, None]
    page = client.get(f"/petitions/show/{row.id}")
    assert "只记日期与去向" in page.text or "日期和去向" in page.text
    assert client.get(f"/petitions/do/authority/{row.id}").status == 403


def test_nobody_is_told_of_an_accusation(session: Any) -> None:
    with acting(who(session, "worker07")):
        told = (category(session, "PT0902").id, CELL, clock.today(), "区纪委监委")
        accusations.pass_on(session, *told)
    session.commit()
    assert list(session.scalars(select(Message.kind))) == []


@pytest.mark.parametrize(
    ("code", "told", "refused"),
    [
        ("PT0902", {"route": "handle"}, True),
        ("PT0902", {"kind": "letter"}, True),
        ("PT0201", {"route": "handoff"}, True),
        ("PT0902", {"note": "新说明"}, False),
        ("PT0201", {"route": "guide"}, False),
    ],
)
def test_the_way_of_accusations_is_fixed(
    portal: Flask, client_as: Client, code: str, told: dict[str, str], refused: bool
) -> None:
    with portal.app_context(), acting(SYSTEM):
        key = category(db.session, code).id
    answer = client_as("station").submit(f"/matter-categories/edit/{key}", told)
    assert answer.status == (400 if refused else 302)
    assert ("办理方式固定" in answer.text) is refused
    with portal.app_context(), acting(SYSTEM):
        kept = category(db.session, code)
        changed = {name: getattr(kept, name) for name in told}
        assert (changed == told) is not refused


def test_the_street_reads_and_writes_nothing_down(portal: Flask, client_as: Client) -> None:
    with portal.app_context(), acting(SYSTEM):
        order = petition(db.session)
        row = db.session.scalars(select(PetitionCase)).one()
        matter = db.session.get_one(Matter, order.matter_id)
        order.level = matter.level = row.level = "street"
        db.session.commit()
        key = row.id
    page = client_as("street").get(f"/petitions/show/{key}")
    assert page.status == 200 and not page.links("a[href^='/petitions/do/']")
    assert client_as("street").get(f"/petitions/do/authority/{key}").status == 403
    assert client_as("station").get(f"/petitions/show/{key}").links("a[href^='/petitions/do/']")


def test_an_accusation_is_not_reported_like_another_matter(
    portal: Flask, client_as: Client
) -> None:
    with portal.app_context(), acting(SYSTEM):
        key = category(db.session, "PT0901").id
    told = {"category": str(key), "grid": CELL, "summary": "某干部收钱"}
    answer = client_as("leader07").submit("/matters/report", told)
    assert answer.status == 400 and "检举控告" in answer.text
    with portal.app_context(), acting(SYSTEM):
        assert list(db.session.scalars(select(Matter.id))) == []
    with portal.app_context(), acting(who(db.session, "leader07")), pytest.raises(RuleError):
        matters.report(db.session, Report(key, CELL, "某干部收钱"))


# the database -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "notice_on = '2026-01-05'",
        "owed = 'notice'",
        "accusation = true, received_on = '2026-01-05'",
        "agent_id = 1",
        "mandate_file = 'x.jpg.sealed'",
        "received_on = '2026-01-05', accepted_on = '2026-01-05', extended_on = '2026-01-05'",
        "second_asked_on = '2026-01-05'",
    ],
)
def test_the_database_refuses_a_case_that_cannot_be(session: Any, change: str) -> None:
    petition(session)
    with pytest.raises(IntegrityError):
        session.execute(text(f"UPDATE petition_cases SET {change}"))


def test_nothing_leads_to_who_petitioned(portal: Flask, client_as: Client, order: int) -> None:
    columns = {column.name for column in PetitionCase.__table__.columns}
    assert not {name for name in columns if "reporter" in name or "petitioner" in name}
    station = client_as("station")
    assert station.get("/petitions/export/csv").status == 403
    assert station.get("/petitions/list/").status == 200
