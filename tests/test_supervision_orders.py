"""A supervision order over HTTP: signed, answered, closed, each once and by whom it is for."""

from collections.abc import Callable

import pytest
from flask import Flask

from portal import scope
from portal.extensions import db
from portal.models import SupervisionOrder
from tests.support.client import Page, PageClient
from tests.support.matters import CELL, rows_at

Client = Callable[..., PageClient]


@pytest.fixture
def order(portal: Flask) -> int:
    """The key of an open one in a cell of the first area."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        row = rows_at(db.session, CELL, 1)["supervision-orders"]
        db.session.commit()
        return row.id


def do(client: PageClient, order: int, verb: str, **told: str) -> Page:
    return client.submit(f"/supervision-orders/act/{verb}/{order}", told)


def now(portal: Flask, order: int) -> tuple[str, str | None, bool]:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        row = db.session.get(SupervisionOrder, order)
        return row.state, row.reply, row.signed_at is not None


def test_it_is_signed_answered_and_closed(portal: Flask, client_as: Client, order: int) -> None:
    url = f"/supervision-orders/show/{order}"
    for name, verb, told in (
        ("leader", "sign", {}),
        ("area1", "answer", {"reply": "周五前修好"}),
        ("station", "close", {}),
    ):
        address = f"/supervision-orders/act/{verb}/{order}"
        assert client_as(name).get(url).links(f"a[href='{address}']"), f"{name}: no {verb}"
        assert do(client_as(name), order, verb, **told).location == url
        assert not client_as(name).get(url).links(f"a[href='{address}']")
    assert now(portal, order) == ("closed", "周五前修好", True)


def test_a_second_click_changes_nothing_and_is_told(
    portal: Flask, client_as: Client, order: int
) -> None:
    assert do(client_as("area1"), order, "answer", reply="周五前修好").status == 302
    again = do(client_as("area1"), order, "answer", reply="另一句")
    assert again.status == 400
    assert "已经办过，或现在不能办理。" in again.one("main .note.late").get_text()
    assert now(portal, order) == ("answered", "周五前修好", False)


def test_an_answer_says_something(portal: Flask, client_as: Client, order: int) -> None:
    refused = do(client_as("area1"), order, "answer", reply=" ")
    assert refused.status == 400
    assert refused.soup.select("main .field .err")
    assert now(portal, order) == ("open", None, False)


@pytest.mark.parametrize(
    ("username", "verb", "status"),
    [("leader", "answer", 403), ("leader", "close", 403), ("area1", "sign", 403),
     ("area1", "close", 403), ("area2", "answer", 404), ("station", "unknown", 404)],
)  # fmt: skip
def test_whose_part_it_is_not(
    portal: Flask, client_as: Client, order: int, username: str, verb: str, status: int
) -> None:
    client, address = client_as(username), f"/supervision-orders/act/{verb}/{order}"
    assert client.get(address).status == status
    assert client.post(address, {}).status in (400, status)
    assert now(portal, order) == ("open", None, False)
