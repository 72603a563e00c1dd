"""Electronic ledgers: what stands in them for whom, on the screen, as a spreadsheet, on paper."""

import csv as csv_files
import io
from dataclasses import replace
from datetime import UTC, date, datetime

import openpyxl
import pytest
from sqlalchemy import select

from portal import clock
from portal.documents.ledger import ledger_html, render_ledger
from portal.documents.template import HTML_LANG
from portal.errors import Forbidden, OutOfScope, RuleError
from portal.extensions import db
from portal.models import AccountGrant, AuditEntry, Matter, WorkOrder
from portal.rules import ledgers
from portal.rules.confidential import sees_all
from portal.rules.defaults import FOLDER
from portal.rules.ledgers import Order, books, period_of
from portal.scope import SYSTEM, acting
from tests.support.counting import count_statements
from tests.support.matters import AREA, BLOCK, CELL, COMMUNITY, id_of, rows_at, who
from tests.support.pdf import check_pdf, read_pdf, squeezed
from tests.support.uploads import AREA_2

MARCH = datetime(2019, 3, 10, 2, tzinfo=UTC)
YEAR = period_of("2019")
FEW = "不含限定知悉范围的事项，由承办人员另行登记。"


def put(session, number, **more):
    """An order in CELL in March unless it says otherwise."""
    code = more.pop("grid_code", CELL)
    own = {name: more.pop(name) for name in ("grade", "state", "assignee_id") if name in more}
    with acting(SYSTEM):
        order = rows_at(session, code, number, **{"reported_at": MARCH} | more)["work-orders"]
        for name, value in own.items():
            setattr(order, name, value)
        session.flush()
    return order


def numbers(session, username, code="L09", grid=COMMUNITY, period=YEAR):
    """The numbers that stand in a ledger for somebody, shortened."""
    with acting(who(session, username)):
        found = session.scalars(
            select(WorkOrder.number).where(ledgers.condition(books()[code], period, grid))
        )
        return sorted(number.rsplit("-", 1)[1] for number in found)


def test_the_ledgers_are_those_of_the_file():
    with (FOLDER / "ledgers.csv").open(encoding="utf-8") as file:
        lines = {line["code"]: line for line in csv_files.DictReader(file)}
    assert list(books()) == ["L09", "L10", "L12", "L13", "L14", "L15"]
    for code, book in books().items():
        assert (book.zh, book.en) == (lines[code]["zh"], lines[code]["en"])
        assert book.replaces == lines[code]["replaces_paper"]
        assert book.confidential == lines[code]["confidential"]
    assert books()["L13"].kinds == ("letter", "complaint")


def test_a_ledger_holds_its_kinds_its_period_its_grid(session):
    put(session, "in")
    put(session, "early", reported_at=datetime(2019, 2, 28, 15, 59, tzinfo=UTC))
    put(session, "first", reported_at=datetime(2019, 2, 28, 16, 0, tzinfo=UTC))
    put(session, "last", reported_at=datetime(2019, 3, 31, 15, 59, tzinfo=UTC))
    put(session, "late", reported_at=datetime(2019, 3, 31, 16, 0, tzinfo=UTC))
    put(session, "hazard", kind="hazard")
    put(session, "other", grid_code=f"{AREA_2}01001")
    put(session, "void").void = True
    session.flush()
    march = period_of("2019-03")
    assert numbers(session, "station", period=march) == ["first", "in", "last", "other"]
    assert numbers(session, "station", grid=BLOCK, period=march) == ["first", "in", "last"]
    assert numbers(session, "station", "L10") == ["hazard"]
    assert numbers(session, "area1", grid=AREA, period=march) == ["first", "in", "last"]


def test_who_may_not_see_a_matter_never_finds_it_in_a_ledger(session):
    put(session, "open")
    put(session, "few", visibility="restricted")
    about = put(session, "about", kind="complaint", grid_code=BLOCK, visibility="restricted",
                about_user_id=id_of(session, "block02"))  # fmt: skip
    session.flush()
    assert numbers(session, "station") == ["few", "open"]
    assert numbers(session, "leader07", grid=CELL) == ["few", "open"]
    for username in ("worker07", "clerk1", "area1", "leader", "block02"):
        grid = {"worker07": CELL, "block02": BLOCK}.get(username, AREA)
        assert numbers(session, username, grid=grid) == ["open"], username
    assert numbers(session, "station", "L13") == ["about"]
    assert numbers(session, "block02", "L13", grid=BLOCK) == []
    assert about.number.endswith("about")
    for grid in (AREA_2, COMMUNITY):
        with acting(who(session, "clerk1")), pytest.raises(OutOfScope):
            ledgers.condition(books()["L09"], YEAR, grid)
    with acting(who(session, "area1")), pytest.raises(Forbidden):
        list(ledgers.walk(session, books()["L09"], YEAR, AREA))


@pytest.mark.one_engine
@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("2026", (2026, 1, 1), (2026, 12, 31)),
        ("2026-Q1", (2026, 1, 1), (2026, 3, 31)),
        ("2026Q4", (2026, 10, 1), (2026, 12, 31)),
        ("2024-02", (2024, 2, 1), (2024, 2, 29)),
        ("2026-12", (2026, 12, 1), (2026, 12, 31)),
    ],
)
def test_periods(name, first, last):
    period = period_of(name)
    assert (period.first, period.last) == (date(*first), date(*last))


@pytest.mark.one_engine
@pytest.mark.parametrize("name", ["2026-13", "Q1", "２０２６", "20260", "1999", "2026-Q5"])
def test_what_is_no_period(name):
    with pytest.raises(RuleError):
        period_of(name)


def test_a_page_is_walked_through_and_keeps_its_budget(client_as, portal):
    with portal.app_context(), acting(SYSTEM):
        session = db.session
        assignee = id_of(session, "worker07")
        for number in range(60):
            order = put(session, f"{number:04}", grade="general", state="handling",
                        assignee_id=assignee)  # fmt: skip
            order.result = "=HYPERLINK('x')"
        session.commit()
    client = client_as("station")
    address = "/ledgers/L09/?period=2019-03"
    with count_statements(portal) as statements:
        page = client.get(address)
    assert len(statements) <= 6, statements
    assert len(page.body) <= 40 * 1024
    seen, pages = [], 0
    while True:
        pages += 1
        seen += [tag.get_text() for tag in page.soup.select("tbody th")]
        further = page.links("a[rel=next]")
        if not further:
            break
        page = client.get(further[0])
    assert (pages, len(seen), len(set(seen))) == (3, 60, 60)
    assert len(client.get(page.links("a[rel=prev]")[0]).soup.select("tbody th")) == 25


def test_the_pages_name_the_paper_books(client_as):
    page = client_as("worker07").get("/ledgers/")
    assert "纠纷排查登记簿、调解登记簿" in page.text and "信访登记簿" in page.text
    assert len(page.soup.select("tbody tr")) == 6
    client = client_as("clerk1")
    assert client.get("/ledgers/L14/").status == 200
    assert client.get("/ledgers/L01/").status == 404
    assert client.get(f"/ledgers/L09/?grid_code={AREA_2}").status == 404
    assert client.get("/ledgers/L09/?grid_code=x1").status == 404
    assert client.get("/ledgers/L09/?period=nonsense").status == 400
    assert client.get("/ledgers/L09/?from=2019-03-02&to=2019-03-01").status == 400
    assert client.get("/ledgers/L09/?after=nonsense").status == 400
    assert client.get("/ledgers/L09/xlsx?period=nonsense").status == 400
    assert client_as("worker07").get("/ledgers/L09/xlsx").status == 403


def test_the_spreadsheet_has_the_fields_of_the_book_and_its_origin(client_as, portal):
    with portal.app_context(), acting(SYSTEM):
        order = put(db.session, "x1", state="closed", grade="general",
                    assignee_id=id_of(db.session, "worker07"))  # fmt: skip
        order.result, order.satisfaction = "=1+1", "satisfied"
        order.closed_at = MARCH
        few = put(db.session, "x2", visibility="restricted")
        db.session.get(Matter, few.matter_id).reporter_name = "张三丰"
        db.session.commit()
    client = client_as("clerk1")
    book = openpyxl.load_workbook(io.BytesIO(client.get("/ledgers/L09/xlsx?period=2019").body))
    rows = list(book.worksheets[0].values)
    assert len(rows[0]) == 13 and "原因" in rows[0]
    assert len(rows) == 2 and rows[1][0].endswith("x1") and "=1+1" in rows[1]
    about = str(list(book.worksheets[1].values))
    assert "2019年" in about and "内部" in about and FEW in about
    whole = str(rows) + about
    assert "张三丰" not in whole and "15400001111" not in whole
    with portal.app_context():
        labelled = AuditEntry.row_label == "L09 2019-01-01/2019-12-31"
        entry = db.session.scalars(select(AuditEntry).where(labelled)).one()
        assert (entry.actor, entry.action) == ("clerk1", "export")


def test_the_paper_is_drawn_in_the_queue_for_whoever_asked(client_as, portal, work):
    with portal.app_context(), acting(SYSTEM):
        for number in range(70):
            put(db.session, f"p{number:03}")
        put(db.session, "few", visibility="restricted")
        db.session.commit()
    client = client_as("clerk1")
    page = client.get("/ledgers/L09/?period=2019-03")
    form = next(tag for tag in page.soup.select("form") if "/pdf?" in tag.get("action", ""))
    answer = client.post(form["action"], {"csrf_token": form.select_one("input")["value"]})
    assert answer.status == 302
    work()
    data = client.get(f"{answer.location}/result").body
    text = squeezed(read_pdf(data).text)
    assert "p069" in text and "few" not in text and "纠纷" in text
    assert client_as("clerk2").get(f"{answer.location}/result").status == 404


@pytest.mark.parametrize("lang", ["zh_Hans_CN", "en"])
def test_the_paper_is_accessible_and_repeats_its_head(session, lang):
    for number in range(70):
        put(session, f"p{number:03}", summary="楼上卫生间漏水三天" * 8)
    put(session, "few", visibility="restricted")
    session.flush()
    order = Order("L09", "2019-03-01", "2019-03-31", "2019-03", AREA, lang)
    with acting(who(session, "clerk1")):
        record = ledgers.load(session, order)
    assert len(record.lines) == 70
    assert record.partial and record.printed_by == who(session, "clerk1").name
    assert record.period == {"en": "March 2019"}.get(lang, "2019年3月")
    data, pages = render_ledger(record)
    assert pages > 3
    facts = check_pdf(data, ledger_html(record), HTML_LANG[lang], drawn=False)
    assert set(facts.sizes) == {(297, 210)}
    assert squeezed(facts.running).count(squeezed(dict(record.heads)["summary"])) >= pages
    assert "15400001111" not in facts.running


def test_an_empty_ledger_says_so_and_a_long_one_is_refused(session, monkeypatch):
    with acting(who(session, "clerk1")):
        order = Order("L14", "2019-03-01", "2019-03-31", "2019-03", AREA, "zh_Hans_CN")
        told = ledger_html(ledgers.load(session, order))
        assert "这段时间没有记录" not in told
        assert "这段时间没有可显示的记录" in told and FEW in told
    with acting(who(session, "station")):
        told = ledger_html(ledgers.load(session, order))
        assert "这段时间没有记录" in told and FEW not in told
    with acting(who(session, "clerk1")):
        put_two = [put(session, "a"), put(session, "b")]
        assert put_two
        session.flush()
        monkeypatch.setattr(ledgers, "MOST_LINES", 1)
        with pytest.raises(RuleError):
            ledgers.ask(session, id_of(session, "clerk1"), books()["L09"], YEAR, AREA)


def test_a_page_says_where_something_may_be_missing(client_as):
    for username, missing in (("worker07", True), ("area1", True), ("leader07", False),
                              ("station", False)):  # fmt: skip
        page = client_as(username).get("/ledgers/L09/?period=2019")
        assert (FEW in page.text, "这段时间没有可显示的记录" in page.text) == (missing, missing)
        assert ("这段时间没有记录" in page.text) == (not missing), username
    assert "Nothing to show in this period." in client_as("area1", "en").get("/ledgers/L10/").text


def test_of_a_grid_that_is_led_nothing_is_hidden(session):
    one, two = who(session, "leader07"), who(session, "worker01")
    may = one.permissions | two.permissions
    both = replace(one, grants=(*one.grants, *two.grants), permissions=may)
    other = two.grants[0].grid_code
    assert sees_all(both, CELL) and not sees_all(both, other)
    put(session, "mine", visibility="restricted")
    put(session, "theirs", visibility="restricted", grid_code=other)
    with acting(both):
        for grid, count in ((CELL, 1), (other, 0)):
            told = select(WorkOrder.id).where(ledgers.condition(books()["L09"], YEAR, grid))
            assert len(session.scalars(told).all()) == count


@pytest.mark.parametrize(
    ("name", "zh", "en"),
    [
        ("2026", "2026年", "2026"),
        ("2026-Q1", "2026年第1季度", "Quarter 1 of 2026"),
        ("2026Q1", "2026年第1季度", "Quarter 1 of 2026"),
        ("2026-03", "2026年3月", "March 2026"),
    ],
)
def test_periods_are_worded_and_addressed(client_as, name, zh, en):
    client = client_as("station")
    for page in ("/ledgers/L09/", "/work-orders/figures"):
        for reader, told in ((client, zh), (client_as("station", "en"), en)):
            shown = reader.get(f"{page}?period={name}")
            assert f" · {told}" in shown.one("main .head").get_text(), page
    page = client.get(f"/ledgers/L09/?period={name}")
    address = period_of(name).name
    (sheet,) = page.links("a[href*='/xlsx?']")
    assert sheet.endswith(f"period={address}")
    disposition = client.get(sheet).headers["Content-Disposition"]
    assert f"L09-{address}-" in disposition


def test_no_button_leads_to_what_may_not_go_out(client_as, portal):
    with portal.app_context(), acting(SYSTEM):
        since = {"since": clock.today()}
        user = id_of(db.session, "clerk1")
        db.session.add(AccountGrant(user_id=user, role="Leader", grid_code=AREA_2, **since))
        db.session.commit()
    client = client_as("clerk1")
    for grid, may in ((AREA, True), (AREA_2, False)):
        page = client.get(f"/ledgers/L09/?grid_code={grid}")
        assert page.status == 200
        sheets, forms = page.links("a[href*='/xlsx?']"), page.soup.select("form[action*='/pdf?']")
        assert (len(sheets), len(forms)) == ((1, 1) if may else (0, 0))
        assert client.get(f"/ledgers/L09/xlsx?grid_code={grid}").status == (200 if may else 404)
