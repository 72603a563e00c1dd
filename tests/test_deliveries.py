"""What leaves the portal, sent to real servers: once, to whom it is for, when it may, or never."""

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from portal import clock, queue
from portal.extensions import db
from portal.models import Delivery, MeetingSeries, Message, User
from portal.rules import inbox
from portal.rules.outside import claims, post, robots, sending
from portal.rules.outside.letters import Letter
from portal.rules.planning import plan
from portal.rules.reminders import remind
from portal.scope import SYSTEM, acting
from tests.support.matters import id_of
from tests.support.outside import CELL, DAY, at, world
from tests.support.post_office import post_office
from tests.support.servers import free_port

AREA, BLOCK, OTHER_AREA = CELL[:14], CELL[:16], "42010200299002"
pytest_plugins = ("tests.support.ways_out",)
ONE, TWO, THREE = "leader07", "worker07", "station"


def test_without_any_way_out_nothing_is_planned(portal, session, tmp_path):
    with world(portal, session, tmp_path / "clock.json") as here:
        here.put(ONE)
        assert here.rows() == []
        assert session.scalar(select(func.count(Message.id))) == 1


def test_what_is_urgent_goes_by_mail_and_everything_to_the_inbox(here, office):
    here.put(ONE, TWO)
    here.put(ONE, kind="order_orange")
    assert str(here.round()) == "sent 2, failed 0, held 0, missed 0, skipped 0, given_up 0"
    assert sorted(office.to()) == ["leader07@demo.invalid", "worker07@demo.invalid"]
    assert here.session.scalar(select(func.count(Message.id))) == 3
    mail = office.mails()[0]
    text = mail.get_body(("plain",)).get_content()
    page = mail.get_body(("html",)).get_content()
    assert mail["Subject"].startswith("督办单 D1：三楼漏水")
    assert "http://127.0.0.1:8080/work-orders/show/1" in text
    assert 'lang="zh-Hans"' in page and "/work-orders/show/1" in page
    assert "13812345678" not in mail["Subject"] + text + page  # somebody's telephone stays here
    assert mail["Auto-Submitted"] == "auto-generated"
    assert here.round().sent == 0
    assert len(office.given) == 2


def test_everybody_gets_what_they_chose_in_their_language(here, office):
    here.wish(ONE, warnings="all", lang="en")
    here.wish(TWO, warnings="none")
    here.put(ONE, TWO, THREE, kind="order_orange")
    here.put(TWO)
    assert here.round().sent == 1
    (mail,) = office.mails()
    assert mail["Subject"].startswith("Overdue: 420102002990-20260303-0001")
    assert "Grid Portal" in mail["From"] and mail["Content-Language"] == "en"


def test_a_change_of_mind_holds_for_what_waits(here, office):
    here.wish(ONE, warnings="all")
    here.set("2026-03-03T22:30")
    here.put(ONE, kind="order_orange")
    here.wish(ONE, warnings="none")
    assert here.round("2026-03-04T07:00").skipped == 1
    assert here.states() == [("skipped", "unwanted", 0)]
    here.put(TWO)
    user = here.session.scalars(select(User).where(User.username == TWO)).one()
    user.active = False
    here.session.commit()
    here.round()
    assert here.states()[1] == ("skipped", "no_address", 0)
    assert office.given == []


def test_a_refused_address_stops_nobody_else(here, office):
    office.refused = {"leader07@demo.invalid": 550, "worker07@demo.invalid": 450}
    here.put(ONE, TWO, THREE)
    assert str(here.round()) == "sent 1, failed 1, held 0, missed 0, skipped 0, given_up 1"
    assert office.to() == ["station@demo.invalid"]
    assert here.states() == [
        ("given_up", "address", 1),  # it will not be known in an hour either
        ("failed", "refused", 1),
        ("sent", None, 1),
    ]
    assert [row.answer for row in here.rows()] == [550, 450, None]
    office.refused = {}
    assert here.round("2026-03-03T10:01").sent == 1
    assert office.to() == ["station@demo.invalid", "worker07@demo.invalid"]


def test_a_server_that_is_down_gets_it_once_when_it_is_up(here):
    port = free_port()
    here.app.config["PORTAL_MAIL_URL"] = f"smtp://127.0.0.1:{port}"
    here.put(ONE, TWO)
    assert here.round().failed == 2
    assert here.round().failed == 0  # the pause
    assert here.states() == [("failed", "unreachable", 1)] * 2
    with post_office(port) as office:
        for minute in (0, 1, 1, 2, 10):
            here.round(f"2026-03-03T10:{minute:02}")
        assert len(office.given) == 2 == len(set(office.to()))
    assert here.states() == [("sent", None, 2)] * 2


def test_after_growing_pauses_it_is_given_up_until_somebody_tries_again(here):
    port = free_port()
    here.app.config["PORTAL_MAIL_URL"] = f"smtp://127.0.0.1:{port}"
    here.put(ONE)
    tried = []
    for minute in range(24 * 60):
        moment = here.now + timedelta(minutes=minute)
        done = sending.send_due(here.session, moment)
        if done.failed or done.given_up:
            tried.append((minute, done.given_up))
    assert tried == [(0, 0), (1, 0), (6, 0), (36, 0), (156, 1)]
    assert here.states() == [("given_up", "unreachable", 5)]
    with post_office(port) as office:
        (row,) = here.rows()
        assert claims.again(here.session, [row.id]) == 1
        assert here.round("2026-03-03T10:00").sent == 1
        assert claims.again(here.session, [row.id]) == 0
        assert len(office.given) == 1


def test_a_server_that_says_nothing_is_tried_again(here, office, monkeypatch):
    monkeypatch.setattr(post, "PATIENCE", 0.3)
    office.mute = True
    here.put(ONE, TWO)
    assert here.round().failed == 2
    assert office.connections == 1  # one knock, not one for each message
    assert here.states() == [("failed", "timeout", 1)] * 2


def test_what_broke_off_while_it_was_handed_over_is_never_repeated_by_itself(here, office):
    office.breaks = True
    here.put(ONE)
    here.put(TWO)
    assert here.round().given_up == 2
    office.breaks = False
    for moment in ("2026-03-03T10:01", "2026-03-03T12:00", "2026-03-04T10:00"):
        here.round(moment)
    assert office.given == []
    assert here.states() == [("given_up", "unsure", 1)] * 2
    assert claims.again(here.session, [row.id for row in here.rows()]) == 2  # somebody decides
    assert here.round().sent == 2


def test_a_worker_killed_between_sending_and_noting_sends_nothing_twice(here, office):
    here.put(ONE)
    (row,) = here.rows()
    assert claims.claim(here.session, [row.id], here.now) == [row.id]
    # … here it sent, and was killed.
    assert here.round("2026-03-03T10:14").given_up == 0
    assert here.states() == [("sending", None, 0)]
    assert here.round("2026-03-03T10:16").given_up == 1
    assert here.states() == [("given_up", "unsure", 1)]
    assert office.given == []


def test_two_workers_at_once_send_once(here, office):
    users = [f"leader{number:02}" for number in range(1, 13)]
    here.put(*users)
    office.slow = 0.02
    here.session.remove()
    start = Barrier(2)

    def work(_number):
        with here.app.app_context(), acting(SYSTEM):
            start.wait()
            try:
                return sending.send_due(db.session, clock.now()).sent
            finally:
                db.session.remove()

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(work, range(2)))
    assert sum(done) == 12
    assert sorted(office.to()) == [f"{user}@demo.invalid" for user in users]


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        ("2026-03-03T21:59", "sent"),
        ("2026-03-03T22:00", "held"),
        ("2026-03-04T06:59", "held"),
        ("2026-03-04T07:00", "sent"),
    ],
)
def test_at_night_only_what_is_urgent_goes_out(here, office, moment, state):
    here.wish(ONE, warnings="all", orders="all")
    here.set(moment)
    here.put(ONE, kind="order_orange")
    here.put(ONE, kind="order_red")
    here.put(ONE, kind="order_reported", urgent=True, params={"urgency": "immediate"})
    here.round()
    assert [row.state for row in here.rows()] == [state, "sent", "sent"]
    assert len(office.given) == (2 if state == "held" else 3)
    assert here.session.scalar(select(func.count(Message.id))) == 3  # the inbox has it at once
    if state == "held":
        assert clock.aware(here.rows()[0].next_try_at) == at("2026-03-04T07:00")


def test_what_waited_for_the_morning_comes_in_one_mail(here, office):
    here.wish(ONE, warnings="all", lang="en")
    here.set("2026-03-03T23:00")
    for number in range(4):
        here.put(ONE, kind="order_orange", params={"number": f"N{number}"})
    assert here.round("2026-03-04T06:59").sent == 0
    assert here.round("2026-03-04T07:00").sent == 4
    (mail,) = office.mails()
    assert mail["Subject"].startswith("4 messages: Overdue: N0")
    text = mail.get_body(("plain",)).get_content()
    assert [f"N{n}" for n in range(4)] == [w for w in text.split() if w.startswith("N")]


def test_what_was_read_meanwhile_is_not_sent_in_the_morning(here, office):
    here.wish(ONE, warnings="all")
    here.set("2026-03-03T23:00")
    here.put(ONE, kind="order_orange")
    here.put(ONE, kind="order_yellow")
    (first, _second) = here.session.scalars(select(Message).order_by(Message.id))
    inbox.mark_read(here.session, first.user_id, first.id)
    here.session.commit()
    done = here.round("2026-03-04T07:00")
    assert (done.sent, done.skipped) == (1, 1)
    assert here.states()[0] == ("skipped", "read", 0)


def test_a_message_that_cannot_be_worded_is_one_failure_of_many(here, office):
    here.put(ONE, TWO)
    first = here.session.scalars(select(Message).order_by(Message.id)).first()
    first.params = "no JSON"
    here.session.commit()
    done = here.round()
    assert (done.sent, done.given_up) == (1, 1)
    assert here.states() == [("given_up", "fault", 1), ("sent", None, 1)]


def test_a_failure_late_in_the_evening_waits_for_the_morning_too(here):
    here.app.config["PORTAL_MAIL_URL"] = f"smtp://127.0.0.1:{free_port()}"
    here.wish(ONE, warnings="all")
    here.set("2026-03-03T21:59")
    here.put(ONE, kind="order_orange")
    here.put(ONE, kind="order_red")
    assert here.round().failed == 2
    done = here.round("2026-03-03T22:00")
    assert (done.held, done.failed) == (1, 1)
    assert [row.state for row in here.rows()] == ["held", "failed"]


def test_reminders_of_meetings_go_the_same_way_once_and_never_late(here, office):
    here.wish(ONE, meetings="all")
    series = here.session.scalars(
        select(MeetingSeries).where(MeetingSeries.kind == "daily", MeetingSeries.grid_code == CELL)
    ).one()
    plan(here.session, [series], at("2026-03-03T00:00"))
    here.session.commit()
    here.set("2026-03-03T08:00")
    remind(here.session, here.now)
    remind(here.session, here.now)
    assert here.round().sent == 1
    (mail,) = office.mails()
    assert mail["Subject"].startswith("08:30 日通气") and office.to() == ["leader07@demo.invalid"]
    here.set("2026-03-04T08:00")
    remind(here.session, here.now)
    assert here.round("2026-03-04T08:30").missed == 1  # it begins
    assert here.round("2026-03-04T08:31").sent == 0
    assert [row.state for row in here.rows()] == ["sent", "missed"]
    assert claims.again(here.session, [here.rows()[1].id]) == 0


@pytest.mark.parametrize("kind", ["order_red", "order_reported", "order_moved"])
def test_of_what_few_may_know_only_subject_and_link_leave(here, office, crowd, kind):
    here.app.config["PORTAL_WEBHOOK_URLS"] = crowd.url
    told = {"urgency": "immediate", "move": "dispatch", "who": "李四", "note": "住户反映家暴"}
    here.put(ONE, kind=kind, private=True, urgent=True, params=told)
    assert here.round().sent == 1
    assert crowd.told == []
    (mail,) = office.mails()
    whole = mail["Subject"] + "".join(part.get_content() for part in mail.iter_parts())
    assert "/work-orders/show/1" in whole
    for word in ("漏水", "王师傅", "李四", "家暴", "3月3日"):
        assert word not in whole
    assert not mail["Subject"].endswith("：")


def test_what_nobody_has_sorted_says_nothing(here, office):
    here.wish(ONE, other="all", lang="en")
    here.put(ONE, kind="brand_new", params={"secret": "x"})
    here.round()
    (mail,) = office.mails()
    assert mail["Subject"] == "A message of the portal waits for you"


def test_a_group_hears_once_of_what_happens_in_its_grids(here, crowd):
    mine = here.robot(crowd.url, AREA)
    here.robot(crowd.url, OTHER_AREA)
    here.put(ONE, TWO, THREE, kind="order_orange")  # three people, one message to the group
    assert here.round().sent == 1
    assert [row.robot_id for row in here.rows()] == [mine.id]
    (told,) = crowd.told
    assert told["msgtype"] == "text"
    assert "三楼漏水" in told["text"]["content"] and "13812345678" not in told["text"]["content"]
    assert "/work-orders/show/1" in told["text"]["content"]
    meeting = {"meeting": "weekly", "grid": "x", "starts_at": here.now.isoformat()}
    here.put(ONE, kind="meeting_ahead", place=BLOCK, params=meeting)
    assert here.round().sent == 0  # of a meeting in its area, not of the area
    here.put(ONE, kind="meeting_ahead", place=AREA, params=meeting)
    here.put(ONE, kind="board_down", place=AREA, params={"grid": "x"})
    assert here.round().sent == 1
    mine.active = False
    here.session.commit()
    here.put(ONE, kind="order_orange")
    assert here.round().sent == 0


def test_several_messages_to_a_group_are_one_that_is_not_too_long(here, crowd):
    here.robot(crowd.url, AREA)
    here.set("2026-03-03T23:00")
    for number in range(30):
        here.put(ONE, kind="order_orange", params={"number": f"N{number}"})
    assert here.round("2026-03-04T07:00").sent == 30
    (told,) = crowd.told
    text = told["text"]["content"]
    assert len(text.encode()) <= 2000
    assert "N0" in text and "N29" not in text and "条" in text.splitlines()[-1]


def test_a_robot_that_refuses_redirects_or_hangs_up(here, crowd):
    here.robot(crowd.url, AREA)
    here.put(ONE, kind="order_orange")
    crowd.answer = {"errcode": 45009, "errmsg": "api freq out of limit"}
    assert here.round().failed == 1
    assert [(row.error, row.answer) for row in here.rows()] == [("refused", 45009)]
    crowd.answer = {"errcode": 0}
    crowd.status, crowd.location = 302, crowd.url.replace("/robot/send", "/elsewhere")
    assert here.round("2026-03-03T10:01").failed == 1
    assert (here.rows()[0].answer, crowd.paths[-1]) == (302, "/robot/send?access_token=geheim-0815")
    crowd.status, crowd.location, crowd.mute = 200, "", True
    assert here.round("2026-03-03T10:06").given_up == 1
    crowd.mute = False
    assert here.round("2026-03-03T12:00").sent == 0
    assert here.states() == [("given_up", "unsure", 3)]
    assert len(crowd.told) == 2


def test_a_dead_robot_stops_neither_the_others_nor_the_mail(here, office, crowd):
    dead = f"http://127.0.0.1:{free_port()}/x"
    here.robot(dead, AREA)
    here.robot(crowd.url, AREA)
    here.put(ONE)
    assert str(here.round()) == "sent 2, failed 1, held 0, missed 0, skipped 0, given_up 0"
    assert len(office.given) == 1 == len(crowd.told)


def test_robots_of_the_settings_hear_of_what_presses(here, crowd):
    here.app.config["PORTAL_WEBHOOK_URLS"] = f"feishu={crowd.url}#geheim"
    here.put(ONE, kind="order_moved", params={"move": "dispatch"})
    here.put(ONE, kind="order_orange")
    crowd.answer = {"code": 0, "msg": "success"}
    assert here.round().sent == 1
    (told,) = crowd.told
    assert told["msg_type"] == "text" and "三楼漏水" in told["content"]["text"]
    assert told["sign"] == robots.signed(f"{told['timestamp']}\ngeheim", "")
    here.put(ONE, kind="order_orange")
    here.app.config["PORTAL_WEBHOOK_URLS"] = None
    assert here.round().skipped == 1


def test_the_database_knows_one_delivery_of_a_message_and_no_impossible_state(here):
    here.put(ONE)
    (row,) = here.rows()
    same = {"message_id": row.message_id, "topic": "warnings"}
    waiting = {"state": "waiting", "next_try_at": here.now}
    for wrong in (
        {**same, **waiting, "channel": "email"},
        {**waiting, "topic": "orders", "channel": "webhook", "target": ""},
        {"topic": "orders", "channel": "email", "state": "waiting"},
        {"topic": "orders", "channel": "email", "state": "sent"},
        {"topic": "orders", "channel": "email", "state": "sending"},
        {**waiting, "topic": "orders", "channel": "pigeon", "target": "x"},
    ):
        here.session.add(Delivery(**wrong))
        with pytest.raises(IntegrityError):
            here.session.flush()
        here.session.rollback()


def test_the_log_is_kept_for_half_a_year_whatever_becomes_of_the_message(here):
    here.put(ONE)
    here.round()
    here.session.execute(Message.__table__.delete())
    here.session.commit()
    here.set("2026-08-20T10:00")
    assert claims.forget(here.session, 180) == 0
    here.set("2026-08-31T10:00")
    assert claims.forget(here.session, 180) == 1
    here.session.commit()


def test_a_deleted_message_is_not_sent(here, office):
    here.put(ONE)
    here.session.execute(Message.__table__.delete())
    here.session.commit()
    assert here.round().skipped == 1
    assert office.given == []


def test_a_round_ends_in_time_and_the_next_goes_on(here, office):
    here.put(*(f"leader{number:02}" for number in range(1, 7)))
    office.slow = 0.2
    done = sending.send_due(here.session, here.now, budget=0.3)
    assert 0 < done.sent < 6
    office.slow = 0
    assert here.round().sent == 6 - done.sent
    assert len(set(office.to())) == 6


def test_the_queue_sends_after_the_commit_and_nothing_after_a_rollback(here, office, valkey, work):
    letter = Letter(id_of(here.session, ONE), "order_red", {}, urgent=True)
    inbox.deliver(here.session, [letter])
    assert queue.health(valkey).waiting == 0
    here.session.rollback()
    assert queue.health(valkey).waiting == 0
    here.put(ONE)
    here.put(TWO)
    assert queue.health(valkey).waiting == 1
    assert work() == 1
    assert len(office.given) == 2


def test_a_real_worker_sends_it(portal, session, office, place, tmp_path, monkeypatch, request):
    monkeypatch.setitem(os.environ, "PORTAL_MAIL_URL", office.url)
    file = tmp_path / "clock.json"
    file.write_text(json.dumps({"at": f"{DAY}+08:00"}))
    monkeypatch.setitem(os.environ, "PORTAL_CLOCK", str(file))
    with world(portal, session, file, PORTAL_MAIL_URL=office.url) as here:
        request.getfixturevalue("live_worker")
        here.put(ONE, TWO)
        patience = time.monotonic() + 90
        while len(here.states()) < 2 or {row.state for row in here.rows()} != {"sent"}:
            assert time.monotonic() < patience, here.states()
            time.sleep(0.1)
    assert sorted(office.to()) == ["leader07@demo.invalid", "worker07@demo.invalid"]
