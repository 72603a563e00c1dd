"""Many people at once, over HTTP on the real web server: reports are numbered without a gap, a form
makes one matter, and of two people who do the same with an order one is told what happened.
"""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from sqlalchemy import select

from portal import scope
from portal.extensions import db
from portal.models import Matter, TraceEntry, WorkOrder
from portal.rules import matters, trace, work_orders
from portal.rules.reports import Report
from tests.conftest import PASSWORD, Place
from tests.support.browser import Visitor
from tests.support.client import form_values
from tests.support.matters import CELL, category, id_of, who
from tests.support.servers import web
from tests.support.threads import Person

REPORT = "/matters/report"
REPORTERS = (
    "worker07",
    "leader07",
    "worker08",
    "leader08",
    "block02",
    "area1",
    "clerk1",
    "worker09",
)
REPORTS, ORDERS, CLICKS = 200, 20, 8


class Answer(NamedTuple):
    """Status, where to, and the page."""

    status: int
    location: str | None
    text: str


class Phone(Person):
    """A person whose answers come with their location; each request on a connection of its own, as
    the synchronous workers close it.
    """

    def form(self, page: str, action: str | None = None) -> dict[str, str]:
        """What a browser would send for the form of a page."""
        status, text = self.send("GET", page)
        assert status == 200, f"{self.username} {page}: {status}"
        wanted = f"main form[action='{action or page}']"
        found = BeautifulSoup(text, "html.parser").select(wanted)
        assert len(found) == 1, f"{self.username}: {wanted} on {page}"
        return form_values(found[0])

    def post(self, path: str, data: dict[str, str], accept: str = "text/html") -> Answer:
        """Send a form; redirects are not followed."""
        headers = {
            "Cookie": "; ".join(f"{name}={one.value}" for name, one in self.cookies.items()),
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": accept,
        }
        self.connection.request("POST", path, urlencode(data), headers)
        answer = self.connection.getresponse()
        return Answer(answer.status, answer.headers.get("Location"), answer.read().decode())


@pytest.fixture
def port(portal: Flask, place: Place, tmp_path: Path) -> Iterator[int]:
    """The real web server with two synchronous workers."""
    place.foreign_writers = True
    with web({**os.environ, "PORTAL_WORKERS": "2"}, tmp_path) as address:
        yield int(urlsplit(address).port or 0)


@contextmanager
def phones(port: int, names: Sequence[str]) -> Iterator[list[Phone]]:
    """These people, signed in."""
    with ExitStack() as stack, ThreadPoolExecutor(len(names)) as pool:
        found = list(pool.map(lambda name: Phone(port, name, PASSWORD), names))
        for phone in found:
            stack.callback(phone.close)
        yield found


def together(jobs: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """Do ``jobs`` at the same moment, in a thread each."""
    start = Barrier(len(jobs))

    def job(one: Callable[[], Answer]) -> Answer:
        start.wait(30)
        return one()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(job, jobs))


@contextmanager
def database(portal: Flask) -> Iterator[Any]:
    """The database as the servers left it."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        yield db.session
        db.session.rollback()


def numbers_have_no_gap(session: Any, count: int) -> None:
    """Matters and orders share their numbers, each once; within a day from 0001 upwards."""
    found = sorted(session.scalars(select(Matter.number)))
    assert len(found) == len(set(found)) == count
    assert found == sorted(session.scalars(select(WorkOrder.number)))
    days = Counter(number.rpartition("-")[0] for number in found)  # a night may lie in between
    assert found == [
        f"{day}-{one:04d}" for day, most in sorted(days.items()) for one in range(1, most + 1)
    ]


def trails_hold(session: Any, orders: int) -> None:
    """Every chain, from the first entry to the head."""
    looked = trace.verify(session)
    assert (looked.orders, looked.faults) == (orders, [])


def test_two_hundred_reports_at_once_are_numbered_without_a_gap(portal: Flask, port: int) -> None:
    with database(portal) as session:
        about = str(category(session, "DI0201").id)
    share = REPORTS // len(REPORTERS)

    def reports(phone: Phone) -> list[Answer]:
        found = []
        for turn in range(share):
            form = phone.form(REPORT)
            form |= {"common": about, "summary": f"噪声{phone.username}第{turn}次"}
            found.append(phone.post(REPORT, form))
        return found

    with phones(port, REPORTERS) as people, ThreadPoolExecutor(len(people)) as pool:
        answers = [one for found in pool.map(reports, people) for one in found]
    assert Counter(one.status for one in answers) == {302: REPORTS}, answers[0].text[:300]
    assert len({one.location for one in answers}) == REPORTS
    with database(portal) as session:
        numbers_have_no_gap(session, REPORTS)
        trails_hold(session, REPORTS)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_one_form_sent_eight_times_at_once_is_one_matter(
    portal: Flask, port: int, accept: str
) -> None:
    rounds = 4
    with database(portal) as session:
        about = str(category(session, "DI0201").id)
    with phones(port, ["worker07"] * CLICKS) as people:
        for phone in people[1:]:
            phone.cookies = people[0].cookies  # one browser
        for number in range(rounds):
            form = people[0].form(REPORT) | {"common": about, "summary": f"噪声{number}"}
            form["done"] = "已约定时间" if number % 2 else ""
            answers = together([partial(one.post, REPORT, form, accept) for one in people])
            answers.append(people[0].post(REPORT, form, accept))  # much too late
            assert len(set(answers)) == 1, answers  # all are told the same
            status, location, text = answers[0]
            if accept == "text/html":
                assert status == 302 and str(location).startswith("/work-orders/show/"), text
                continue
            told = json.loads(text)
            assert status == 201 and set(told) == {"number", "url", "state"}, text
            assert told["state"] == ("closed" if number % 2 else "reported")
    with database(portal) as session:
        numbers_have_no_gap(session, rounds)
        trails_hold(session, rounds)


# What an order has behind it when two people want to do the same with it.
UNTIL: dict[str, tuple[tuple[str, str, dict[str, str]], ...]] = {
    "accept": (),
    "dispatch": (("leader07", "accept", {}),),
    "check": (
        ("leader07", "accept", {}),
        ("leader07", "dispatch", {"grade": "general", "level": "cell", "assignee": "worker07"}),
        ("worker07", "take", {}),
        ("worker07", "answer", {"result": "已约定时间"}),
    ),
}
AFTER = {"accept": "accepted", "dispatch": "dispatched", "check": "closed"}
LABELS = {"accept": "受理", "dispatch": "派单", "check": "核查"}
# Who wants it, and whom they give it to.
RIVALS = {"leader07": "worker07", "block02": "leader07"}


def prepared(portal: Flask, move: str, count: int) -> list[int]:
    """Orders that wait for ``move``."""
    with portal.app_context():
        with scope.acting(scope.SYSTEM):
            names = {one for one, *_more in UNTIL[move]} | {"worker07"}
            people = {name: who(db.session, name) for name in names}
            about = category(db.session, "DI0201").id
            keys = {name: str(id_of(db.session, name)) for name in ("worker07", "leader07")}
        orders = []
        for number in range(count):
            with scope.acting(people["worker07"]):
                order = matters.report(db.session, Report(about, CELL, f"噪声{number}"))
            for name, step, told in UNTIL[move]:
                given = {"assignee": keys[told["assignee"]]} if "assignee" in told else {}
                with scope.acting(people[name]):
                    work_orders.move(db.session, order.id, step, told | given)
            orders.append(order.id)
            db.session.commit()
        db.session.remove()
    return orders


def move_form(phone: Phone, order: int, move: str, choice: dict[str, str]) -> dict[str, str]:
    """The form of a move, filled in: a button of the order's page, or a page of its own."""
    url = f"/work-orders/move/{order}/{move}"
    if move == "accept":
        return phone.form(f"/work-orders/show/{order}", url)
    return phone.form(url) | choice


def errors(answer: Answer) -> str:
    """What the page says that is wrong."""
    found = BeautifulSoup(answer.text, "html.parser").select_one("#errors")
    return found.get_text(" ", strip=True) if found else answer.text[:300]


def race(people: Sequence[Phone], order: int, move: str, keys: dict[str, int]) -> dict[str, Answer]:
    """Both make the move at the same moment, after both have seen its form."""
    url = f"/work-orders/move/{order}/{move}"
    sending = []
    for phone in people:
        choice = {"grade": "general", "level": "cell"}
        choice["assignee"] = str(keys[RIVALS[phone.username]])
        form = move_form(phone, order, move, choice if move == "dispatch" else {})
        sending.append(partial(phone.post, url, form))
    return dict(zip((one.username for one in people), together(sending), strict=True))


@pytest.mark.parametrize("move", list(UNTIL))
def test_of_two_who_do_the_same_one_is_told_who_was_first(
    portal: Flask, port: int, move: str
) -> None:
    orders = prepared(portal, move, ORDERS)
    with database(portal) as session:
        keys = {name: id_of(session, name) for name in RIVALS | {"worker07": ""}}
    with phones(port, list(RIVALS)) as people:
        told = {order: race(people, order, move, keys) for order in orders}
    with database(portal) as session:
        for order, answers in told.items():
            said = {name: (one.status, errors(one)) for name, one in answers.items()}
            assert sorted(one.status for one in answers.values()) == [302, 409], said
            first, late = sorted(answers, key=lambda name: said[name][0])
            row = session.get(WorkOrder, order)
            assert row.state == AFTER[move]
            if move == "dispatch":
                assert row.assignee_id == keys[RIVALS[first]]
            made = select(TraceEntry).where(TraceEntry.order_id == order)
            last = list(session.scalars(made.order_by(TraceEntry.seq)))[-1]
            assert (last.actor, last.move) == (first, move)
            assert last.actor_name in said[late][1] and LABELS[move] in said[late][1], said
        trails_hold(session, ORDERS)
        entries = session.scalars(select(TraceEntry.id)).all()
        assert len(entries) == ORDERS * (len(UNTIL[move]) + 2)  # and the report, and the move


@pytest.mark.browser
def test_two_browsers_close_the_same_order_at_once(
    portal: Flask, visit: Callable[..., Visitor]
) -> None:
    [order] = prepared(portal, "check", 1)
    url = f"/work-orders/move/{order}/check"
    people = {name: visit(name) for name in ("block02", "area1")}
    pages = {name: one.page for name, one in people.items()}
    for page in pages.values():
        page.goto(url)
    with ExitStack() as answers:
        for page in pages.values():
            answers.enter_context(page.expect_navigation())
        for page in pages.values():  # neither waits for its answer
            page.evaluate(f"document.querySelector('form[action=\"{url}\"]').requestSubmit()")
    shown = {name: page.locator("main").inner_text() for name, page in pages.items()}
    with database(portal) as session:
        made = select(TraceEntry).where(TraceEntry.order_id == order, TraceEntry.move == "check")
        [(first, called)] = session.execute(
            made.with_only_columns(TraceEntry.actor, TraceEntry.actor_name)
        )
        assert session.get(WorkOrder, order).state == "closed"
        trails_hold(session, 1)
    [late] = [name for name in people if name != first]
    assert urlsplit(pages[first].url).path == f"/work-orders/show/{order}"
    assert urlsplit(pages[late].url).path == url
    assert called in shown[late] and LABELS["check"] in shown[late]
