"""Pages of meetings, series and the working calendar, over HTTP."""

import json
from datetime import UTC, datetime

import pytest
from flask_babel import force_locale
from sqlalchemy import func, select

from portal import clock, scope
from portal.extensions import db
from portal.models import (
    CalendarDay,
    Meeting,
    MeetingSeries,
    Message,
    Post,
    Reminder,
    User,
    Worker,
)
from portal.rules.planning import plan_all, plan_due
from portal.rules.reminders import remind
from portal.views.recurrence import suggestions, worded_rule

COMMUNITY, AREA = "420102002990", "42010200299001"
BLOCK, CELL = "4201020029900101", "4201020029900101001"  # of leader01


def at(text):
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)


NOW = "2026-02-12T10:00"


@pytest.fixture
def travel(portal, tmp_path):
    """``travel("2026-02-12T10:00")`` sets the clock of the application."""
    file, before = tmp_path / "clock.json", portal.config["PORTAL_CLOCK"]

    def to(text):
        file.write_text(json.dumps({"at": f"{text}+08:00"}))
        portal.config["PORTAL_CLOCK"] = str(file)

    yield to
    portal.config["PORTAL_CLOCK"] = before


@pytest.fixture
def february(portal, travel):
    """The meetings planned and reminded of, on Thursday 12 February 2026, ten o'clock."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        plan_all(db.session, at("2026-02-12T00:00"))
        remind(db.session, at("2026-02-12T08:00"))
        db.session.commit()
    travel(NOW)


def first(portal, kind, grid, after=NOW):
    """The key of the next meeting of a kind in a grid."""
    with portal.app_context():
        found = select(Meeting.id).where(
            Meeting.kind == kind, Meeting.grid_code == grid, Meeting.starts_at > at(after)
        )
        return db.session.scalars(found.order_by(Meeting.starts_at)).first()


def messages(portal, kind):
    with portal.app_context():
        found = select(User.username).join(Message, Message.user_id == User.id)
        return sorted(db.session.scalars(found.where(Message.kind == kind)))


def titles(page):
    return [tag.get_text() for tag in page.soup.select("main tbody th")]


def test_the_list_opens_with_what_is_to_come(client_as, february):
    client = client_as("leader01")
    page = client.get("/meetings/list/")
    assert page.one(".tabs [aria-current=page]").get_text() == "待召开"
    assert titles(page)[0] == "2026年2月13日（周五）08:30"
    # The daily of the cell, and what is above it: the reception of the area.
    today = ["2026年2月12日（周四）08:30", "2026年2月12日（周四）09:00"]
    assert titles(client.get("/meetings/list/?preset=today")) == today
    assert titles(client.get("/meetings/list/?preset=past")) == today
    week = titles(client.get("/meetings/list/?preset=week&kind=daily"))
    assert [title[:10] for title in week] == ["2026年2月12日", "2026年2月13日", "2026年2月14日"]
    everything = client.get("/meetings/list/?order=starts_at")
    assert titles(everything)[:2] == today


def test_mine_are_those_i_am_invited_to_also_above_my_grid(client_as, february):
    page = client_as("leader01").get("/meetings/list/?preset=mine&size=200")
    kinds = [row.get_text(" ") for row in page.soup.select("main tbody tr")]
    assert any("周碰头" in row and "片区" in row for row in kinds)  # of the block above
    assert not any("月总结" in row or "形势研判会" in row or "接待" in row for row in kinds)
    station = client_as("station").get("/meetings/list/?preset=mine")
    kinds = {row.get_text(" ") for row in station.soup.select("main tbody td.g")}
    assert "日通气" not in kinds
    assert {"月总结", "形势研判会"} <= kinds
    assert titles(client_as("street").get("/meetings/list/?preset=mine")) == []


@pytest.mark.one_engine
def test_the_page_of_a_meeting_says_who_and_who_not(portal, client_as, february):
    with portal.app_context(), scope.acting(scope.SYSTEM):
        remind(db.session, at("2026-02-13T08:00"))
    key = first(portal, "daily", CELL)
    page = client_as("station").get(f"/meetings/show/{key}")
    assert "日通气" in page.h1
    text = page.one("main").get_text(" ", strip=True)
    assert "其中1人没有账号" in text
    with portal.app_context():
        officer = db.session.scalars(
            select(Worker.name)
            .join(Post, Post.worker_id == Worker.id)
            .where(Post.grid_code == CELL, Post.role == "information_officer")
        ).one()
    assert f"请另行通知： {officer}" in page.one(".part .note").get_text(" ", strip=True)
    tables = page.soup.select("main table")
    rows = [row.get_text(" ", strip=True) for row in tables[0].select("tbody tr")]
    assert len(rows) == 3
    assert sum("会前30分钟：已发送" in row for row in rows) == 2
    assert sum("会前30分钟：没有账号" in row for row in rows) == 1
    (line,) = [row.get_text(" ", strip=True) for row in tables[1].select("tbody tr")]
    assert line == "30分钟 2月13日 08:00 已发送 2 2月13日 08:00 没有账号 1 2月13日 08:00"


@pytest.mark.one_engine
def test_an_invited_person_sees_the_meeting_above_and_changes_nothing(portal, client_as, february):
    key = first(portal, "weekly", BLOCK)
    client = client_as("leader01")
    assert client.get(f"/meetings/show/{key}").status == 200
    assert client.get(f"/meetings/edit/{key}").status == 403
    assert client.get(f"/meetings/cancel/{key}").status == 403
    elsewhere = first(portal, "weekly", "4201020029900201")
    assert client.get(f"/meetings/show/{elsewhere}").status == 404
    block = client_as("block01")
    assert block.get(f"/meetings/edit/{key}").status == 200
    assert block.get(f"/meetings/edit/{first(portal, 'monthly', COMMUNITY)}").status == 403


def test_calling_off_tells_the_people_and_stops_the_reminders(portal, client_as, february):
    key = first(portal, "daily", CELL)
    client = client_as("block01")
    assert client.get(f"/meetings/show/{key}").soup.select(f'a[href="/meetings/cancel/{key}"]')
    assert client.submit(f"/meetings/cancel/{key}").status == 302
    assert messages(portal, "meeting_cancelled") == ["leader01", "worker01"]
    assert "已取消" in client.get(f"/meetings/show/{key}").one("main").get_text()
    form = client.get("/meetings/add").form()
    again = client.post(f"/meetings/cancel/{key}", {"csrf_token": form["csrf_token"]})
    assert again.status == 409
    with portal.app_context(), scope.acting(scope.SYSTEM):
        assert (
            remind(db.session, at("2026-02-13T08:00")).sent == 66 + 78
        )  # and a day ahead of 15:30
        assert str(plan_all(db.session, at(NOW))) == "added 0, changed 0, removed 0"
    assert len(messages(portal, "meeting_cancelled")) == 2


def test_a_moved_meeting_is_told_once(portal, client_as, february):
    key = first(portal, "weekly", BLOCK)
    client = client_as("block01")
    moved = client.submit(f"/meetings/edit/{key}", {"starts_at": "2026-02-13T10:00"})
    assert moved.status == 302
    told = messages(portal, "meeting_moved")
    assert len(told) == len(set(told)) == 9 and "leader01" in told
    assert client.submit(f"/meetings/edit/{key}", {"agenda": "另有安排"}).status == 302
    assert messages(portal, "meeting_moved") == told
    assert client.submit(f"/meetings/edit/{key}", {"place": "一号院"}).status == 302
    assert messages(portal, "meeting_place") == told
    letters = client_as("leader01").get("/inbox/").one("main").get_text(" ", strip=True)
    assert "改期至2月13日（周五）10:00：周碰头" in letters
    assert "原定2月13日（周五）15:30开始" in letters
    with portal.app_context():
        meeting = db.session.get_one(Meeting, key)
        assert clock.aware(meeting.starts_at) == at("2026-02-13T10:00")


@pytest.mark.one_engine
def test_what_has_begun_keeps_its_time(portal, client_as, february):
    with portal.app_context():
        key = db.session.scalars(
            select(Meeting.id).where(Meeting.kind == "daily", Meeting.grid_code == CELL)
            .order_by(Meeting.starts_at)
        ).first()  # fmt: skip
    client = client_as("block01")
    answer = client.submit(
        f"/meetings/edit/{key}", {"starts_at": "2026-02-13T09:00", "place": "院里"}
    )
    assert answer.status == 400
    assert "会议已经开始" in answer.one("#errors").get_text()
    assert answer.form()["place"] == "院里"
    assert messages(portal, "meeting_moved") == []


@pytest.mark.one_engine
def test_a_talk_is_called_by_hand(portal, client_as, february):
    client = client_as("area1")
    form = client.get("/meetings/add").form()
    assert (form["kind"], form["minutes"], form["mode"]) == ("talk", "90", "onsite")
    late = client.submit("/meetings/add", {"grid": AREA, "starts_at": "2026-02-12T09:00"})
    assert late.status == 400
    assert "已经过去" in late.one("#errors").get_text()
    wrong = client.submit("/meetings/add", {"grid": AREA, "starts_at": "soon"})
    assert "2026-04-01 08:30" in wrong.one("#errors").get_text()
    typed = {"grid": AREA, "starts_at": "2026-02-12T19:00", "place": "网格之家"}
    added = client.submit("/meetings/add", typed)
    assert added.status == 302
    page = client.get(added.location).one("main").get_text(" ", strip=True)
    assert "居民" in page and "片格管理责任人" in page and "网格之家" in page
    outside = client.submit("/meetings/add", {**typed, "grid": "42010200299002"})
    assert outside.status == 400
    nobody = client.get("/meetings/add").form() | typed
    nobody.pop("attendees")
    assert client.post("/meetings/add", nobody).status == 400


def test_a_series_is_typed_in_words_and_planned_at_once(portal, client_as, february):
    client = client_as("clerk1")
    typed = {
        "kind": "weekly", "grid": CELL, "rrule": "每逢周三", "start_time": "16:00", "minutes": "20",
        "holiday": "next_workday", "mode": "onsite", "attendees": "grid_leader",
    }  # fmt: skip
    bad = client.submit("/meeting-series/add", typed | {"rrule": "sometimes"})
    assert bad.status == 400
    assert "FREQ=WEEKLY;BYDAY=FR" in bad.one("#errors").get_text()
    assert bad.form()["rrule"] == "sometimes"
    timeless = client.submit("/meeting-series/add", typed | {"start_time": ""})
    assert "开始时刻" in timeless.one("#errors").get_text()
    added = client.submit("/meeting-series/add", typed)
    assert added.status == 302
    page = client.get(added.location)
    assert "每逢周三" in page.one("main").get_text()
    # The 18th is a holiday: its meeting is held when work begins again, next to that of the 25th.
    assert titles(page)[:2] == ["2026年2月24日（周二）16:00", "2026年2月25日（周三）16:00"]
    key = added.location.rsplit("/", 1)[1]
    ended = client.submit(f"/meeting-series/edit/{key}", {"until": "2026-02-24"})
    assert ended.status == 302
    assert titles(client.get(added.location)) == ["2026年2月24日（周二）16:00"]
    with portal.app_context():
        assert db.session.get_one(MeetingSeries, int(key)).rrule == "FREQ=WEEKLY;BYDAY=WE"


def test_the_series_of_the_plan_are_set_up_by_a_button(portal, client_as, february):
    station = client_as("station")
    assert "没有缺项" in station.get("/meeting-series/defaults").one("main").get_text()
    with portal.app_context(), scope.acting(scope.SYSTEM):
        cells = (CELL, "4201020029900201001")
        gone = db.session.scalars(
            select(MeetingSeries).where(
                MeetingSeries.kind == "daily", MeetingSeries.grid_code.in_(cells)
            )
        ).all()
        for series in gone:
            for meeting in db.session.scalars(
                select(Meeting).where(Meeting.series_id == series.id)
            ):
                db.session.delete(meeting)
            db.session.flush()
            db.session.delete(series)
        db.session.commit()
    assert client_as("leader01").get("/meeting-series/defaults").status == 403
    clerk = client_as("clerk1")  # sees the one of the own area only
    assert "新增1个例会" in clerk.get("/meeting-series/defaults").one("main").get_text()
    assert clerk.submit("/meeting-series/defaults").status == 302
    assert first(portal, "daily", CELL) is not None
    assert first(portal, "daily", cells[1]) is None
    assert station.submit("/meeting-series/defaults").status == 302
    assert first(portal, "daily", cells[1]) is not None


def test_what_a_series_would_plan_again_is_not_deleted(portal, client_as, february):
    client, key = client_as("station"), first(portal, "daily", CELL)
    page = client.get(f"/meetings/show/{key}")
    assert not page.soup.select(f'a[href="/meetings/delete/{key}"]')
    refused = client.get(f"/meetings/delete/{key}")
    assert "请改为取消会议" in refused.one("main").get_text()


def test_a_day_of_the_calendar_plans_again(portal, client_as, february):
    client = client_as("station")
    with portal.app_context(), scope.acting(scope.SYSTEM):
        plan_due(db.session, at(NOW))
        db.session.commit()
    added = client.submit("/calendar-days/add", {"day": "2026-02-13", "name": "停电"})
    assert added.status == 302
    with portal.app_context(), scope.acting(scope.SYSTEM):
        done = plan_due(db.session, at(NOW))
        assert done.removed >= 34
    twice = client.submit("/calendar-days/add", {"day": "2026-02-13"})
    assert twice.status == 400
    assert client_as("clerk1").get("/calendar-days/add").status == 403


@pytest.mark.one_engine
def test_years_that_nobody_has_announced_are_said_on_the_pages(client_as, february, travel):
    client = client_as("station")
    said = "2027年仅知法定节假日"
    assert said in client.get("/calendar-days/list/").one("main").get_text()
    assert said not in client.get("/meetings/list/").one("main").get_text()
    travel("2026-12-15T10:00")
    assert said in client.get("/meetings/list/").one("main").get_text()


@pytest.mark.one_engine
def test_the_desk_names_the_next_meeting_of_ones_own(client_as, february):
    for name, words in (
        ("worker01", "日通气"), ("block01", "周碰头"), ("area1", "周碰头"), ("clerk1", "周碰头"),
        ("station", "月总结"), ("leader", "月总结"),
    ):  # fmt: skip
        client = client_as(name)
        link = client.get("/desk/").soup.select_one('main .note a[href^="/meetings/show/"]')
        assert words in link.get_text(), name
        assert client.get(link["href"]).status == 200
    for name in ("admin", "auditor", "care", "street"):
        assert not client_as(name).get("/desk/").soup.select('main a[href^="/meetings/show/"]')


def test_a_list_is_paged_by_time_of_day(client_as, february):
    client, seen, url = client_as("station"), [], "/meeting-series/list/?order=start_time&size=20"
    while url:
        page = client.get(url)
        assert page.status == 200
        seen += [str(link["href"]) for link in page.soup.select("main tbody th a")]
        following = page.soup.select_one("[rel=next]")
        url = str(following["href"]) if following else None
    assert len(seen) == len(set(seen)) == 55


def test_the_interface_takes_times_codes_and_rules(portal, client_as, february):
    client = client_as("station")
    token = client.get("/logout/").form()["csrf_token"]
    body = {
        "kind": "talk", "grid_code": AREA, "starts_at": "2026-02-20T11:00:00Z", "minutes": 60,
        "mode": "onsite", "attendees": "area_head;residents",
    }  # fmt: skip
    headers = {"X-CSRFToken": token}
    answer = client.raw.post("/api/v1/meetings/", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    with portal.app_context():
        meeting = db.session.get_one(Meeting, answer.json["id"])
        assert clock.aware(meeting.starts_at) == at("2026-02-20T19:00")
        assert meeting.attendees == "area_head;residents"
    wrong = client.raw.post(
        "/api/v1/meetings/", json=body | {"attendees": "emperor"}, headers=headers
    )
    assert wrong.status_code == 422
    assert "attendees" in wrong.json["fields"]


@pytest.mark.one_engine
def test_meetings_that_are_there_do_not_grow_with_the_demo(portal):
    with portal.app_context():
        assert db.session.scalar(select(func.count()).select_from(Meeting)) == 0
        assert db.session.scalar(select(func.count()).select_from(CalendarDay)) == 0


@pytest.mark.one_engine
def test_rules_in_words_are_one_to_one_in_both_languages(portal):
    for language, some in (
        ("zh_Hans_CN", {"每个工作日", "每个工作日、周六", "每逢周一", "每月第1个周一"}),
        ("en", {"Every working day", "Every working day, Saturday", "Every Monday"}),
    ):
        with portal.test_request_context(), force_locale(language):
            words = suggestions()
            assert len(set(words.values())) == len(words)
            assert some <= set(words.values())
            assert worded_rule(None) in ("按需召开", "As needed")
            assert worded_rule("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH") in (
                "每2周，逢周一、周四", "Every 2 weeks, Monday, Thursday",
            )  # fmt: skip
            assert worded_rule("FREQ=MONTHLY;BYMONTHDAY=1,15") in (
                "每月1、15日", "Day 1, 15 of the month",
            )  # fmt: skip
            assert worded_rule("FREQ=YEARLY;BYMONTH=3;BYDAY=1MO").startswith("FREQ=YEARLY")


@pytest.mark.one_engine
def test_what_stands_in_the_way_of_deleting_a_person_is_said_in_words(portal, client_as, february):
    with portal.app_context(), scope.acting(scope.SYSTEM):
        worker = db.session.scalars(
            select(Worker).join(Reminder, Reminder.worker_id == Worker.id).limit(1)
        ).one()
        key = worker.id
        for post in db.session.scalars(select(Post).where(Post.worker_id == key)):
            db.session.delete(post)
        db.session.commit()
    page = client_as("station").get(f"/workers/delete/{key}").one("main").get_text(" ", strip=True)
    assert "提醒记录： 1" in page
    assert "reminders" not in page
