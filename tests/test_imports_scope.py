"""An import in the name of a person reaches what the person may write, and nothing else."""

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select

from portal.errors import Forbidden
from portal.models import Grid, Post, Worker
from portal.queries.identity import load_identity
from portal.rules.imports import KINDS, run_import, undo_import
from portal.scope import SYSTEM, acting

AREA_1, AREA_2 = "42010200299001", "42010200299002"
CELL_1, CELL_2 = f"{AREA_1}01001", f"{AREA_2}01001"


@pytest.fixture
def load_as(session, tmp_path):
    """``load_as(username, kind, text)``: import a CSV text as an account and commit."""

    def run(username, kind, content):
        file = tmp_path / f"{kind}.csv"
        file.write_text(content, encoding="utf-8")
        user = session.scalar(select(User).where(User.username == username))
        with acting(load_identity(session, user)):
            report = run_import(session, KINDS[kind], file)
        session.commit()
        return report

    return run


def test_rows_outside_fail_and_others_are_kept(session, load_as):
    report = load_as("clerk1", "workers", f"name,grid_code\n秦岭,{CELL_1}\n秦川,{CELL_2}\n")
    assert (report.created, report.by_reason) == (1, {"out_of_scope": 1})
    assert session.scalar(select(func.count()).where(Worker.name == "秦川")) == 0


def test_outside_looks_the_same_whether_it_is_there_or_not(load_as):
    report = load_as("clerk1", "workers", f"name,grid_code\n甲,{CELL_2}\n乙,{AREA_2}99999\n")
    assert report.by_reason == {"out_of_scope": 2}


def test_a_worker_of_elsewhere_is_neither_found_nor_moved(session, load_as):
    there = session.scalars(
        select(Worker)
        .where(Worker.grid_code.startswith(AREA_2), Worker.phone.is_not(None))
        .order_by(Worker.id)
    ).first()
    grid_code, phone = there.grid_code, there.phone
    report = load_as("clerk1", "workers", f"name,phone,grid_code\n{there.name}x,{phone},{CELL_1}\n")
    assert (report.created, report.failed) == (1, 0)
    session.refresh(there)
    assert there.grid_code == grid_code


def test_a_clerk_gives_nobody_a_post(session, load_as):
    count = session.scalar(select(func.count()).select_from(Post))
    report = load_as("clerk1", "workers", f"name,grid_code,role\n秦岭,{CELL_1},网格员\n")
    assert report.by_reason == {"not_allowed": 1}
    assert session.scalar(select(func.count()).select_from(Post)) == count
    assert session.scalar(select(func.count()).where(Worker.name == "秦岭")) == 0


def test_nobody_gives_a_post_with_rights_to_themselves(session, load_as):
    user_id = session.scalar(select(User.id).where(User.username == "station"))
    me = session.scalar(select(Worker).where(Worker.user_id == user_id))
    name, grid_code, phone = me.name, me.grid_code, me.phone
    report = load_as(
        "station",
        "workers",
        f"name,phone,grid_code,role\n{name},{phone},{grid_code},人民调解员\n"
        f"{name},{phone},{CELL_1},志愿者\n",
    )
    assert (report.by_reason, report.updated) == ({"own_post": 1}, 1)
    report = load_as("station", "posts", f"name,grid_code,role\n{name},{grid_code},人民调解员\n")
    assert report.by_reason == {"own_post": 1}


@pytest.mark.parametrize(
    ("username", "kind"),
    [
        ("leader07", "workers"),
        ("clerk1", "grids"),
        ("clerk1", "posts"),
        ("clerk1", "boundaries"),
        ("admin", "duties"),
        ("auditor", "divisions"),
    ],
)
def test_who_may_not_write_a_kind_may_not_import_it(load_as, username, kind):
    with pytest.raises(Forbidden):
        load_as(username, kind, "code,name\n")


def test_the_station_does_not_make_other_communities(session, load_as):
    report = load_as("station", "divisions", "code,name\n420106001001,紫阳社区\n")
    assert report.by_reason == {"out_of_scope": 1}
    assert session.scalar(select(func.count()).where(Grid.code.startswith("420106"))) == 0


def test_undo_is_for_whoever_may_write_the_rows(session, load_as):
    batch = load_as("clerk1", "workers", f"name,grid_code\n秦岭,{CELL_1}\n").batch
    for username in ("clerk2", "leader01"):
        user = session.scalar(select(User).where(User.username == username))
        with acting(load_identity(session, user)):
            refused = undo_import(session, batch).refused
        assert [entry["reason"] for entry in refused] == ["out_of_scope"], username
    user = session.scalar(select(User).where(User.username == "station"))
    with acting(load_identity(session, user)):
        assert undo_import(session, batch).removed == 1
    with acting(SYSTEM):
        session.commit()
