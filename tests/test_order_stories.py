"""The line from capture to close, played over HTTP with the sign-ins of the demo."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import scope
from portal.extensions import db
from portal.models import Matter, MatterCategory, TraceEntry, User, WorkOrder
from portal.models.matter_choices import ORDER_STATES
from portal.rules import trace
from tests.support.client import Page, PageClient

CELL = "4201020029900102003"
Client = Callable[..., PageClient]


@pytest.fixture
def keys(portal: Flask) -> dict[str, int]:
    """Keys of categories and accounts."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        found = dict(db.session.execute(select(MatterCategory.code, MatterCategory.id)).all())
        return found | dict(db.session.execute(select(User.username, User.id)).all())


def report(client: PageClient, **told: Any) -> Page:
    """Send the form of a report as the browser would."""
    return client.submit("/matters/report", told)


def shown(client: PageClient, url: str) -> tuple[str, list[str]]:
    """The state of an order as the page says it, and its trace, the first entry first."""
    page = client.get(url)
    lines = [item.get_text(" ", strip=True) for item in page.soup.select("ol.trail li")]
    state = page.one(".facts").get_text(" ", strip=True) if page.soup.select(".facts") else ""
    return state or page.text, lines[::-1]


def move(client: PageClient, order: str, name: str, **told: Any) -> Page:
    """Press the button of a move and fill in its form."""
    url, show = f"/work-orders/move/{order}/{name}", f"/work-orders/show/{order}"
    page = client.get(show)
    links, forms = page.links(f"a[href='{url}']"), page.soup.select(f"form[action='{url}']")
    assert links or forms, f"no button for {name}: {page.text[:200]}"
    answer = client.submit(url, told) if links else client.submit(url, told, page=show, action=url)
    assert answer.status == 302, answer.soup.select_one("main").get_text(" ", strip=True)
    return answer


def state_of(portal: Flask, order: str) -> str:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        return db.session.get(WorkOrder, int(order)).state


# Who does what: the leader cannot settle it, nor can block and area, who help first; it is analysed
# and given to a named person; not satisfied, it is in hand again by itself.
UP = (
    ("leader07", "accept", {}),
    ("leader07", "dispatch", {"grade": "general", "level": "cell", "assignee": "leader07"}),
    ("leader07", "take", {}),
    ("leader07", "assist", {"helper": "block02", "note": "请中格帮助调解"}),
    ("block02", "progress", {"note": "到现场看过"}),
    ("leader07", "escalate", {"tried": "调解两次没有结果"}),
    ("block02", "dispatch", {"grade": "difficult", "level": "block", "assignee": "block02"}),
    ("block02", "take", {}),
    ("block02", "escalate", {"tried": "物业不同意"}),
    ("area1", "dispatch", {"grade": "difficult", "level": "area", "assignee": "area1"}),
    ("area1", "take", {}),
    ("area1", "escalate", {"tried": "三方会议没有结果"}),
)
SIGNED = (
    ("station", "analyse", {"analysis": "责任在楼上，维修费由保险先付"}),
    ("area1", "analyse", {}),
    ("station", "dispatch", {"grade": "major", "level": "community", "assignee": "worker08"}),
    ("worker08", "take", {}),
    ("worker08", "answer", {"result": "楼上已修，二楼墙面已粉刷"}),
)
DONE = (
    ("area1", "check", {}, "closed"),
    ("worker07", "return_visit", {"satisfaction": "not", "note": "墙面又湿了"}, "handling"),
    ("worker08", "answer", {"result": "更换水管，又粉刷一次"}, "answered"),
    ("area1", "check", {}, "closed"),
    ("worker07", "return_visit", {"satisfaction": "satisfied"}, "closed"),
)
ALL = 1 + len(UP) + len(SIGNED) + len(DONE) + 1  # the report, and reopening by itself


def test_a_dispute_goes_up_is_analysed_answered_reopened_and_closed(
    portal: Flask, client_as: Client, keys: dict[str, int]
) -> None:
    made = report(client_as("worker07"), common=str(keys["DI0202"]), summary="三楼漏水漏到二楼")
    it_is_played_to_its_end(portal, client_as, keys, made.location)


@pytest.mark.browser
def test_the_same_reported_on_a_telephone(
    portal: Flask, client_as: Client, keys: dict[str, int], visit: Callable[..., Any]
) -> None:
    worker = visit("worker07", phone=True)
    worker.page.goto("/matters/report")
    worker.page.select_option("#common", str(keys["DI0202"]))
    worker.page.fill("#summary", "三楼漏水漏到二楼")
    worker.page.click("form[data-report] [type=submit]")
    told = worker.page.locator("#told .note.good a").first
    told.wait_for()
    url = told.get_attribute("href")
    it_is_played_to_its_end(portal, client_as, keys, url)
    worker.page.goto(url)
    assert worker.page.locator("ol.trail li").count() == ALL
    assert worker.axe() == []


def it_is_played_to_its_end(
    portal: Flask, client_as: Client, keys: dict[str, int], url: str
) -> None:
    """The dispute whose order stands at ``url``, just reported by worker07."""
    people = {name: client_as(name) for name in {step[0] for step in (*UP, *SIGNED, *DONE)}}
    order = url.rsplit("/", 1)[1]
    assert re.search(r"420102002990-\d{8}-\d{4}", people["worker07"].get(url).text)

    def play(name: str, step: str, told: dict[str, str]) -> None:
        who = {field: str(keys[told[field]]) for field in ("assignee", "helper") if field in told}
        move(people[name], order, step, **told | who)

    for step in UP:
        play(*step)
    dispatch = f"a[href='/work-orders/move/{order}/dispatch']"
    assert not people["station"].get(url).links(dispatch)  # named only after both have signed
    for step in SIGNED:
        play(*step)
    assert people["worker08"].post(f"/work-orders/move/{order}/check", {}).status in (400, 403)
    assert state_of(portal, order) == "answered"  # who answered does not check
    for *step, state in DONE:
        play(*step)
        assert state_of(portal, order) == state

    trace_is_the_same_to_all(portal, list(people.values()), url)
    assert len(client_as("worker07", "en").get(url).soup.select("ol.trail li")) == ALL
    for name in ("worker01", "leader08", "block01", "area2"):
        assert client_as(name).get(url).status == 404, name


def trace_is_the_same_to_all(portal: Flask, people: list[PageClient], url: str) -> None:
    """Every step with who and when."""
    lines = [shown(client, url)[1] for client in people]
    assert all(told == lines[0] for told in lines)
    with portal.app_context(), scope.acting(scope.SYSTEM):
        names = dict(db.session.execute(select(TraceEntry.seq, TraceEntry.actor_name)).all())
        assert trace.verify(db.session).faults == []
    assert len(lines[0]) == len(names) == ALL
    for seq, line in enumerate(lines[0], start=1):
        assert names[seq] in line
        assert re.search(r"\d{4}年\d{1,2}月\d{1,2}日（周.）\d\d:\d\d", line), line


def test_settled_on_the_spot_in_four_fields(
    portal: Flask, client_as: Client, keys: dict[str, int]
) -> None:
    worker = client_as("worker07")
    form = worker.get("/matters/report").form()
    assert form["grid"].startswith(CELL)  # filled in already
    answer = report(worker, common=str(keys["DI0201"]), summary="楼上装修噪声", done="已约定时间")
    assert answer.status == 302
    order = answer.location.rsplit("/", 1)[1]
    with portal.app_context(), scope.acting(scope.SYSTEM):
        row = db.session.get(WorkOrder, int(order))
        assert (row.state, row.settled, row.result) == ("closed", True, "已约定时间")
        moves = db.session.scalars(select(TraceEntry.move).order_by(TraceEntry.seq))
        assert list(moves) == ["report", "settle"]


def test_immediate_danger_is_never_settled_like_this(
    client_as: Client, keys: dict[str, int]
) -> None:
    worker = client_as("worker07")
    page = worker.get("/matters/report")
    assert {"tel:110", "tel:119", "tel:120"} <= set(page.links())
    told = {"summary": "燃气味很重", "urgency": "immediate", "done": "关了阀门"}
    answer = report(worker, common=str(keys["DI0201"]), **told)
    assert answer.status == 400
    assert "特急" in answer.text
    assert answer.form()["summary"] == "燃气味很重"


@pytest.mark.parametrize(
    ("told", "field"),
    [
        ({"summary": ""}, "summary"),
        ({"common": ""}, "common"),
        ({"summary": "住户身份证 420102199001010011"}, "summary"),
        ({"grid": "4201020029900101001"}, "grid"),
        ({"longitude": "500", "latitude": "30"}, "longitude"),
    ],
)
def test_what_is_missing_is_told_and_nothing_typed_is_lost(
    client_as: Client, keys: dict[str, int], told: dict[str, str], field: str
) -> None:
    worker = client_as("worker07")
    sent = {"common": str(keys["DI0201"]), "summary": "噪声", "place": "5栋"} | told
    answer = report(worker, **sent)
    assert answer.status == 400
    assert answer.soup.select(f"#{field}-err, #errors a[href='#{field}']")
    assert answer.form()["place"] == "5栋"


def test_a_report_sent_twice_is_one_matter(
    portal: Flask, client_as: Client, keys: dict[str, int]
) -> None:
    worker = client_as("worker07")
    form = worker.get("/matters/report").form()
    form |= {"common": str(keys["DI0201"]), "summary": "噪声"}
    first, second = (worker.post("/matters/report", form) for _turn in range(2))
    assert first.status == second.status == 302
    with portal.app_context(), scope.acting(scope.SYSTEM):
        assert len(list(db.session.scalars(select(Matter.id)))) == 1


def test_the_second_click_is_told_what_happened(
    portal: Flask, client_as: Client, keys: dict[str, int]
) -> None:
    answer = report(client_as("worker07"), common=str(keys["DI0201"]), summary="噪声")
    order = answer.location.rsplit("/", 1)[1]
    leader, block = client_as("leader07"), client_as("block02")
    url, show = f"/work-orders/move/{order}/accept", f"/work-orders/show/{order}"
    form = block.get(show).form(url)
    move(leader, order, "accept")
    late = block.post(url, form)
    assert late.status == 409
    text = late.soup.select_one("#errors").get_text(" ", strip=True)
    assert "受理" in text
    assert state_of(portal, order) == "accepted"


def test_the_grids_below_stand_beside_each_other(
    portal: Flask, client_as: Client, keys: dict[str, int]
) -> None:
    report(client_as("worker07"), common=str(keys["DI0201"]), summary="噪声")
    report(client_as("worker07"), common=str(keys["DI0201"]), summary="办好", done="已办")
    report(client_as("worker01"), common=str(keys["DI0201"]), summary="噪声")
    with portal.app_context(), scope.acting(scope.SYSTEM):
        for order in db.session.scalars(select(WorkOrder).where(WorkOrder.state == "reported")):
            order.due_at = order.reported_at - timedelta(days=3)
        db.session.commit()
    page = client_as("block02").get("/work-orders/by-grid")
    rows = [[cell.get_text(" ", strip=True) for cell in row.select("th, td")]
            for row in page.soup.select("main table tbody tr")]  # fmt: skip
    told = {row[0]: row[1:6] for row in rows}
    assert len(told) == 3  # the cells of the block
    assert ["1", "1", "0", "1", "100%"] in told.values()
    links = page.links("main table a[href*='preset=overdue']")
    assert len(client_as("block02").get(links[0]).soup.select("main table tbody tr")) == 1
    assert len(page.soup.select(".bars rect.late")) == 3
    whole = client_as("station").get("/work-orders/by-grid")
    assert len(whole.soup.select("main table tbody tr")) == 4  # areas
    assert client_as("block02").get("/work-orders/by-grid?grid_code=42010200299002").status == 404


def test_what_comes_again_at_the_same_place_is_to_be_analysed(
    client_as: Client, keys: dict[str, int]
) -> None:
    worker, station = client_as("worker07"), client_as("station")
    places = ("3栋电梯", "3栋电梯", "5栋", "")
    for place in places:
        report(worker, common=str(keys["DI0201"]), summary="噪声", place=place)
    rows = "main table tbody tr"
    assert not station.get("/matters/list/?preset=repeated").soup.select(rows)
    report(worker, common=str(keys["DI0201"]), summary="又有噪声", place="3栋电梯")
    page = station.get("/matters/list/?preset=repeated")
    assert len(page.soup.select(rows)) == 3
    assert "反复发生" in station.get("/desk/").text


def test_what_was_a_mistake_does_not_come_again(
    portal: Flask, client_as: Client, keys: dict[str, int]
) -> None:
    worker, station, rows = client_as("worker07"), client_as("station"), "main table tbody tr"
    for _time in range(4):
        report(worker, common=str(keys["DI0201"]), summary="噪声", place="3栋电梯")
    for left in (3, 0):  # two are too few
        with portal.app_context(), scope.acting(scope.SYSTEM):
            order = db.session.scalars(
                select(WorkOrder).where(WorkOrder.void.is_(False)).order_by(WorkOrder.id.desc())
            ).first()
            order.void = True
            db.session.commit()
        assert len(station.get("/matters/list/?preset=repeated").soup.select(rows)) == left


def test_the_list_has_the_ready_made_views(client_as: Client, keys: dict[str, int]) -> None:
    worker, leader = client_as("worker07"), client_as("leader07")
    report(worker, common=str(keys["DI0201"]), summary="噪声扰民")
    for preset, count in (("intake", 1), ("dispatch", 0), ("mine", 0), ("overdue", 0), ("open", 1)):
        page = leader.get(f"/work-orders/list/?preset={preset}")
        assert len(page.soup.select("main table tbody tr")) == count, preset
    for words in ("噪声", "扰民", "zaosheng", "420102002990"):
        page = leader.get(f"/work-orders/list/?q={words}")
        assert len(page.soup.select("main table tbody tr")) == 1, words
    assert all(str(words) for words in ORDER_STATES.values())
