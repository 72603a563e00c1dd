"""Batches of documents: what is in them, what comes of them, whatever happens meanwhile."""

import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from jobs.documents import batch
from portal import roles, scope
from portal.cli.process import children
from portal.documents.board import render_board
from portal.errors import OutOfScope, RuleError
from portal.models import Grid, IssuedDocument, Message, Post, Task, User
from portal.queries.identity import load_identity
from portal.rules import batches, boards, documents, tasks
from portal.rules.batches import SELF, Order
from portal.rules.tasks import Cancelled
from tests.support.client import PageClient
from tests.support.pdf import read_pdf, squeezed

COMMUNITY, AREA, BLOCK = "420102002990", "42010200299002", "4201020029900102"
LARGER = "4201020029900101"  # a block of four cells
CELLS = [f"{BLOCK}00{number}" for number in (1, 2, 3)]
ZH = "zh_Hans_CN"
Work = Callable[[], int]


def _start(session: Session, order: Order) -> int:
    user_id = session.scalar(select(User.id).where(User.username == "station"))
    assert user_id is not None
    task = batches.start(session, user_id, order)
    session.commit()
    return task.id


def _ended(session: Session, task_id: int) -> tuple[Task, dict[str, Any]]:
    task = session.get_one(Task, task_id, populate_existing=True)
    return task, json.loads(task.report or "{}")


def _newest(session: Session, code: str) -> IssuedDocument:
    found = documents.newest_issue(session, boards.KIND, code, "a3", ZH)
    assert found is not None
    return found


def _hide(session: Session, code: str) -> None:
    for post in session.scalars(select(Post).where(Post.grid_code == code)):
        post.public = False
    session.commit()


def test_an_order_becomes_its_documents(session: Session) -> None:
    found = batches.items(session, Order(COMMUNITY, {"notice-board": "cell", "work-manual": SELF}))
    assert len(found) == 35
    assert [item.kind for item in found].count("notice-board") == 34
    assert [(item.grid, item.size) for item in found[-1:]] == [(COMMUNITY, "a4")]
    first = batches.in_order_of_work(found)[0]
    assert (first[0], first[1].kind) == (34, "work-manual")  # the long one is begun at once
    area = batches.items(session, Order(AREA, {"notice-board": "block"}, size="a2"))
    assert len(area) == 3
    assert {item.size for item in area} == {"a2"}
    # A site plan is for communities only.
    with pytest.raises(RuleError):
        batches.items(session, Order(AREA, {"site-plan": SELF}))
    assert len(batches.items(session, Order(COMMUNITY, {"site-plan": SELF}))) == 1


@pytest.mark.one_engine
def test_manuals_for_every_kind_of_post(session: Session) -> None:
    found = batches.items(session, Order(CELLS[0], {"work-manual": SELF}, posts=True))
    held = session.scalars(select(Post.role).where(Post.grid_code == CELLS[0]).distinct())
    assert {item.subject for item in found} == set(held)


def test_grids_no_longer_in_force_get_nothing(session: Session) -> None:
    grid = session.scalars(select(Grid).where(Grid.code == CELLS[1])).one()
    grid.active_from = grid.active_to = grid.created_at.date().replace(year=2012)
    session.flush()
    found = batches.items(session, Order(BLOCK, {"notice-board": "cell"}))
    assert [item.grid for item in found] == [CELLS[0], CELLS[2]]


def test_a_batch_too_large_is_refused(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST", 33)
    with pytest.raises(RuleError, match="34"):
        batches.items(session, Order(COMMUNITY, {"notice-board": "cell"}))


def test_one_pdf_with_a_failure_that_stops_nobody(session: Session, work: Work) -> None:
    _hide(session, CELLS[1])
    task_id = _start(session, Order(BLOCK, {"notice-board": "cell"}))
    work()
    task, report = _ended(session, task_id)
    assert (task.state, task.total, task.done, task.failed) == ("done", 3, 2, 1)
    assert (report["issued"], report["unchanged"], report["pages"]) == (2, 0, 2)
    assert [(item["grid"], item["kind"]) for item in report["failed"]] == [
        (CELLS[1], "notice-board")
    ]
    assert "Nobody of this grid is shown in public" in report["failed"][0]["reason"]
    assert session.scalars(select(Message.kind)).all() == ["task_done"]
    file = tasks.result_file(task)
    assert file is not None
    assert task.result_name is not None
    assert task.result_name.endswith(".pdf")
    facts = read_pdf(file.read_bytes())
    stored = [_newest(session, code) for code in (CELLS[0], CELLS[2])]
    parts = [read_pdf(documents.stored_file(document).read_bytes()) for document in stored]
    assert squeezed(facts.text) == squeezed("".join(part.text for part in parts))
    assert (facts.lang, facts.untagged, facts.shows_title, facts.marked) == (
        "zh-Hans", 0, True, True,
    )  # fmt: skip
    assert facts.tags[0] == "Document"
    assert facts.tags.count("H1") == 2
    assert all(facts.figures)
    assert all(facts.fonts.values())
    assert facts.bookmarks == parts[0].bookmarks + parts[1].bookmarks
    assert facts.sizes == ((420, 297),) * 2
    # Asked for again: nothing is drawn, the same documents are handed over.
    again = _start(session, Order(BLOCK, {"notice-board": "cell"}))
    work()
    assert _ended(session, again)[1]["unchanged"] == 2
    assert session.scalar(select(func.count()).select_from(IssuedDocument)) == 2


@pytest.mark.one_engine
def test_drawn_by_another_process_it_is_the_same_document(session: Session, work: Work) -> None:
    before = children()
    _start(session, Order(CELLS[0], {"notice-board": SELF}))
    work()
    document = _newest(session, CELLS[0])
    edition = documents.Edition(document.number, document.issue_no, document.issued_on)
    record = boards.load_board(session, CELLS[0], ZH)
    assert documents.stored_file(document).read_bytes() == render_board(record, edition)[0]
    assert children() == before  # nobody is left over


@pytest.mark.one_engine
def test_a_zip_with_a_file_for_each(session: Session, work: Work) -> None:
    task_id = _start(session, Order(CELLS[0], {"notice-board": SELF}, size="a4", output="zip"))
    work()
    task, _report = _ended(session, task_id)
    file = tasks.result_file(task)
    assert file is not None
    document = documents.newest_issue(session, boards.KIND, CELLS[0], "a4", ZH)
    assert document is not None
    with zipfile.ZipFile(file) as archive:
        (name,) = archive.namelist()
        assert name.endswith(f"-{document.number}.pdf")
        assert archive.read(name) == documents.stored_file(document).read_bytes()


def test_it_goes_on_as_long_as_the_owner_may(session: Session, work: Work) -> None:
    user = session.scalars(select(User).where(User.username == "station")).one()
    task_id = _start(session, Order(CELLS[0], {"notice-board": SELF}))
    for post in session.scalars(select(Post).where(Post.role == "office_director")):
        session.delete(post)
    session.commit()
    identity = load_identity(session, user)
    assert identity.prefixes(roles.WRITE, "IssuedDocument") == ()
    work()
    task, _report = _ended(session, task_id)
    assert task.state == "failed"
    assert session.scalar(select(func.count()).select_from(IssuedDocument)) == 0


class Impatient(tasks.Progress):
    """The owner asks for an end while the first document is being drawn."""

    def step(self, *, failed: bool = False, count: int = 1) -> None:
        tasks.cancel(self.session, self.session.get_one(Task, self.task_id))
        super().step(failed=failed, count=count)


@pytest.mark.one_engine
def test_cancelled_it_stops_after_what_is_in_hand(session: Session) -> None:
    taken = tasks.take(session, _start(session, Order(BLOCK, {"notice-board": "cell"})))
    assert taken is not None
    before = children()
    progress = Impatient(session, taken.task_id, taken.user_id, taken.params)
    with pytest.raises(Cancelled):
        batch(progress)
    session.rollback()
    assert session.scalar(select(func.count()).select_from(IssuedDocument)) == 1
    assert children() == before


RUN = """
import sys
from jobs import tasks
from portal.app import create_app
from portal.scope import SYSTEM, acting
app = create_app()
with app.app_context(), acting(SYSTEM):
    tasks.run(int(sys.argv[1]))
"""


def _of(pid: int) -> list[int]:
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_killed_it_leaves_nobody_and_goes_on_later(
    session: Session, place: Any, work: Work
) -> None:
    place.foreign_writers = True
    task_id = _start(session, Order(LARGER, {"notice-board": "cell"}))
    worker = subprocess.Popen([sys.executable, "-c", RUN, str(task_id)])
    try:
        deadline = time.monotonic() + 90
        while (task := _ended(session, task_id)[0]).done < 1:
            assert worker.poll() is None and time.monotonic() < deadline
            session.rollback()
            time.sleep(0.05)
        drawing = _of(worker.pid)
        assert drawing
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert task.state == "running"
    while any(_alive(pid) for pid in drawing):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    before = session.scalars(select(IssuedDocument.id)).all()
    assert 1 <= len(before) < 4
    work()  # the job that was queued with the task
    task, report = _ended(session, task_id)
    assert (task.state, task.done, task.total) == ("done", 4, 4)
    assert (report["issued"], report["unchanged"]) == (4, 0)
    after = session.scalars(select(IssuedDocument)).all()
    assert len(after) == 4
    assert {document.issue_no for document in after} == {1}
    assert set(before) <= {document.id for document in after}


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_outside_the_scope_there_is_nothing(session: Session) -> None:
    user = session.scalars(select(User).where(User.username == "clerk1")).one()
    with scope.acting(load_identity(session, user)), pytest.raises(OutOfScope):
        batches.items(session, Order(AREA, {"notice-board": "cell"}))


# the page -----------------------------------------------------------------------------------------

ASKED = {"kind_notice_board": "cell", "size": "a3", "lang": ZH, "output": "pdf"}


def test_the_page_shows_what_it_would_be_and_starts_it_once(
    client_as: Callable[..., PageClient], portal: Any
) -> None:
    client = client_as("station")
    assert "/documents/batch" in client.get("/documents/list/").links()
    assert client.get("/documents/batch").status == 200
    page = client.get("/documents/batch", query_string={"grid": BLOCK, **ASKED})
    assert page.status == 200
    assert "共3份文书" in page.text
    form = page.form("/documents/batch")
    first = client.post("/documents/batch", form)
    second = client.post("/documents/batch", form)
    assert first.status == second.status == 302
    assert first.location == second.location
    assert first.location is not None
    assert client.get(first.location).status == 200
    with portal.app_context():
        found = portal.extensions["sqlalchemy"].session.scalars(select(Task)).all()
        assert [task.total for task in found] == [3]


def test_the_page_says_which_boards_lack_what(
    client_as: Callable[..., PageClient], portal: Any
) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        _hide(portal.extensions["sqlalchemy"].session, CELLS[1])
    page = client_as("station", "en").get("/documents/batch", query_string={"grid": BLOCK, **ASKED})
    assert "1 document cannot be issued yet" in page.text
    assert "Nobody of this grid is shown in public" in page.text


def test_the_page_says_what_signs_and_plans_lack_too(
    client_as: Callable[..., PageClient], portal: Any
) -> None:
    with portal.app_context(), scope.acting(scope.SYSTEM):
        session = portal.extensions["sqlalchemy"].session
        _hide(session, CELLS[1])
        grid = session.scalars(select(Grid).where(Grid.code == CELLS[0])).one()
        grid.boundary = None
        session.commit()
    asked = {"kind_service_sign": "cell", "kind_site_plan": "self", "lang": ZH, "output": "pdf"}
    page = client_as("station", "en").get(
        "/documents/batch", query_string={"grid": COMMUNITY, **asked}
    )
    assert "2 documents cannot be issued yet" in page.text
    assert "Its grid worker is not shown in public" in page.text
    assert "No boundary is on record of" in page.text


@pytest.mark.parametrize(
    ("username", "grid", "status"),
    [
        ("station", "420102", 404),  # above the community
        ("station", "9" * 12, 404),
        ("station", "", 400),
        ("clerk1", AREA, 403),
        ("area1", AREA, 403),
        ("block03", BLOCK, 403),
    ],
)
def test_only_those_who_issue_documents_there(
    client_as: Callable[..., PageClient], username: str, grid: str, status: int
) -> None:
    client = client_as(username)
    query = {"grid": grid, **ASKED}
    assert client.get("/documents/batch", query_string=query).status == status
    token = client.get("/logout/").form()["csrf_token"]
    answer = client.post("/documents/batch", {**query, "csrf_token": token})
    assert answer.status == status


def test_nothing_chosen_is_refused_and_kept(client_as: Callable[..., PageClient]) -> None:
    client = client_as("station", "en")
    page = client.get("/documents/batch", query_string={"grid": BLOCK, "size": "a2"})
    assert page.status == 400
    assert "Choose at least one kind" in page.text
    assert page.one("select[name=size] option[selected]")["value"] == "a2"
    assert "鸟语" not in page.text
