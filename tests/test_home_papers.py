"""The forms of the register on paper: who may have which, what is masked, what is noted."""

from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from portal.documents.homes import book_html, cards_html, render_book, render_cards
from portal.extensions import db
from portal.models import AuditEntry, Building, Dwelling, Household, Resident, Setting, Task
from portal.queries.home_record import FloatingBook, Home, HomeCards, Lodger, Person
from portal.rules import idnumbers, tasks
from portal.scope import SYSTEM, acting
from tests.support.pdf import check_pdf, read_pdf, squeezed

CELL, BESIDE = "4201020029900102003", "4201020029900102001"
LONG = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉"


def number(serial: int) -> str:
    body = f"42010219800101{serial:03}"
    return body + idnumbers.check_character(body)


@pytest.fixture
def home(portal: Flask) -> int:
    """Key of a household: two at home in CELL, one of them floating; one moved out, one beside."""
    with portal.app_context(), acting(SYSTEM):
        found = []
        for cell in (CELL, BESIDE):
            building = Building(grid_code=cell, name="3栋")
            room = Dwelling(
                grid_code=cell, building=building, name="3栋1单元101", unit="1单元", room="101",
                owner_name="房东甲",
            )  # fmt: skip
            found.append(
                Household(grid_code=cell, dwelling=room, number="H1", name="3栋1单元101 H1")
            )
        people = [
            ("张试甲", "head", "permanent", None, found[0]),
            ("李试乙", "spouse", "floating", None, found[0]),
            ("王试丙", "son", "permanent", date(2026, 1, 3), found[0]),
            ("赵试丁", "head", "floating", None, found[1]),
        ]
        for serial, (name, relation, registration, left, household) in enumerate(people, start=1):
            db.session.add(
                Resident(
                    grid_code=household.grid_code,
                    household=household,
                    name=name,
                    relation_to_head=relation,
                    registration=registration,
                    moved_out_on=left,
                    birth_date=date(1980, 1, 1),
                    id_number=number(serial),
                    phone=f"1540000{serial:04}",
                )
            )
        db.session.commit()
        return int(found[0].id)


def told(client: Any, asked: Any) -> str:
    """The text of the PDF that was asked for, without white space."""
    answer = client.raw.get(f"{asked.headers['Location']}/result")
    assert answer.status_code == 200
    answer.get_data()  # reads the file and closes it
    answer.close()
    return squeezed(read_pdf(answer.data).text)


def test_a_card_is_masked_unless_there_is_a_reason(
    portal: Flask, home: int, client_as: Any, work: Any
) -> None:
    url = f"/households/card/{home}"
    worker = client_as("worker07")
    masked = worker.submit(url)
    work()
    text = told(worker, masked)
    assert "张试甲" in text and "李试乙" in text and "王试丙" not in text
    assert number(1) not in text and f"{number(1)[:6]}********{number(1)[-4:]}" in text

    refused = worker.submit(url, {"whole": "y", "reason": " "})
    assert refused.status == 400 and "请说明" in refused.text
    whole = worker.submit(url, {"whole": "y", "reason": "入户核对"})
    work()
    text = told(worker, whole)
    assert number(1) in text and "15400000002" in text and number(3) not in text
    with portal.app_context():
        opened = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "reveal")).all()
        assert {(one.row_label, one.reason) for one in opened} == {
            ("张试甲", "入户核对"), ("李试乙", "入户核对"),
        }  # fmt: skip
    assert client_as("worker08").get(url).status == 404  # of another cell


def test_a_whole_card_counts_against_what_may_be_opened_within_an_hour(
    portal: Flask, home: int, client_as: Any
) -> None:
    with portal.app_context(), acting(SYSTEM):
        most = db.session.scalars(select(Setting).where(Setting.key == "reveals.per_hour")).one()
        most.value = "5"  # a card of two people opens four
        db.session.commit()
    worker, url = client_as("worker07", "en"), f"/households/card/{home}"
    asked = {"whole": "y", "reason": "入户核对"}
    assert worker.submit(url, asked).status == 302
    refused = worker.submit(url, asked)
    assert refused.status == 400 and "you may open 1 more" in refused.one("#reason-err").get_text()
    with portal.app_context():
        opened = select(AuditEntry).where(AuditEntry.action == "reveal")
        assert len(db.session.scalars(opened).all()) == 4
    assert worker.submit(url).status == 302  # masked ones are not counted


def test_an_empty_household_that_moved_away_is_not_printed(
    portal: Flask, home: int, client_as: Any, work: Any
) -> None:
    with portal.app_context(), acting(SYSTEM):
        for one in db.session.scalars(select(Resident).where(Resident.household_id == home)):
            one.moved_out_on = date(2026, 1, 3)
        db.session.commit()
    asked = client_as("worker07").submit(f"/households/card/{home}")
    with portal.app_context(), acting(SYSTEM):
        db.session.get_one(Household, home).grid_code = BESIDE
        db.session.commit()
    work()
    with portal.app_context():
        task = db.session.get_one(Task, int(asked.headers["Location"].rsplit("/", 1)[1]))
        assert (task.state, tasks.result_file(task)) == ("failed", None)


def test_who_only_reads_gets_no_whole_numbers(home: int, client_as: Any) -> None:
    url = f"/households/card/{home}"
    page = client_as("block02").get(url)
    assert "whole" not in page.form(url)
    assert client_as("leader").get(url).status == 403


def test_the_book_of_a_grid_is_the_clerks(
    portal: Flask, home: int, client_as: Any, work: Any
) -> None:
    clerk = client_as("clerk1")
    asked = clerk.submit("/households/papers", {"paper": "book", "grid": "42010200299001"})
    cards = clerk.submit("/households/papers", {"paper": "cards", "grid": CELL})
    work()
    text = told(clerk, asked)
    assert "李试乙" in text and "赵试丁" in text and "张试甲" not in text and "房东甲" in text
    assert number(2) not in text
    assert "李试乙" in told(clerk, cards)

    nobody = clerk.submit("/households/papers", {"paper": "book", "grid": "4201020029900101001"})
    assert nobody.status == 400 and "没有可打印的人员" in nobody.text
    elsewhere = clerk.submit("/households/papers", {"paper": "book", "grid": "42010200299002"})
    assert elsewhere.status == 400
    assert client_as("worker07").get("/households/papers").status == 403


def test_rights_that_are_gone_when_the_work_begins_print_nothing(
    portal: Flask, home: int, client_as: Any, work: Any
) -> None:
    clerk = client_as("clerk1")
    asked = clerk.submit("/households/papers", {"paper": "cards", "grid": CELL})
    key = int(asked.headers["Location"].rsplit("/", 1)[1])
    with portal.app_context():
        task = db.session.get_one(Task, key)
        task.params = task.params.replace(CELL, "4201020029900302001")  # somebody else's
        db.session.commit()
    work()
    with portal.app_context():
        task = db.session.get_one(Task, key)
        assert (task.state, tasks.result_file(task)) == ("failed", None)


def person(**change: str) -> Person:
    known = {
        "name": "欧阳试甲", "sex": "女", "born": "1980-01-01", "relation": "户主",
        "paper": "居民身份证", "number": number(1), "nation": "土家族", "education": "大学本科",
        "work": f"某某有限公司 {LONG}", "phone": "15400000001",
        "registration": "流动人口（人户分离）",
        "registered_at": f"试验省试验市 {LONG}", "since": "2020-02-03",
    }  # fmt: skip
    return Person(**(known | change))


@pytest.mark.one_engine
@pytest.mark.parametrize(("lang", "tag"), [("zh_Hans_CN", "zh-Hans"), ("en", "en")])
def test_the_forms_pass_the_pdf_checks(lang: str, tag: str) -> None:
    homes = tuple(
        Home(
            f"H{size}",
            "家庭户",
            "社区 · 片格 · 小格",
            LONG,
            "欧阳试甲",
            (person(),) * size,
        )
        for size in (0, 2, 14)
    )
    cards = HomeCards(lang, CELL, "花语里", "幸福里社区", "2026-04-01", "clerk1", True, homes)
    data, pages = render_cards(cards)
    facts = check_pdf(data, cards_html(cards), tag, drawn=False)
    assert set(facts.sizes) == {(297, 210)} and pages >= 4

    lines = tuple(Lodger("小格", LONG, "房东", person(name=f"试{n}")) for n in range(60))
    above, day = ("江岸区", "街道", "幸福里社区"), "2026-04-01"
    book = FloatingBook(lang, CELL, "花语里", above, "幸福里社区", day, "clerk1", lines)
    data, pages = render_book(book)
    check_pdf(data, book_html(book), tag, drawn=False)
    assert pages > 2
