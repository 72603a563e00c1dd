"""A complaint about a worker is nowhere for that worker and whoever acts in the worker's grid."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import scope
from portal.errors import RuleError
from portal.extensions import db
from portal.models import Matter, MatterCategory, Message, SupervisionOrder, User, Worker, WorkOrder
from portal.rules import matters, work_orders
from portal.rules.reports import Report
from portal.rules.work_orders import people
from tests.support import access_table as table
from tests.support.client import PageClient
from tests.support.matters import BEGAN, BLOCK, CELL, category, id_of, who

SECRET = "态度恶劣还骂人"
# What is new with every request and says nothing.
TOKENS = re.compile(
    r'nonce="[^"]*"|name="(?:csrf_token|once)"[^>]*value="[^"]*"'
    r'|value="[^"]*"[^>]*name="(?:csrf_token|once)"|id="[^"]*once[^"]*"'
    r"|'nonce-[^']*'|\d\d:\d\d(?::\d\d(?:\.\d+)?)?"
)
HIDDEN_FROM = ("worker07", "leader07")
Client = Callable[..., PageClient]


def worker_of(session: Session, username: str) -> int:
    """The key of the worker behind a sign-in."""
    asked = select(Worker.id).join(User, User.id == Worker.user_id).where(User.username == username)
    return session.scalars(asked).one()


def complain(session: Session, by: str, about: str, grid: str = CELL) -> WorkOrder:
    """A complaint about a worker with a supervision order, entered by ``by``."""
    told = Report(
        category(session, "CP0101").id, grid, SECRET, channel="counter",
        about_worker_id=worker_of(session, about), reporter_name="某居民",
    )  # fmt: skip
    with scope.acting(who(session, by)):
        order = matters.report(session, told)
    with scope.acting(scope.SYSTEM):
        supervised = SupervisionOrder(
            order_id=order.id, matter_id=order.matter_id, number=f"{order.number}-D1",
            made_at=BEGAN, due_at=BEGAN, grid_code=order.grid_code, level=order.level,
            visibility=order.visibility, about_user_id=order.about_user_id,
        )  # fmt: skip
        session.add(supervised)
        session.commit()
    return order


@pytest.mark.parametrize(
    ("about", "grid", "level"),
    [
        ("worker07", BLOCK, "block"),
        ("leader07", BLOCK, "block"),
        ("block02", BLOCK[:14], "area"),
        ("area1", BLOCK[:12], "community"),
        ("station", BLOCK[:9], "street"),
    ],
)
def test_it_stands_at_the_grid_above_all_of_the_workers_own(
    session: Session, about: str, grid: str, level: str
) -> None:
    order = complain(session, "clerk1", about)
    assert (order.grid_code, order.level, order.visibility) == (grid, level, "restricted")
    assert order.about_user_id == id_of(session, about)
    told = set(session.scalars(select(Message.user_id).where(Message.kind == "order_reported")))
    assert told
    assert id_of(session, about) not in told
    if about == "worker07":
        assert id_of(session, "block02") in told
        assert id_of(session, "leader07") not in told


def addresses() -> Iterator[str]:
    """Every page, list, export, search and answer of the interface that a person can ask for."""
    for row in table.rows():
        if row.method == "GET" and not row.of_row and not row.rule.startswith("/logout"):
            yield table.address(row, 1)
    for slug in ("matters", "work-orders", "supervision-orders"):
        yield from (
            f"/{slug}/list/?q={SECRET[:2]}",
            f"/{slug}/list/?grid_code={BLOCK}",
            f"/{slug}/list/?order=-id&size=200",
            f"/{slug}/lookup/?q={SECRET[:2]}",
            f"/{slug}/export/csv?q={SECRET[:2]}",
            f"/api/v1/{slug}/?q=(page_size:100)",
        )


def seen(client: PageClient) -> dict[str, tuple[int, str]]:
    """What a person is answered everywhere, without what is new every time."""
    found = {}
    for path in addresses():
        answer = client.get(path, check=False)
        found[path] = (answer.status, TOKENS.sub("", answer.body.decode("utf-8", "replace")))
    return found


@pytest.mark.parametrize("username", HIDDEN_FROM)
def test_nothing_anywhere_differs_for_them(portal: Flask, client_as: Client, username: str) -> None:
    client = client_as(username)
    before = seen(client)
    with portal.app_context():
        order = complain(db.session, "clerk1", "worker07")
        number, keys = order.number, {
            "matters": order.matter_id,
            "work-orders": order.id,
            "supervision-orders": db.session.scalar(select(SupervisionOrder.id)),
        }  # fmt: skip
    after = seen(client)
    assert [path for path in before if before[path] != after[path]] == []
    assert not any(SECRET in text or number in text for _status, text in after.values())
    missing = {path: client.get(path.format(999_999), check=False).status
               for path in ("/matters/show/{}", "/work-orders/show/{}")}  # fmt: skip
    assert set(missing.values()) == {404}
    for row in table.rows():
        if row.of_row and row.slug in keys and row.method == "GET":
            path = table.address(row, keys[row.slug])
            assert client.get(path, check=False).status in (403, 404), path
    for path in (f"/work-orders/move/{keys['work-orders']}/accept",):
        token = client.get("/matters/report").form()["csrf_token"]
        assert client.post(path, {"csrf_token": token}, check=False).status == 404
    with portal.app_context(), scope.acting(scope.SYSTEM):
        assert db.session.get(WorkOrder, keys["work-orders"]).state == "reported"


def test_whoever_heads_the_block_sees_it_and_takes_it_in(portal: Flask, client_as: Client) -> None:
    with portal.app_context():
        key = complain(db.session, "clerk1", "worker07").id
    block = client_as("block02")
    page = block.get("/work-orders/list/?preset=intake")
    assert SECRET in page.text
    assert SECRET in block.get(f"/work-orders/show/{key}").text
    url = f"/work-orders/move/{key}/accept"
    assert block.submit(url, {}, page=f"/work-orders/show/{key}", action=url).status == 302
    # It is given to nobody of that cell who is complained of.
    form = block.get(f"/work-orders/move/{key}/dispatch")
    with portal.app_context(), scope.acting(scope.SYSTEM):
        about = id_of(db.session, "worker07")
    assert not form.soup.select(f"select[name=assignee] option[value='{about}']")
    for other in ("block01", "area2", "worker01", "clerk1"):
        assert client_as(other).get(f"/work-orders/show/{key}").status in (200, 404)
    assert client_as("block01").get(f"/work-orders/show/{key}").status == 404


def test_it_is_given_to_no_colleague_of_the_worker(portal: Flask, client_as: Client) -> None:
    with portal.app_context():
        key = complain(db.session, "clerk1", "worker07").id
        near = {id_of(db.session, name) for name in HIDDEN_FROM}
        head = id_of(db.session, "block02")
    block, moves = client_as("block02"), f"/work-orders/move/{key}"

    def offered(move: str, field: str) -> set[int]:
        found = block.get(f"{moves}/{move}").soup.select(f"select[name={field}] option[value]")
        return {int(option["value"]) for option in found if option["value"]}

    def made(move: str, **told: object) -> None:
        show = f"/work-orders/show/{key}"
        page = {} if told else {"page": show, "action": f"{moves}/{move}"}
        assert block.submit(f"{moves}/{move}", told, **page).status == 302, move

    made("accept")
    assert head in offered("dispatch", "assignee") and not near & offered("dispatch", "assignee")
    made("dispatch", grade="general", level="block", assignee=head)
    made("take")
    assert offered("assist", "helper") and not near & offered("assist", "helper")
    with portal.app_context():
        for beside in near:
            told = {"helper": str(beside), "note": "x"}
            with scope.acting(who(db.session, "block02")), pytest.raises(RuleError) as refused:
                work_orders.move(db.session, key, "assist", told)
            assert refused.value.field == "helper"
            db.session.rollback()
        # Of an ordinary matter of the block they are.
        with scope.acting(scope.SYSTEM):
            order = db.session.get_one(WorkOrder, key)
            order.kind = "patrol"
            beside = id_of(db.session, "leader07")
            assert beside in {one.user_id for one in people.candidates(db.session, order, "block")}


def test_one_about_the_station_is_given_to_the_street(session: Session) -> None:
    order = complain(session, "clerk1", "station")
    assert (order.level, order.grid_code) == ("street", BLOCK[:9])
    found = {one.user_id for one in people.candidates(session, order, "street")}
    assert id_of(session, "street") in found
    inside = ("station", "leader", "area1", "block02", "worker07")
    assert not {id_of(session, name) for name in inside} & found
    with scope.acting(who(session, "street")):
        work_orders.move(session, order.id, "accept", {})
        told = {"grade": "general", "level": "street", "assignee": str(id_of(session, "street"))}
        work_orders.move(session, order.id, "dispatch", told)
        work_orders.move(session, order.id, "take", {})
    assert order.state == "handling"


def test_a_leader_who_passes_one_on_does_not_see_it_afterwards(
    portal: Flask, client_as: Client
) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        worker, kind = worker_of(db.session, "worker07"), category(db.session, "CP0101").id
    leader = client_as("leader07")
    told = {"category": str(kind), "summary": SECRET, "worker": str(worker)}
    answer = leader.submit("/matters/report", told)
    assert (answer.status, answer.location) == (302, "/matters/list/")
    page = leader.get("/matters/list/")
    assert SECRET not in page.text
    with portal.app_context(), scope.acting(scope.SYSTEM):
        order = db.session.scalars(select(WorkOrder)).one()
        assert order.grid_code == BLOCK
        assert f"{order.number} 已转交" in page.text


def test_only_a_complaint_is_about_a_worker(portal: Flask, client_as: Client) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        worker = worker_of(db.session, "worker07")
        kind = db.session.scalars(
            select(MatterCategory.id).where(MatterCategory.code == "DI0201")
        ).one()
    told = {"category": str(kind), "summary": "噪声", "worker": str(worker)}
    answer = client_as("leader07").submit("/matters/report", told)
    assert answer.status == 400
    assert answer.soup.select("#worker-err, a[href='#worker']") or "投诉" in answer.text
    with portal.app_context(), scope.acting(scope.SYSTEM):
        assert list(db.session.scalars(select(Matter.id))) == []
