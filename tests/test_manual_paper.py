"""The work manual on paper: the PDF checks of its editions, its text in two languages."""

import re
from datetime import date

import pytest
from sqlalchemy.orm import Session

from portal.documents import manual as drawing
from portal.documents.manual import ANNEXES, MAKERS, manual_html, render_manual
from portal.documents.manual_text import Section, chapter, english, read_csv, read_yaml
from portal.documents.manual_words import when
from portal.documents.template import HTML_LANG
from portal.queries.board_record import Edition
from portal.queries.manual_record import ManualRecord
from portal.rules.manual import TEXTS, load_manual
from tests.support.pdf import Facts, check_pdf, squeezed

pytestmark = pytest.mark.one_engine

COMMUNITY = "420102002990"
CELL = "4201020029900103003"
ZH = "zh_Hans_CN"
FILES = sorted(path.stem for path in (TEXTS / "zh").glob("*.txt"))
HAN = re.compile(r"[\u4e00-\u9fff]")
LATIN = re.compile(r"[A-Za-z]{2,}")


def _checked(record: ManualRecord) -> tuple[Facts, bytes]:
    edition = Edition(f"SC-{record.code}-A4-001", 1, date(2026, 4, 1))
    data, pages = render_manual(record, edition)
    facts = check_pdf(data, manual_html(record, edition), HTML_LANG[record.lang])
    assert len(facts.sizes) == pages
    assert facts.sizes[-2:] == ((297, 210), (297, 210))  # the pocket card: one sheet, both sides
    assert set(facts.sizes[:-2]) == {(210, 297)}
    return facts, data


def test_the_edition_of_a_community_passes_the_pdf_checks(session: Session) -> None:
    record = load_manual(session, COMMUNITY, ZH)
    facts, _data = _checked(record)
    assert 55 <= len(facts.sizes) <= 70
    titles = [chapter["zh"] for chapter in read_yaml("work_manual.yaml")["chapters"]]
    chapters = [f"{at} {title}" for at, title in enumerate(titles, 1)]
    assert [mark for mark in facts.bookmarks if mark in chapters] == chapters
    assert len([mark for mark in facts.bookmarks if re.match(r"\d+\.\d+ ", mark)]) >= 68
    # The contents name the pages: check_pdf compared every number with the place of its heading.
    assert facts.anchors["part-13"] > facts.anchors["part-6-10"] > facts.anchors["part-1"]
    running = squeezed(facts.running)
    last = len(facts.sizes)
    assert f"第{last - 2}页，共{last}页" in running
    assert f"第{last}页，共{last}页" not in running  # a card that is cut off has no foot


@pytest.mark.parametrize("lang", ["en", ZH])
def test_manuals_of_posts_pass_the_pdf_checks_and_are_the_same_again(
    session: Session, lang: str
) -> None:
    record = load_manual(session, CELL, lang, "volunteer")
    facts, data = _checked(record)
    assert 20 <= len(facts.sizes) <= 35
    if lang == ZH:
        edition = Edition(f"SC-{CELL}-A4-001", 1, date(2026, 4, 1))
        assert render_manual(record, edition) == (data, len(facts.sizes))


def _shape(sections: tuple[Section, ...]) -> list[list[tuple[str, int, int]]]:
    return [
        [(block.kind, len(block.items), len(block.rows)) for block in section.blocks]
        for section in sections
    ]


@pytest.mark.parametrize("name", FILES)
def test_both_languages_say_the_same_things(name: str) -> None:
    chinese, other = chapter(ZH, name), chapter("en", name)
    assert _shape(chinese) == _shape(other)
    for sections, foreign in ((chinese, LATIN), (other, HAN)):
        blocks = [block for section in sections for block in section.blocks]
        texts = [block.text for block in blocks if block.kind != "data"]
        texts += [item for block in blocks for item in block.items]
        texts += [cell for block in blocks for row in (block.head, *block.rows) for cell in row]
        texts += [section.title for section in sections]
        assert [text for text in texts if foreign.search(text)] == []
    assert all(section.title for section in other)


def test_every_chapter_of_the_outline_has_its_sections() -> None:
    outline = read_yaml("work_manual.yaml")
    assert len(outline["chapters"]) == 13
    for number, line in enumerate(outline["chapters"], 1):
        sections = chapter(ZH, f"ch{number:02d}")
        assert len(sections) == len(line["sections"])
        assert all(section.blocks for section in sections)
    assert len(ANNEXES) == len(outline["annexes"])


def test_every_name_in_the_text_has_a_maker_and_the_other_way_round() -> None:
    used = {
        block.text.partition(" ")[0]
        for name in FILES
        for section in chapter(ZH, name)
        for block in section.blocks
        if block.kind == "data"
    }
    assert used == set(MAKERS)


def test_the_english_catalogue_is_complete() -> None:
    words = english()
    assert set(words["duties"]) == {line["code"] for line in read_csv("duties.csv")}
    assert set(words["posts"]) == {line["role"] for line in read_csv("posts.csv")}
    rules = {rule["code"]: len(rule["clauses"]) for rule in read_yaml("regulations.yaml")}
    assert {code: len(clauses) for code, clauses in words["regulations"].items()} == rules
    assert set(words["ledgers"]) == {line["code"] for line in read_csv("ledgers.csv")}
    agendas = {line["auto_agenda"] for line in read_csv("meetings.csv")} - {""}
    assert set(words["meetings"]) == agendas
    noted = {line["code"] for line in read_csv("matter_categories.csv") if line["note"]}
    groups = {code for code in noted if len(code) == 4}
    assert groups - {"DI01"} <= set(words["groups"])
    limits = read_yaml("time_limits.yaml")["limits"]
    assert set(words["limits"]) == {k for k, v in limits.items() if {"note", "basis"} & set(v)} | {
        "complaint"
    }


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "every working day"),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA", "Monday to Saturday"),
        ("FREQ=WEEKLY;BYDAY=FR", "every Friday"),
        ("FREQ=MONTHLY;BYDAY=-1FR", "the last Friday of the month"),
        ("FREQ=MONTHLY;BYDAY=2WE", "the second Wednesday of the month"),
        ("FREQ=YEARLY", ""),
        ("", ""),
    ],
)
def test_rules_of_meetings_in_words(rule: str, words: str) -> None:
    assert when(rule, str) == words


def test_nothing_marks_people(session: Session) -> None:
    """No field, column or list by belief, opinion, petitioning or complaining (care.md)."""
    html = drawing.manual_html(
        load_manual(session, COMMUNITY, ZH), Edition("SC-1-A4-001", 1, date(2026, 4, 1))
    )
    labels = re.findall(r"<th[^>]*>([^<]*)</th>", html)
    assert len(labels) > 500
    forbidden = ("信仰", "宗教", "政治面貌", "前科", "身份证", "重点人", "上访")
    # Whole words of headings; what says that nothing of the kind is kept may use them.
    assert [label for label in labels if any(word in label for word in forbidden)] == []


@pytest.mark.parametrize(
    ("code", "role"), [(COMMUNITY, ""), (CELL, ""), (CELL, "grid_worker"), (CELL, "volunteer")]
)
def test_two_tables_never_follow_one_another(session: Session, code: str, role: str) -> None:
    """The second one's head would pass for the first one's, repeated on the next page."""
    record = load_manual(session, code, ZH, role)
    parts = drawing.parts_of(record)
    for part in parts:
        for section in part.sections:
            pairs = zip(section.blocks, section.blocks[1:], strict=False)
            follows = [b.head for a, b in pairs if a.kind == b.kind == "table" and not b.text]
            assert follows == []
            assert "data" not in {block.kind for block in section.blocks}
    assert len(parts) == {"": 17, "grid_worker": 16, "volunteer": 8}[role]
