"""The report form opens without a connection, sends once afterwards, shows nothing of anybody."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from portal import clock, scope
from portal.extensions import db
from portal.models import AccountGrant, Matter, MatterCategory, User
from tests.support.client import PageClient

REPORT, SHELL = "/matters/report", "/matters/report-offline"
CELL = "4201020029900102003"


@pytest.fixture
def about(portal):
    """The key of a category of the short list."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        return str(db.session.scalar(select(MatterCategory.id).filter_by(code="DI0201")))


def reported(portal):
    """Sentence, grid and account of what was reported."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        found = select(Matter.summary, Matter.grid_code, Matter.user_id).order_by(Matter.id)
        return [tuple(row) for row in db.session.execute(found)]


def opened(visitor):
    """Once with a connection, until the worker keeps the shell."""
    page = visitor.page
    page.goto(REPORT)
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function(
        "async () => (await caches.keys()).length === 1"
        " && navigator.serviceWorker.controller !== null"
    )
    return page


def write(page, about, summary):
    page.select_option("#common", about)
    page.fill("#summary", summary)
    page.click("#offline [type=submit]")
    page.locator("#told .note").wait_for()


@pytest.mark.browser
def test_it_opens_without_a_connection_and_sends_once_afterwards(portal, visit, about):
    visitor = visit("worker07", phone=True)
    page = opened(visitor)
    page.goto("/desk/")
    visitor.context.set_offline(True)
    page.goto(REPORT)
    page.locator("#offline").wait_for()
    assert visitor.axe() == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert page.locator("#where").is_hidden()  # in one's own grid
    page.click("#offline [type=submit]")
    expect(page.locator("#told .note.late")).to_be_visible()
    write(page, about, "楼道灯坏")
    expect(page.locator("#told .note.good")).to_be_visible()
    assert page.input_value("#summary") == ""
    write(page, about, "井盖破损")
    assert reported(portal) == []
    visitor.context.set_offline(False)  # the page hears of it and goes to the form
    page.locator("form[data-report]").wait_for()
    expect(page.locator("#told .note.good")).to_have_count(2)
    assert [row[:2] for row in reported(portal)] == [("楼道灯坏", CELL), ("井盖破损", CELL)]
    page.reload()
    page.wait_for_timeout(500)
    assert len(reported(portal)) == 2


@pytest.mark.browser
def test_what_is_half_written_is_not_taken_away(visit, about):
    visitor = visit("worker07", phone=True)
    page = opened(visitor)
    visitor.context.set_offline(True)
    page.goto(REPORT)
    page.fill("#summary", "写了一半")
    visitor.context.set_offline(False)
    expect(page.locator("#told .note.good a")).to_have_attribute("href", REPORT)
    assert page.input_value("#summary") == "写了一半"


@pytest.mark.browser
def test_of_whoever_was_here_the_shell_shows_nothing(portal, visit, about):
    visitor = visit("worker07", phone=True)
    page = opened(visitor)
    page.select_option("#common", about)
    page.fill("#summary", "三楼漏水")  # a draft
    visitor.context.set_offline(True)
    page.goto("about:blank")
    page.goto(REPORT)
    page.locator("#offline").wait_for()
    write(page, about, "等待发送")
    page.goto("about:blank")
    page.goto(REPORT)
    page.locator("#offline").wait_for()
    text = page.inner_text("body") + page.locator("#grid").input_value()
    for told in ("三楼漏水", "等待发送", "worker07", CELL):
        assert told not in text
    assert page.input_value("#summary") == ""
    kept = page.evaluate("""async () => {
        const cache = await caches.open((await caches.keys())[0]);
        const all = await cache.keys();
        return Promise.all(all.map(async (one) => (await cache.match(one)).text()));
    }""")
    urls = page.evaluate("""async () => {
        const cache = await caches.open((await caches.keys())[0]);
        return (await cache.keys()).map((one) => new URL(one.url).pathname);
    }""")
    assert {url for url in urls if not url.startswith("/static/")} == {SHELL}
    assert not any("csrf" in text or CELL in text or "三楼漏水" in text for text in kept)


@pytest.mark.browser
def test_signing_out_takes_it_away(visit, about):
    visitor = visit("worker07", phone=True)
    page = opened(visitor)
    page.goto("/logout/")
    page.locator("main form [type=submit]").click()
    page.wait_for_url("**/login/**")
    page.wait_for_function("""async () => (await caches.keys()).length === 0
        && (await navigator.serviceWorker.getRegistrations()).length === 0
        && localStorage.getItem('portal-report-form') === null""")


@pytest.mark.browser
def test_what_somebody_wrote_after_the_session_ended_is_looked_at_first(
    portal, visit, about, client_as
):
    visitor = visit("worker07", phone=True)
    page = opened(visitor)
    mark = page.locator("form[data-report]").get_attribute("data-session")
    visitor.context.set_offline(True)
    page.goto(REPORT)
    write(page, about, "谁写的")
    page.fill("#summary", "还没写完")  # so that it stays where it is
    visitor.context.set_offline(False)
    page.locator("#told .note.good a").wait_for()
    # A new session of the same account.
    other = client_as("worker07")
    again = other.get(REPORT).one("form[data-report]")["data-session"]
    assert again != mark
    cookie = other.raw.get_cookie("session")
    visitor.context.add_cookies([
        {"name": "session", "value": cookie.value, "url": visitor.address}
    ])  # fmt: skip
    page.goto(REPORT)
    note = page.locator("#told .note.late")
    note.wait_for()
    assert "谁写的" in note.inner_text()
    assert reported(portal) == []
    note.locator("button").first.click()
    expect(page.locator("#summary")).to_have_value("谁写的")
    page.click("form[data-report] [type=submit]")
    page.locator("#told .note.good").wait_for()
    assert [row[0] for row in reported(portal)] == ["谁写的"]


@pytest.mark.browser
def test_a_slip_or_a_round_does_not_say_where_the_next_one_is(portal, visit, about):
    visitor = visit("station", phone=True)
    page = opened(visitor)
    page.goto("/matters/paste")
    page.fill("#text", f"工单编号：HN-1\n诉求内容：漏水\n网格编码：{CELL}")
    with page.expect_navigation():  # with its scripts
        page.click("main form [type=submit]")
    page.locator("form[data-slip]").wait_for()
    assert page.input_value("#grid") == CELL
    visitor.context.set_offline(True)
    page.goto(REPORT)
    page.locator("#offline").wait_for()
    known = page.evaluate("JSON.parse(localStorage.getItem('portal-report-form')).values")
    assert known["channel"] != "superior" and known["grid"] != CELL


@pytest.mark.browser
def test_whoever_has_several_grids_is_asked_for_one(portal, visit, about):
    with portal.app_context(), scope.acting(scope.SYSTEM):
        user = db.session.scalars(select(User.id).where(User.username == "clerk1")).one()
        db.session.add(AccountGrant(
            user_id=user, role="Clerk", grid_code="42010200299002", since=clock.today()
        ))  # fmt: skip
        db.session.commit()
    visitor = visit("clerk1", phone=True)
    page = opened(visitor)
    visitor.context.set_offline(True)
    page.goto(REPORT)
    page.locator("#offline").wait_for()
    page.select_option("#common", about)
    page.fill("#summary", "楼道灯坏")
    page.click("#offline [type=submit]")
    expect(page.locator("#told .note.late")).to_contain_text("网格")
    assert page.evaluate("document.activeElement.id") == "grid"
    assert not page.evaluate("Object.keys(localStorage).some(one => one.includes('queue'))")
    page.fill("#grid", CELL)
    page.click("#offline [type=submit]")
    expect(page.locator("#told .note.good")).to_be_visible()
    visitor.context.set_offline(False)
    page.locator("form[data-report]").wait_for()
    expect(page.locator("#told .note.good")).to_have_count(1)
    assert [row[:2] for row in reported(portal)] == [("楼道灯坏", CELL)]


def test_the_shell_is_the_same_for_everybody(client_as: Callable[..., PageClient]) -> None:
    pages = [client_as(name).get(SHELL) for name in (None, "worker07", "station")]
    assert len({page.text for page in pages}) == 1
    assert "csrf" not in pages[1].text and "worker07" not in pages[1].text
    policy = pages[1].headers["Content-Security-Policy"]
    assert "nonce" not in policy and "script-src 'self'" in policy
    script = client_as("worker07").get("/matters/report-worker.js", check=False)
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert script.headers["Cache-Control"] == "no-cache"
    assert SHELL in script.text and "/matters/list" not in script.text


def test_the_form_itself_is_never_stored(client_as: Callable[..., PageClient]) -> None:
    assert client_as("worker07").get(REPORT).headers["Cache-Control"] == "no-store"
