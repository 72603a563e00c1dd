"""The inbox: what one was told, in one's own language, seen by nobody else."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from jobs import tidy
from portal import clock, scope
from portal.extensions import db
from portal.models import Message, User
from portal.rules import inbox
from tests.support.counting import count_statements

DONE = {"what": "documents", "done": 3, "failed": 1, "total": 4}


def key_of(name):
    """The key of an account."""
    return db.session.scalar(select(User.id).where(User.username == name))


@pytest.fixture
def tell(portal):
    """``tell("worker07", url="/desk/", times=2)`` puts messages into an inbox; their keys."""

    def tell(name, url="/desk/", times=1, kind="task_done", params=DONE):
        with portal.app_context(), scope.acting(scope.SYSTEM):
            user_id = key_of(name)
            for _number in range(times):
                inbox.notify(db.session, [user_id], kind, params, url)
            db.session.commit()
            newest = (
                select(Message.id).where(Message.user_id == user_id).order_by(Message.id.desc())
            )
            return list(db.session.scalars(newest.limit(times)))

    return tell


def unread_of(portal, name):
    """How many messages the account has not read."""
    with portal.app_context():
        return inbox.unread(db.session, key_of(name))


def test_newest_first_unread_marked_in_words(client_as, tell):
    tell("worker07", params=DONE | {"done": 1})
    tell("worker07", params=DONE | {"done": 2})
    page = client_as("worker07", "en").get("/inbox/")
    rows = page.soup.select(".letters li")
    assert [row.p.get_text()[:1] for row in rows] == ["2", "1"]
    assert "Batch of documents: finished" in rows[0].get_text()
    assert all("Unread" in row.get_text() for row in rows)
    assert "2 unread" in page.one(".head").get_text()
    chinese = client_as("worker07").get("/inbox/")
    assert "未读" in chinese.soup.select(".letters li")[0].get_text()


def test_opening_marks_read_and_leads_to_the_thing(portal, client_as, tell):
    first, second = tell("worker07", "/account/", times=2)
    client = client_as("worker07")
    answer = client.submit(f"/inbox/open/{second}", page="/inbox/")
    assert (answer.status, answer.location) == (302, "/account/")
    assert unread_of(portal, "worker07") == 1
    unread = client.get("/inbox/?show=unread").text
    assert f"/inbox/open/{first}" in unread and f"/inbox/open/{second}" not in unread


def test_looking_marks_nothing_and_a_link_cannot_open(portal, client_as, tell):
    (key,) = tell("worker07")
    client = client_as("worker07")
    client.get("/inbox/")
    assert client.get(f"/inbox/open/{key}").status == 405
    assert client.post(f"/inbox/open/{key}", {}).status == 400  # without the token of a page
    assert unread_of(portal, "worker07") == 1


def test_messages_of_others_are_not_there(portal, client_as, tell):
    (key,) = tell("worker07")
    stranger = client_as("station")
    tell("station")
    page = stranger.get("/inbox/")
    assert len(page.soup.select(".letters li")) == 1
    for number in (key, 999_999, 2**40):
        assert stranger.submit(f"/inbox/open/{number}", page="/inbox/").status == 404
    stranger.submit("/inbox/read", page="/inbox/", action="/inbox/read")
    assert unread_of(portal, "worker07") == 1
    assert unread_of(portal, "station") == 0


@pytest.mark.parametrize("url", [None, "https://example.org/", "//example.org/", "/\\example.org"])
def test_a_message_never_leads_out_of_the_portal(client_as, tell, url):
    (key,) = tell("worker07", url)
    answer = client_as("worker07").submit(f"/inbox/open/{key}", page="/inbox/")
    assert answer.location == "/inbox/"


def test_all_read_at_once_but_not_what_came_since(portal, client_as, tell):
    tell("worker07", times=3)
    client = client_as("worker07")
    form = client.get("/inbox/").form("/inbox/read")
    tell("worker07")
    assert client.post("/inbox/read", form).location == "/inbox/"
    assert unread_of(portal, "worker07") == 1
    assert client.post("/inbox/read", {**form, "newest": "x"}).status == 400


def test_the_count_stands_in_the_header_of_every_page(client_as, tell):
    client = client_as("worker07", "en")
    assert "nothing unread" in client.get("/desk/").one(".bell").get_text()
    tell("worker07", times=2)
    for path in ("/desk/", "/grids/list/", "/account/", "/grids/show/999999"):
        bell = client.get(path).one(".bell")
        assert "2 unread messages" in bell.get_text()
        assert bell["href"] == "/inbox/"
    tell("worker07", times=120)
    assert client.get("/desk/").one(".bell .count").get_text() == "99+"
    assert not client_as(None).get("/login/").soup.select(".bell")


def test_paging_shows_every_message_once_within_the_budget(portal, client_as, tell):
    tell("worker07", times=60)
    client = client_as("worker07")
    seen, path, counts = [], "/inbox/", []
    while path:
        with count_statements(portal) as statements:
            page = client.get(path)
        counts.append(len(statements))
        assert len(page.body) < 40 * 1024
        seen += [b["formaction"] for b in page.soup.select(".letters button")]
        path = next(iter(page.links("a[rel=next]")), None)
    assert len(seen) == len(set(seen)) == 60
    assert max(counts) <= 6
    assert client.get("/inbox/?after=x").status == 400


def test_words_follow_the_reader_and_old_values_do_not_break_the_page(client_as, tell):
    tell("worker07", kind="task_failed", params={"what": "import", "error": "fault"})
    tell("worker07", kind="task_failed", params={"error": '["Fill this in.", {}]'})
    tell("worker07", kind="of_a_later_version", params={})
    for language in ("en", "zh_Hans_CN"):
        page = client_as("worker07", language).get("/inbox/")
        assert page.status == 200
    assert "请填写" in page.text and "Fill this in" not in page.text


def test_read_messages_go_after_their_time(portal, tell):
    tell("worker07", times=2)
    with portal.app_context(), scope.acting(scope.SYSTEM):
        old = clock.now() - timedelta(days=181)
        first, second = db.session.scalars(select(Message).order_by(Message.id))
        first.read_at = first.created_at = second.created_at = old  # the second was never read
        db.session.commit()
        assert tidy.nightly("")["messages"] == 1
        assert db.session.scalar(select(func.count(Message.id))) == 1
        assert tidy.nightly("")["messages"] == 0
