"""Passwords: strength, lock after failures, first sign-in, ends of sessions, no way upwards."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from portal import roles, scope
from portal.app import create_app
from portal.errors import RuleError
from portal.extensions import db
from portal.models import AccountGrant, AccountState, User, Worker
from portal.queries.identity import load_identity
from portal.rules import passwords
from tests.conftest import PASSWORD
from tests.support.client import PageClient

FRESH = "quiet-harbour-violet-93"
OTHER = "plum-lantern-river-58"
WRONG = "not-the-password-1"
START = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)


@pytest.fixture
def travel(portal, tmp_path):
    """``travel(minutes)``: the portal's clock stands that long after START."""
    clock = tmp_path / "clock.json"

    def to(minutes):
        moment = START + timedelta(minutes=minutes)
        clock.write_text(json.dumps({"at": moment.isoformat()}))
        portal.config["PORTAL_CLOCK"] = str(clock)

    yield to
    portal.config["PORTAL_CLOCK"] = None


def key_of(portal, name):
    """The key of an account."""
    with portal.app_context():
        return db.session.scalar(select(User.id).where(User.username == name))


def entries(portal, action, name):
    """How many entries of that action the log has about an account."""
    found = (
        "SELECT count(*) FROM audit_entries WHERE action = :action AND table_name = 'ab_user'"
        " AND row_id = (SELECT id FROM ab_user WHERE username = :name)"
    )
    with portal.app_context():
        return db.session.execute(text(found), {"action": action, "name": name}).scalar_one()


@pytest.mark.parametrize(
    "weak",
    ["", "short-1", "aaaaaaaaaaaa", "1234567890", "password2026", "qwertyuiop12",
     "leader07leader07",
     "abcabcabcabc", "P@ssw0rd123", "x" * 73],
)  # fmt: skip
def test_weak_passwords_are_refused(client_as, weak):
    client = client_as("leader07")
    typed = {"current": PASSWORD, "password": weak, "again": weak}
    answer = client.submit("/resetmypassword/form", typed)
    assert answer.status == 400
    assert answer.soup.select("#password-err")
    assert weak == "" or weak not in answer.text
    assert client_as(None).sign_in("leader07").status == 302


@pytest.mark.parametrize("typed", [("x", FRESH, FRESH), (PASSWORD, FRESH, OTHER), (PASSWORD,) * 3])
def test_a_change_needs_the_old_one_and_twice_the_new_one(client_as, typed):
    form = dict(zip(("current", "password", "again"), typed, strict=True))
    assert client_as("leader07").submit("/resetmypassword/form", form).status == 400
    assert client_as(None).sign_in("leader07").status == 302


def test_names_make_a_password_weak(session):
    user = session.scalars(select(User).where(User.username == "leader07")).one()
    passwords.check_strength(FRESH, user.username, user.last_name)
    with pytest.raises(RuleError):
        passwords.check_strength("wangdachui-1", "wangdachui", "x")


def test_five_wrong_passwords_lock_the_account_for_15_minutes(portal, client_as, travel):
    travel(0)
    for _attempt in range(5):
        assert client_as(None).sign_in("leader07", WRONG).status == 400
    for minute in (0, 5, 14.9):
        travel(minute)
        refused = client_as(None).sign_in("leader07", PASSWORD)
        assert refused.status == 400
        assert "leader07" in refused.text  # what was typed is kept
    assert client_as(None).sign_in("leader08", PASSWORD).status == 302
    api = {"username": "leader07", "password": PASSWORD, "provider": "db"}
    assert client_as(None).post("/api/v1/security/login", json=api).status == 401
    travel(15.1)
    assert client_as(None).sign_in("leader07", PASSWORD).status == 302
    assert entries(portal, "sign_in_failed", "leader07") == 5 + 3 + 1
    assert entries(portal, "sign_in", "leader07") == 1


def test_wrong_passwords_count_in_a_row_and_over_the_api_too(client_as, travel):
    travel(0)
    for _round in range(2):
        for _attempt in range(4):
            assert client_as(None).sign_in("leader07", WRONG).status == 400
        assert client_as(None).sign_in("leader07", PASSWORD).status == 302
    api = {"username": "leader07", "password": WRONG, "provider": "db"}
    for _attempt in range(5):
        assert client_as(None).post("/api/v1/security/login", json=api).status == 401
    assert client_as(None).sign_in("leader07", PASSWORD).status == 400


def test_a_new_password_of_the_administrator_unlocks(portal, client_as, travel):
    travel(0)
    for _attempt in range(5):
        client_as(None).sign_in("leader07", WRONG)
    typed = {"password": FRESH, "again": FRESH}
    key = key_of(portal, "leader07")
    weak = client_as("admin").submit(f"/users/password/{key}", {"password": "x", "again": "x"})
    assert weak.status == 400
    assert client_as("admin").submit(f"/users/password/{key}", typed).status == 302
    fresh = client_as(None)
    assert fresh.sign_in("leader07", FRESH).location == "/resetmypassword/form"
    for path in ("/desk/", "/grids/list/", "/account/", "/workers/export/csv"):
        assert fresh.get(path).location == "/resetmypassword/form"
    assert fresh.get("/resetmypassword/form").status == 200
    same = {"current": FRESH, "password": FRESH, "again": FRESH}
    assert fresh.submit("/resetmypassword/form", same).status == 400
    changed = {"current": FRESH, "password": OTHER, "again": OTHER}
    assert fresh.submit("/resetmypassword/form", changed).status == 302
    assert fresh.get("/desk/").status == 200


def test_other_sessions_end_when_the_password_changes(client_as):
    here, there = client_as("leader07"), client_as(None)
    assert there.sign_in("leader07").status == 302
    assert there.get("/desk/").status == 200
    typed = {"current": PASSWORD, "password": FRESH, "again": FRESH}
    assert here.submit("/resetmypassword/form", typed).status == 302
    assert here.get("/desk/").status == 200
    assert there.get("/desk/").location.startswith("/login/")
    assert there.get("/api/v1/grids/").status == 401
    assert there.get("/").status == 200


def test_a_session_ends_with_the_account_and_at_sign_out(portal, client_as):
    client = client_as(None)
    before = client.get("/login/").status and client.raw.get_cookie("session").value
    assert client.sign_in("leader07").status == 302
    cookie = client.raw.get_cookie("session")
    assert cookie.value != before
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    with portal.app_context(), scope.acting(scope.SYSTEM):
        db.session.scalars(select(User).where(User.username == "leader07")).one().active = False
        db.session.commit()
    assert client.get("/desk/").location.startswith("/login/")
    assert client_as(None).sign_in("leader07").status == 400
    other = client_as(None)
    other.sign_in("leader08")
    copied = other.raw.get_cookie("session").value
    assert other.submit("/logout/").status == 302
    assert other.get("/desk/").location.startswith("/login/")
    thief = client_as(None)
    thief.raw.set_cookie("session", copied)
    assert thief.get("/desk/").location.startswith("/login/")
    assert thief.get("/api/v1/grids/").status == 401


def test_a_refusal_does_not_tell_whether_the_account_exists(client_as):
    known = client_as(None).sign_in("leader07", WRONG)
    unknown = client_as(None).sign_in("leader99", WRONG)
    told = [page.one("main").get_text(" ", strip=True) for page in (known, unknown)]
    assert told[0] == told[1]
    for name in ("", " ", "' OR 1=1 --", "leader07\x00", "%", "x" * 5000):
        assert client_as(None).sign_in(name, PASSWORD).status == 400


def test_nobody_holds_the_internal_administrator_role(portal):
    with portal.app_context():
        internal = portal.config["AUTH_ROLE_ADMIN"]
        held = (
            "SELECT count(*) FROM ab_user_role JOIN ab_role r ON r.id = role_id WHERE r.name = :n"
        )
        assert internal not in roles.BUILT_IN
        assert db.session.execute(text(held), {"n": internal}).scalar_one() == 0
        rights = (
            "SELECT count(*) FROM ab_permission_view_role JOIN ab_role r ON r.id = role_id"
            " WHERE r.name = :n"
        )
        assert db.session.execute(text(rights), {"n": internal}).scalar_one() == 0
        assert db.session.execute(text(rights), {"n": "Public"}).scalar_one() == 0
        assert db.session.execute(text(rights), {"n": "Station"}).scalar_one() > 20
        with scope.acting(scope.SYSTEM):
            user = db.session.scalars(select(User).where(User.username == "care")).one()
            since = {"since": START.date() - timedelta(days=900)}
            db.session.add(AccountGrant(user_id=user.id, role=internal, **since))
            db.session.flush()
            assert not load_identity(db.session, user).can(roles.READ, "Worker")
            db.session.rollback()


def test_built_in_roles_are_edited_by_nobody(client_as):
    admin = client_as("admin")
    token = {"csrf_token": admin.get("/logout/").form()["csrf_token"]}
    for path in ("/roles/add", "/roles/edit/3", "/roles/delete/3"):
        assert admin.get(path).status == 403
        assert admin.post(path, token).status == 403
    assert admin.get("/roles/show/3").status == 200
    header = {"X-CSRFToken": token["csrf_token"]}
    for method in ("put", "delete"):
        answer = getattr(admin.raw, method)("/api/v1/roles/3", json={"name": "x"}, headers=header)
        assert answer.status_code == 405


def test_an_administrator_takes_no_posts_of_others(portal, client_as):
    admin, own = client_as("admin"), key_of(portal, "admin")
    with portal.app_context():
        director = db.session.scalar(
            select(Worker.id)
            .join(User, User.id == Worker.user_id)
            .where(User.username == "station")
        )
    refused = admin.submit(f"/users/edit/{own}", {"worker": str(director)})
    assert refused.status == 400
    assert refused.soup.select("#worker-err")
    with portal.app_context():
        assert db.session.scalar(select(Worker.id).where(Worker.user_id == own)) is None
    assert admin.get("/posts/list/").status == 403


def test_an_account_is_edited_without_typing_private_values_again(portal, client_as):
    admin, key = client_as("admin"), key_of(portal, "leader07")
    with portal.app_context():
        mail = db.session.get(User, key).email
    page = admin.get(f"/users/edit/{key}")
    assert mail not in page.text
    assert admin.submit(f"/users/edit/{key}", {"first_name": "新名"}).status == 302
    with portal.app_context():
        user = db.session.get(User, key)
        assert (user.first_name, user.email) == ("新名", mail)
        digest = user.password
    assert admin.get(f"/users/reveal/{key}/password").status == 404
    opened = admin.submit(f"/users/reveal/{key}/email", {"reason": "核对邮箱"})
    assert mail in opened.text
    assert digest not in opened.text + admin.get(f"/users/show/{key}").text


def test_a_first_password_is_strong_and_replaced(portal, client_as):
    admin = client_as("admin")
    typed = {
        "last_name": "新", "first_name": "人", "username": "newcomer", "active": "y",
        "email": "newcomer@example.org",
    }  # fmt: skip
    for weak in ("", "short", "newcomer123"):
        answer = admin.submit("/users/add", typed | {"first_password": weak})
        assert answer.status == 400
        assert answer.soup.select("#first_password-err")
    assert admin.submit("/users/add", typed | {"first_password": FRESH}).status == 302
    for twin in ("NEWCOMER", "Newcomer"):
        twice = typed | {"username": twin, "email": "x@example.org", "first_password": FRESH}
        assert admin.submit("/users/add", twice).status == 400
    with portal.app_context():
        state = db.session.scalars(
            select(AccountState).join(User).where(User.username == "newcomer")
        ).one()
        assert state.must_change_password
        stored = db.session.scalar(select(User.password).where(User.username == "newcomer"))
        assert FRESH not in stored
    assert client_as(None).sign_in("newcomer", FRESH).location == "/resetmypassword/form"


@pytest.mark.one_engine
def test_attempts_from_one_address_are_limited(portal, place):
    limited = create_app({"TESTING": True})
    try:
        page = PageClient(limited)
        form = page.get("/login/").form()
        api = {"username": "nobody", "password": "x", "provider": "db"}
        answers = [page.raw.post("/login/", data=form | {"username": "x"}) for _turn in range(31)]
        programs = [page.raw.post("/api/v1/security/login", json=api) for _turn in range(31)]
        assert {answer.status_code for answer in answers[:30]} == {400}
        assert {answer.status_code for answer in programs[:30]} == {401}
        for last in (answers[-1], programs[-1]):
            assert last.status_code == 429
            assert 0 < int(last.headers["Retry-After"]) <= 60
        assert set(programs[-1].json) == {"message", "fields"}
        assert page.get("/login/").status == 200  # reading goes on
    finally:
        with limited.app_context():
            db.engine.dispose()
