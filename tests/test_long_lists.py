"""Lists of more rows than are counted: every order that is offered, with an index of it or none."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import create_engine, event, insert, select, text
from sqlalchemy.orm import Session, joinedload

from portal import clock
from portal.extensions import db
from portal.models import Building, Grid, Resident, SavedList
from portal.queries import paging
from portal.queries.register import by_words
from portal.scope import SYSTEM, acting
from portal.views.entity.base import EntityView
from tests.support.client import PageClient
from tests.support.regridding import BESIDE, CELL, settle_people, shop

Client = Callable[..., PageClient]


def test_long_lists_are_walked_in_every_order(
    portal: Flask, client_as: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with portal.app_context(), acting(SYSTEM):
        for cell in (CELL, BESIDE):
            settle_people(db.session, cell, [2])
            shop(db.session, cell, "小店")
        db.session.commit()
    monkeypatch.setattr(paging, "COUNT_CAP", 0)
    station = client_as("station")
    views = [
        view
        for view in portal.appbuilder.baseviews
        if isinstance(view, EntityView) and getattr(view.entity, "search_indexed", False)
    ]
    assert len(views) == 7
    for view in views:
        for order in view.order_columns:
            for more in ("", "&q=1", "&q=小"):
                path = f"/{view.slug}/list/?size=1{more}&order="
                assert station.get(path + order).status == 200, path + order
                assert station.get(path + "-" + order).status == 200, path + order
    for preset in ("visit_due", "visit_overdue", "never_visited"):
        assert station.get(f"/visits/?preset={preset}").status == 200
    with portal.app_context():
        for column in ("name", "kind", "id", "grid_code"):
            part = paging.Slice(10, column)
            page = paging.fetch(db.session, select(Building), Building, part)
            assert page.capped and len(page.rows) == 2, column


def test_what_a_page_shows_beside_its_rows_is_found_by_index(session: Session) -> None:
    """Of very many grids those of the page are read, not all of them."""
    now = clock.now()
    grid = {"level": "street", "search_terms": " ", "version": 1}
    grid |= {"created_at": now, "updated_at": now, "active_from": now.date()}
    codes = [f"43{number:07d}" for number in range(4_000)]
    run = session.connection().execute
    run(insert(Grid.__table__), [grid | {"code": code, "name": code} for code in codes])
    for code in codes[::100]:
        settle_people(session, code, [1], places=False)
    run(text("ANALYZE"))
    asked: list[Any] = []
    rows = select(Resident).options(joinedload(Resident.grid), joinedload(Resident.household))
    found = rows.where(by_words("人"))

    def note(*told: Any) -> None:
        asked.append(told[2:4])

    event.listen(db.engine, "before_cursor_execute", note)
    page = paging.fetch(session, found, Resident, paging.Slice(), scoped=rows, walked=found)
    event.remove(db.engine, "before_cursor_execute", note)
    assert (page.total, len(page.rows), len(asked)) == (40, 25, 2)
    explain = "EXPLAIN" if db.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    (statement, values), session_run = asked[1], session.connection().exec_driver_sql
    plan = "\n".join(str(row) for row in session_run(f"{explain} {statement}", values))
    assert "grids" in plan and not re.search(r"Seq Scan on grids|SCAN grids", plan), plan
    session.rollback()


def test_the_cost_of_a_page_is_as_whoever_runs_the_server_says(portal: Flask) -> None:
    """Only a server on which nobody set it takes the portal's."""
    with portal.app_context():
        engine = create_engine(db.engine.url)
        if engine.dialect.name != "postgresql":
            return
        name = engine.url.database
    for told, cost in (("SET random_page_cost = 2.5", "2.5"), ("RESET random_page_cost", "1.1")):
        with engine.begin() as connection:
            connection.execute(text(f'ALTER DATABASE "{name}" {told}'))
        engine.dispose()
        with engine.connect() as connection:
            assert connection.scalar(text("SHOW random_page_cost")) == cost
    engine.dispose()


@pytest.mark.parametrize("typed", ["13812345678", "138 1234 5678", "420102 19800101 001X"])
@pytest.mark.parametrize("slug", ["workers", "residents"])
def test_a_saved_list_keeps_no_number(
    portal: Flask, client_as: Client, slug: str, typed: str
) -> None:
    client = client_as("station")
    path = f"/{slug}/mine?q={typed}"
    # The address that was asked for stands in the links of the page: not what is tried here.
    token = client.get(path, check=False).soup.select_one("main input[name=csrf_token]")
    client.post(path, {"csrf_token": token["value"], "do": "save", "name": "x"})
    with portal.app_context():
        assert "q=" not in db.session.scalars(select(SavedList.address)).one()
