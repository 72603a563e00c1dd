"""What people type is shown as text, on every page that shows it."""

import pytest

from portal.extensions import db
from portal.models import Grid, Worker

EVIL = "<img src=x onerror=alert(1)>\"'&{{7*7}}%s"
CELL, COMMUNITY = "4201020029900101001", "420102002990"


def shown_as_text(page):
    """Assert that the typed markup is on the page, and is no markup."""
    assert page.status in (200, 400)
    assert "<img src=x" not in page.text
    assert not page.soup.select("[onerror]")
    assert EVIL in page.soup.get_text() + "".join(
        str(value) for tag in page.soup.find_all(True) for value in tag.attrs.values()
    )


@pytest.mark.one_engine
def test_names_of_records_are_text_everywhere(portal, client_as):
    client = client_as("station")
    typed = {"name": EVIL, "grid": CELL, "origin": "volunteer"}
    published = {"public_phone": "027-10009999", "public_consent_on": "2026-01-05"}
    added = client.submit("/workers/add", typed | published)
    assert added.status == 302
    key = added.location.rsplit("/", 1)[1]
    shown_as_text(client.get(added.location))  # with the message that it was added
    for path in (f"/workers/{page}/{key}" for page in ("show", "edit", "delete", "reveal")):
        shown_as_text(client.get(path + ("/phone" if "reveal" in path else "")))
    shown_as_text(client.get("/workers/list/", query_string={"q": EVIL}))
    shown_as_text(client.get("/workers/list/", query_string={"q": "<img"}))
    refused = client.submit("/workers/add", typed | {"origin": "", "public_phone": EVIL})
    shown_as_text(refused)
    captain = {"name": EVIL, "kind": "patrol", "grid": "42010200299001", "captain": key}
    team = client.submit("/teams/add", captain)
    shown_as_text(client.get(team.location))
    shown_as_text(client.get("/teams/list/?kind=patrol&order=-name&size=200"))
    unclear = client.submit("/teams/add", captain | {"captain": f"qqq {EVIL}"})
    shown_as_text(unclear)
    post = {
        "worker": key, "grid": CELL, "post_role": "volunteer", "basis": "volunteer",
        "since": "2026-01-05", "public": "y",
    }  # fmt: skip
    held = client.submit("/posts/add", post)
    assert held.status == 302
    shown_as_text(client.get(held.location))
    with portal.app_context():
        grid = db.session.query(Grid.id).filter_by(code=CELL).scalar()
    shown_as_text(client.get(f"/grids/show/{grid}"))
    asked = client.get("/logout/").form() | {"action": "remove", "rowid": key}
    preview = client.post("/workers/action_post", asked)
    shown_as_text(preview)
    log = client_as("auditor").get("/audit/list/?q=img")
    shown_as_text(log)
    shown_as_text(client_as(None).get(f"/directory/{CELL}"))


@pytest.mark.one_engine
def test_addresses_are_text_too(portal, client_as):
    client = client_as("station")
    for name in ("q", "origin", "grid_code", "order", "after", "preset"):
        page = client.get("/workers/list/", query_string={name: EVIL})
        assert "<img src=x" not in page.text
    for path in (f"/grids/show/{EVIL}", f"/directory/{EVIL}", f"/{EVIL}"):
        for visitor in (client, client_as(None)):
            page = visitor.get(path, check=False)
            assert page.status in (302, 400, 404)
            assert "<img src=x" not in page.text
    stranger = client_as(None)
    page = stranger.submit("/login/", {"username": EVIL, "password": "x"})
    shown_as_text(page)
    shown_as_text(stranger.get("/directory/", query_string={"q": EVIL}))


def told(answer):
    """The name in an answer of the lookup or the API."""
    if "items" in answer:
        return answer["items"][0]["label"]
    return answer["result"]["name"]


@pytest.mark.one_engine
def test_lookups_and_rest_answer_as_json(portal, client_as):
    client = client_as("station")
    header = {"X-CSRFToken": client.get("/logout/").form()["csrf_token"]}
    body = {"name": EVIL, "grid_code": CELL, "origin": "volunteer"}
    made = client.post("/api/v1/workers/", json=body, headers=header)
    for answer in (
        made,
        client.get(f"/api/v1/workers/{made.json['id']}"),
        client.get("/workers/lookup/?for=Post&q=%3Cimg"),
    ):
        assert answer.headers["Content-Type"].startswith("application/json")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert EVIL in told(answer.json)
    with portal.app_context():
        assert db.session.get(Worker, made.json["id"]).name == EVIL
