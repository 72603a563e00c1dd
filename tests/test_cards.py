"""Worker cards: numbers, terms, taking back, what happens when a post ends, pages and rights."""

import json
import re
from datetime import date, timedelta

import pytest
from sqlalchemy import func, select

from jobs import cards as card_jobs
from portal import clock, scope
from portal.errors import RuleError
from portal.extensions import db
from portal.models import AuditEntry, Card, Post, Setting, Worker
from portal.queries import cards as queries
from portal.rules import cards
from portal.scope import SYSTEM, acting

COMMUNITY, AREA = "420102002990", "42010200299001"
CELL = "4201020029900101001"


def a_worker(session, role="grid_worker"):
    """The worker of CELL in a role."""
    return session.scalars(
        select(Worker).join(Post).where(Post.grid_code == CELL, Post.role == role)
    ).first()


def in_force(session, worker):
    """The valid cards of a worker."""
    found = select(Card).where(Card.worker_id == worker.id, queries.unrevoked())
    return session.scalars(found.order_by(Card.id)).all()


# the rule ------------------------------------------------------------------------------------


def test_a_new_card_takes_the_place_of_the_old_one(session):
    worker = a_worker(session)
    (old,) = in_force(session, worker)
    new = cards.issue(session, worker, CELL)
    assert (old.state, old.revoke_reason, old.revoked_on) == ("revoked", "replaced", clock.today())
    assert in_force(session, worker) == [new]
    assert (old.number, new.number) == (f"{worker.number}-01", f"{worker.number}-02")
    assert old.token != new.token
    assert queries.by_token(session, new.token).number == new.number


def test_a_card_expires_with_its_years_or_its_last_post(session):
    worker, today = a_worker(session), clock.today()
    card = cards.issue(session, worker, CELL)
    assert card.issued_on == today
    assert card.expires_on + timedelta(days=1) == today.replace(year=today.year + 3)
    session.scalars(select(Setting).where(Setting.key == "cards.valid_years")).one().value = "99999"
    session.flush()
    assert cards.issue(session, worker, CELL).expires_on.year == today.year + 10
    (post,) = session.scalars(select(Post).where(Post.worker_id == worker.id)).all()
    post.until = today + timedelta(days=20)
    session.flush()
    assert cards.issue(session, worker, CELL).expires_on == post.until


def test_a_number_is_given_with_the_first_card(session):
    worker = a_worker(session)
    other = Worker(name="新人", grid_code=CELL, origin="other")
    session.add(other)
    session.flush()
    with pytest.raises(RuleError):
        cards.issue(session, other, CELL)  # no post yet
    post = {"role": "patrol", "basis": "appointed", "since": clock.today()}
    session.add(Post(worker_id=other.id, grid_code=AREA, **post))
    session.flush()
    card = cards.issue(session, other, AREA)
    assert other.number == f"{COMMUNITY}-0241"
    assert card.number == f"{COMMUNITY}-0241-01"
    with pytest.raises(RuleError):
        cards.issue(session, other, CELL)  # of another grid
    assert worker.number != other.number


def test_a_card_is_taken_back_once_and_with_a_reason(session):
    (card,) = in_force(session, a_worker(session))
    with pytest.raises(RuleError):
        cards.revoke(session, card, "other", "  ")
    cards.revoke(session, card, "other", " 印错了 ")
    assert (card.revoke_reason, card.revoked_on) == ("印错了", clock.today())
    with pytest.raises(RuleError):
        cards.revoke(session, card, "lost")


@pytest.mark.parametrize("way", ["ended", "deleted", "moved", "postponed", "given away"])
def test_a_post_that_ends_takes_the_card_along(session, way):
    worker = a_worker(session)
    (card,) = in_force(session, worker)
    before = card.version
    post = session.scalars(select(Post).where(Post.worker_id == worker.id)).one()
    if way == "deleted":
        session.delete(post)
    elif way == "ended":
        post.until = clock.today() - timedelta(days=1)
    elif way == "moved":
        post.grid_code = "4201020029900101002"
    elif way == "postponed":
        post.since = clock.today() + timedelta(days=1)
    else:
        post.worker_id = a_worker(session, "information_officer").id
    session.flush()
    assert (card.state, card.revoke_reason) == ("revoked", "no_post")
    assert card.version == before + 1
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.table_name == "cards").order_by(AuditEntry.id.desc())
    ).first()
    assert (entry.row_id, entry.action, entry.row_label) == (card.id, "update", card.number)
    assert json.loads(entry.changes)["revoke_reason"] == [None, "no_post"]


def test_a_post_that_goes_on_leaves_the_card_alone(session):
    worker = a_worker(session)
    (card,) = in_force(session, worker)
    post = session.scalars(select(Post).where(Post.worker_id == worker.id)).one()
    post.until = clock.today()
    post.public = False
    session.flush()
    assert card.state == "valid"
    leader = a_worker(session, "grid_leader")  # two posts: one may end
    (theirs,) = in_force(session, leader)
    first = session.scalars(select(Post).where(Post.worker_id == leader.id)).first()
    session.delete(first)
    session.flush()
    assert theirs.state == "valid"


def test_a_rollback_gives_the_card_back(session):
    worker = a_worker(session)
    (card,) = in_force(session, worker)
    session.delete(session.scalars(select(Post).where(Post.worker_id == worker.id)).one())
    session.flush()
    assert card.state == "revoked"
    session.rollback()
    assert card.state == "valid"


def test_every_night_what_ended_by_its_date_is_revoked_once(session):
    worker = a_worker(session)
    (card,) = in_force(session, worker)
    posts, day = Post.__table__, clock.today() - timedelta(days=1)
    session.connection().execute(
        posts.update().where(posts.c.worker_id == worker.id).values(until=day)
    )
    session.commit()
    assert card.state == "valid"
    assert card_jobs.nightly("2026-01-05T00:10:00+08:00") == "revoked 1, swept 0"
    assert card.state == "revoked"
    assert card_jobs.nightly("2026-01-05T00:10:00+08:00") == "revoked 0, swept 0"
    entry = session.scalars(
        select(AuditEntry).where(AuditEntry.row_id == card.id, AuditEntry.table_name == "cards")
    ).all()[-1]
    assert entry.actor == "system"


def test_the_demo_has_a_card_for_every_public_post(session):
    pairs = select(Post.worker_id, Post.grid_code).where(Post.public.is_(True)).distinct()
    carded = select(Card.worker_id, Card.grid_code).where(Card.revoked_on.is_(None)).distinct()
    assert set(session.execute(pairs)) == set(session.execute(carded))
    numbers = dict(session.execute(select(Worker.id, Worker.number)).all())
    for card in session.scalars(select(Card)):
        assert card.number.startswith(f"{numbers[card.worker_id]}-0")
    states = {card.state for card in session.scalars(select(Card))}
    assert {"valid", "revoked"} <= states


def test_no_token_stands_readable_in_the_database(session):
    card = session.scalars(select(Card)).first()
    stored = session.connection().exec_driver_sql(
        f"SELECT token, token_index FROM cards WHERE id = {card.id}"
    )
    sealed, index = stored.one()
    assert card.token not in sealed
    assert re.fullmatch(r"[0-9a-f]{64}", index)
    for entry in session.scalars(select(AuditEntry).where(AuditEntry.table_name == "cards")):
        assert "token" not in (entry.changes or "")


# the pages -------------------------------------------------------------------------------------


def key_of(portal, role="grid_worker"):
    with portal.app_context():
        return a_worker(db.session, role).id


def test_a_card_is_issued_from_the_page_of_its_worker(portal, client_as):
    key = key_of(portal)
    client = client_as("clerk1")
    assert f"/workers/card/{key}" in client.get(f"/workers/show/{key}").links("main a")
    done = client.submit(f"/workers/card/{key}", {"place": CELL})
    page = client.get(done.location)
    assert page.h1.endswith("-02")
    assert page.soup.select(".idcard.valid")
    crafted = client.submit(f"/workers/card/{key}", {"place": "42010200299002"})
    assert crafted.status == 400
    for other, status in (("clerk2", 404), ("leader01", 403), ("leader", 403)):
        assert client_as(other).get(f"/workers/card/{key}").status == status


def test_a_worker_without_a_post_gets_none(portal, client_as):
    with portal.app_context(), acting(SYSTEM):
        worker = Worker(name="无岗", grid_code=CELL, origin="other")
        db.session.add(worker)
        db.session.commit()
        key = worker.id
    page = client_as("station").get(f"/workers/card/{key}")
    assert page.status == 200
    assert "请先登记岗位" in page.text
    client = client_as("station")
    token = client.get("/cards/issue").form()["csrf_token"]
    answer = client.post(f"/workers/card/{key}", {"csrf_token": token, "place": CELL})
    assert answer.status == 400


def test_a_card_is_taken_back_after_a_question(portal, client_as):
    with portal.app_context():
        key = in_force(db.session, a_worker(db.session))[0].id
    client, path = client_as("station"), f"/cards/revoke/{key}"
    assert path in client.get(f"/cards/show/{key}").links("main a")
    assert client.submit(path, {"reason": ""}).status == 400
    kept = client.submit(path, {"reason": "other", "note": ""})
    assert kept.status == 400
    assert kept.form()["reason"] == "other"
    assert kept.soup.select("#note-err")
    assert client.submit(path, {"reason": "other", "note": "印错了"}).status == 302
    page = client.get(f"/cards/show/{key}")
    assert "印错了" in page.text
    assert path not in page.links("main a")
    assert client.submit(path, {"reason": "lost"}).status == 400  # it is revoked already
    assert client_as("leader01").get(path).status == 403


def test_everybody_who_lacks_a_card_gets_one_after_a_preview(portal, client_as):
    client = client_as("clerk1")
    page = client.get("/cards/issue?who=all")
    shown = len(page.soup.select("main tbody tr"))
    assert shown > 20
    assert "42010200299002" not in page.text
    with portal.app_context():
        before = db.session.scalar(select(func.count(Card.id)))
    assert client.get("/cards/issue?who=public").soup.select(".empty")
    done = client.post("/cards/issue", page.form("/cards/issue"))
    assert done.location == f"/cards/list/?grid_code={AREA}&preset=valid"
    with portal.app_context():
        assert db.session.scalar(select(func.count(Card.id))) == before + shown
        issued = db.session.scalars(select(Card).order_by(Card.id.desc()).limit(shown)).all()
        assert all(card.grid_code.startswith(AREA) for card in issued)
        assert len({card.number for card in issued}) == shown
    assert client.get("/cards/issue?who=all").soup.select(".empty")
    token = client.get("/cards/issue").form()["csrf_token"]
    crafted = {"csrf_token": token, "grid_code": "42010200299002", "who": "all"}
    assert client.post("/cards/issue", crafted).status == 404
    assert client.post("/cards/issue", {"csrf_token": token}).status == 400


@pytest.mark.parametrize("text", ["北辰坊", "beichenfang", CELL])
def test_the_grid_is_typed_without_scripts(portal, client_as, text):
    page = client_as("station").get(f"/cards/issue?grid_code={text}&who=all")
    assert page.one("#grid_code")["value"].startswith(CELL)
    assert "没有符合" in client_as("station").get("/cards/issue?grid_code=不存在的").text


def test_lists_have_their_ready_made_views(portal, client_as):
    with portal.app_context(), acting(SYSTEM):
        card = in_force(db.session, a_worker(db.session))[0]
        card.expires_on = clock.today() + timedelta(days=10)
        db.session.commit()
        number = card.number
        states = {"valid": 0, "expired": 0, "revoked": 0}
        for one in db.session.scalars(select(Card)):
            states[one.state] += 1
    client = client_as("station")
    for name, count in states.items():
        text = client.get(f"/cards/list/?preset={name}&size=200").one(".head .sub").get_text()
        assert str(count) in text, name
    soon = client.get("/cards/list/?preset=expiring")
    assert [row.get_text() for row in soon.soup.select("main tbody th")] == [number]
    tones = {tag["class"][1] for tag in client.get("/cards/list/?size=200").soup.select("td .tag")}
    assert tones <= {"good", "warn", "late"}
    none = client.get("/workers/list/?preset=no_card&size=200")
    with portal.app_context():
        held = set(db.session.execute(select(Post.worker_id, Post.grid_code)))
        have = set(db.session.execute(queries.valid(select(Card.worker_id, Card.grid_code))))
        lacking = {worker for worker, _grid in held - have}
    assert f"共{len(lacking)}条" in none.one(".head .sub").get_text()


def test_no_way_out_tells_a_token(portal, client_as):
    with portal.app_context():
        card = in_force(db.session, a_worker(db.session))[0]
        key, token, index = card.id, card.token, card.token_index
    client = client_as("station")
    paths = [
        f"/cards/show/{key}", "/cards/list/?size=200", "/cards/export/csv", f"/api/v1/cards/{key}",
        "/api/v1/cards/?q=(page_size:200)", "/api/v1/cards/_info", f"/cards/reveal/{key}/token",
    ]  # fmt: skip
    for path in paths:
        answer = client.get(path)
        for secret in (token, index, token[:3] + "****"):
            assert secret not in answer.text, path
        assert "token_index" not in answer.text, path
    assert client.get(f"/cards/reveal/{key}/token").status == 404
    for asked in ("(columns:!(token))", "(filters:!((col:token_index,opr:eq,value:x)))"):
        assert client.get(f"/api/v1/cards/?q={asked}").status in (200, 400)
        assert token not in client.get(f"/api/v1/cards/?q={asked}").text


def test_cards_are_not_written_through_the_api(portal, client_as):
    client = client_as("station")
    headers = {"X-CSRFToken": client.get("/cards/issue").form()["csrf_token"]}
    assert client.raw.post("/api/v1/cards/", json={}, headers=headers).status_code == 405
    assert client.raw.put("/api/v1/cards/1", json={}, headers=headers).status_code == 405
    assert client.raw.delete("/api/v1/cards/1", headers=headers).status_code == 405


def test_the_end_of_a_post_on_its_page_revokes_the_card(portal, client_as):
    with portal.app_context():
        worker = a_worker(db.session)
        key = in_force(db.session, worker)[0].id
        post = db.session.scalars(select(Post.id).where(Post.worker_id == worker.id)).one()
        yesterday = (clock.today() - timedelta(days=1)).isoformat()
    client = client_as("station")
    assert client.submit(f"/posts/edit/{post}", {"until": yesterday}).status == 302
    assert client.get(f"/cards/show/{key}").soup.select(".idcard.revoked")
    log = client_as("auditor").get("/audit/list/?table_name=cards")
    assert "station" in log.one("main tbody").get_text()


def test_a_clerk_issues_only_within_the_area(session):
    with scope.acting(SYSTEM):
        rows = queries.lacking(session, COMMUNITY, (AREA,), (AREA,), False)
    assert rows
    assert all(row.grid_code.startswith(AREA) for row in rows)
    assert queries.lacking(session, COMMUNITY, (), (), False) == []
    assert date.max > clock.today()
