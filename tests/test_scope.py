"""Scope: the predicates, the data interface, the check at flush; and what leader07 may not see."""

import json
from datetime import UTC, date, datetime

import pytest
from flask_appbuilder.models.sqla.filters import FilterStartsWith
from sqlalchemy import select, text

from portal import roles, scope
from portal.errors import Forbidden, OutOfScope
from portal.extensions import db
from portal.models import AccountGrant, Grid, Hotline, Post, Team, User, Worker
from portal.queries.identity import load_identity
from portal.scope import EVERYWHERE, SYSTEM, Grant, Identity, acting, covers, following, within
from portal.views.entity.interface import ScopedInterface, visible

COMMUNITY, AREA, OTHER = "420102002990", "42010200299001", "42010200299002"
BLOCK, CELL = "4201020029900103", "4201020029900103001"


def identity(role="Station", *codes):
    """Somebody in ``role`` within ``codes``."""
    return Identity(
        -1, "x", "x", tuple(Grant(role, code) for code in codes), {role: roles.rights(role)}
    )


@pytest.mark.one_engine
def test_a_scope_is_the_smallest_set_of_prefixes():
    assert scope.smallest([CELL, AREA, BLOCK, OTHER]) == (AREA, OTHER)
    assert scope.smallest([EVERYWHERE, AREA]) == (EVERYWHERE,)
    assert following("4201") == "4202"
    assert following("4209") == "420:"  # the sign after 9, not 4210
    assert scope.ancestors(CELL) == ("420102", "420102002", COMMUNITY, AREA, BLOCK)


@pytest.mark.one_engine
def test_a_right_counts_only_in_the_grids_of_its_own_role():
    both = Identity(
        1, "x", "x", (Grant("GridLeader", CELL), Grant("Clerk", OTHER)),
        {name: roles.rights(name) for name in ("GridLeader", "Clerk")},
    )  # fmt: skip
    assert both.prefixes(roles.READ, "Worker") == (CELL, OTHER)
    assert both.prefixes(roles.WRITE, "Worker") == (OTHER,)
    assert both.prefixes(roles.REMOVE, "Worker") == ()
    assert not both.can(roles.REMOVE, "Worker")
    assert not scope.ANONYMOUS.can(roles.READ, "Duty")


@pytest.mark.parametrize(
    "prefixes",
    [(), (EVERYWHERE,), (COMMUNITY,), (AREA,), (BLOCK, OTHER), (CELL,), ("4201020029900",), ("9",)],
)
def test_the_condition_and_covers_say_the_same(session, prefixes):
    codes = session.scalars(select(Grid.code)).all()
    found = session.scalars(select(Grid.code).where(within(Grid.code, prefixes))).all()
    assert sorted(found) == sorted(code for code in codes if covers(prefixes, code))


def test_hotlines_of_the_grids_above_are_readable_and_not_writable(session):
    with acting(identity("Station", AREA)):
        found = set(session.scalars(select(Hotline.grid_code).where(visible(Hotline))))
        assert {None, COMMUNITY} <= found
        assert not [code for code in found if code and code.startswith(OTHER)]
        ours = session.scalars(select(Hotline.grid_code).where(visible(Hotline, roles.WRITE)))
        assert all(code and code.startswith(AREA) for code in ours)


def test_nobody_sees_and_writes_nothing(portal):
    with portal.app_context():
        for model in (Grid, Worker, Post, Team, Hotline):
            assert db.session.scalars(select(model.id).where(visible(model))).all() == []
            assert ScopedInterface(model).query()[0] == 0
        db.session.add(Team(name="x", kind="patrol", grid_code=AREA))
        with pytest.raises(Forbidden):
            db.session.flush()
        db.session.rollback()


def test_every_method_of_the_interface_is_scoped(session):
    outside = session.scalar(select(Worker.id).where(Worker.grid_code.startswith(OTHER)))
    inside = session.scalar(select(Worker.id).where(Worker.grid_code.startswith(AREA)))
    foreign = session.scalar(select(Grid.id).where(Grid.code == OTHER))
    with acting(identity("Station", AREA)):
        workers, posts = ScopedInterface(Worker), ScopedInterface(Post)
        assert workers.get(inside).id == inside
        assert workers.get(outside) is None
        assert workers.find(outside) is None
        assert workers.find(inside, "nonsense") is None
        assert workers.get_related_obj("grid", foreign) is None
        assert posts.get_related_interface("worker").find(outside) is None
        total, rows = workers.query(page_size=500)
        assert total == len(rows) > 50
        assert all(row.grid_code.startswith(AREA) for row in rows)
        every = workers.get_filters().add_filter_list([["grid_code", FilterStartsWith, ""]])
        assert workers.query(every)[0] == total
        groups = workers.query_simple_group("origin")
        assert sum(count for _origin, count in groups) == total
        months = workers.query_month_group("created_at")
        assert sum(entry[-1] for entry in months) == total


def flushed(session, change):
    """Whether ``change`` passes the check at flush, for the station of one area."""
    with acting(identity("Station", AREA)):
        try:
            change()
            session.flush()
        except OutOfScope:
            return False
        finally:
            session.rollback()
    return True


def test_the_check_at_flush_sees_old_and_new_place(session):
    def worker(code):
        found = select(Worker).where(Worker.grid_code.startswith(code)).order_by(Worker.id.desc())
        return session.scalars(found.limit(1)).one()

    def grid(code):
        return session.scalars(select(Grid).where(Grid.code == code)).one()

    def unloaded(code):
        row = worker(code)
        session.expire(row)
        return row

    new = {"name": "x", "origin": "other"}
    for code, fine in ((AREA, True), (OTHER, False), (COMMUNITY, False)):
        assert flushed(session, lambda c=code: session.add(Worker(grid_code=c, **new))) is fine
        assert flushed(session, lambda c=code: session.add(Worker(grid=grid(c), **new))) is fine
        assert flushed(session, lambda c=code: setattr(worker(AREA), "grid_code", c)) is fine
        assert flushed(session, lambda c=code: setattr(worker(AREA), "grid", grid(c))) is fine
    assert not flushed(session, lambda: setattr(worker(OTHER), "grid_code", AREA))
    assert not flushed(session, lambda: setattr(unloaded(OTHER), "grid_code", AREA))
    assert not flushed(session, lambda: setattr(worker(OTHER), "name", "x"))
    assert not flushed(session, lambda: session.delete(worker(OTHER)))

    def dismiss():
        team = session.scalars(select(Team).where(Team.grid_code == OTHER).limit(1)).one()
        team.members.clear()

    assert not flushed(session, dismiss)


def test_a_post_gives_rights_within_its_dates_only(portal, tmp_path):
    clock = tmp_path / "clock.json"
    with portal.app_context():
        leader = db.session.scalars(select(User).where(User.username == "leader07")).one()
        found = text(
            "SELECT p.id, p.since FROM posts p JOIN workers w ON w.id = p.worker_id"
            " WHERE w.user_id = :user AND p.role = 'grid_leader'"
        )
        post, since = db.session.execute(found, {"user": leader.id}).one()
        db.session.execute(
            text("UPDATE posts SET until = '2027-03-31' WHERE id = :id"), {"id": post}
        )
        db.session.execute(
            text("DELETE FROM posts WHERE role = 'cell_head' AND worker_id ="
                 " (SELECT id FROM workers WHERE user_id = :user)"), {"user": leader.id},
        )  # fmt: skip
        db.session.commit()
        portal.config["PORTAL_CLOCK"] = str(clock)
        try:
            for moment, held in (
                (datetime(2027, 3, 31, 15, 59, tzinfo=UTC), True),  # 23:59 in Wuhan
                (datetime(2027, 3, 31, 16, 1, tzinfo=UTC), False),  # the day after
                (datetime(2019, 1, 1, tzinfo=UTC), False),
            ):
                clock.write_text(json.dumps({"at": moment.isoformat()}))
                assert bool(load_identity(db.session, leader).grants) is held, moment
        finally:
            portal.config["PORTAL_CLOCK"] = None
        assert str(since) < "2027"


def test_leader07_finds_nothing_of_another_block(portal, client_as):
    client = client_as("leader07")
    token = client.get("/logout/").form()["csrf_token"]
    with portal.app_context():
        own, foreign, near = (
            db.session.scalar(select(Grid.id).where(Grid.code == code))
            for code in ("4201020029900102003", CELL, BLOCK)
        )
        name = db.session.scalar(select(Grid.name).where(Grid.code == CELL))
    assert client.get(f"/grids/show/{own}").status == 200
    for key in (foreign, near):
        for path in (f"/grids/{page}/{key}" for page in ("show", "edit", "delete")):
            answers = [client.get(path), client.post(path, {"csrf_token": token})]
            wanted = [404, 405 if "show" in path else 404]
            assert [answer.status for answer in answers] == wanted, path
            assert all(name not in answer.text for answer in answers)
        api = f"/api/v1/grids/{key}"
        for method in ("get", "put", "delete"):
            send = getattr(client.raw, method)
            answer = send(api, json={}, headers={"X-CSRFToken": token})
            assert answer.status_code == 404
            assert name not in answer.text
    for code in (CELL, BLOCK, "420102003001"):
        assert client.get(f"/grids/export/csv?grid_code={code}").status == 404
    assert client.get("/grids/export/csv?grid_code=4201020029900102003").status == 403
    for path in (
        "/grids/list/?size=200",
        f"/grids/list/?q={name}",
        "/grids/lookup/",
        "/api/v1/grids/",
    ):
        answer = client.get(path)
        assert answer.status == 200
        assert CELL not in answer.text


def test_reading_wider_than_writing(portal, client_as):
    with portal.app_context(), acting(SYSTEM):
        user = db.session.scalar(select(User.id).where(User.username == "clerk1"))
        since = date(2026, 1, 1)
        db.session.add(AccountGrant(user_id=user, role="Leader", grid_code=COMMUNITY, since=since))
        db.session.commit()
        foreign = db.session.scalar(select(Worker.id).where(Worker.grid_code == OTHER))
    client = client_as("clerk1")
    assert client.get(f"/workers/show/{foreign}").status == 200  # the leader reads
    header = {"X-CSRFToken": client.get("/logout/").form()["csrf_token"]}
    assert client.get(f"/workers/edit/{foreign}").status == 403  # the clerk writes in the area
    changed = client.raw.put(f"/api/v1/workers/{foreign}", json={"name": "x"}, headers=header)
    assert changed.status_code == 403
    assert client.get(f"/workers/reveal/{foreign}/phone").status == 403
    shown = {item["value"] for item in client.get("/grids/lookup/").json["items"]}
    offered = {item["value"] for item in client.get("/grids/lookup/?for=Worker").json["items"]}
    assert COMMUNITY in shown
    assert AREA in offered
    assert all(code.startswith(AREA) for code in offered)
    typed = {"name": "x", "origin": "other", "grid": OTHER}
    refused = client.submit("/workers/add", typed)
    assert refused.status == 400
    assert refused.soup.select("#grid-err")
    body = {"name": "x", "origin": "other", "grid_code": OTHER}
    assert client.post("/api/v1/workers/", json=body, headers=header).status == 422
    rows = client.get("/workers/export/csv").body.decode("utf-8-sig").splitlines()
    assert len(rows) - 1 < client.get("/api/v1/workers/").json["count"] == 240


def test_the_system_is_not_a_person(portal):
    with portal.app_context(), acting(SYSTEM):
        assert scope.current() is SYSTEM
        assert db.session.scalar(select(Worker.id).where(visible(Worker)).limit(1)) is not None
    with portal.app_context():
        assert scope.current() is scope.ANONYMOUS
