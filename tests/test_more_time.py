"""More time: asked for by the assignee, given or refused by the level above, which sees no more."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock, scope
from portal.extensions import db
from portal.models import MatterPerson, Message, WorkOrder
from portal.rules import matters, trace
from portal.rules.reports import Report
from tests.support.client import Page, PageClient
from tests.support.matters import CELL, category, id_of, who

Client = Callable[..., PageClient]
WORDS = "等待配件到货"
CASES = (
    # level, whoever has it, whoever decides, whoever does not
    ("cell", "worker07", "block02", "leader"),
    ("community", "station", "leader", "clerk1"),
)


def in_hand(portal: Flask, level: str, assignee: str, code: str = "DI0106") -> int:
    """A restricted order of the cell, in hand at ``level``; its key."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        session = db.session
        with scope.acting(who(session, "worker07")):
            order = matters.report(session, Report(category(session, code).id, CELL, "某户的事"))
        order.visibility = "restricted"
        order.accepted_at, order.grade = clock.now(), "general"
        order.state, order.assignee_id = "handling", id_of(session, assignee)
        order.level, order.matter.visibility, order.matter.level = level, "restricted", level
        session.commit()
        return int(order.id)


def row(portal: Flask, key: int) -> WorkOrder:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        found = db.session.get_one(WorkOrder, key)
        db.session.expunge(found)
        return found


def ask(client: PageClient, key: int, days: int = 2) -> Page:
    told = {"days": str(days), "reason": WORDS}
    return client.submit(f"/work-orders/move/{key}/ask_more", told)


@pytest.mark.parametrize(("level", "assignee", "decider", "other"), CASES)
@pytest.mark.parametrize("move", ["extend", "refuse_more"])
def test_who_decides_sees_what_is_asked_and_no_more(
    portal: Flask, client_as: Client, level: str, assignee: str, decider: str, other: str, move: str
) -> None:
    key = in_hand(portal, level, assignee)
    has, decides = client_as(assignee), client_as(decider)
    show, slip = f"/work-orders/show/{key}", f"/work-orders/extension/{key}"
    act = f"/work-orders/move/{key}/{move}"
    for url in (show, slip, act):
        assert decides.get(url).status == 404  # nobody asks yet
    assert ask(has, key).status == 302
    assert WORDS in has.get(show).text
    before = row(portal, key)
    inbox = decides.get("/inbox/").text
    assert before.number in inbox and "某户" not in inbox
    page = decides.get(slip)
    assert before.number in page.text and WORDS in page.text and "某户" not in page.text
    assert page.links(f"a[href='{act}']") and not page.links(f"a[href='{show}']")
    form = decides.get(act)
    assert "某户" not in form.text
    if move == "extend":
        assert form.form()["days"] == "2"
    for url in (show, f"/matters/show/{before.matter_id}", f"/work-orders/move/{key}/nudge"):
        assert decides.get(url).status == 404
    assert before.number not in decides.get("/work-orders/list/?preset=asked").text
    assert client_as(other).get(slip).status == 404
    told = {"reason": "同意" if move == "extend" else "不同意"}
    assert decides.submit(act, told).location == "/work-orders/list/"
    after = row(portal, key)
    assert (after.due_at > before.due_at, after.extended) == ((move == "extend",) * 2)
    assert after.asked_at is None
    for url in (show, slip, act):
        assert decides.get(url).status == 404  # and nothing stays in sight
    with portal.app_context(), scope.acting(scope.SYSTEM):
        had = select(MatterPerson).where(MatterPerson.user_id == id_of(db.session, decider))
        assert list(db.session.scalars(had)) == []
        assert trace.verify(db.session).faults == []
    assert "延期" in has.get("/inbox/").text
    # Once more is asked only for what was refused.
    assert ask(has, key).status == (409 if move == "extend" else 302)


@pytest.mark.parametrize("days", [0, -1, 99, 7])
def test_no_more_is_asked_for_than_can_be_given(
    portal: Flask, client_as: Client, days: int
) -> None:
    key = in_hand(portal, "cell", "worker07", "PA0502")  # two working days, two more at most
    assert ask(client_as("worker07"), key, days).status == 400
    assert row(portal, key).asked_at is None


def test_who_has_it_does_not_decide(portal: Flask, client_as: Client) -> None:
    key = in_hand(portal, "block", "block02")
    assert ask(client_as("block02"), key).status == 302
    told: dict[str, Any] = {"days": "2", "reason": "同意"}
    assert client_as("block02").post(f"/work-orders/move/{key}/extend", told).status in (400, 403)
    assert not row(portal, key).extended


def test_what_is_void_asks_for_nothing(portal: Flask, client_as: Client) -> None:
    key = in_hand(portal, "cell", "worker07")
    ask(client_as("worker07"), key)
    voided = client_as("station").submit(f"/work-orders/move/{key}/void", {"reason": "误报"})
    assert voided.status == 302
    assert row(portal, key).asked_at is None
    with portal.app_context(), scope.acting(scope.SYSTEM):
        # As an earlier version left it.
        order = db.session.get_one(WorkOrder, key)
        order.asked_at, order.asked_days, order.asked_reason = clock.now(), 2, WORDS
        db.session.commit()
    number = row(portal, key).number
    assert client_as("block02").get(f"/work-orders/extension/{key}").status == 404
    assert number not in client_as("station").get("/work-orders/list/?preset=asked").text


def test_a_request_ends_with_the_work(portal: Flask, client_as: Client) -> None:
    key = in_hand(portal, "cell", "worker07")
    ask(client_as("worker07"), key)
    done = client_as("worker07").submit(f"/work-orders/move/{key}/answer", {"result": "办好了"})
    assert done.status == 302
    assert row(portal, key).asked_at is None
    assert client_as("block02").get(f"/work-orders/extension/{key}").status == 404


def test_a_complaint_about_whoever_decides_stays_hidden(portal: Flask, client_as: Client) -> None:
    key = in_hand(portal, "community", "station")
    ask(client_as("station"), key)
    with portal.app_context(), scope.acting(scope.SYSTEM):
        db.session.get_one(WorkOrder, key).about_user_id = id_of(db.session, "leader")
        db.session.commit()
    for page in ("extension", "show"):
        assert client_as("leader").get(f"/work-orders/{page}/{key}").status == 404
    assert client_as("leader").get(f"/work-orders/move/{key}/extend").status == 404


def test_what_is_not_restricted_is_decided_on_its_page_too(
    portal: Flask, client_as: Client
) -> None:
    key = in_hand(portal, "cell", "worker07")
    with portal.app_context(), scope.acting(scope.SYSTEM):
        order = db.session.get_one(WorkOrder, key)
        order.visibility = "normal"
        db.session.commit()
    ask(client_as("worker07"), key)
    page = client_as("block02").get(f"/work-orders/show/{key}")
    assert WORDS in page.text and page.links(f"a[href='/work-orders/move/{key}/extend']")
    listed = client_as("block02").get("/work-orders/list/?preset=asked")
    assert len(listed.soup.select("main table tbody tr")) == 1
    assert (
        client_as("block02")
        .get(f"/work-orders/extension/{key}")
        .links(f"a[href='/work-orders/show/{key}']")
    )
    with portal.app_context(), scope.acting(scope.SYSTEM):
        told = db.session.scalars(
            select(Message.url).where(Message.user_id == id_of(db.session, "block02"))
        )
        assert f"/work-orders/extension/{key}" in list(told)
