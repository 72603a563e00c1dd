"""``/verify/<token>``: what a scanned card says, what a guess learns, and how it is slowed down."""

import json
import logging
import re
import secrets
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from portal import clock
from portal.app import create_app
from portal.extensions import db
from portal.models import Card, Post, Worker
from portal.rules import cards, photos
from portal.scope import SYSTEM, acting
from portal.views.public import verify
from tests.support.client import PageClient
from tests.support.counting import count_statements
from tests.support.photos import portrait

CELL = "4201020029900101001"
CHANGING = ("X-Request-ID", "Date")


@pytest.fixture
def card(portal):
    """Token, number and name of the card of the grid worker of a cell."""
    with portal.app_context():
        found = one_card()
        return found.token, found.number, found.worker.name


def one_card():
    """The card in force of the grid worker of CELL, with its worker."""
    found = (
        select(Card, Worker)
        .join(Worker, Worker.id == Card.worker_id)
        .join(Post, Post.worker_id == Worker.id)
        .where(Post.grid_code == CELL, Post.role == "grid_worker", Card.revoked_on.is_(None))
        .order_by(Card.id.desc())
    )
    row = db.session.execute(found).first()
    db.session.refresh(row[0], ["worker"])
    return row[0]


def change(portal, **values):
    """Change the card or, with names that it has not, its worker."""
    with portal.app_context(), acting(SYSTEM):
        row = one_card()
        for name, value in values.items():
            setattr(row if hasattr(row, name) else row.worker, name, value)
        db.session.commit()


@pytest.mark.one_engine
@pytest.mark.parametrize(("language", "word"), [(None, "此证有效"), ("en", "This card is valid")])
def test_a_valid_card_says_so_with_name_post_grid_and_picture(client_as, card, language, word):
    token, number, name = card
    page = client_as(language=language).get(f"/verify/{token}")
    assert page.status == 200
    assert page.h1 == word
    for text in (number, name, "北辰坊"):
        assert text in page.one("main").get_text()
    assert page.one(".bearer img")["src"].startswith("/directory/portraits/")
    assert "tel:110" in page.links("main a")
    assert f"/directory/{CELL}" in page.links("main a")
    assert page.headers["Cache-Control"] == "no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"
    assert "Set-Cookie" not in page.headers


def test_a_revoked_card_says_so_at_once(portal, client_as, card):
    token, number, _name = card
    visitor, station = client_as(), client_as("station")
    assert visitor.get(f"/verify/{token}").one(".verdict")["class"] == ["verdict", "valid"]
    with portal.app_context():
        key = one_card().id
    done = station.submit(f"/cards/revoke/{key}", {"reason": "lost"})
    assert done.status == 302
    page = visitor.get(f"/verify/{token}")
    assert page.one(".verdict")["class"] == ["verdict", "revoked"]
    assert page.h1 == "此证已作废"
    assert number in page.text


def test_an_expired_card_says_since_when(portal, client_as, card):
    with portal.app_context():
        today = clock.today()
    change(portal, issued_on=date(2020, 1, 1), expires_on=today - timedelta(days=1))
    page = client_as(language="en").get(f"/verify/{card[0]}")
    assert page.h1 == "This card has expired"
    assert f"{today - timedelta(days=1):%Y}" in page.one(".verdict").get_text()
    change(portal, expires_on=today)  # its last day counts
    assert client_as(language="en").get(f"/verify/{card[0]}").h1 == "This card is valid"


def test_without_consent_only_number_and_grid_are_told(portal, client_as, card, work):
    token, number, name = card
    with portal.app_context(), acting(SYSTEM):
        photos.set_photo(db.session, one_card().worker, portrait(), "x.jpg")
        db.session.commit()
    client = client_as()
    page = client.get(f"/verify/{token}")
    address = page.one(".bearer img")["src"]
    assert re.fullmatch(r"/directory/photos/[0-9a-f]{64}\.jpg", address)
    answer = client.get(address)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert address in client.get(f"/directory/{CELL}").text
    change(portal, portrait=None, public_consent_on=None, public_phone=None)
    hidden = client.get(f"/verify/{token}")
    assert hidden.h1 == "此证有效"
    assert number in hidden.text
    assert name not in hidden.text
    assert not hidden.soup.select(".bearer img")
    assert client.get(address).status == 404  # at once
    assert address not in client.get(f"/directory/{CELL}").text


def test_a_post_that_is_not_public_hides_the_person_too(portal, client_as, card):
    token, number, name = card
    with portal.app_context(), acting(SYSTEM):
        for post in db.session.scalars(select(Post).where(Post.worker_id == one_card().worker_id)):
            post.public = False
        db.session.commit()
    page = client_as().get(f"/verify/{token}")
    assert (page.h1, name in page.text, number in page.text) == ("此证有效", False, True)


def test_a_post_that_ended_by_its_date_needs_no_job(portal, client_as, card):
    """Written past the session, as an import does: nobody has revoked the card yet."""
    with portal.app_context():
        worker, day = one_card().worker_id, clock.today() - timedelta(days=1)
        posts = Post.__table__
        with db.engine.begin() as connection:
            connection.execute(posts.update().where(posts.c.worker_id == worker).values(until=day))
        db.session.rollback()
        assert one_card().revoked_on is None
    page = client_as().get(f"/verify/{card[0]}")
    assert page.h1 == "此证已作废"
    assert card[2] not in page.text


def near_misses(token):
    """Tokens that differ from a real one by little, and garbage."""
    other = "A" if token[-1] != "A" else "B"
    at = next(place for place in range(len(token)) if token[place] != token[place + 1])
    swapped = token[:at] + token[at + 1] + token[at] + token[at + 2 :]
    return [
        token[:-1] + other, token[:-1], token + "A", token.swapcase(), swapped, token[::-1],
        f"{token}/", f"{token}%20", token.replace(token[5], "*"), "-", "x", "0", "nobody", "..",
        "a/b/c", "a" * 3000, "%27%20OR%201=1--", "照片", "<script>", secrets.token_urlsafe(32),
    ]  # fmt: skip


def told(page):
    """Everything that a visitor gets, without what changes with every request."""
    kept = {name: value for name, value in page.headers.items() if name not in CHANGING}
    return page.status, page.body, kept


def test_near_misses_and_garbage_get_the_same_answer(portal, client_as, card):
    client = client_as()
    answers = [client.get(f"/verify/{guess}") for guess in near_misses(card[0])]
    first = told(answers[0])
    assert first[0] == 404
    assert all(told(answer) == first for answer in answers)
    assert card[2] not in answers[0].text
    assert told(client.get("/verify/")) == first
    english = client_as(language="en")
    assert english.get("/verify/x").h1 == "This is no card of ours"


def test_every_guess_takes_the_same_statements(portal, client_as, card):
    client, counts = client_as(), set()
    for guess in near_misses(card[0]):
        with count_statements(portal) as statements:
            client.get(f"/verify/{guess}", check=False)
        counts.add(tuple(re.sub(r"\s+", " ", str(one)) for one in statements))
    assert len(counts) == 1
    with count_statements(portal) as statements:
        client.get(f"/verify/{card[0]}")
    assert len(statements) <= 5


@pytest.fixture
def limited(portal, valkey):
    """The application with its limits."""
    built = create_app({"TESTING": True, "RATELIMIT_ENABLED": True})
    yield built
    with built.app_context():
        db.engine.dispose()


@pytest.mark.one_engine
def test_ten_thousand_guesses_learn_nothing_and_are_slowed_down(portal, limited, card):
    token, number, name = card
    guesses = [*near_misses(token), *(secrets.token_urlsafe(32) for _guess in range(9_980))]
    client, found, bodies = limited.test_client(), {}, {}
    for guess in guesses:
        answer = client.get(f"/verify/{guess}")
        found[answer.status_code] = found.get(answer.status_code, 0) + 1
        bodies.setdefault(answer.status_code, set()).add(answer.data)
        if answer.status_code == 429:
            assert int(answer.headers["Retry-After"]) >= 1
    assert sum(found.values()) == 10_000
    assert set(found) == {404, 429}
    assert found[404] <= 60  # of an hour, however many minutes the test took
    assert len(bodies[404]) == len(bodies[429]) == 1
    for body in (*bodies[404], *bodies[429]):
        assert name not in body.decode()
        assert number not in body.decode()
        assert "北辰坊" not in body.decode()
    # The guesser waits for real cards too; somebody at another address does not.
    assert client.get(f"/verify/{token}").status_code == 429
    visitor = PageClient(limited)
    page = visitor.get(f"/verify/{token}", environ_overrides={"REMOTE_ADDR": "127.0.0.9"})
    assert (page.status, page.h1) == (200, "此证有效")


@pytest.mark.one_engine
def test_many_addresses_that_guess_together_get_fewer_guesses_each(
    portal, limited, card, monkeypatch
):
    monkeypatch.setattr(verify, "BRAKE", verify.parse("20 per hour"))
    client = limited.test_client()

    def guess(address, count):
        where = {"REMOTE_ADDR": address}
        return [
            client.get("/verify/x", environ_overrides=where).status_code for _guess in range(count)
        ]

    for number in range(4):
        assert guess(f"127.0.1.{number}", 5) == [404] * 5
    assert guess("127.0.2.1", 5) == [404] * 3 + [429] * 2
    visitor = PageClient(limited)
    page = visitor.get(f"/verify/{card[0]}", environ_overrides={"REMOTE_ADDR": "127.0.3.1"})
    assert page.status == 200


@pytest.mark.one_engine
def test_a_lost_queue_server_stops_nobody(portal, card):
    lost = create_app(
        {
            "TESTING": True,
            "RATELIMIT_ENABLED": True,
            "RATELIMIT_STORAGE_URI": "redis+unix:///nonexistent/valkey.sock",
        }
    )
    client = PageClient(lost)
    assert client.get(f"/verify/{card[0]}").status == 200
    assert client.get("/verify/x").status == 404
    with lost.app_context():
        db.engine.dispose()


@pytest.mark.one_engine
def test_the_log_keeps_no_token(portal, client_as, card, caplog):
    with caplog.at_level(logging.INFO):
        client_as().get(f"/verify/{card[0]}")
        client_as().get("/verify/guessed-token")
    lines = [json.loads(r.getMessage()) for r in caplog.records if r.name == "portal.request"]
    assert [line["path"] for line in lines] == ["/verify/…"] * 2
    assert card[0] not in caplog.text


@pytest.mark.one_engine
def test_a_token_is_long_and_random():
    tokens = {cards.new_token() for _token in range(1000)}
    assert len(tokens) == 1000
    assert {len(token) for token in tokens} == {43}  # 32 bytes in base64


@pytest.mark.browser
def test_the_page_is_accessible_and_fits_a_telephone(portal, visit, card):
    for scripts in (True, False):
        visitor = visit(phone=True, scripts=scripts)
        for path in (f"/verify/{card[0]}", "/verify/x"):
            visitor.page.goto(path)
            width = visitor.page.evaluate("document.documentElement.scrollWidth") if scripts else 0
            assert width <= 390
            if scripts:
                assert visitor.axe() == []
