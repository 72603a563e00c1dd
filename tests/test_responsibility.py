"""Responsibility: drafted by the round, heard, decided; by the table, over HTTP, out of sight."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.errors import Forbidden, OutOfScope, RuleError
from portal.extensions import db
from portal.models import (
    AuditEntry,
    MatterCategory,
    Message,
    MunicipalUnit,
    ResponsibilityDraft,
    UnitCase,
    User,
    WorkOrder,
)
from portal.rules import matters
from portal.rules.messages import worded
from portal.rules.reports import Report
from portal.rules.responsibility import FLOW, act
from portal.rules.tick import tick
from tests.support.client import PageClient
from tests.support.matters import id_of, who
from tests.support.orders import CELL, at, put_orders

Client = Callable[..., PageClient]
RED = at("2026-02-24T23:59")  # of a patrol finding taken in on 2026-02-12: two working days
WORDS = "大雪封路"


def put(session: Session, **columns: Any) -> WorkOrder:
    """An order of the cell of worker08, in hand."""
    common = {
        "assignee_id": id_of(session, "worker08"),
        "dispatcher_id": id_of(session, "leader08"),
    }
    (key,) = put_orders(session, [common | columns])
    session.commit()
    return session.get_one(WorkOrder, key)


def drafts(session: Session) -> list[tuple[str, str]]:
    """Whom drafts are about, and who decides."""
    asked = select(User.username, ResponsibilityDraft.decider).join(
        User, User.id == ResponsibilityDraft.user_id
    )
    return sorted((row[0], row[1]) for row in session.execute(asked))


def only(session: Session) -> ResponsibilityDraft:
    session.expire_all()
    return session.scalars(select(ResponsibilityDraft)).one()


# drafting -----------------------------------------------------------------------------------------


def test_red_makes_one_draft_and_tells_the_person_once(session: Session) -> None:
    order = put(session)
    tick(session, RED - timedelta(minutes=1))
    assert drafts(session) == []
    tick(session, RED)
    tick(session, RED)
    tick(session, RED + timedelta(days=9))
    assert drafts(session) == [("worker08", "station")]
    draft = only(session)
    assert (draft.number, draft.order_id, draft.state) == (order.number, order.id, "open")
    # The fifth working day after the 24th; the 28th, a Saturday, makes up for the holidays.
    assert draft.hear_by == date(2026, 3, 2)
    told = session.scalars(select(Message).where(Message.kind == "responsibility_drafted")).all()
    assert [message.user_id for message in told] == [id_of(session, "worker08")]
    assert told[0].url == f"/responsibility-drafts/show/{draft.id}"
    assert order.number in worded(told[0])[0] and order.summary not in "".join(worded(told[0]))
    assert "工作站" not in worded(told[0])[1]  # it may be a leader who decides
    noted = session.scalars(
        select(AuditEntry).where(AuditEntry.table_name == "responsibility_drafts")
    ).all()
    assert [entry.row_label for entry in noted] == [order.number]
    # Not in the trail of the order, which many see.
    assert order.trail_count == 1


def test_a_later_deadline_of_the_same_person_makes_no_second_one(session: Session) -> None:
    order = put(session)
    tick(session, RED)
    order.warned, order.due_at = None, at("2026-03-20T23:59")
    order.yellow_at, order.red_at = at("2026-03-20T08:00"), at("2026-03-24T23:59")
    order.next_warning_at = order.yellow_at
    session.commit()
    tick(session, at("2026-03-24T23:59"))
    assert drafts(session) == [("worker08", "station")]


@pytest.mark.parametrize(
    "columns",
    [
        {"suspended_at": at("2026-02-12T10:00"), "suspend_reason": "weather",
         "suspended_until": date(2026, 12, 1)},
        {"state": "reported_up", "level": "street"},
        {"state": "reported", "level": "street", "assignee_id": None},
        {"state": "answered"},
        {"void": True},
    ],
)  # fmt: skip
def test_what_others_hold_up_is_not_drafted(session: Session, columns: dict[str, Any]) -> None:
    put(session, **columns)
    tick(session, at("2026-04-01T00:00"))
    assert drafts(session) == []


@pytest.mark.parametrize(
    ("columns", "person", "decider"),
    [
        ({"state": "reported", "assignee_id": None, "dispatcher_id": None}, "leader08", "station"),
        ({"kind": "petition", "outside_unit": "街道"}, "worker08", "station"),
        ({"kind": "municipal"}, "worker08", "station"),
        # A unit was named when it was reported, and nobody handed it over.
        ({"kind": "municipal", "outside_unit": "环卫所"}, "worker08", "station"),
        ({"outside_unit": "自来水公司"}, "worker08", "station"),
        ({"level": "community", "assignee_id": "station"}, "station", "leader"),
    ],
)
def test_what_is_late_here_is(
    session: Session, columns: dict[str, Any], person: str, decider: str
) -> None:
    named = columns.get("assignee_id")
    put(session, **columns | ({"assignee_id": id_of(session, named)} if named else {}))
    tick(session, at("2026-05-01T00:00"))
    assert drafts(session) == [(person, decider)]


@pytest.mark.parametrize(
    ("answered", "expected"), [({}, []), ({"answered_on": date(2026, 2, 13), "on_time": True},
                                          [("worker08", "station")])]
)  # fmt: skip
def test_a_unit_that_was_handed_it_has_a_clock_of_its_own(
    session: Session, answered: dict[str, Any], expected: list[Any]
) -> None:
    order = put(session, kind="municipal")
    unit = MunicipalUnit(name="环卫所", grid_code=order.grid_code, services="清运")
    session.add(unit)
    session.flush()
    session.add(
        UnitCase(order_id=order.id, matter_id=order.matter_id, unit_id=unit.id, **answered,
                 handed_on=date(2026, 2, 12), due_on=date(2026, 2, 24))
    )  # fmt: skip
    session.commit()
    tick(session, at("2026-05-01T00:00"))
    assert drafts(session) == expected


def test_a_unit_that_was_named_in_the_report_has_nothing_yet(session: Session) -> None:
    kind = session.scalars(select(MatterCategory.id).where(MatterCategory.code == "MU0101")).one()
    with scope.acting(who(session, "worker08")):
        order = matters.report(session, Report(kind, CELL, "停水", unit="水务所"))
    assert order.outside_unit is None and order.matter.unit == "水务所"
    session.rollback()


def test_who_may_not_see_a_complaint_is_not_drafted_for_it(session: Session) -> None:
    from_here = session.scalars(select(User).where(User.username == "leader08")).one()
    put(session, kind="complaint", level="block", visibility="restricted",
        about_user_id=from_here.id)  # fmt: skip
    tick(session, at("2026-05-01T00:00"))
    assert "leader08" not in [name for name, _decider in drafts(session)]


def test_many_at_once_are_one_insert(session: Session, portal: Flask) -> None:
    worker = id_of(session, "worker08")
    put_orders(session, [{"assignee_id": worker}] * 300)
    session.commit()
    tick(session, RED)
    assert session.scalar(select(func.count(ResponsibilityDraft.id))) == 300
    told = select(func.count(Message.id)).where(Message.kind == "responsibility_drafted")
    assert session.scalar(told) == 300


# the table ----------------------------------------------------------------------------------------


@pytest.fixture
def draft(session: Session) -> ResponsibilityDraft:
    """One about worker08, whose time to be heard runs."""
    put(session)
    tick(session, RED)
    row = only(session)
    row.hear_by = clock.today() + timedelta(days=1)
    session.commit()
    return row


def tried(session: Session, row: ResponsibilityDraft, username: str, move: str) -> str:
    """What came of a move; taken back."""
    before, attempt = row.state, session.begin_nested()
    try:
        with scope.acting(who(session, username)):
            act(session, row.id, move, {"statement": WORDS, "reason": WORDS})
        outcome = "done"
    except (Forbidden, OutOfScope, RuleError) as refusal:
        outcome = type(refusal).__name__
    attempt.rollback()
    session.expire_all()
    assert row.state == before
    return outcome


# Who sees an open one, one that was heard, one that is decided; in every state.
SEES = {
    "worker08": ("open", "heard", "recorded", "not_recorded"),
    "station": ("open", "heard", "recorded", "not_recorded"),
    "leader": ("recorded", "not_recorded"),
    "auditor": ("recorded", "not_recorded"),
}
MAY = {"worker08": {"answer"}, "station": {"record", "drop"}}
PEOPLE = (*SEES, "leader08", "block03", "area1", "worker07", "clerk1", "street", "admin", "care")


def test_every_state_move_and_person(session: Session, draft: ResponsibilityDraft) -> None:
    now = clock.now()
    values: dict[str, dict[str, Any]] = {
        "open": {},
        "heard": {"statement": WORDS, "stated_at": now},
        "recorded": {"reason": WORDS, "decided_at": now, "decided_by": "x"},
        "not_recorded": {"reason": WORDS, "decided_at": now, "decided_by": "x"},
    }
    for state, more in values.items():
        for name, value in more.items():
            setattr(draft, name, value)
        draft.state = state
        if state == "open":
            draft.hear_by = clock.today()
        session.flush()
        for person in PEOPLE:
            for step in FLOW:
                outcome = tried(session, draft, person, step.name)
                expected = "RuleError"
                if state not in SEES.get(person, ()):
                    expected = "OutOfScope"
                elif step.name not in MAY.get(person, ()):
                    expected = "Forbidden"
                elif state in step.sources and not (step.name == "record" and state == "open"):
                    expected = "done"  # recorded is only after the hearing
                assert outcome == expected, f"{person}: {step.name} from {state}"


def test_without_an_answer_it_is_decided_after_the_fifth_day(
    session: Session, draft: ResponsibilityDraft
) -> None:
    assert tried(session, draft, "station", "record") == "RuleError"
    draft.hear_by = clock.today() - timedelta(days=1)
    session.flush()
    assert tried(session, draft, "worker08", "answer") == "RuleError"
    assert tried(session, draft, "station", "record") == "done"


@pytest.mark.parametrize(
    "told", [{"void": True}, {"state": "rejected"}, {"state": "closed", "outcome": "handed"}]
)
def test_what_turned_out_not_to_be_ours_is_never_recorded(
    session: Session, draft: ResponsibilityDraft, told: dict[str, Any]
) -> None:
    draft.hear_by = clock.today() - timedelta(days=1)
    order = session.get_one(WorkOrder, draft.order_id)
    for name, value in told.items():
        setattr(order, name, value)
    session.flush()
    assert tried(session, draft, "station", "record") == "RuleError"
    assert tried(session, draft, "station", "drop") == "done"


def test_nobody_decides_about_themselves(session: Session, draft: ResponsibilityDraft) -> None:
    draft.user_id = id_of(session, "station")
    draft.hear_by = clock.today() - timedelta(days=1)
    session.flush()
    assert tried(session, draft, "station", "drop") == "Forbidden"
    draft.decider = "leader"
    session.flush()
    assert tried(session, draft, "leader", "drop") == "done"
    assert tried(session, draft, "station", "drop") == "Forbidden"
    draft.state, draft.reason, draft.decided_at = "recorded", WORDS, clock.now()
    draft.decided_by_id = draft.user_id
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


@pytest.mark.parametrize("words", ["", " ", "身份证 420102199001010011", "长" * 4001])
def test_what_is_said_are_words(session: Session, draft: ResponsibilityDraft, words: str) -> None:
    with scope.acting(who(session, "worker08")), pytest.raises(RuleError) as refused:
        act(session, draft.id, "answer", {"statement": words})
    assert refused.value.field == "statement"


# over HTTP ----------------------------------------------------------------------------------------


@pytest.fixture
def open_one(portal: Flask) -> str:
    """The key of a draft about worker08 that can be answered."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        put(db.session)
        tick(db.session, RED)
        row = only(db.session)
        row.hear_by = clock.today() + timedelta(days=1)
        db.session.commit()
        return str(row.id)


def test_it_is_heard_and_decided_on_its_pages(
    portal: Flask, client_as: Client, open_one: str
) -> None:
    show, moves = (
        f"/responsibility-drafts/show/{open_one}",
        f"/responsibility-drafts/move/{open_one}",
    )
    worker, station, leader = (client_as(name) for name in ("worker08", "station", "leader"))
    assert "听取" in worker.get("/inbox/").text
    assert worker.get("/desk/").links("a[href*='preset=to_answer']")
    page = worker.get(show)
    assert page.links(f"a[href='{moves}/answer']") and not page.links(f"a[href='{moves}/record']")
    for name in ("leader", "auditor", "leader08", "block03"):
        client = client_as(name)
        assert client.get(show).status in (403, 404)
        assert client.get(f"/api/v1/responsibility-drafts/{open_one}").status in (403, 404)
    assert leader.get(f"{moves}/drop").status == 404
    assert station.get(f"{moves}/answer").status == 403
    assert worker.post(f"{moves}/record", {"reason": "x"}).status in (400, 403)
    page = worker.get(f"{moves}/answer")
    assert "：" in page.one("h1").get_text() and "工作站" not in page.one("main").get_text()
    assert worker.submit(f"{moves}/answer", {"statement": " "}).status == 400
    assert worker.submit(f"{moves}/answer", {"statement": WORDS}).location == show
    assert worker.submit(f"{moves}/answer", {"statement": "又"}).status == 400
    listed = station.get("/responsibility-drafts/list/?preset=to_decide")
    assert len(listed.soup.select("main table tbody tr")) == 1
    assert WORDS in station.get(show).text
    assert station.submit(f"{moves}/record", {"reason": "未说明延误原因"}).location == show
    for client in (worker, station, leader, client_as("auditor")):
        text = client.get(show).text
        assert "已认定责任" in text and "未说明延误原因" in text
    assert "已认定责任" in worker.get("/inbox/").text
    for name in ("worker07", "leader08", "block03", "area1"):
        assert client_as(name).get(show).status == 404


def test_two_deciders_of_whom_the_second_saw_an_older_page(
    portal: Flask, client_as: Client, open_one: str
) -> None:
    station, url = client_as("station"), f"/responsibility-drafts/move/{open_one}/drop"
    form = station.get(url).form()
    client_as("worker08").submit(
        f"/responsibility-drafts/move/{open_one}/answer", {"statement": WORDS}
    )
    late = station.post(url, form | {"reason": "x"})
    assert late.status == 400
    with portal.app_context(), scope.acting(scope.SYSTEM):
        assert only(db.session).state == "heard"


def test_nothing_lists_counts_or_sorts_by_person(client_as: Client, open_one: str) -> None:
    station = client_as("station")
    page = station.get("/responsibility-drafts/list/")
    assert "worker08" not in page.text
    api = "/api/v1/responsibility-drafts/"
    told = station.raw.get(api).get_json()
    assert "user_id" not in told["result"][0]
    for asked in ("(order_column:user_id)", "(filters:!((col:user_id,opr:eq,value:1)))"):
        assert station.raw.get(f"{api}?q={asked}").status_code == 400
    key = station.raw.get("/responsibility-drafts/list/?user_id=1").data
    assert key.count(b"/responsibility-drafts/show/") == page.text.count(
        "/responsibility-drafts/show/"
    )
    assert station.get("/responsibility-drafts/export/csv").status == 403


def test_what_few_may_see_stays_with_the_station(
    portal: Flask, client_as: Client, open_one: str
) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        row = only(db.session)
        row.visibility, row.state = "restricted", "not_recorded"
        row.reason, row.decided_at = WORDS, clock.now()
        db.session.commit()
    show = f"/responsibility-drafts/show/{open_one}"
    assert [client_as(name).get(show).status for name in ("worker08", "station")] == [200, 200]
    assert [client_as(name).get(show).status for name in ("leader", "auditor")] == [404, 404]
