"""The round of work orders: everybody at the right minute, once, and nobody who may not see."""

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select, text

from jobs import orders as jobs
from portal import clock, scope
from portal.extensions import db
from portal.models import (
    AuditEntry,
    Message,
    OrderWarning,
    Post,
    SupervisionOrder,
    User,
    Worker,
    WorkOrder,
)
from portal.rules import tick as rounds
from portal.rules.messages import worded
from portal.rules.tick import tick
from portal.rules.trace import entries_of, verify
from tests.support.counting import count_statements
from tests.support.order_year import ROUNDS, expected, live, some_lives
from tests.support.orders import CELL, at, put_orders

NOTHING = "warned yellow 0, orange 0, red 0, control 0, weekly 0, resumed 0, failed 0"
# The clock of a patrol finding that was accepted on 2026-02-12: two working days.
YELLOW, DUE, RED = "2026-02-14T08:00", "2026-02-14T23:59", "2026-02-24T23:59"


@pytest.fixture
def who(session):
    """Account name → id, and a worker's account at that."""
    found = {row[0]: row[1] for row in session.execute(select(User.username, User.id))}
    return lambda name: found[name]


@pytest.fixture
def one(session, who):
    """Puts one order, in hand by the worker of its cell and handed out by its leader."""

    def put(**columns):
        (order_id,) = put_orders(
            session,
            [{"assignee_id": who("worker08"), "dispatcher_id": who("leader08")} | columns],
        )
        session.commit()
        return session.get_one(WorkOrder, order_id)

    return put


def told(session, since=0):
    """Who was told what: (kind, account)."""
    found = select(Message.kind, User.username).join(User, User.id == Message.user_id)
    found = found.where(Message.kind.startswith("order"))
    return sorted(tuple(row) for row in session.execute(found.where(Message.id > since)))


def counted(session, column):
    """How many rows there are by the values of ``column``."""
    found = session.execute(select(column, func.count()).group_by(column))
    return {row[0]: row[1] for row in found}


def on_record(session):
    found = select(OrderWarning.order_id, OrderWarning.kind, OrderWarning.at)
    return [(row[0], row[1], clock.aware(row[2])) for row in session.execute(found)]


def test_each_warning_at_its_minute_and_once(session, one):
    order = one()
    for moment, says in (
        ("2026-02-14T07:59", NOTHING),
        (YELLOW, "warned yellow 1, orange 0, red 0, control 0, weekly 0, resumed 0, failed 0"),
        (YELLOW, NOTHING),
        ("2026-02-14T23:58", NOTHING),
        (DUE, "warned yellow 0, orange 1, red 0, control 0, weekly 0, resumed 0, failed 0"),
        ("2026-02-24T23:55", NOTHING),
        (RED, "warned yellow 0, orange 0, red 1, control 0, weekly 0, resumed 0, failed 0"),
        ("2026-12-24T23:59", NOTHING),
    ):
        assert str(tick(session, at(moment))) == says, moment
    assert told(session) == [
        ("order_orange", "block03"), ("order_orange", "leader08"), ("order_orange", "worker08"),
        ("order_red", "area1"), ("order_red", "station"), ("order_yellow", "worker08"),
    ]  # fmt: skip
    session.refresh(order)
    assert (order.warned, order.next_warning_at, order.version) == ("red", None, 1)
    assert on_record(session) == [
        (order.id, "yellow", at(YELLOW)), (order.id, "orange", at(DUE)), (order.id, "red", at(RED)),
    ]  # fmt: skip
    made = session.scalars(select(SupervisionOrder)).one()
    assert made.number == f"{order.number}-D1"
    assert clock.aware(made.due_at) == at(DUE)
    assert (made.level, made.visibility, made.grid_code) == ("cell", "normal", CELL)
    noted = select(AuditEntry).where(AuditEntry.table_name == "supervision_orders")
    entry = session.scalars(noted).one()
    assert (entry.action, entry.table_name, entry.row_id) == (
        "insert", "supervision_orders", made.id,
    )  # fmt: skip


def test_what_a_message_says(session, one):
    order = one()
    tick(session, at(YELLOW))
    message = session.scalars(select(Message)).one()
    assert message.url == f"/work-orders/show/{order.id}"
    title, body = worded(message)
    assert order.number in title and order.summary in title
    assert "2月14日" in body and "%(" not in title + body


def test_a_lost_day_is_made_up_for_and_people_hear_the_last_of_it(session, one):
    one()
    done = tick(session, at("2026-03-02T09:00"))
    assert (done.yellow, done.orange, done.red) == (1, 1, 1)
    assert told(session) == [("order_red", "area1"), ("order_red", "station")]
    assert str(tick(session, at("2026-03-02T09:05"))) == NOTHING


def test_what_nobody_has_in_hand_is_for_the_head_of_its_level(session, one):
    one(state="reported", assignee_id=None, dispatcher_id=None)  # to be taken in on the 13th
    assert tick(session, at("2026-02-13T08:00")).yellow == 1
    assert told(session) == [("order_yellow", "leader08")]
    assert tick(session, at("2026-02-13T23:59")).orange == 1
    assert told(session)[:2] == [("order_orange", "block03"), ("order_orange", "leader08")]


def test_a_post_that_nobody_holds_does_not_swallow_a_warning(session, one):
    for post in session.scalars(select(Post).where(Post.grid_code == CELL)):
        post.until = date(2026, 2, 1)
    one(state="reported", assignee_id=None, dispatcher_id=None)
    tick(session, at("2026-02-13T08:00"))
    assert told(session) == [("order_yellow", "block03")]


def test_who_lost_the_post_or_the_account_is_told_nothing(session, one, who):
    session.get_one(User, who("worker08")).active = False
    for post in session.scalars(select(Post).join(Worker).where(Worker.user_id == who("leader08"))):
        post.until = date(2026, 2, 13)
    one()
    tick(session, at(YELLOW))
    tick(session, at(DUE))
    assert told(session) == [("order_orange", "block03"), ("order_yellow", "block03")]


def test_a_complaint_about_a_worker_stays_hidden_from_the_grid(session, one, who):
    about = session.scalars(select(Worker).where(Worker.user_id == who("leader08"))).one()
    one(
        kind="complaint", level="block", visibility="restricted", about_worker_id=about.id,
        about_user_id=who("leader08"), assignee_id=who("worker08"), dispatcher_id=who("leader08"),
    )  # fmt: skip
    tick(session, at("2026-02-26T08:00"))
    tick(session, at("2026-02-26T23:59"))
    tick(session, at("2026-04-26T23:59"))
    assert told(session) == [
        ("order_orange", "area1"), ("order_orange", "block03"), ("order_red", "area1"),
        ("order_red", "station"), ("order_yellow", "block03"),
    ]  # fmt: skip
    messages = session.scalars(select(Message)).all()
    assert {json.loads(message.params).get("summary", "") for message in messages} == {""}
    made = session.scalars(select(SupervisionOrder)).one()
    assert (made.about_user_id, made.visibility) == (who("leader08"), "restricted")


def test_what_is_restricted_is_told_to_nobody_below_its_level(session, one, who):
    one(visibility="restricted", level="community", assignee_id=who("station"), dispatcher_id=None)
    tick(session, at("2026-03-20T08:00"))
    assert told(session) == [("order_red", "station")]


def test_danger_that_is_not_under_control(session, one, who):
    due = at("2026-02-12T11:00")
    order = one(control_due_at=due)
    under = one(control_due_at=due, controlled_at=at("2026-02-12T10:00"))
    one(control_due_at=due, state="closed")
    one(control_due_at=due, void=True)
    waiting = one(control_due_at=due, suspended_at=at("2026-02-12T10:30"), suspend_reason="weather")
    assert str(tick(session, at("2026-02-12T10:59"))) == NOTHING
    assert tick(session, due).control == 2
    assert str(tick(session, at("2026-02-12T11:05"))) == NOTHING
    assert sorted(row[:2] for row in on_record(session)) == [
        (order.id, "control"), (waiting.id, "control"),
    ]  # fmt: skip
    names = ("area1", "block03", "leader08", "station", "worker08")
    assert Counter(told(session)) == dict.fromkeys([("order_control", name) for name in names], 2)
    session.refresh(under)
    assert under.warned is None


def test_a_suspension_ends_by_itself_with_the_days_that_were_left(session, one):
    order = one(
        kind="letter",  # five days: 13, 14, 24, 25, 26
        suspended_at=at("2026-02-13T10:00"), suspended_until=date(2026, 3, 6),
        suspend_reason="weather",
    )  # fmt: skip
    assert str(tick(session, at("2026-03-06T23:55"))) == NOTHING
    done = tick(session, at("2026-03-08T08:00"))  # a lost round costs nobody a day
    assert str(done) == "warned yellow 0, orange 0, red 0, control 0, weekly 0, resumed 1, failed 0"
    session.refresh(order)
    assert (order.suspended_at, order.suspended_until, order.suspend_reason) == (None, None, None)
    assert clock.aware(order.due_at) == at("2026-03-12T23:59")  # 9, 10, 11, 12
    assert clock.aware(order.next_warning_at) == at("2026-03-11T08:00")
    assert order.version == 2
    (step,) = session.scalars(entries_of(order.id))
    assert (step.actor, step.move, step.to_state) == ("system", "resume", "handling")
    assert verify(session).faults == []
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    assert json.loads(entry.changes)["suspended_until"] == ["2026-03-06", None]
    assert str(tick(session, at("2026-03-08T08:05"))) == NOTHING
    assert tick(session, at("2026-03-11T08:00")).yellow == 1


def test_without_an_end_a_suspension_stays(session, one):
    one(suspended_at=at("2026-02-13T10:00"), suspend_reason="funding")
    assert str(tick(session, at("2027-02-01T08:00"))) == NOTHING


@pytest.mark.parametrize(
    "still",
    [{"state": "answered"}, {"state": "closed"}, {"void": True},
     {"suspended_at": at("2026-02-13T10:00"), "suspend_reason": "court"}],
)  # fmt: skip
def test_a_clock_that_stands_still_warns_nobody(session, one, still):
    """Even if somebody forgot to empty the next instant: the round does it."""
    order = one(next_warning_at=at(YELLOW), **still)
    assert str(tick(session, at("2026-04-01T08:00"))) == NOTHING
    session.refresh(order)
    assert (order.next_warning_at, order.warned) == (None, None)


def test_a_new_deadline_is_warned_of_anew(session, one):
    order = one()
    tick(session, at("2026-03-02T09:00"))
    later = {"due_at": at("2026-03-10T23:59"), "yellow_at": at("2026-03-10T08:00"),
             "red_at": at("2026-03-11T23:59"), "next_warning_at": at("2026-03-10T08:00"),
             "warned": None}  # fmt: skip
    session.refresh(order)
    for name, value in later.items():
        setattr(order, name, value)
    session.commit()
    done = tick(session, at("2026-03-12T00:00"))
    assert (done.yellow, done.orange, done.red) == (1, 1, 1)
    numbers = session.scalars(select(SupervisionOrder.number).order_by(SupervisionOrder.id)).all()
    assert numbers == [f"{order.number}-D1", f"{order.number}-D2"]


def test_the_trace_hears_of_supervision(session, one):
    order = one()
    tick(session, at(RED))
    (step,) = session.scalars(entries_of(order.id))
    assert (step.move, clock.aware(step.at)) == ("supervise", at(RED))
    assert json.loads(step.details) == {"supervision": f"{order.number}-D1"}
    session.refresh(order)
    assert order.trail_count == 1
    assert verify(session).faults == []


def test_statements_are_the_same_for_1_and_300_orders(portal, session, who):
    counts = []
    for number in (1, 300):
        start = at("2026-03-02T09:00") + timedelta(days=7 * len(counts))
        put_orders(session, [{"assignee_id": who("worker08"), "accepted_at": start}] * number)
        session.commit()
        with count_statements(portal) as statements:
            assert tick(session, start + timedelta(days=4)).red == number
        # each insert of many rows is sent in some parts
        counts.append(len([one for one in statements if not one.startswith("INSERT")]))
    assert counts[0] == counts[1] <= 14
    with count_statements(portal) as statements:
        tick(session, at("2026-03-20T09:00"))
    assert len(statements) == 5  # four parts, and how often a major hazard is told of


def test_one_refusal_does_not_stop_the_others(session, who, monkeypatch):
    ids = put_orders(session, [{"assignee_id": who("worker08")}] * 5)
    session.commit()
    real = rounds.deliver

    def refused(session, letters):
        letters = list(letters)
        if any(letter.url.endswith(f"/{ids[2]}") for letter in letters):
            session.execute(text("INSERT INTO order_warnings (id) VALUES (NULL)"))
        return real(session, letters)

    monkeypatch.setattr(rounds, "deliver", refused)
    done = tick(session, at(YELLOW))
    assert (done.yellow, done.failed) == (4, 1)
    monkeypatch.undo()
    assert str(tick(session, at(YELLOW))) == NOTHING.replace("yellow 0", "yellow 1")


# two at a time ------------------------------------------------------------------------------------


def in_a_thread(portal, moment, gate):
    with portal.app_context(), scope.acting(scope.SYSTEM):
        gate.wait()
        done = tick(db.session, moment)
        db.session.remove()
        return done


def test_rounds_at_the_same_instant_warn_once(portal, place, monkeypatch):
    place.foreign_writers = True
    monkeypatch.setattr(rounds, "LOT", 40)
    with portal.app_context(), scope.acting(scope.SYSTEM):
        worker = db.session.scalars(select(User.id).where(User.username == "worker08")).one()
        suspended = {"suspended_at": at("2026-02-12T10:00"), "suspend_reason": "weather",
                     "suspended_until": date(2026, 2, 12)}  # fmt: skip
        danger = {"control_due_at": at("2026-02-13T09:00")}
        plan = [{}, suspended, danger] * 100
        put_orders(db.session, [{"assignee_id": worker} | one for one in plan])
        db.session.commit()
    total = rounds.Round()
    for moment in ("2026-02-13T09:00", YELLOW, DUE, RED, "2026-03-20T00:00"):
        gate = Barrier(3)
        with ThreadPoolExecutor(3) as pool:
            asked = [pool.submit(in_a_thread, portal, at(moment), gate) for _turn in range(3)]
            for one in asked:
                total.add(one.result())
    assert (
        str(total)
        == "warned yellow 300, orange 300, red 300, control 100, weekly 0, resumed 100, failed 0"
    )
    with portal.app_context():
        messages = counted(db.session, Message.kind)
        assert (messages["order_yellow"], messages["order_red"]) == (300, 600)
        assert db.session.scalar(select(func.count()).select_from(SupervisionOrder)) == 300
        assert counted(db.session, WorkOrder.version) == {1: 200, 2: 100}


# the command and the job --------------------------------------------------------------------------


def test_the_command_says_it_in_its_last_line(portal, session, one):
    one()
    run = portal.test_cli_runner().invoke
    first = run(args=["portal", "tick", "--at", "2026-02-14T08:00:00+08:00"])
    assert (first.exit_code, first.output.splitlines()) == (
        0, ["warned yellow 1, orange 0, red 0, control 0, weekly 0, resumed 0, failed 0"],
    )  # fmt: skip
    again = run(args=["portal", "tick", "--at", "2026-02-14T08:05"])
    assert again.output.splitlines()[-1] == NOTHING
    assert run(args=["portal", "tick", "--at", "soon"]).exit_code == 2
    unsure = run(args=["portal", "tick", "--at", "2026-12-24T08:00:00+08:00"])
    assert "2027" in unsure.output.splitlines()[0]


def test_the_job_goes_by_the_clock_not_by_its_slot(portal, session, one, tmp_path):
    one()
    file, before = tmp_path / "clock.json", portal.config["PORTAL_CLOCK"]
    portal.config["PORTAL_CLOCK"] = str(file)
    try:
        file.write_text(json.dumps({"at": "2026-02-15T00:00:10+08:00"}))
        assert jobs.tick("2026-02-14T08:00:00+08:00") == (
            "warned yellow 1, orange 1, red 0, control 0, weekly 0, resumed 0, failed 0"
        )
    finally:
        portal.config["PORTAL_CLOCK"] = before


# a year -------------------------------------------------------------------------------------------


def test_a_year_of_600_orders_against_counting_by_hand(session, who):
    lives = some_lives(600)
    ids = put_orders(session, [life.columns(who("worker08")) for life in lives])
    session.commit()
    total = live(session, lives, ids)
    wanted = expected(lives, ids)
    assert sorted(on_record(session)) == wanted
    by_kind = Counter(kind for _id, kind, _at in wanted)
    assert (total.yellow, total.orange, total.red) == tuple(
        by_kind[kind] for kind in ("yellow", "orange", "red")
    )
    assert total.weekly == by_kind["weekly"]
    assert total.resumed == sum(life.suspended is not None for life in lives)
    assert min(by_kind.values()) > 90
    messages = counted(session, Message.kind)
    assert messages["order_yellow"] == by_kind["yellow"]
    assert messages["order_red"] == 2 * by_kind["red"]
    assert str(tick(session, ROUNDS[-1])) == NOTHING
