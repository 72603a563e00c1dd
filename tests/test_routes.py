"""What becomes of a matter by the route of its category, over HTTP and by the rules."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from portal import clock, scope
from portal.errors import RuleError
from portal.extensions import db
from portal.models import Matter, MatterCategory, Message, TraceEntry, Worker, WorkOrder
from portal.rules import matters, trace, work_orders
from portal.rules.reports import Report
from tests.support.client import Page, PageClient
from tests.support.matters import CELL, category, id_of, who

Client = Callable[..., PageClient]


@pytest.fixture
def keys(portal: Flask) -> dict[str, int]:
    """Keys of categories."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        return dict(db.session.execute(select(MatterCategory.code, MatterCategory.id)).all())


def reported(client: PageClient, key: int, **told: Any) -> str:
    """The address of the order of a report."""
    answer = client.submit("/matters/report", {"category": str(key), "summary": "情况", **told})
    assert answer.status == 302, answer.soup.select_one("main").get_text(" ", strip=True)
    return answer.location


def first_move(page: Page) -> str:
    """The name of the move that the page offers first."""
    lead = page.one(".moves .lead")
    address = lead.get("href") or lead.find_parent("form")["action"]
    return str(address).rsplit("/", 1)[1]


def row(portal: Flask, url: str) -> WorkOrder:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        found = db.session.get_one(WorkOrder, int(url.rsplit("/", 1)[1]))
        db.session.expunge(found)
        return found


def make(client: PageClient, url: str, name: str, **told: Any) -> Page:
    """Fill in the form of a move; what is filled in already stays."""
    return client.submit(f"{url.replace('show', 'move')}/{name}", told)


def test_the_way_is_shown_with_two_fields_that_are_filled_in_already(
    portal: Flask, client_as: Client, keys: dict[str, int]
) -> None:
    worker = client_as("worker07")
    url = reported(worker, keys["DI0801"])
    page = worker.get(url)
    assert first_move(page) == "guide"
    assert "tel:12348" in page.links(".note a")
    form = worker.get(f"{url.replace('show', 'move')}/guide").form()
    assert form["turn_to"] == "街道"
    assert "医疗纠纷人民调解组织" in form["told"] and "12348" in form["told"]
    assert make(worker, url, "guide").status == 302
    order = row(portal, url)
    assert (order.state, order.outcome, order.outside_unit) == ("closed", "guided", "街道")
    assert order.next_warning_at is None
    shown = worker.get(url).text
    assert "已指引" in shown and "医疗纠纷人民调解组织" in shown


def test_what_is_handed_over_is_closed_by_the_notice(
    portal: Flask, client_as: Client, keys: dict[str, int]
) -> None:
    leader = client_as("leader07")
    url = reported(client_as("worker07"), keys["HZ0706"], reporter_name="张三")
    assert first_move(leader.get(url)) == "handoff"
    day = (clock.today() + timedelta(days=20)).isoformat()
    assert make(leader, url, "handoff", unit="禁毒大队", their_due=day).status == 302
    order = row(portal, url)
    assert (order.state, order.outside_unit) == ("handed", "禁毒大队")
    assert order.due_at < order.outside_due_at  # theirs stands apart
    assert order.next_warning_at is not None and order.next_warning_at <= order.due_at
    assert "需告知去向" in leader.get("/work-orders/list/?preset=notice").text
    assert make(leader, url, "notice", told="已告知由禁毒大队办理").status == 302
    order = row(portal, url)
    assert (order.state, order.outcome, order.next_warning_at) == ("closed", "handed", None)
    assert make(leader, url, "unit_answer", note="已查处").status == 302
    assert row(portal, url).outside_answered_at is not None
    assert make(leader, url, "unit_answer", note="再说一次").status == 409


def test_of_what_the_staff_found_itself_the_portal_gives_notice(
    portal: Flask, client_as: Client, keys: dict[str, int]
) -> None:
    url = reported(client_as("worker07"), keys["HZ0706"])
    assert make(client_as("leader07"), url, "handoff", unit="派出所").status == 302
    assert row(portal, url).state == "closed"
    with portal.app_context(), scope.acting(scope.SYSTEM):
        moves = list(db.session.scalars(select(TraceEntry.move).order_by(TraceEntry.seq)))
        assert moves == ["report", "handoff", "notice"]
        told = id_of(db.session, "worker07")
        assert db.session.scalar(select(func.count()).where(Message.user_id == told)) == 2
        assert trace.verify(db.session).faults == []


@pytest.mark.parametrize("reporter", ["张三", ""])
def test_what_comes_back_from_the_unit_is_in_hand_with_its_whole_time(
    portal: Flask, client_as: Client, keys: dict[str, int], reporter: str
) -> None:
    leader = client_as("leader07")
    url = reported(client_as("worker07"), keys["HZ0706"], reporter_name=reporter)
    make(leader, url, "handoff", unit="派出所")
    if reporter:
        make(leader, url, "notice", told="已告知由派出所办理")
    closed = row(portal, url)
    assert (closed.state, closed.outcome) == ("closed", "handed")
    page = leader.get(url)
    assert "已移交" in page.text and "转办件数" not in page.text
    assert make(leader, url, "take_back", reason="不归他们管").status == 302
    order = row(portal, url)
    assert (order.state, order.outcome, order.outside_unit) == ("accepted", None, None)
    ended = (order.closed_at, order.answered_at, order.result, order.return_visit_by)
    assert ended == (None,) * 4
    assert order.due_at > closed.due_at and order.next_warning_at is not None
    assert make(leader, url, "take_back", reason="再来一次").status == 409
    told = {"grade": "general", "level": "cell", "assignee": "1"}
    with portal.app_context(), scope.acting(scope.SYSTEM):
        told["assignee"] = str(id_of(db.session, "worker07"))
    assert make(leader, url, "dispatch", **told).status == 302


@pytest.mark.parametrize("code", ["DI0801", "HZ0706"])
def test_whoever_is_not_satisfied_with_what_nobody_here_had_is_on_record(
    session: Session, code: str
) -> None:
    with scope.acting(who(session, "worker07")):
        order = matters.report(session, Report(category(session, code).id, CELL, "情况"))
    with scope.acting(who(session, "leader07")):
        if code == "DI0801":
            told = {"turn_to": "街道", "told": "12348"}
            work_orders.move(session, order.id, "guide", told)
        else:
            work_orders.move(session, order.id, "handoff", {"unit": "派出所"})
        assert order.state == "closed" and order.assignee_id is None
        work_orders.move(session, order.id, "return_visit", {"satisfaction": "not"})
    assert (order.state, order.satisfaction, order.reopened) == ("closed", "not", 0)
    session.rollback()


def test_the_police_come_first(portal: Flask, client_as: Client, keys: dict[str, int]) -> None:
    worker, leader = client_as("worker07"), client_as("leader07")
    url = reported(worker, keys["DI0107"])
    page = worker.get(url)
    assert first_move(page) == "report_out"
    assert page.links(".note.late a")[-1] == "tel:110" or "tel:110" in page.links(".note.late a")
    assert "先报警" in page.text
    names = {link.rsplit("/", 1)[1] for link in leader.get(url).links(".moves a")}
    assert "report_out" in names and not {"settle", "reject", "merge"} & names
    refused = leader.post(f"{url.replace('show', 'move')}/reject", {"reason": "x"})
    assert refused.status in (400, 409)
    assert make(worker, url, "report_out", told_whom="幸福里派出所").status == 302
    order = row(portal, url)
    assert (order.told_unit, order.state) == ("幸福里派出所", "reported")
    assert abs((clock.aware(order.told_at) - clock.now()).total_seconds()) < 120
    assert first_move(leader.get(url)) == "accept"
    again = make(worker, url, "report_out", told_whom="又一次")
    assert again.status == 409
    with portal.app_context(), scope.acting(scope.SYSTEM):
        station = id_of(db.session, "station")
        kinds = db.session.scalars(select(Message.kind).where(Message.user_id == station))
        assert "order_reported" in list(kinds)


@pytest.mark.parametrize("hours", [1, -30])
def test_nobody_was_told_tomorrow_or_long_before(session: Session, hours: int) -> None:
    with scope.acting(who(session, "worker07")):
        order = matters.report(session, Report(category(session, "DI0107").id, CELL, "情况"))
        told = {"told_whom": "派出所", "told_when": clock.now() + timedelta(hours=hours)}
        with pytest.raises(RuleError) as refused:
            work_orders.move(session, order.id, "report_out", told)
    assert refused.value.field == "told_when"
    session.rollback()


def test_a_letter_becomes_a_municipal_problem_under_its_number(
    portal: Flask, client_as: Client, keys: dict[str, int]
) -> None:
    leader = client_as("leader07")
    url = reported(client_as("worker07"), keys["LT0502"])
    before = row(portal, url)
    assert first_move(leader.get(url)) == "convert"
    form = leader.get(f"{url.replace('show', 'move')}/convert")
    offered = {option["value"] for option in form.soup.select("#category option[value]")} - {""}
    assert str(keys["MU0303"]) in offered and str(keys["HZ0706"]) not in offered
    assert "worker" not in form.form()
    refused = make(leader, url, "convert", category=str(keys["HZ0706"]))
    assert refused.status == 400
    assert make(leader, url, "convert", category=str(keys["MU0303"])).status == 302
    order = row(portal, url)
    assert (order.number, order.kind, order.state) == (before.number, "municipal", "accepted")
    assert order.category_id == keys["MU0303"] and order.due_at > order.accepted_at
    assert order.outside_due_at is None  # no unit has it yet
    with portal.app_context(), scope.acting(scope.SYSTEM):
        matter = db.session.scalars(select(Matter)).one()
        assert (matter.kind, matter.converted_from) == ("municipal", "letter")
        assert trace.verify(db.session).faults == []
    text = leader.get(url).text
    assert "居民来信 → 市政服务问题" in text
    assert "居民来信" in leader.get(f"/matters/show/{order.matter_id}").text


def test_a_letter_about_a_worker_is_hidden_once_it_is_a_complaint(
    portal: Flask, client_as: Client, keys: dict[str, int]
) -> None:
    leader, worker = client_as("leader07"), client_as("worker07")
    url = reported(leader, keys["LT0701"])
    with portal.app_context(), scope.acting(scope.SYSTEM):
        about = db.session.scalar(
            select(Worker.id).where(Worker.user_id == id_of(db.session, "worker07"))
        )
    told = {"category": str(keys["CP0101"]), "worker": str(about)}
    assert make(leader, url, "convert", **told).location == "/work-orders/list/"
    order = row(portal, url)
    assert (order.kind, order.visibility) == ("complaint", "restricted")
    assert CELL.startswith(order.grid_code) and len(order.grid_code) < len(CELL)
    for client in (leader, worker):
        assert client.get(url).status == 404
        assert client.get(f"/matters/show/{order.matter_id}").status == 404
        assert order.number not in client.get("/work-orders/list/?size=200").text
        assert order.number not in client.get("/inbox/").text
    assert client_as("block02").get(url).status == 200


def test_an_ordinary_category_knows_none_of_these_ways(
    client_as: Client, keys: dict[str, int]
) -> None:
    leader = client_as("leader07")
    url = reported(client_as("worker07"), keys["DI0201"])
    names = {link.rsplit("/", 1)[1] for link in leader.get(url).links(".moves a")}
    assert not {"guide", "handoff", "report_out", "convert"} & names
    assert make(leader, url, "guide", turn_to="x", told="y").status == 409
