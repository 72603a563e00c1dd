"""Cards on paper: the PDF checks, back behind front, no secret in the database, printing."""

import re
from base64 import b64encode
from dataclasses import replace
from datetime import date
from io import BytesIO

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from portal import clock
from portal.documents.cards import Back, Front, _sheets, cards_html, render_cards
from portal.documents.figure import figure
from portal.documents.qr import draw_qr
from portal.documents.template import HTML_LANG, translations
from portal.errors import OutOfScope, RuleError
from portal.extensions import db
from portal.models import AuditEntry, Card, IssuedDocument, Post, Worker
from portal.queries.board_record import Edition
from portal.queries.card_record import CardEntry, CardsRecord, House
from portal.rules import card_papers, cards, documents, photos, rendering
from portal.scope import SYSTEM, acting
from tests.support.boards import LONG_NAME
from tests.support.pdf import check_pdf, read_pdf, squeezed
from tests.support.photos import portrait

ZH, EN = "zh_Hans_CN", "en"
CELL, BLOCK, COMMUNITY = "4201020029900101001", "4201020029900101", "420102002990"
EDITION = Edition(f"GZ-{BLOCK}-A4-001", 1, date(2026, 4, 1))
HOUSE = House(
    "幸福里社区",
    "幸福里社区网格化服务管理办公室",
    "027-00100042",
    (("网格监督电话", "027-00100043"), ("街道监督电话", "027-00100044")),
)


def entry(number=1, **more):
    """A card that no database holds."""
    made = CardEntry(
        number=f"420102002990-{number:04d}-01",
        name=f"谭雪梅{number}",
        posts=("小格责任人", "网格长"),
        grid="北辰坊",
        until="2029-03-01",
        house=HOUSE,
        url=f"https://grid.example/verify/{number:043d}",
        fingerprint=f"{number:064d}",
        portrait=number,
        photo="",
    )
    return replace(made, **more)


def record(count=12, lang=ZH):
    """The cards of a block."""
    made = tuple(entry(number) for number in range(1, count + 1))
    return CardsRecord(lang, BLOCK, "桃溪巷片区", HOUSE.office, made)


# the drawing ----------------------------------------------------------------------------------


@pytest.mark.one_engine
@pytest.mark.parametrize("lang", [ZH, EN])
@pytest.mark.parametrize(
    ("size", "pages", "paper"), [("a4", 4, (210, 297)), ("card", 24, (86, 54))]
)
def test_cards_pass_the_pdf_checks(lang, size, pages, paper):
    made = record(lang=lang)
    data, count = render_cards(made, EDITION, size)
    facts = check_pdf(data, cards_html(made, EDITION, size), HTML_LANG[lang])
    assert count == pages == len(facts.sizes)
    assert set(facts.sizes) == {paper}
    assert len(facts.figures) == 2 * len(made.cards)
    for card in made.cards:
        assert card.name in "".join(facts.bookmarks)
        assert squeezed(facts.text).count(card.number) == 2  # front and back
        assert card.url not in facts.text
    if (lang, size) == (EN, "a4"):
        assert render_cards(made, EDITION, size)[0] == data
    if lang == ZH:
        for words in ("凭证上岗·上门不收费", "网格监督电话027-00100043", "有效期至2029年3月1日"):
            assert words in squeezed(facts.text)


def test_every_back_lies_behind_its_front():
    gettext = translations(ZH).gettext
    front, back, *_rest = _sheets(record(10), EDITION, gettext)
    assert all(isinstance(side, Front) for side in front.sides)
    assert all(isinstance(side, Back) for side in back.sides)
    width = 210.0
    for face, code in zip(front.sides, back.sides, strict=True):
        assert face.zone == code.zone
        (left, top), (other, beside) = (
            map(float, re.findall(r"([\d.]+)mm", side.place)) for side in (face, code)
        )
        assert top == beside
        # Turned over its long edge, left is right.
        assert left + 85.6 == pytest.approx(width - other, abs=0.02)


@pytest.mark.one_engine
def test_the_code_is_that_of_the_card_and_large_enough_to_scan():
    made = record(1)
    html = cards_html(made, EDITION, "card")
    drawing = draw_qr(made.cards[0].url, "", error="m")
    alt = translations(ZH).gettext("QR code that says if the card is valid")
    assert figure(drawing, alt) in html
    modules = float(re.search(r'viewBox="0 0 (\d+)', drawing)[1])
    assert 29 / modules > 0.5  # millimetres


@pytest.mark.one_engine
def test_long_names_fit_and_a_photo_goes_before_the_drawing():
    crowded = entry(
        1,
        name=LONG_NAME,
        posts=("片格管理责任人", "信息录入员", "平安和谐服务队队员"),
        grid="东湖新村南区及滨江花园二期小格",
        house=replace(HOUSE, name="东湖新村及周边老旧小区社区", office="东湖街道" * 9),
        face="data:image/jpeg;base64," + b64encode(portrait()).decode(),
    )
    for lang in (ZH, EN):
        made = CardsRecord(lang, BLOCK, "桃溪巷片区", HOUSE.office, (crowded, entry(2)))
        data, _pages = render_cards(made, EDITION, "a4")
        facts = check_pdf(data, cards_html(made, EDITION, "a4"), HTML_LANG[lang])
        assert LONG_NAME in squeezed(facts.text)
        photo = translations(lang).gettext("Photo of %(name)s") % {"name": LONG_NAME}
        assert photo in facts.figures
        images = PdfReader(BytesIO(data)).pages[0].images
        assert len(images) == 1
    endless = replace(crowded, name="字" * 200)
    with pytest.raises(RuleError, match="420102002990-0001-01"):
        render_cards(replace(made, cards=(endless,)), EDITION, "card")


# what is loaded, and what is kept -------------------------------------------------------------


def first_card(session):
    """The card of the grid worker of CELL."""
    found = (
        select(Card)
        .join(Post, Post.worker_id == Card.worker_id)
        .where(Post.grid_code == CELL, Post.role == "grid_worker", Card.revoked_on.is_(None))
    )
    return session.scalars(found).first()


def test_a_grid_prints_its_valid_cards_and_those_below(session):
    today = clock.today()
    loaded = card_papers.load_cards(session, COMMUNITY, ZH)
    valid = session.scalars(
        select(Card.number).where(Card.revoked_on.is_(None), Card.expires_on >= today)
    ).all()
    assert sorted(one.number for one in loaded.cards) == sorted(valid)
    cell = card_papers.load_cards(session, CELL, EN)
    assert [card.posts[0] for card in cell.cards][0] == "Head of the cell"
    assert {card.grid for card in cell.cards} == {"北辰坊"}
    card = first_card(session)
    (only,) = card_papers.load_cards(session, CELL, ZH, str(card.id)).cards
    assert (only.number, only.fingerprint) == (card.number, card.token_index)
    assert only.url.endswith(f"/verify/{card.token}")
    assert only.house.watch[0][1].startswith("027-")


def test_what_cannot_be_printed_says_so(session):
    card = first_card(session)
    for code, subject in (("420102002999", ""), (CELL, "x"), ("420102002999", str(card.id))):
        with pytest.raises(OutOfScope):
            card_papers.load_cards(session, code, ZH, subject)
    cards.revoke(session, card, "lost")
    session.flush()
    with pytest.raises(RuleError):
        card_papers.load_cards(session, CELL, ZH, str(card.id))
    with pytest.raises(RuleError):
        card_papers.load_cards(session, "420102002", ZH, str(card.id))
    for one in session.scalars(select(Card).where(Card.grid_code == CELL)).all():
        one.revoked_on, one.revoke_reason = max(clock.today(), one.issued_on), "left"
    session.flush()
    with pytest.raises(RuleError, match="北辰坊"):
        card_papers.load_cards(session, CELL, ZH)


def test_a_new_card_or_photo_makes_a_new_paper_and_a_face_alone_does_not(session, work):
    before = card_papers.load_cards(session, CELL, ZH)
    digest = card_papers.digest(before)
    assert card_papers.digest(card_papers.with_faces(before)) == digest
    for card in before.cards:
        assert card.url.rpartition("/")[2] not in digest
    worker = session.get(Worker, first_card(session).worker_id)
    photos.set_photo(session, worker, portrait(), "x.jpg")
    session.flush()
    pictured = card_papers.load_cards(session, CELL, ZH)
    assert card_papers.digest(pictured) != digest
    faces = card_papers.with_faces(pictured)
    assert [bool(card.face) for card in faces.cards].count(True) == 1
    cards.issue(session, worker, CELL)
    assert card_papers.digest(card_papers.load_cards(session, CELL, ZH)) not in (
        digest,
        card_papers.digest(pictured),
    )


def test_the_command_writes_the_sheets_and_the_database_keeps_no_token(portal, tmp_path):
    out = tmp_path / "cards.pdf"
    words = ["portal", "render", "worker-cards", "--grid", BLOCK, "--out", str(out)]
    done = portal.test_cli_runner().invoke(args=words)
    assert done.exit_code == 0, done.output
    facts = read_pdf(out.read_bytes())
    assert len(facts.sizes) == 4
    with portal.app_context():
        issued = db.session.scalars(select(IssuedDocument)).one()
        assert (issued.kind, issued.grid_code, issued.pages) == ("worker-cards", BLOCK, 4)
        assert documents.stored_file(issued).stat().st_mode & 0o077 == 0
        tokens = [card.token for card in db.session.scalars(select(Card))]
        kept = [str(value) for value in vars(issued).values()]
        kept += [entry.changes or "" for entry in db.session.scalars(select(AuditEntry))]
        assert not any(token in text for token in tokens for text in kept)
    assert portal.test_cli_runner().invoke(args=words).exit_code == 0
    assert portal.test_cli_runner().invoke(args=[*words, "--post", "x"]).exit_code == 1


# printing -----------------------------------------------------------------------------------------


@pytest.fixture
def impatient(monkeypatch):
    """Nobody waits long where no worker is running."""
    monkeypatch.setattr(rendering, "LONGEST_WAIT", 0.1)
    monkeypatch.setattr(rendering, "SHORT_WAIT", 0.05)


def test_a_card_is_printed_by_the_worker_not_by_the_page(portal, client_as, impatient, work):
    with portal.app_context():
        key = first_card(db.session).id
    client, path = client_as("clerk1"), f"/cards/print/{key}.pdf"
    assert path in client.get(f"/cards/show/{key}").links("main a")
    later = client.get(path)
    assert later.status == 503
    assert int(later.headers["Retry-After"]) > 0
    assert path in later.links("main a")
    assert client.get(path).status == 503
    assert work() == 1  # however often it was asked for
    ready = client.get(path)
    assert (ready.status, ready.headers["Content-Type"]) == (200, "application/pdf")
    assert ready.headers["Cache-Control"] == "no-store"
    assert len(read_pdf(ready.body).sizes) == 2
    assert client.get(f"{path}?size=a4").status == 503  # another paper
    assert client.get(f"{path}?size=a3").status == 400
    for other, status in (("clerk2", 404), ("leader01", 403), ("auditor", 403), (None, 302)):
        assert client_as(other).get(path).status == status


def test_sheets_of_a_grid_are_printed_within_ones_own(portal, client_as, impatient, work):
    client = client_as("clerk1")
    sheet = next(link for link in client.get("/cards/list/").links("main a") if "sheet" in link)
    assert sheet == "/cards/sheet.pdf?grid_code=42010200299001"
    assert client.get(sheet).status == 503
    work()
    ready = client.get(sheet)
    assert ready.status == 200
    with portal.app_context():
        loaded = card_papers.load_cards(db.session, "42010200299001", ZH)
    assert len(read_pdf(ready.body).sizes) == 2 * -(-len(loaded.cards) // 10)
    assert client.get("/cards/sheet.pdf?grid_code=42010200299002").status == 404
    assert client.get(f"/cards/sheet.pdf?grid_code={COMMUNITY}").status == 404
    assert client.get("/cards/sheet.pdf").status == 400
    assert client_as("leader01").get(sheet).status == 403


def test_a_revoked_card_is_not_printed(portal, client_as, impatient):
    with portal.app_context(), acting(SYSTEM):
        card = first_card(db.session)
        cards.revoke(db.session, card, "lost")
        db.session.commit()
        key = card.id
    client = client_as("station")
    page = client.get(f"/cards/print/{key}.pdf")
    assert page.status == 409
    assert "/cards/issue" in page.links("main a")
    links = client.get(f"/cards/show/{key}").links("main a")
    assert not [link for link in links if link.endswith(".pdf")]
