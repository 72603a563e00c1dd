"""Records of sign, plan and archive from the demo: what they hold, lack and count as new."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import clock
from portal.documents import registry
from portal.documents.archive import archive_html, render_archive
from portal.documents.plan import plan_html, render_plan
from portal.documents.sign import render_sign, sign_html
from portal.errors import OutOfScope, RuleError
from portal.extensions import db
from portal.models import Grid, Hotline, IssuedDocument, Post, Team, Worker
from portal.rules import archives, documents, plans, signs
from portal.scope import SYSTEM, acting
from tests.support.papers import edition
from tests.support.pdf import check_pdf, squeezed

CELL, BLOCK, AREA, COMMUNITY, STREET = (
    "4201020029900103003", "4201020029900103", "42010200299001", "420102002990", "420102002",
)  # fmt: skip
ZH, EN = "zh_Hans_CN", "en"
ONE = edition("X-1")


def _worker(session: Session, role: str, code: str = CELL) -> Worker:
    found = session.scalar(
        select(Worker).join(Post).where(Post.grid_code == code, Post.role == role)
    )
    assert found is not None
    return found


def _grid(session: Session, code: str) -> Grid:
    return session.scalars(select(Grid).where(Grid.code == code)).one()


# the sign ----------------------------------------------------------------


@pytest.mark.parametrize("code", [CELL, BLOCK, AREA, COMMUNITY])
def test_every_level_has_a_sign(session: Session, code: str) -> None:
    record = signs.load_sign(session, code, ZH)
    facts = check_pdf(render_sign(record, ONE)[0], sign_html(record, ONE), "zh-Hans")
    text = squeezed(facts.text)
    assert record.person in text
    assert record.phone in text
    assert record.url.endswith(code)
    assert {line.scope for line in record.supervision} >= {"community", "street"}


def test_every_cell_names_its_grid_worker(session: Session) -> None:
    cells = session.scalars(select(Grid.code).where(Grid.level == "cell")).all()
    assert len(cells) == 34
    for code in cells:
        record = signs.load_sign(session, code, ZH)
        assert (record.post, record.by_duty_phone) == ("网格员", False)
        assert record.person == _worker(session, "grid_worker", code).name


def test_a_sign_says_what_it_lacks(session: Session) -> None:
    with pytest.raises(OutOfScope):
        signs.load_sign(session, "4201020029909999999", ZH)
    with pytest.raises(RuleError):
        signs.load_sign(session, STREET, ZH)
    _worker(session, "grid_worker").public_consent_on = clock.today() + timedelta(days=1)
    for line in session.scalars(select(Hotline).where(Hotline.supervision.is_(True))):
        line.number = None
    session.flush()
    with force_locale(EN), pytest.raises(RuleError) as refusal:
        signs.load_sign(session, CELL, ZH)
    assert "grid worker is not shown" in str(refusal.value)
    assert "supervision telephone" in str(refusal.value)


def test_without_a_public_telephone_the_duty_telephone_is_called(session: Session) -> None:
    worker = _worker(session, "grid_worker")
    worker.public_phone = None
    session.flush()
    record = signs.load_sign(session, CELL, ZH)
    assert record.by_duty_phone
    assert record.phone.startswith("027-0010")
    assert worker.phone
    assert worker.phone not in sign_html(record, ONE)


# the plan ----------------------------------------------------------------


@pytest.mark.parametrize("lang", [ZH, EN])
def test_the_demo_community_has_a_plan_of_all_grids(session: Session, lang: str) -> None:
    record = plans.load_plan(session, COMMUNITY, lang)
    levels = [grid.level for grid in record.grids]
    assert {level: levels.count(level) for level in set(levels)} == {
        "community": 1, "area": 4, "block": 10, "cell": 34,
    }  # fmt: skip
    assert all(grid.head for grid in record.grids)
    assert all(grid.sponsor for grid in record.grids if grid.level == "area")
    data = render_plan(record, ONE)[0]
    facts = check_pdf(data, plan_html(record, ONE), "zh-Hans" if lang == ZH else "en")
    text = squeezed(facts.text)
    for grid in record.grids[1:]:
        assert text.count(grid.number) >= 2, grid
        assert grid.head is not None
        assert grid.head.name in text


def test_only_a_divided_community_has_a_plan(session: Session) -> None:
    for code in (CELL, STREET):
        with pytest.raises(RuleError):
            plans.load_plan(session, code, ZH)
    grid = _grid(session, CELL)
    grid.boundary = None
    session.flush()
    with pytest.raises(RuleError, match=grid.name):
        plans.load_plan(session, COMMUNITY, ZH)


def test_a_plan_names_nobody_without_consent(session: Session) -> None:
    head = _worker(session, "cell_head")
    head.public_consent_on = head.portrait = None
    session.flush()
    record = plans.load_plan(session, COMMUNITY, ZH)
    assert next(grid for grid in record.grids if grid.code == CELL).head is None
    assert head.name not in plan_html(record, ONE)


# the archive -------------------------------------------------------------


@pytest.mark.one_engine
@pytest.mark.parametrize(("code", "lang"), [(CELL, ZH), (CELL, EN), (AREA, ZH), (COMMUNITY, EN)])
def test_an_archive_of_the_demo_passes_the_pdf_checks(
    session: Session, code: str, lang: str
) -> None:
    record = archives.load_archive(session, code, lang)
    data = render_archive(record, ONE)[0]
    check_pdf(data, archive_html(record, ONE), "zh-Hans" if lang == ZH else "en")


def test_an_archive_holds_what_the_portal_knows(session: Session) -> None:
    record = archives.load_archive(session, CELL, ZH)
    facts = dict(record.facts)
    assert facts["户数"] == "152，在标准120至160户之内"
    assert facts["面积"].startswith("28,")
    assert [one.name for one in record.neighbours] == [
        "鸟语新城", "百合华庭", "千禧村", "东篱坊"
    ]  # fmt: skip
    assert {one.post for one in record.roster} >= {"小格责任人", "网格长", "网格员", "信息员"}
    assert {"110", "12345"} <= {line.number for line in record.hotlines}
    assert record.findings == ()
    area = archives.load_archive(session, AREA, ZH)
    assert [part.number for part in area.parts] == ["01-01", "01-02", "01-03"]
    assert all(part.area and part.head for part in area.parts)
    assert "10个小格中10个已报户数" in dict(area.facts)["户数"]


def test_a_private_telephone_is_never_in_an_archive(session: Session) -> None:
    for code in (CELL, AREA, COMMUNITY):
        html = archive_html(archives.load_archive(session, code, ZH), ONE)
        workers = session.scalars(select(Worker).where(Worker.grid_code == code)).all()
        assert workers
        assert [one.name for one in workers if one.phone and one.phone in html] == []


def test_the_history_tells_changes_and_posts(session: Session) -> None:
    grid = _grid(session, CELL)
    old = grid.name
    grid.name = "三多新院"
    grid.households_declared = 400
    grid.boundary = _grid(session, BLOCK).boundary
    post = session.scalars(
        select(Post).where(Post.grid_code == CELL, Post.role == "information_officer")
    ).one()
    post.until = clock.today() - timedelta(days=1)
    gone = session.get_one(Worker, post.worker_id).name
    session.add(Team(grid_code=CELL, kind="patrol", name="夜巡队"))
    session.flush()
    record = archives.load_archive(session, CELL, ZH)
    texts = [change.text for change in record.changes]
    changed = next(text for text in texts if old in text and "→" in text)
    assert f"名称：{old} → 三多新院" in changed
    assert "申报户数：152 → 400" in changed
    assert "边界有改动" in texts
    assert not any("coordinates" in text for text in texts)
    assert f"{gone}不再担任信息员。" in texts
    assert any("夜巡队" in text for text in texts)
    assert [change.day for change in record.changes] == sorted(
        (change.day for change in record.changes), reverse=True
    )
    assert "不在标准120至160户之内" in dict(record.facts)["户数"]
    assert {kind for kind, _text, _area in record.findings} >= {"重叠", "户数不达标"}


def test_a_grid_just_entered_has_an_archive_too(session: Session) -> None:
    session.add(
        Grid(code=f"{BLOCK}099", name="新小格", level="cell", parent_code=BLOCK, kind="gated")
    )
    session.flush()
    record = archives.load_archive(session, f"{BLOCK}099", ZH)
    facts = check_pdf(render_archive(record, ONE)[0], archive_html(record, ONE), "zh-Hans")
    assert "未登记边界" in squeezed(facts.text)
    with pytest.raises(RuleError):
        archives.load_archive(session, STREET, ZH)
    with pytest.raises(OutOfScope):
        archives.load_archive(session, "420102009999", ZH)


def _digest(session: Session, kind: str, code: str) -> str:
    drawing = registry.DRAWINGS[kind]
    return drawing.digest(drawing.load(session, code, ZH, ""))


@pytest.mark.parametrize("kind", ["service-sign", "grid-archive"])
def test_what_makes_a_version(session: Session, kind: str) -> None:
    before = _digest(session, kind, CELL)
    other = _grid(session, "4201020029900401001")
    other.name = "远处"  # beyond the grids around
    session.add(
        IssuedDocument(
            grid_code=CELL, kind="notice-board", size="a3", lang=ZH, number="GS-1", issue_no=1,
            content_hash="0" * 64, sha256="0" * 64, issued_on=clock.today(), pages=1, path="x",
        )
    )  # fmt: skip
    session.flush()
    assert _digest(session, kind, CELL) == before
    _worker(session, "grid_worker").public_phone = "027-01009999"
    session.flush()
    assert _digest(session, kind, CELL) != before


def test_a_plan_is_new_when_any_grid_changes(session: Session) -> None:
    before = _digest(session, plans.KIND, COMMUNITY)
    assert _digest(session, plans.KIND, COMMUNITY) == before
    _grid(session, CELL).households_declared = 151
    session.flush()
    assert _digest(session, plans.KIND, COMMUNITY) != before


@pytest.mark.parametrize("kind", [signs.KIND, plans.KIND, archives.KIND])
def test_records_are_plain_data(session: Session, kind: str) -> None:
    code = COMMUNITY if kind == plans.KIND else CELL
    record = registry.DRAWINGS[kind].load(session, code, EN, "")
    json.dumps(record, default=lambda value: vars(value) if hasattr(value, "__dict__") else 1 / 0)


@pytest.mark.parametrize(
    ("kind", "code", "size", "number"),
    [
        ("service-sign", CELL, "a4", f"FW-{CELL}-A4-001"),
        ("site-plan", COMMUNITY, "a1", f"PM-{COMMUNITY}-A1-001"),
        ("grid-archive", BLOCK, "a4", f"DA-{BLOCK}-A4-001"),
    ],
)
def test_the_command_issues_them(
    portal: Flask, tmp_path: Path, kind: str, code: str, size: str, number: str
) -> None:
    out = tmp_path / "paper.pdf"
    words = ["portal", "render", kind, "--grid", code, "--size", size, "--out", str(out)]
    done = portal.test_cli_runner().invoke(args=words)
    assert done.exit_code == 0, done.output
    assert number in done.output
    again: Any = portal.test_cli_runner().invoke(args=words)
    assert number in again.output  # nothing changed: the same version
    with portal.app_context(), acting(SYSTEM):
        issued = documents.newest_issue(db.session, kind, code, size, ZH)
        assert issued is not None
        assert out.read_bytes() == documents.stored_file(issued).read_bytes()
        assert issued.pages >= 1
