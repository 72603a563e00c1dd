"""Series from the default data, and their meetings written ahead."""

from collections import Counter
from datetime import UTC, date, datetime, time

import pytest
from sqlalchemy import func, select

from portal import clock, scope
from portal.errors import Forbidden, OutOfScope
from portal.models import AuditEntry, CalendarDay, Grid, Meeting, MeetingSeries, Reminder, User
from portal.queries.identity import load_identity
from portal.queries.invitations import invited
from portal.rules import planning
from portal.rules.meetings import default_lines, set_up_series
from portal.rules.planning import instant, plan, plan_all, plan_due
from tests.support.counting import count_statements

COMMUNITY, AREA = "420102002990", "42010200299001"
BLOCK, CELL = "4201020029900103", "4201020029900103001"
KINDS = {"daily": 34, "weekly": 14, "monthly": 1, "analysis": 1, "talk": 1, "reception": 4}


def at(text):
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


def wall(*parts):
    return datetime(*parts)  # noqa: DTZ001 a time of the wall clock, without its zone


FIRST = at("2026-02-01T00:00")


def one_series(session, kind, grid):
    return session.scalars(
        select(MeetingSeries).where(MeetingSeries.kind == kind, MeetingSeries.grid_code == grid)
    ).one()


def starts(session, series):
    """Wall-clock beginnings of a series' meetings, in order."""
    found = select(Meeting.starts_at).where(Meeting.series_id == series.id)
    return sorted(clock.local(one).replace(tzinfo=None) for one in session.scalars(found))


def test_the_demo_has_the_series_of_the_default_data(session):
    rows = session.scalars(select(MeetingSeries)).all()
    assert Counter(row.kind for row in rows) == KINDS
    levels = dict(session.execute(select(Grid.code, Grid.level)).all())
    assert Counter((row.kind, levels[row.grid_code]) for row in rows)["weekly", "block"] == 10
    for line in default_lines():
        like = [r for r in rows if (r.kind, levels[r.grid_code]) == (line["kind"], line["level"])]
        assert like
        names = [name for name in line if name != "level"]
        assert all(getattr(row, name) == line[name] for row in like for name in names)
    talk = one_series(session, "talk", COMMUNITY)
    assert (talk.rrule, talk.start_time, talk.minutes) == (None, None, 90)


def test_setting_up_again_adds_only_what_is_missing(session):
    assert set_up_series(session, [COMMUNITY], date(2026, 1, 5)) == []
    session.delete(one_series(session, "weekly", BLOCK))
    session.flush()
    (added,) = set_up_series(session, [COMMUNITY], date(2026, 1, 5))
    assert (added.grid_code, added.kind, added.since) == (BLOCK, "weekly", date(2026, 1, 5))


def test_nobody_sets_up_what_they_may_not_write(session):
    session.delete(one_series(session, "daily", CELL))
    session.flush()
    for name, refusal in (("leader07", Forbidden), ("clerk2", OutOfScope)):
        user = session.scalars(select(User).where(User.username == name)).one()
        with scope.acting(load_identity(session, user)), pytest.raises(refusal):
            set_up_series(session, [COMMUNITY], date(2026, 1, 5))
        session.expunge_all()


def test_planning_writes_five_weeks_and_repeating_it_nothing(session):
    done = plan_all(session, FIRST)
    assert (done.changed, done.removed) == (0, 0)
    assert done.added == session.scalar(select(func.count()).select_from(Meeting))
    daily = starts(session, one_series(session, "daily", CELL))
    assert [d.day for d in daily if d.month == 2] == [
        2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 14, 24, 25, 26, 27, 28,
    ]  # fmt: skip
    assert {d.time() for d in daily} == {time(8, 30)}
    assert daily[-1].date() <= date(2026, 3, 8)
    weekly = starts(session, one_series(session, "weekly", BLOCK))
    assert [d.day for d in weekly if d.month == 2] == [6, 13, 24, 27]
    assert starts(session, one_series(session, "monthly", COMMUNITY)) == [wall(2026, 2, 27, 14, 30)]
    assert starts(session, one_series(session, "analysis", COMMUNITY)) == [wall(2026, 2, 11, 9, 30)]
    for moment in (FIRST, FIRST, at("2026-02-03T12:00")):
        assert str(plan_all(session, moment)) == "added 0, changed 0, removed 0"
    assert str(plan_due(session, at("2026-02-03T12:00"))) == "added 0, changed 0, removed 0"
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.table_name == "meetings", AuditEntry.grid_code == CELL)
    ).all()
    assert len(entry) == 1  # one for the series, not one for each meeting


def test_statements_of_planning_do_not_grow(portal, session):
    series = session.scalars(select(MeetingSeries).where(MeetingSeries.kind == "daily")).all()
    counts = []
    for part in (series[:1], series[1:]):
        with count_statements(portal) as statements:
            plan(session, part, FIRST)
        counts.append(len(statements))
    # 25 meetings a series: more than a thousand rows go in several packets of the same statement
    assert counts[1] <= counts[0] + 3


def test_what_has_begun_today_is_not_written_any_more(session):
    daily = one_series(session, "daily", CELL)
    plan(session, [daily], at("2026-02-02T08:30"))
    assert starts(session, daily)[0] == wall(2026, 2, 3, 8, 30)


def test_only_the_days_that_are_due_are_planned_by_the_round(session):
    plan_due(session, FIRST)
    count = select(func.count()).select_from(Meeting)
    before = session.scalar(count)
    assert str(plan_due(session, at("2026-02-05T00:00"))) == "added 0, changed 0, removed 0"
    later = plan_due(session, at("2026-02-09T00:00"))  # fewer than four weeks are left
    assert later.added > 200
    assert session.scalar(count) == before + later.added
    assert later.removed == later.changed == 0


def test_a_changed_series_changes_what_nobody_has_touched(session):
    daily = one_series(session, "daily", CELL)
    plan(session, [daily], FIRST)
    rows = session.scalars(
        select(Meeting).where(Meeting.series_id == daily.id).order_by(Meeting.starts_at)
    ).all()
    moved, called_off, reminded, free = rows[1], rows[2], rows[3], rows[4]
    moved.starts_at = at("2026-02-03T17:00")
    called_off.state = "cancelled"
    session.flush()
    lead = {"lead_minutes": 30, "channel": "inbox", "state": "sent", "due_at": FIRST}
    session.add(Reminder(meeting_id=reminded.id, worker_id=1, **lead))
    daily.start_time, daily.until = time(9, 0), date(2026, 2, 13)
    done = plan(session, [daily], at("2026-02-02T12:00"))
    assert done.added == 0
    days = starts(session, daily)
    assert days[:5] == [
        wall(2026, 2, 2, 8, 30),  # held already
        wall(2026, 2, 3, 17, 0),  # moved by hand
        wall(2026, 2, 4, 8, 30),  # called off
        wall(2026, 2, 5, 8, 30),  # people were reminded of it
        wall(2026, 2, 6, 9, 0),
    ]
    assert days[-1] == wall(2026, 2, 13, 9, 0)
    assert clock.aware(free.starts_at) == at("2026-02-06T09:00")
    assert done.changed == 6 and done.removed == len(rows) - len(days)
    told = select(func.count()).where(
        AuditEntry.table_name == "meetings", AuditEntry.action == "delete"
    )
    assert session.scalar(told) == done.removed
    assert str(plan(session, [daily], at("2026-02-02T12:00"))) == "added 0, changed 0, removed 0"


def test_a_changed_calendar_plans_again(session):
    plan_due(session, FIRST)
    session.add(CalendarDay(day=date(2026, 2, 10), working=False, name="停电"))
    session.add(CalendarDay(day=date(2026, 2, 21), working=True))
    session.flush()
    done = plan_due(session, FIRST)
    # Dailies and receptions come and go; the Friday of the blocks moves to the Saturday, and so
    # does the Monday of the areas, which had no day of its own before.
    assert (done.added, done.changed, done.removed) == (34 + 4 + 4, 10, 34 + 4)
    daily = starts(session, one_series(session, "daily", CELL))
    assert wall(2026, 2, 21, 8, 30) in daily
    assert wall(2026, 2, 10, 8, 30) not in daily
    assert str(plan_due(session, FIRST)) == "added 0, changed 0, removed 0"


def test_one_bad_rule_does_not_stop_the_others(session):
    bad, good = one_series(session, "daily", CELL), one_series(session, "weekly", BLOCK)
    bad.rrule = "FREQ=SECONDLY"
    plan(session, [bad, good], FIRST)
    assert starts(session, bad) == []
    assert starts(session, good)


def test_daylight_saving_keeps_the_wall_clock(portal, session):
    before = portal.config["PORTAL_TIMEZONE"]
    portal.config["PORTAL_TIMEZONE"] = "Europe/Berlin"
    try:
        daily = one_series(session, "daily", CELL)
        moment = datetime(2026, 3, 25, tzinfo=UTC)
        plan(session, [daily], moment)
        found = select(Meeting.starts_at).where(Meeting.series_id == daily.id)
        utc = sorted(clock.aware(one) for one in session.scalars(found))
        assert [(d.day, d.hour, d.minute) for d in utc[:4]] == [
            (25, 7, 30), (26, 7, 30), (27, 7, 30), (30, 6, 30),
        ]  # fmt: skip
        # 02:30 of 29 March does not exist: the instant it would have been; in October the first
        assert instant(date(2026, 3, 29), time(2, 30)) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
        assert instant(date(2026, 10, 25), time(2, 30)) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    finally:
        portal.config["PORTAL_TIMEZONE"] = before


def test_two_plannings_at_once_write_each_meeting_once(session):
    daily = one_series(session, "daily", CELL)
    plan(session, [daily], FIRST)
    work = planning._Planning(FIRST, planning.load_calendar(session))
    work.compare(daily, {})  # as the other one saw it, before the first had written
    assert len(work.new) > 20
    assert work.write(session).added == 0


def people_of(session, kind, grid, day, attendees=None):
    series = one_series(session, kind, grid)
    meeting = Meeting(
        grid_code=grid, kind=kind, starts_at=at(f"{day}T09:00"), minutes=30, mode="onsite",
        attendees=attendees or series.attendees,
    )  # fmt: skip
    session.add(meeting)
    session.flush()
    return invited(session, [meeting])[meeting.id]


def test_who_is_invited(session):
    roles = Counter(p.roles for p in people_of(session, "daily", CELL, "2026-02-13"))
    assert roles == {("grid_leader",): 1, ("grid_worker",): 1, ("information_officer",): 1}
    block = people_of(session, "weekly", BLOCK, "2026-02-13")
    assert Counter(p.roles for p in block) == {
        ("block_head",): 1, ("grid_leader",): 3, ("grid_worker",): 3,
    }  # fmt: skip
    assert all(p.grid_code.startswith(BLOCK) and p.user_id for p in block)
    area = Counter(p.roles for p in people_of(session, "weekly", AREA, "2026-02-16"))
    assert area == {
        ("area_manager",): 1, ("area_head",): 1, ("block_head",): 3, ("data_clerk",): 1,
    }  # fmt: skip
    month = Counter(p.roles for p in people_of(session, "monthly", COMMUNITY, "2026-02-27"))
    assert month == {
        ("group_head",): 1, ("group_deputy",): 1, ("office_director",): 1,
        ("area_manager",): 4, ("area_head",): 4,
    }  # fmt: skip
    study = Counter(p.roles for p in people_of(session, "analysis", COMMUNITY, "2026-02-11"))
    assert study == {
        ("office_director",): 1, ("area_manager",): 4, ("mediator",): 1, ("linked_police",): 1,
    }  # fmt: skip


def test_posts_above_count_and_several_posts_are_one_person(session):
    talk = people_of(session, "daily", CELL, "2026-02-13", "residents;area_manager;linked_police")
    assert [p.roles for p in talk] == [("area_manager",), ("linked_police",)]
    assert [p.grid_code for p in talk] == [AREA, COMMUNITY]
    twice = people_of(session, "daily", CELL, "2026-02-13", "cell_head;grid_leader;roster")
    assert [p.roles for p in twice] == [("cell_head", "grid_leader")]
    assert people_of(session, "daily", CELL, "2012-06-05") == []  # nobody held a post yet
