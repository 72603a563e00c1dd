"""Questions between grids: each side reads its own row, the asked side the words and no more."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from portal import clock, scope
from portal.errors import RuleError
from portal.extensions import db
from portal.models import CrossCheck
from portal.rules import cross_checks
from portal.rules.cross_checks import Question
from tests.support.client import PageClient
from tests.support.homes import BESIDE, CELL, home, number, person

Client = Callable[..., PageClient]


@pytest.fixture
def about(portal: Flask) -> int:
    """张三 of worker01's cell, who is said to live in worker02's."""
    with portal.app_context(), scope.acting(scope.SYSTEM):
        one = person(db.session, home(db.session), "张三", "head", phone="13812345678")
        db.session.commit()
        return one.id


def test_a_question_goes_to_the_other_grid_and_its_answer_comes_back(
    portal: Flask, client_as: Client, about: int
) -> None:
    asking, asked, third = (client_as(name) for name in ("worker01", "worker02", "worker03"))
    offered = asking.get("/cross-checks/grids/?q=" + BESIDE).json["items"]
    assert [one["value"] for one in offered] == [BESIDE]
    page = asking.get(f"/cross-checks/ask?resident={about}")
    form = page.form()
    assert form["grid"].startswith(CELL) and form["subject"] == "张三"
    data = {"other": BESIDE, "question": "他是否已搬到贵网格？"}
    sent = asking.post(f"/cross-checks/ask?resident={about}", form | data)
    assert sent.location == "/cross-checks/list/?preset=waiting", sent.soup.select("#errors")
    assert "张三" in asking.get(sent.location).one("main tbody").get_text()
    with portal.app_context():
        mine, theirs = db.session.scalars(select(CrossCheck).order_by(CrossCheck.id)).all()
        assert (mine.grid_code, mine.resident_id) == (CELL, about)
        assert (theirs.grid_code, theirs.resident_id, theirs.household_id) == (BESIDE, None, None)
        mine, theirs = mine.id, theirs.id
    # The asked side sees the words, on its desk, and neither the register nor the other row.
    tiles = asked.get("/desk/").soup.select('a.tile[href="/cross-checks/list/?preset=to_answer"] b')
    assert tiles[0].get_text() == "1"
    read = asked.get(f"/cross-checks/show/{theirs}")
    assert "他是否已搬到贵网格？" in read.text and "/residents/show" not in read.text
    for path in (
        f"/residents/show/{about}",
        f"/cross-checks/show/{mine}",
        f"/cross-checks/answer/{mine}",
    ):
        assert asked.get(path).status == 404
    for key in (mine, theirs):
        assert third.get(f"/cross-checks/show/{key}").status == 404
    assert asking.get(f"/cross-checks/show/{theirs}").status == 404
    answer = f"/cross-checks/answer/{theirs}"
    empty = asked.submit(answer, {"outcome": "no"})
    assert empty.status == 400 and empty.one("#answer-err")
    assert asked.submit(answer, {"outcome": "yes", "answer": "已于上周入住"}).status == 302
    assert "已于上周入住" in asking.get(f"/cross-checks/show/{mine}").text
    again = asked.post(answer, {**asked.get("/logout/").form(), "outcome": "yes"})
    assert again.status == 400  # answered once
    with portal.app_context():
        assert set(db.session.scalars(select(CrossCheck.state))) == {"answered"}


def test_who_asks_may_withdraw_and_overdue_shows_on_both_sides(
    portal: Flask, client_as: Client, about: int
) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        question = Question(BESIDE, "张三", "搬到贵处了吗？")
        late, other = (cross_checks.ask(db.session, CELL, question) for _ in range(2))
        rows = db.session.scalars(
            select(CrossCheck).where(CrossCheck.id.in_([late.id, late.twin_id]))
        )
        for row in rows:
            row.reply_by = clock.today() - timedelta(days=1)
        db.session.commit()
        other = other.id
    for name in ("worker01", "worker02"):
        page = client_as(name).get("/cross-checks/list/?preset=overdue")
        assert len(page.soup.select("main tbody tr")) == 1
        assert "逾期" in page.one("main tbody").get_text()
    assert client_as("worker01").submit(f"/cross-checks/withdraw/{other}").status == 302
    waiting = client_as("worker02").get("/cross-checks/list/?preset=to_answer")
    assert len(waiting.soup.select("main tbody tr")) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"other_code": CELL}, "other"),
        ({"other_code": CELL[:16]}, "other"),  # the block around the asking cell
        ({"other_code": "9"}, "other"),
        ({"question": f"身份证{number()}"}, "question"),
        ({"subject": "张三 138 1234 5678"}, "subject"),
        ({"subject": "张三１３８.１２３４／５６７８"}, "subject"),
        ({"reply_by": clock.today() - timedelta(days=1)}, "reply_by"),
    ],
)
@pytest.mark.one_engine
def test_what_may_not_be_asked(session: object, change: dict[str, object], field: str) -> None:
    words: dict[str, object] = {"other_code": BESIDE, "subject": "张三", "question": "在吗？"}
    with pytest.raises(RuleError) as refused:
        cross_checks.ask(db.session, CELL, Question(**{**words, **change}))  # type: ignore[arg-type]
    assert refused.value.field == field
