"""Both languages are complete: the catalogues, and every kind of page as people read it."""

import csv
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from flask import Flask
from sqlalchemy import String, select

from portal import queue
from portal.documents.board import render_board
from portal.extensions import db
from portal.rules import boards, documents
from portal.rules.rendering import WAITING
from scripts import translations
from tests.support.client import Page, PageClient
from tests.support.pdf import read_pdf
from tests.support.walk import AREA, CELL, spoken, staff_pages, visitor_pages

ROOT = Path(__file__).resolve().parents[1]
DEFAULTS = ROOT / "portal" / "defaults"
# Of the short words that terms.csv avoids, those that are wrong in any sentence.
NEVER = {"台帐", "看板", "工单", "打回"}

LATIN = re.compile(r"[A-Za-z]{2,}")
HAN = re.compile(r"[\u3001-\u303f\u4e00-\u9fff\uff01-\uff5e]+")
FORMATS = {"CSV", "XLSX", "PDF", "ZIP", "GeoJSON", "QR", "JPEG", "PNG", "WebP", "MB"}
FORMATS |= {"WGS", "GCJ", "Tab", "Delete", "Alt"}  # reference systems; keys as they are printed
FORMATS |= {"csv", "xlsx", "geojson"}
REQUEST = re.compile(r"\b[0-9a-f]{16}\b")
# Between them they meet every kind of page; the others see some of the same.
WALKERS = ("station", "admin", "auditor", "leader07")
OTHERS = ("clerk1", "care", "mediator", "street")
# Words that are the interface's own, never a name of something: these must be clean as they are.
CHROME = "nav.side a, label, legend, button, th[scope=col], dt, option, .tabs a, summary"

# What the walk has to come by.
KINDS = {"list", "show", "edit", "add", "delete", "reveal", "can", "password", "findings", "form"}
KINDS |= {"account", "logout", "login", "directory", "board.pdf", "action_post", "audit"}
KINDS |= {200, 400, 404, 503}

pytestmark = pytest.mark.one_engine  # what no database decides

Clients = Callable[..., PageClient]


def catalogue(language: str) -> list[Message]:
    """The messages of a catalogue."""
    with translations.path_of(language).open("rb") as file:
        return [message for message in read_po(file, locale=language) if message.id]


def test_nothing_is_missing_and_the_compiled_files_are_fresh() -> None:
    script = [sys.executable, "scripts/translations.py", "check"]
    found = subprocess.run(script, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, "")


def test_a_missing_and_a_broken_translation_are_named() -> None:
    fresh = translations.gather()
    known = translations.read("zh_Hans_CN")
    assert translations.faults(fresh, known) == []
    known["%(name)s is saved."].string = "已保存%(nome)s。"
    known["Save"].string = ""
    found = translations.faults(fresh, known)
    assert len(found) == 2
    assert any("'Save'" in fault for fault in found)
    assert any("wants other values" in fault for fault in found)


def test_messages_inside_formatted_strings_are_gathered() -> None:
    found = {message for _file, message in translations.in_formatted_strings()}
    fresh = translations.gather()
    assert found
    assert [message for message in found if message not in fresh] == []


@pytest.mark.parametrize("language", translations.LANGUAGES)
def test_a_translation_takes_the_values_of_its_message(language: str) -> None:
    wrong = []
    for message in catalogue(language):
        wanted = [translations.placeholders(text) for text in translations.ids(message)]
        for text in translations.strings(message):
            if text and translations.placeholders(text) not in wanted:
                wrong.append((message.id, text))
    assert wrong == []


def test_chinese_is_punctuated_as_chinese() -> None:
    wrong = [
        text
        for message in catalogue("zh_Hans_CN")
        for text in translations.strings(message)
        if re.search(r"[\u4e00-\u9fff\d] ?[,;:!?()](?!\w)|[\u4e00-\u9fff]\s*[,;:!?()]", text)
    ]
    assert wrong == []


def test_the_words_of_the_field_are_used_exactly() -> None:
    terms, posts = table("terms"), table("posts")
    said = {row["en"]: row["zh"] for row in (*terms, *posts)}
    avoided = {row["avoid"] for row in terms if len(row["avoid"]) > 2 and "、" not in row["avoid"]}
    assert len(avoided) > 10
    used = 0
    for message in catalogue("zh_Hans_CN"):
        text = translations.strings(message)[0]
        if message.id in said:
            assert text == said[message.id], message.id
            used += 1
        assert not [word for word in avoided | NEVER if word in text], message.id
    assert used > 10


def table(name: str) -> list[dict[str, str]]:
    """The rows of a table of the default data."""
    with (DEFAULTS / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_no_english_word_stands_on_a_chinese_page(portal: Flask, client_as: Clients) -> None:
    with portal.app_context():
        names, sayings = accounts(), english_data()
    found = []
    kinds = set()
    for page in pages(client_as, "zh_Hans_CN"):
        kinds |= {page.status, *page.path.split("/")}
        assert page.one("html")["lang"] == "zh-Hans"
        for text, tag in spoken(page):
            if tag.name in ("dd", "td", "th", "h1", "title") and text.split("：")[-1] in sayings:
                continue  # the English name of a row, in a column for it
            words = set(LATIN.findall(names.sub(" ", REQUEST.sub(" ", text)))) - FORMATS
            found += [f"{page.path} <{tag.name}> {text[:80]}"] if words else []
    assert "\n".join(sorted(set(found))) == ""
    assert kinds >= KINDS


def test_no_chinese_stands_on_an_english_page(portal: Flask, client_as: Clients) -> None:
    with portal.app_context():
        data = chinese_data()
    found = []
    for page in pages(client_as, "en"):
        assert page.one("html")["lang"] == "en"
        own = page.soup.select(CHROME)
        for tag in own:
            text = "".join(str(part) for part in tag.find_all(string=True, recursive=False))
            if HAN.search(text):
                found.append(f"{page.path} <{tag.name}> {text[:80]}")
        assert own
        for text, tag in spoken(page):
            # First the quick question: what people entered is thousands of alternatives.
            if HAN.search(text) and HAN.search(data.sub(" ", text)):
                found.append(f"{page.path} <{tag.name}> {text[:80]}")
    assert "\n".join(sorted(set(found))) == ""


def test_a_board_speaks_one_language(session: object) -> None:
    record = boards.load_board(session, CELL, "zh_Hans_CN")
    words: dict[str, str] = {}
    for language in boards.LANGUAGES:
        issued = boards.issue_board(session, CELL, "a3", language, render_board)
        text = read_pdf(documents.stored_file(issued).read_bytes()).text
        # The address breaks after a stroke; streets on the map run downwards.
        text = re.sub(r"(?<=[/\u4e00-\u9fff])\n(?=[\d\u4e00-\u9fff])", "", text)
        words[language] = re.sub(rf"{re.escape(record.url)}|{issued.number}", " ", text)
    assert LATIN.findall(words["zh_Hans_CN"]) == []
    assert HAN.findall(chinese_data().sub(" ", words["en"])) == []
    for heading in ("网格公示牌", "服务人员", "怎样找我们", "您的权利", "监督电话", "您在这里"):
        assert heading in words["zh_Hans_CN"]


@pytest.mark.parametrize("address", ["/workers/export/csv", "/grids/export/csv"])
def test_columns_of_an_export_are_chinese(client_as: Clients, address: str) -> None:
    head = client_as("station").get(address).text.splitlines()[0]
    assert HAN.search(head)
    assert LATIN.findall(head.lstrip("\ufeff")) == []


def test_a_first_visitor_is_answered_in_chinese(client_as: Clients) -> None:
    page = client_as(None).get("/", headers={"Accept-Language": "en-GB,en;q=0.9"})
    assert page.one("html")["lang"] == "zh-Hans"
    assert page.h1 == "查找您的网格"
    assert client_as(None, "en").get("/").h1 == "Find your grid"


def test_people_are_greeted(client_as: Clients) -> None:
    assert re.fullmatch(r"\S+，您好", client_as("station").get("/desk/").h1)


def pages(client_as: Clients, language: str) -> Iterator[Page]:
    """Every kind of page; redirects are nobody's reading."""
    visitor = client_as(None, language)
    queue.connection(visitor.app).set(WAITING, "1")  # somebody waits already: answered at once
    later = visitor.get(f"/directory/{AREA}/board.pdf")
    assert later.status == 503
    yield later
    yield from visitor_pages(visitor)
    known: set[str] = set()
    for name in WALKERS:
        yield from (page for page in staff_pages(client_as(name, language), known) if read(page))
    for name in OTHERS:
        yield client_as(name, language).get("/desk/")
    yield removal(client_as("station", language))


def read(page: Page) -> bool:
    """Whether an answer is a page that somebody reads; a redirect is not."""
    return page.is_html and page.location is None


def removal(client: PageClient) -> Page:
    """The question before several rows are deleted."""
    listed = client.get("/workers/list/")
    keys = [link.rsplit("/", 1)[1] for link in listed.links("main a[href^='/workers/delete/']")]
    token = client.get("/workers/add").form()["csrf_token"]
    sent = {"action": "remove", "rowid": keys[:2], "csrf_token": token}
    return client.post("/workers/action_post", sent)


def accounts() -> re.Pattern[str]:
    """Sign-in names, codes of kinds of posts and of categories, as whole words."""
    users = db.session.execute(select(db.metadata.tables["ab_user"].c.username)).scalars()
    kinds = db.session.execute(select(db.metadata.tables["post_roles"].c.code)).scalars()
    told = db.session.execute(select(db.metadata.tables["matter_categories"].c.code)).scalars()
    names = sorted({*users, *kinds, *told}, key=len, reverse=True)
    return re.compile(r"(?<![A-Za-z])(?:" + "|".join(map(re.escape, names)) + r")(?![A-Za-z])")


def english_data() -> set[str]:
    """What stands in columns for English names."""
    found: set[str] = set()
    for table in db.metadata.tables.values():
        for column in table.columns:
            if column.name in ("name_en", "title_en"):
                found |= set(db.session.execute(select(column)).scalars()) - {None}
    return found


def chinese_data() -> re.Pattern[str]:
    """Everything with Chinese characters that people entered, the longest first."""
    found: set[str] = set()
    for table in db.metadata.tables.values():
        for column in table.columns:
            if isinstance(column.type, String):
                for text in db.session.execute(select(column).distinct()).scalars():
                    found |= {line.strip() for line in str(text or "").splitlines()}
    users = db.metadata.tables["ab_user"].c
    for family, given in db.session.execute(select(users.last_name, users.first_name)):
        found.add(f"{family}{given}")
    # Long names break before a bracket on a map.
    found |= {
        part for text in found for part in (text.partition("（")[0], f"（{text.partition('（')[2]}")
    }
    chinese = sorted((text for text in found if HAN.search(text)), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, chinese)))
