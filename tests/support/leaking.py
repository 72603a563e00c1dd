"""Fixtures of the leak tests: the same account on the newcomer's application and on ours."""

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal import roles, scope
from portal.extensions import db
from portal.models import AccountGrant, User
from tests.support.attack import ATTACKER, Attack
from tests.support.client import PageClient
from tests.support.engines import TEMPLATE
from tests.support.stock import AREA, StockClient, make_stock, stock_db


@pytest.fixture(scope="module")
def stock_app(app: Flask, place: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The newcomer's application on a copy of the demo database."""
    name, uploads = f"stock_{place.name}", Path(tmp_path_factory.mktemp("uploads"))
    (uploads / "x_sep_secret.txt").write_text("kept for another area")
    place.store.clone(TEMPLATE, name)
    url = place.store.url(name).replace("postgresql://", "postgresql+psycopg://")
    built = make_stock(url, uploads, app.config["PORTAL_DATA_KEYS"])
    yield built
    with built.app_context():
        stock_db.session.remove()
        stock_db.engine.dispose()


@pytest.fixture
def attack(stock_app: Flask, portal: Flask, client_as: Callable[..., PageClient]) -> Attack:
    """The attacker, signed in over HTTP on both applications."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        user = db.session.scalar(select(User.id).where(User.username == ATTACKER))
        since = date(2026, 1, 1)
        grant = AccountGrant(user_id=user, role=roles.STATION, grid_code=AREA, since=since)
        db.session.add(grant)
        db.session.commit()
    newcomer = StockClient(stock_app)
    assert newcomer.sign_in(ATTACKER).status == 302
    return Attack(newcomer, client_as(ATTACKER))
