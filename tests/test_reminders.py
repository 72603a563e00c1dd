"""The round of reminders: everybody once, what is too late is missed, who has no account listed."""

import json
import os
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from jobs import meetings as jobs
from portal import clock, scope
from portal.extensions import db
from portal.models import Meeting, MeetingSeries, Message, Post, Reminder, User, Worker
from portal.rules import reminders
from portal.rules.messages import worded
from portal.rules.planning import plan, plan_all
from portal.rules.reminders import LEADS, remind
from tests.support.counting import count_statements

ROOT = Path(__file__).resolve().parents[1]
BLOCK, CELL = "4201020029900103", "4201020029900103001"


def at(text_):
    return datetime.fromisoformat(f"{text_}+08:00").astimezone(UTC)


@pytest.fixture
def planned(session):
    """The community's meetings from a Tuesday on, so that no weekly is due on the first day."""
    plan_all(session, at("2026-02-03T00:00"))
    session.commit()
    return session


def only(session, kind, grid, moment):
    """The meetings of one series alone."""
    series = session.scalars(
        select(MeetingSeries).where(MeetingSeries.kind == kind, MeetingSeries.grid_code == grid)
    ).one()
    plan(session, [series], moment)
    session.commit()
    return session.scalars(
        select(Meeting).where(Meeting.series_id == series.id).order_by(Meeting.starts_at)
    ).all()


def records(session):
    return session.execute(select(Reminder.lead_minutes, Reminder.state)).all()


def test_a_daily_is_announced_at_its_minute_and_once(planned):
    assert str(remind(planned, at("2026-02-03T07:59"))) == (
        "sent 0, missed 0, unreachable 0, failed 0"
    )
    done = remind(planned, at("2026-02-03T08:00"))
    # every cell has a leader and a worker with accounts and an information officer without
    assert str(done) == "sent 68, missed 0, unreachable 34, failed 0"
    for moment in ("2026-02-03T08:00", "2026-02-03T08:01", "2026-02-03T09:30", "2026-02-03T08:29"):
        assert str(remind(planned, at(moment))) == "sent 0, missed 0, unreachable 0, failed 0"
    messages = planned.scalars(select(Message)).all()
    assert len(messages) == 68 == len({message.user_id for message in messages})
    user = planned.scalars(select(User).where(User.username == "leader07")).one()
    (mine,) = [message for message in messages if message.user_id == user.id]
    meeting = planned.get(Meeting, int(mine.url.rsplit("/", 1)[1]))
    assert clock.aware(meeting.starts_at) == at("2026-02-03T08:30")
    title, body = worded(mine)
    grid = json.loads(mine.params)["grid"]
    assert title == f"08:30 日通气 · {grid}"
    assert "2月3日" in body and "15" in body and "今日到期任务" in body


def test_every_reminder_of_a_week_at_its_minute(planned):
    """Minute by minute from Thursday to the Saturday that is worked."""
    moment, end = at("2026-02-12T00:00"), at("2026-02-14T12:00")
    remind(planned, moment - timedelta(minutes=1))  # what was due before
    while moment <= end:
        if moment.minute in (0, 1, 30, 31) or moment.hour == 0:
            remind(planned, moment)
        moment += timedelta(minutes=1)
    since = Reminder.due_at >= at("2026-02-12T00:00")
    rows = planned.execute(
        select(Reminder.due_at, Reminder.at, Reminder.state, Meeting.kind, Reminder.lead_minutes)
        .join(Reminder.meeting)
        .where(since)
    ).all()
    assert all(clock.aware(row.due_at) == clock.aware(row.at) for row in rows)
    assert {row.state for row in rows} == {"sent", "unreachable"}
    sent = Counter((row.kind, row.lead_minutes) for row in rows if row.state == "sent")
    assert sent == {("daily", 30): 3 * 68, ("weekly", 1440): 78, ("weekly", 60): 78}


def test_a_lost_round_is_made_up_for_and_says_that_it_is_late(session):
    rows = only(session, "weekly", BLOCK, at("2026-02-01T00:00"))
    assert clock.aware(rows[0].starts_at) == at("2026-02-06T15:30")
    done = remind(session, at("2026-02-06T12:00"))  # a day ahead was lost, an hour is not due
    assert (done.sent, done.missed) == (7, 0)
    assert set(session.scalars(select(Message.kind))) == {"meeting_late"}
    assert remind(session, at("2026-02-06T14:30")).sent == 7
    assert Counter(records(session)) == {(1440, "sent"): 7, (60, "sent"): 7}


def test_too_late_is_missed_and_never_sent(session):
    only(session, "daily", CELL, at("2026-02-02T00:00"))
    done = remind(session, at("2026-02-02T08:30"))  # it begins
    assert str(done) == "sent 0, missed 2, unreachable 1, failed 0"
    assert session.scalar(select(func.count()).select_from(Message)) == 0
    assert str(remind(session, at("2026-02-02T08:31"))).startswith(
        "sent 0, missed 0, unreachable 0"
    )
    meeting = session.scalars(select(Meeting).order_by(Meeting.starts_at)).first()
    assert clock.aware(meeting.reminded_at) == at("2026-02-02T08:30")
    assert meeting.version == 1  # closing is no change by a person


def test_called_off_means_silence(session):
    rows = only(session, "daily", CELL, at("2026-02-02T00:00"))
    rows[0].state = "cancelled"
    session.commit()
    assert str(remind(session, at("2026-02-02T08:10"))) == (
        "sent 0, missed 0, unreachable 0, failed 0"
    )
    assert str(remind(session, at("2026-02-02T12:00"))).startswith("sent 0, missed 0")


def test_receptions_need_no_reminder(session):
    rows = only(session, "reception", "42010200299001", at("2026-02-02T00:00"))
    assert len(rows) > 20
    assert str(remind(session, at("2026-02-02T12:00"))) == (
        "sent 0, missed 0, unreachable 0, failed 0"
    )
    session.expire_all()
    assert rows[0].reminded_at is not None
    assert rows[1].reminded_at is None


def test_a_meeting_that_was_moved_is_not_announced_twice(session):
    rows = only(session, "weekly", BLOCK, at("2026-02-01T00:00"))
    assert remind(session, at("2026-02-05T15:30")).sent == 7
    rows[0].starts_at = at("2026-02-09T10:00")
    session.commit()
    assert remind(session, at("2026-02-06T15:00")).sent == 0  # no hour ahead any more
    assert remind(session, at("2026-02-08T10:00")).sent == 0  # a day ahead was sent
    assert remind(session, at("2026-02-09T09:00")).sent == 7
    assert Counter(records(session)) == {(1440, "sent"): 7, (60, "sent"): 7}


def test_posts_and_accounts_of_the_day_count(session):
    only(session, "daily", CELL, at("2026-02-02T00:00"))
    leader, worker = (
        session.scalars(select(Post).where(Post.grid_code == CELL, Post.role == role)).one()
        for role in ("grid_leader", "grid_worker")
    )
    leader.until = date(2026, 2, 2)
    user_id = session.get_one(Worker, worker.worker_id).user_id
    session.get_one(User, user_id).active = False
    session.commit()
    assert str(remind(session, at("2026-02-02T08:00"))).startswith(
        "sent 1, missed 0, unreachable 2"
    )
    assert str(remind(session, at("2026-02-03T08:00"))).startswith(
        "sent 0, missed 0, unreachable 2"
    )
    session.get_one(User, user_id).active = True
    session.commit()
    assert str(remind(session, at("2026-02-04T08:00"))).startswith(
        "sent 1, missed 0, unreachable 1"
    )


def test_somebody_who_comes_later_is_told_later(session):
    only(session, "weekly", BLOCK, at("2026-02-01T00:00"))
    assert remind(session, at("2026-02-05T15:30")).sent == 7
    holder = session.scalars(select(Worker).join(User).where(User.username == "leader01")).one()
    session.add(
        Post(
            worker_id=holder.id, grid_code=BLOCK, role="block_head", basis="appointed",
            since=date(2026, 2, 6),
        )
    )  # fmt: skip
    session.commit()
    assert str(remind(session, at("2026-02-05T16:00"))).startswith("sent 1, missed 0")


def test_statements_are_the_same_for_1_and_34_meetings(portal, planned):
    counts = []
    others = select(Meeting).where(Meeting.kind == "daily", Meeting.grid_code != CELL)
    with planned.no_autoflush:
        for meeting in planned.scalars(others.where(Meeting.starts_at < at("2026-02-04T00:00"))):
            meeting.state = "cancelled"
    planned.commit()
    for number, day in ((2, 3), (68, 4)):
        remind(planned, at(f"2026-02-{day:02d}T07:00"))
        with count_statements(portal) as statements:
            assert remind(planned, at(f"2026-02-{day:02d}T08:00")).sent == number
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 6
    with count_statements(portal) as statements:
        remind(planned, at("2026-02-04T12:00"))
    assert len(statements) <= 5  # close, and nothing to record
    with count_statements(portal) as statements:
        remind(planned, at("2026-02-04T12:01"))
    assert len(statements) == 1


def in_a_thread(portal, moment, gate):
    with portal.app_context(), scope.acting(scope.SYSTEM):
        gate.wait()
        done = remind(db.session, moment)
        db.session.remove()
        return done


def test_two_rounds_at_the_same_instant_send_each_once(portal):
    with portal.app_context(), scope.acting(scope.SYSTEM):
        plan_all(db.session, at("2026-02-01T00:00"))
        db.session.commit()
    for day in (2, 3, 4, 5, 6):
        moments = [at(f"2026-02-{day:02d}T08:00"), at(f"2026-02-{day:02d}T15:30")]
        for moment in moments:
            gate = Barrier(4)
            with ThreadPoolExecutor(4) as pool:
                rounds = [pool.submit(in_a_thread, portal, moment, gate) for _turn in range(4)]
                done = [one.result() for one in rounds]
            assert sum(one.failed for one in done) == 0
            if (day, moment) == (3, moments[0]):
                assert sum(one.sent for one in done) == 68
                assert sum(one.unreachable for one in done) == 34
    with portal.app_context():
        sent = db.session.scalar(select(func.count()).where(Reminder.state == "sent"))
        assert sent == db.session.scalar(select(func.count()).select_from(Message))
        keys = select(Message.user_id, Message.url, Message.params, func.count())
        grouped = keys.group_by(Message.user_id, Message.url, Message.params)
        assert {row[3] for row in db.session.execute(grouped)} == {1}


KILLED = """
import os, signal
from datetime import datetime
from portal.app import create_app
from portal.extensions import db
from portal.rules import reminders
from portal.scope import SYSTEM, acting

def dying(session, due, moment):
    reminders._to_inboxes(session, due, moment)
    session.connection().exec_driver_sql("SELECT 1")
    os.kill(os.getpid(), signal.SIGKILL)

reminders.CHANNELS["inbox"] = dying
app = create_app({"RATELIMIT_ENABLED": False})
with app.app_context(), acting(SYSTEM):
    reminders.remind(db.session, datetime.fromisoformat("2026-02-03T08:00+08:00"))
"""


def test_a_round_killed_between_write_and_commit_leaves_nothing_behind(planned, place):
    place.foreign_writers = True
    killed = subprocess.run(
        [sys.executable, "-c", KILLED], cwd=ROOT, env=dict(os.environ), capture_output=True
    )
    assert killed.returncode == -9, killed.stderr.decode()[-2000:]
    assert planned.scalar(select(func.count()).select_from(Message)) == 0
    planned.rollback()
    assert str(remind(planned, at("2026-02-03T08:01"))) == (
        "sent 68, missed 0, unreachable 34, failed 0"
    )


def test_one_refusal_does_not_stop_the_others(planned, monkeypatch):
    """The database refuses one meeting's messages: it fails, is counted, and is tried again."""
    bad = planned.scalars(
        select(Meeting.id).where(
            Meeting.kind == "daily", Meeting.starts_at == at("2026-02-03T08:30")
        )
    ).first()
    real = reminders._to_inboxes

    def refused(session, due, moment):
        real(session, due, moment)
        if any(one.meeting.id == bad for one in due):
            session.execute(text("INSERT INTO reminders (id) VALUES (NULL)"))

    monkeypatch.setitem(reminders.CHANNELS, "inbox", refused)
    done = remind(planned, at("2026-02-03T08:00"))
    assert (done.sent, done.failed) == (66, 1)
    monkeypatch.undo()
    assert str(remind(planned, at("2026-02-03T08:01"))).startswith("sent 2, missed 0")


def test_the_database_itself_knows_of_one_reminder_only(session):
    meeting = only(session, "daily", CELL, at("2026-02-02T00:00"))[0]
    same = {
        "meeting_id": meeting.id, "worker_id": 1, "lead_minutes": 30, "channel": "inbox",
        "state": "sent", "due_at": meeting.starts_at,
    }  # fmt: skip
    session.add_all([Reminder(**same), Reminder(**same)])
    with pytest.raises(IntegrityError):
        session.flush()


def test_every_kind_of_meeting_has_its_lead_times():
    assert LEADS == {
        "daily": (30,), "weekly": (1440, 60), "monthly": (4320, 1440, 60),
        "analysis": (4320, 1440, 60), "talk": (1440, 60), "reception": (),
    }  # fmt: skip


def test_the_command_says_it_in_its_last_line_and_twice_the_same_once(portal):
    run = portal.test_cli_runner().invoke
    arguments = ["portal", "remind", "--at"]
    first = run(args=[*arguments, "2026-02-14T08:00:00+08:00"])  # a Saturday that is worked
    assert (first.exit_code, first.output.splitlines()[-1]) == (
        0, "sent 68, missed 0, unreachable 34, failed 0",
    )  # fmt: skip
    again = run(args=[*arguments, "2026-02-14T00:00:00Z"])
    assert again.output.splitlines()[-1] == "sent 0, missed 0, unreachable 0, failed 0"
    local = run(args=[*arguments, "2026-02-16T08:00"])  # Spring Festival, on the wall clock
    assert local.output.splitlines()[-1].startswith("sent 0, missed 0")
    wrong = run(args=[*arguments, "tomorrow"])
    assert wrong.exit_code == 2
    unsure = run(args=[*arguments, "2027-01-04T08:00:00+08:00"])
    assert "2027" in unsure.output.splitlines()[0]


def test_the_job_goes_by_the_clock_not_by_its_slot(portal, session, tmp_path):
    """A slot that was late must not send what has begun meanwhile."""
    file, before = tmp_path / "clock.json", portal.config["PORTAL_CLOCK"]
    portal.config["PORTAL_CLOCK"] = str(file)
    try:
        file.write_text(json.dumps({"at": "2026-02-03T08:00:20+08:00"}))
        assert jobs.remind("2026-02-03T08:00:00+08:00").startswith("sent 68")
        file.write_text(json.dumps({"at": "2026-02-04T08:31:00+08:00"}))
        assert jobs.remind("2026-02-04T08:00:00+08:00") == (
            "sent 0, missed 68, unreachable 34, failed 0"
        )
        assert jobs.plan("2026-02-04T03:20:00+08:00") == "added 0, changed 0, removed 0"
    finally:
        portal.config["PORTAL_CLOCK"] = before
