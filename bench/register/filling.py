"""An empty database becomes a demo community with a register of so many people."""

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from bench.register import plan
from bench.register.people import WRITTEN
from bench.register.writer import write_postgresql, write_sqlite
from portal import roles
from portal.extensions import db
from portal.models import AccountGrant, AccountState, Grid, Resident, User
from portal.models.search import search_terms
from portal.rules.accounts import synchronise_account, synchronise_roles
from portal.rules.defaults import load_defaults
from portal.rules.demo import build_demo
from portal.rules.settings import load_settings
from portal.scope import CODE_LENGTHS, SYSTEM, acting, ancestors

ACCOUNT = "bench"  # sees and writes the whole register
DISTRICT = "420102"
LEVELS = {length: level for level, length in CODE_LENGTHS.items()}


def prepare(app: Flask, seed: int) -> None:
    """Tables, roles, default data and the demo community, where they are missing."""
    with app.app_context(), acting(SYSTEM):
        upgrade()
        synchronise_roles(db.session, app.appbuilder.sm)  # type: ignore[attr-defined]
        load_defaults(db.session)
        load_settings(db.session)
        db.session.commit()
        password = app.config["PORTAL_DEMO_PASSWORD"]
        build_demo(db.session, seed, 1, generate_password_hash(password))
        db.session.commit()


def fill(app: Flask, residents: int, seed: int, url: str) -> int:
    """Write the register; how many people are in it. ValueError where somebody is in it already.

    ``url``: the database's address as PORTAL_DATABASE_URL takes it.
    """
    with app.app_context(), acting(SYSTEM):
        if db.session.scalar(select(func.count()).select_from(Resident)):
            raise ValueError("there are residents already: the register of a bench starts empty")
        cells = plan.plan_cells(residents, _demo_cells(db.session))
        _add_cells(db.session, [cell.code for cell in cells])
        _add_account(db.session, app.config["PORTAL_DEMO_PASSWORD"])
        db.session.commit()
        db.session.remove()
        if url.startswith("sqlite"):
            write_sqlite(db.engine, cells, seed)
        else:
            db.engine.dispose()
            write_postgresql(app, url, cells, seed)
        return db.session.scalar(select(func.count()).select_from(Resident)) or 0


def _demo_cells(session: Session) -> list[str]:
    found = select(Grid.code).where(Grid.level == "cell", Grid.code != plan.SMALL_CELL)
    return list(session.scalars(found.order_by(Grid.code)))


def _add_cells(session: Session, codes: list[str]) -> None:
    """The cells that are not there yet, with the grids above them."""
    known = set(session.scalars(select(Grid.code)))
    wanted = {above for code in codes for above in ancestors(code)} | set(codes)
    rows = [
        {
            "code": code,
            "name": code[-9:],
            "level": LEVELS[len(code)],
            "kind": "scattered" if LEVELS[len(code)] == "cell" else None,
            "parent_code": ancestors(code)[-1],
            "search_terms": search_terms(code[-9:], code),
            "active_from": WRITTEN.date(),
        }
        for code in sorted(wanted - known, key=lambda code: (len(code), code))
    ]
    if rows:
        session.connection().execute(insert(Grid.__table__), rows)


def _add_account(session: Session, password: str) -> None:
    """Somebody of the station's rights in the whole district."""
    user = User(
        username=ACCOUNT,
        last_name="量",
        first_name="测",
        email=f"{ACCOUNT}@demo.invalid",
        active=True,
        password=generate_password_hash(password),
    )
    session.add(user)
    session.flush()
    session.add(AccountState(user_id=user.id, must_change_password=False))
    session.add(
        AccountGrant(user_id=user.id, role=roles.STATION, grid_code=DISTRICT, since=WRITTEN.date())
    )
    session.flush()
    synchronise_account(session, user)
