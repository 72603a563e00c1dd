"""Figures of the orders month by month: counted by hand, drawn, for whoever sees the orders."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.extensions import db
from portal.models import Grid, WorkOrder
from portal.queries import order_figures, order_months
from portal.queries.matters import due_soon, overdue
from portal.rules.ledgers import period_of
from portal.scope import SYSTEM, acting
from portal.views import charts
from tests.support.counting import count_statements
from tests.support.matters import CELL, id_of, rows_at
from tests.support.uploads import AREA_2

DAY = timedelta(days=1)


def at(month, day, hour=4):
    return datetime(2019, month, day, hour, tzinfo=UTC)


def put(session, number, **more):
    values = {name: more.pop(name) for name in ("closed_at", "answered_at", "due_at", "state",
              "satisfaction", "void", "merged_into_id", "warned", "suspended_at",
              "suspend_reason") if name in more}  # fmt: skip
    order = rows_at(session, more.pop("grid_code", CELL), number, **more)["work-orders"]
    for name, value in values.items():
        setattr(order, name, value)
    session.flush()
    return order


@pytest.fixture
def some(session):
    """Received in January 3 (one refused), in February 1 (a hazard, still open and overdue); closed
    in February 1 in time, in March 1 late; one void and one merged that count nowhere.
    """
    closed = {"state": "closed", "satisfaction": "satisfied"}
    first = put(session, "1", reported_at=at(1, 10), due_at=at(2, 10), answered_at=at(2, 3),
                closed_at=at(2, 5), **closed)  # fmt: skip
    put(session, "2", reported_at=at(1, 20), due_at=at(2, 20), answered_at=at(3, 1),
        closed_at=at(3, 2), state="closed", satisfaction="not")  # fmt: skip
    put(session, "3", reported_at=at(2, 1), due_at=at(2, 15), kind="hazard")
    put(session, "4", reported_at=at(2, 2), due_at=at(2, 16), void=True)
    put(session, "5", reported_at=at(2, 2), due_at=at(2, 16), merged_into_id=first.id)
    put(session, "6", reported_at=at(1, 31, 15), due_at=clock.now() + 30 * DAY, state="rejected",
        closed_at=at(2, 1))  # fmt: skip
    return session


def test_each_month_is_counted_as_by_hand(some):
    months = order_months.months_of(*_days("2019-Q1"))
    found = order_months.figures(some, months, WorkOrder.grid_code == CELL)
    january, february, march = (tally for _month, tally in found.months)
    assert (january.received, january.closed, january.open, january.late) == (3, 0, 3, 0)
    assert (february.received, february.closed, february.in_time, february.ended) == (1, 1, 1, 2)
    assert (february.open, february.late, february.satisfied) == (2, 2, 1)
    assert (march.received, march.closed, march.in_time, march.not_satisfied) == (0, 1, 0, 1)
    assert march.open == 1
    assert (found.total.received, found.total.closed) == (4, 2)
    assert (found.kinds["dispute"].received, found.kinds["hazard"].received) == (3, 1)
    own = order_months.figures(some, months, WorkOrder.number.startswith("T"))
    assert (own.total.open, own.total.late) == (1, 1)
    assert set(own.kinds) == {"dispute", "hazard"}
    assert (own.kinds["hazard"].open, own.kinds["hazard"].late) == (1, 1)


def test_a_period_that_is_over_knows_what_was_open_then(some):
    months = order_months.months_of(*_days("2019-02"))
    found = order_months.figures(some, months, WorkOrder.grid_code == CELL)
    assert [(tally.received, tally.open) for _month, tally in found.months] == [(1, 2)]


def _days(name):
    period = period_of(name)
    return period.first, period.last


@pytest.mark.parametrize(
    "still",
    [
        {"state": "reported_up"},
        {"suspended_at": at(2, 1), "suspend_reason": "court"},
    ],
)
def test_where_the_clock_stands_still_nothing_is_late_nor_due_soon(session, still):
    here, february = WorkOrder.number.startswith("T"), order_months.months_of(*_days("2019-02"))

    def counted():
        (grid,) = order_figures.by_grid(session, [Grid(code=CELL, name="c")], here, ended=False)
        told = order_months.figures(session, february, here)
        late, soon = (
            set(session.scalars(select(WorkOrder.id).where(here, condition())))
            for condition in (overdue, due_soon)
        )
        return late, soon, (grid.open, grid.overdue), told.total.late, told.months[0][1].late

    past = put(session, "1", reported_at=at(1, 10), due_at=at(2, 10))
    ahead = put(session, "2", reported_at=at(1, 10), due_at=clock.now() + DAY, warned="yellow")
    assert counted() == ({past.id}, {ahead.id}, (2, 1), 1, 1)
    for order in (past, ahead):
        for name, value in still.items():
            setattr(order, name, value)
    session.flush()
    assert counted() == (set(), set(), (2, 0), 0, 0)


def received(client):
    """What the first tile of the page says."""
    text = client.get("/work-orders/figures").soup.select(".tiles b")[0].get_text()
    return int(text.replace(",", ""))


def test_the_page_counts_what_the_reader_sees_and_draws_it(client_as, portal):
    now, shown = clock.now(), {"station": 4, "leader": 2, "worker07": 2, "leader07": 3}
    before = {username: received(client_as(username)) for username in shown}
    with portal.app_context(), acting(SYSTEM):
        put(db.session, "a", reported_at=now - DAY, due_at=now + 9 * DAY)
        put(db.session, "b", reported_at=now - DAY, due_at=now + 9 * DAY, visibility="restricted")
        put(db.session, "c", reported_at=now - DAY, due_at=now + 9 * DAY, kind="complaint",
            about_user_id=id_of(db.session, "leader"))  # fmt: skip
        put(db.session, "d", reported_at=now - DAY, due_at=now + 9 * DAY,
            grid_code=f"{AREA_2}01001")  # fmt: skip
        db.session.commit()
    for username, number in shown.items():
        page = client_as(username).get("/work-orders/figures")
        assert received(client_as(username)) == before[username] + number, username
        drawn = page.soup.select("figure.chart > svg[role=img]")
        assert len(drawn) >= 3 and all(tag["aria-label"] for tag in drawn)
        assert len(page.soup.select("figure.chart details table")) == len(drawn)
    client = client_as("station")
    with count_statements(portal) as statements:
        page = client.get("/work-orders/figures?period=2026")
    assert len(statements) <= 8, statements
    assert len(page.body) <= 60 * 1024
    assert client.get("/work-orders/figures?period=2099").status == 400
    assert client.get("/work-orders/figures?period=nonsense").status == 400
    assert client_as("leader07").get(f"/work-orders/figures?grid_code={AREA_2}").status == 404


def test_leaders_and_the_station_find_it_from_their_desks(client_as):
    for username in ("station", "leader", "area1", "block03", "leader07"):
        links = client_as(username).get("/desk/").links("main a[href]")
        assert "/work-orders/figures" in links and "/ledgers/" in links, username
    assert "/work-orders/figures" not in client_as("worker07").get("/desk/").links("main a[href]")


@pytest.mark.one_engine
def test_drawings_stay_inside_their_frame():
    drawing = charts.columns(
        "told", [str(n) for n in range(36)], [("a", [n * 7 for n in range(36)]), ("b", [None] * 36)]
    )
    assert len(drawing.bars) == 35 and len(drawing.labels) == 12
    for bar in drawing.bars:
        assert drawing.left <= bar.x and bar.x + bar.width <= drawing.right
        assert bar.y >= 0 and abs(bar.y + bar.height - drawing.base) < 0.2
    assert [text for _y, text in drawing.ticks] == ["0", "100", "200", "300", "400"]
    assert charts.columns("told", [], []).bars == []
    assert charts.shares([("a", 0), ("b", 0)]) == []
    parts = charts.shares([("a", 1), ("b", 0), ("c", 3)])
    assert [(part.x, part.width, part.series) for part in parts] == [(0, 25, 1), (25, 75, 3)]
