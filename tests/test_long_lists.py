"""Lists of more rows than are counted: every order that is offered, with an index of it or none."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from portal.extensions import db
from portal.models import Building, SavedList
from portal.queries import paging
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
    assert len(views) == 5
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
