"""REST: tokens, hidden columns, refusals as JSON, masked values, limits."""

import pytest
from sqlalchemy import select, text

from portal.extensions import db
from portal.models import Worker
from portal.rules.masking import mask
from portal.views.entity.base import EntityView
from tests.conftest import PASSWORD

CELL = "4201020029900101001"
NEW = {"name": "接口新增", "origin": "volunteer", "grid_code": CELL}
OTHER_PASSWORD = "quiet-harbour-violet-93"


def csrf(client):
    """The token that scripts of our pages send."""
    return {"X-CSRFToken": client.get("/logout/").form()["csrf_token"]}


def signed_in(client, username, **more):
    """Header of a program signed in as ``username``, and the whole answer."""
    sent = {"username": username, "password": PASSWORD, "provider": "db", **more}
    answer = client.post("/api/v1/security/login", json=sent)
    assert answer.status == 200, answer.text
    return {"Authorization": f"Bearer {answer.json['access_token']}"}, answer.json


def someone(portal, **where):
    """Key and clear telephone of one worker."""
    with portal.app_context():
        found = select(Worker.id, Worker.phone).filter_by(**where).where(Worker.phone.is_not(None))
        return db.session.execute(found.order_by(Worker.id)).first()


def count(portal, name):
    """Workers of that name."""
    with portal.app_context():
        found = "SELECT count(*) FROM workers WHERE name = :name"
        return db.session.execute(text(found), {"name": name}).scalar_one()


def test_a_write_with_a_cookie_needs_its_token(portal, client_as):
    client = client_as("station")
    other = csrf(client_as("clerk1"))
    key, _phone = someone(portal, grid_code=CELL)
    for header in ({}, {"X-CSRFToken": ""}, {"X-CSRFToken": "x"}, other):
        for method, path in (
            ("post", "/api/v1/workers/"),
            ("put", f"/api/v1/workers/{key}"),
            ("delete", f"/api/v1/workers/{key}"),
            ("post", "/api/v1/security/login"),
        ):
            answer = getattr(client.raw, method)(path, json=NEW, headers=header)
            assert answer.status_code == 400
            assert set(answer.json) == {"message", "fields"}
    assert count(portal, NEW["name"]) == 0
    added = client.post("/api/v1/workers/", json=NEW, headers=csrf(client))
    assert added.status == 201
    assert count(portal, NEW["name"]) == 1


def test_a_program_signs_in_and_writes_without_a_cookie(portal, client_as):
    program = client_as(None)
    header, _tokens = signed_in(program, "clerk1")
    assert program.raw.get_cookie("session") is None
    assert program.get("/api/v1/workers/", headers=header).json["count"] > 50
    added = program.post("/api/v1/workers/", json=NEW, headers=header)
    assert added.status == 201
    assert count(portal, NEW["name"]) == 1
    with portal.app_context():
        told = "SELECT actor FROM audit_entries WHERE row_label = :name AND action = 'insert'"
        assert db.session.execute(text(told), {"name": NEW["name"]}).scalar_one() == "clerk1"
    foreign = program.post(
        "/api/v1/workers/", json=NEW | {"grid_code": "42010200299002"}, headers=header
    )
    assert foreign.status == 422


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "{refresh}", "{forged}"])
def test_other_tokens_open_nothing(client_as, token):
    program = client_as(None)
    header, tokens = signed_in(program, "clerk1", refresh=True)
    access = tokens["access_token"]
    forged = access[:-4] + ("AAAA" if access[-4:] != "AAAA" else "BBBB")
    text_ = token.format(refresh=tokens["refresh_token"], forged=forged)
    for answer in (
        program.get("/api/v1/workers/", headers={"Authorization": f"Bearer {text_}"}),
        program.post("/api/v1/workers/", json=NEW, headers={"Authorization": f"Bearer {text_}"}),
    ):
        assert answer.status == 401
        assert set(answer.json) == {"message", "fields"}
    assert program.get("/api/v1/workers/", headers=header).status == 200
    assert client_as(None).get("/workers/list/", headers=header).status == 302  # pages: no tokens


def test_tokens_end_with_the_password_and_the_account(portal, client_as):
    program = client_as(None)
    header, tokens = signed_in(program, "clerk2", refresh=True)
    again = {"Authorization": f"Bearer {tokens['refresh_token']}"}
    renewed = program.post("/api/v1/security/refresh", headers=again)
    assert renewed.status == 200
    person = client_as("clerk2")
    typed = {"current": PASSWORD, "password": OTHER_PASSWORD, "again": OTHER_PASSWORD}
    assert person.submit("/resetmypassword/form", typed).status == 302
    fresh = {"Authorization": f"Bearer {renewed.json['access_token']}"}
    for ended in (header, fresh):
        assert program.get("/api/v1/workers/", headers=ended).status == 401
    assert program.post("/api/v1/security/refresh", headers=again).status == 401
    header, _tokens = signed_in(program, "clerk3")
    with portal.app_context():
        db.session.execute(
            text("UPDATE ab_user SET active = :no WHERE username = 'clerk3'"), {"no": False}
        )
        db.session.commit()
    assert program.get("/api/v1/workers/", headers=header).status == 401


def test_who_must_change_the_password_gets_no_token(portal, client_as):
    admin = client_as("admin")
    with portal.app_context():
        found = text("SELECT id FROM ab_user WHERE username = 'clerk4'")
        user = db.session.execute(found).scalar_one()
    page = client_as("clerk4")
    typed = {"password": OTHER_PASSWORD, "again": OTHER_PASSWORD}
    assert admin.submit(f"/users/password/{user}", typed).status == 302
    sent = {"username": "clerk4", "password": OTHER_PASSWORD, "provider": "db"}
    assert client_as(None).post("/api/v1/security/login", json=sent).status == 401
    assert page.get("/api/v1/workers/").status == 401  # its session ended
    fresh = client_as(None)
    assert fresh.sign_in("clerk4", OTHER_PASSWORD).location == "/resetmypassword/form"
    answer = fresh.get("/api/v1/workers/")
    assert (answer.status, set(answer.json)) == (403, {"message", "fields"})


def test_private_numbers_are_masked_in_every_answer(portal, client_as):
    client = client_as("clerk1")
    key, phone = someone(portal, grid_code=CELL)
    header, path = csrf(client), f"/api/v1/workers/{key}"
    put = client.raw.put
    for answer in (
        client.raw.get(path),
        client.raw.get("/api/v1/workers/?q=(page_size:200)"),
        client.raw.get(f"{path}?q=(columns:!(phone))"),
        put(path, json={"name": "改名"}, headers=header),
        put(path, json={"phone": mask(phone)}, headers=header),  # as it was shown: it stays
    ):
        assert answer.status_code == 200
        assert mask(phone) in answer.text
        assert phone not in answer.text
    assert someone(portal, id=key) == (key, phone)
    fresh = client.post("/api/v1/workers/", json=NEW | {"phone": "15400009999"}, headers=header)
    assert fresh.json["result"]["phone"] == "154****9999"
    assert "15400009999" not in fresh.text
    assert someone(portal, id=fresh.json["id"])[1] == "15400009999"
    admin = client_as("admin")
    users = admin.get("/api/v1/users/?q=(page_size:200)")
    assert users.json["count"] > 80
    for private in ("@example", "@demo", "password", "scrypt", "pbkdf2"):
        assert private not in users.text


def test_hidden_columns_are_in_no_answer(portal, client_as):
    for view in (v for v in portal.appbuilder.baseviews if isinstance(v, EntityView)):
        who = {"audit": "auditor"}
        who |= dict.fromkeys(("users", "grants", "roles", "deliveries"), "admin")
        client = client_as(who.get(view.slug, "station"))
        listed = client.get(f"/api/v1/{view.slug}/")
        info = client.get(f"/api/v1/{view.slug}/_info")
        assert listed.status == info.status == 200
        for column in ("search_terms", "phone_index", "password"):
            assert column not in listed.json["list_columns"]
            assert column not in info.json["filters"]
        for column in view.entity.sensitive:
            assert column not in info.json["filters"]
            assert column not in listed.json["order_columns"]


def test_a_page_of_the_api_has_a_limit(client_as):
    client = client_as("station")
    for size, most in ((5, 5), (200, 200), (99999, 200), (-1, 200), (0, 25)):
        rows = client.get(f"/api/v1/workers/?q=(page_size:{size})").json["result"]
        assert 0 < len(rows) <= most
    first = client.get("/api/v1/workers/?q=(page_size:100)").json["ids"]
    second = client.get("/api/v1/workers/?q=(page_size:100,page:1)").json["ids"]
    assert len(set(first) | set(second)) == 200


def test_refusals_name_their_fields(portal, client_as):
    client = client_as("station")
    header = csrf(client)
    refused = client.post("/api/v1/workers/", json={"name": "", "origin": "planet"}, headers=header)
    assert refused.status == 422
    assert set(refused.json["fields"]) == {"name", "origin", "grid_code"}
    assert refused.json["message"]
    unknown = client.post("/api/v1/workers/", json=NEW | {"version": 9}, headers=header)
    assert set(unknown.json["fields"]) == {"version"}
    rule = {
        "public_phone": "027-10000001", "public_consent_on": None,
    }  # fmt: skip
    ruled = client.post("/api/v1/workers/", json=NEW | rule, headers=header)
    assert set(ruled.json["fields"]) == {"public_consent_on"}
    english = client_as("station", "en")
    told = english.post("/api/v1/workers/", json={}, headers=csrf(english)).json["fields"]["name"]
    assert told == ["Fill this in."]
    fixed = client.get("/api/v1/grids/?q=(page_size:1,page:5)").json["ids"][0]
    kept = client.raw.put(f"/api/v1/grids/{fixed}", json={"code": "420102002991"}, headers=header)
    assert set(kept.json["fields"]) == {"code"}
    assert count(portal, NEW["name"]) == 0


def test_roles_of_a_grant_are_those_that_may_be_granted(portal, client_as):
    admin = client_as("admin")
    header = csrf(admin)
    with portal.app_context():
        find = text("SELECT id FROM ab_user WHERE username = :name")
        care, own = (
            db.session.execute(find, {"name": name}).scalar_one() for name in ("care", "admin")
        )
    grant = {"user_id": care, "grid_code": "420102002990", "since": "2026-01-01"}
    for role in ("_internal", "CareOfficer", "GridWorker", "Public", "", "Admin "):
        answer = admin.post("/api/v1/grants/", json=grant | {"role": role}, headers=header)
        assert (role, answer.status) == (role, 422)
    for body in (grant | {"user_id": own, "role": "Station"},):
        assert admin.post("/api/v1/grants/", json=body, headers=header).status == 422
    made = admin.post("/api/v1/grants/", json=grant | {"role": "Clerk"}, headers=header)
    assert made.status == 201
    assert client_as("care").get("/workers/list/").status == 200
    gone = admin.raw.delete(f"/api/v1/grants/{made.json['id']}", headers=header)
    assert gone.status_code == 200
    assert client_as("care").get("/workers/list/").status == 403
    for slug in ("users", "roles", "audit", "settings"):
        assert admin.post(f"/api/v1/{slug}/", json={}, headers=header).status == 405


def test_the_description_is_for_people_who_may_sign_in(client_as):
    assert client_as(None).get("/api/v1/_openapi").status == 401
    answer = client_as("leader07").get("/api/v1/_openapi")
    assert "/api/v1/workers/{pk}" in answer.json["paths"]
    assert "phone_index" not in answer.text
    assert client_as("leader07").get("/api/v9/_openapi").status == 404
