"""The trace of orders: append-only, and whoever changes it past the portal is found out."""

import hashlib
import hmac
import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from portal import scope
from portal.models import TraceEntry, WorkOrder
from portal.rules import matters, trace, work_orders
from portal.rules.reports import Report
from tests.support.matters import CELL, category, who

UNGUARD = {
    "sqlite": ("DROP TRIGGER trace_entries_no_update", "DROP TRIGGER trace_entries_no_delete"),
    "postgresql": ("DROP TRIGGER trace_entries_append_only ON trace_entries",),
}


@pytest.fixture
def order(session: Session) -> WorkOrder:
    """An order of six entries, committed."""
    leader = who(session, "leader07")
    with scope.acting(leader):
        made = matters.report(session, Report(category(session).id, CELL, "漏水"))
        matters.report(session, Report(category(session).id, CELL, "停电"))
        own = {"grade": "general", "level": "cell", "assignee": leader.user_id}
        for name, data in (
            ("accept", {}),
            ("dispatch", own),
            ("take", {}),
            ("answer", {"result": "修好"}),
        ):
            work_orders.move(session, made.id, name, data)
    with scope.acting(who(session, "block02")):
        work_orders.move(session, made.id, "check", {})
    session.commit()
    return made


def drop_triggers(session: Session) -> None:
    for statement in UNGUARD[session.get_bind().dialect.name]:
        session.execute(text(statement))


def found(portal, *arguments: str) -> tuple[int, str]:
    """Exit status and output of ``portal verify-trail``."""
    done = portal.test_cli_runner().invoke(args=["portal", "verify-trail", *arguments])
    return done.exit_code, done.output


@pytest.mark.parametrize(
    "statement",
    ["UPDATE trace_entries SET note = 'x'", "DELETE FROM trace_entries WHERE seq = 3"],
)
def test_the_database_refuses_changes(session: Session, order: WorkOrder, statement: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text(statement))
    session.rollback()


def test_an_untouched_trail_holds(portal, session: Session, order: WorkOrder) -> None:
    assert found(portal) == (0, "orders 2, entries 7, broken 0\n")
    assert found(portal, "--order", order.number)[1] == "orders 1, entries 6, broken 0\n"
    assert found(portal, "--order", "nothing")[0] == 2


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("note", "修坏"),
        ("actor", "worker07"),
        ("actor_name", "别人"),
        ("move", "progress"),
        ("from_state", "accepted"),
        ("to_state", "closed"),
        ("details", "{}"),
        ("at", "2026-01-01 00:00:00+00:00"),
    ],
)
def test_one_changed_column_shows(
    portal, session: Session, order: WorkOrder, column: str, value: str
) -> None:
    drop_triggers(session)
    changed = text(f"UPDATE trace_entries SET {column} = :value WHERE order_id = :key AND seq = 5")
    session.execute(changed, {"value": value, "key": order.id})
    session.commit()
    status, output = found(portal)
    assert status == 1
    assert output.splitlines()[0].startswith(f"{order.number}")
    assert "5" in output.splitlines()[0].removeprefix(order.number)


def test_a_removed_last_entry_shows_also_where_somebody_counted_anew(
    portal, session: Session, order: WorkOrder
) -> None:
    drop_triggers(session)
    key, number = order.id, order.number
    last = {"key": key, "seq": order.trail_count}
    session.execute(text("DELETE FROM trace_entries WHERE order_id = :key AND seq = :seq"), last)
    session.commit()
    status, output = found(portal)
    assert (status, output.splitlines()[0].startswith(number)) == (1, True)
    assert [(f.seq, f.what) for f in trace.verify(session).faults] == [(6, trace.MISSING)]
    before = session.scalar(
        text("SELECT mac FROM trace_entries WHERE order_id = :key AND seq = 5"), {"key": key}
    )
    told = {"key": key, "mac": before}
    session.execute(
        text("UPDATE work_orders SET trail_count = 5, trail_head = :mac WHERE id = :key"), told
    )
    session.commit()
    assert found(portal)[0] == 1
    assert [(f.seq, f.what) for f in trace.verify(session).faults] == [(5, trace.HEAD)]


def test_swapped_entries_show(portal, session: Session, order: WorkOrder) -> None:
    drop_triggers(session)
    for old, new in ((2, 99), (3, 2), (99, 3)):
        session.execute(
            text("UPDATE trace_entries SET seq = :new WHERE order_id = :key AND seq = :old"),
            {"new": new, "old": old, "key": order.id},
        )
    session.commit()
    assert found(portal)[0] == 1
    assert [(f.seq, f.what) for f in trace.verify(session).faults] == [(2, trace.CHANGED)]


def test_an_added_entry_shows(portal, session: Session, order: WorkOrder) -> None:
    session.execute(
        text(
            "INSERT INTO trace_entries (order_id, seq, at, actor, actor_name, move, to_state,"
            " details, mac) SELECT order_id, 7, at, actor, actor_name, 'reopen', 'handling',"
            " details, mac FROM trace_entries WHERE order_id = :key AND seq = 6"
        ),
        {"key": order.id},
    )
    session.commit()
    assert found(portal)[0] == 1
    assert [f.seq for f in trace.verify(session).faults] == [7]


def test_a_whole_chain_made_without_the_key_shows(
    portal, session: Session, order: WorkOrder
) -> None:
    """Everything but the key is known to whoever wrote this chain."""
    drop_triggers(session)
    before, guess = trace.START, b"a guess"
    for entry in list(session.scalars(trace.entries_of(order.id))):
        values = {name: trace._plain(getattr(entry, name)) for name in trace.COVERED}
        values["note"] = "改写"
        message = json.dumps([before, *values.values()], ensure_ascii=False).encode()
        before = hmac.new(guess, message, hashlib.sha256).hexdigest()
        session.execute(
            text("UPDATE trace_entries SET note = '改写', mac = :mac WHERE id = :key"),
            {"mac": before, "key": entry.id},
        )
    head = hmac.new(guess, f"head:{order.id}:6:{before}".encode(), hashlib.sha256).hexdigest()
    session.execute(
        text("UPDATE work_orders SET trail_head = :head WHERE id = :key"),
        {"head": head, "key": order.id},
    )
    session.commit()
    status, output = found(portal)
    assert status == 1
    assert output.splitlines()[0].startswith(order.number)
    assert [(f.seq, f.what) for f in trace.verify(session).faults] == [(1, trace.CHANGED)]


def test_two_with_the_same_number_are_refused(session: Session, order: WorkOrder) -> None:
    twice = [
        TraceEntry(
            order_id=order.id, seq=9, at=order.reported_at, actor="x", actor_name="x",
            move="progress", to_state="closed", mac="0" * 64,
        )
        for _turn in range(2)
    ]  # fmt: skip
    session.add_all(twice)
    with pytest.raises(DBAPIError):
        session.flush()
    session.rollback()


def test_the_portal_itself_appends_to_many(portal, session: Session, order: WorkOrder) -> None:
    orders = session.query(WorkOrder).order_by(WorkOrder.id).all()
    steps = {one.id: trace.Step("supervise", one.state, one.state) for one in orders}
    trace.note_many(session, steps, order.reported_at)
    session.commit()
    assert found(portal)[1] == "orders 2, entries 9, broken 0\n"
