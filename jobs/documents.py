"""Batches of documents: issued one by one, drawn by several processes, handed over as one file."""

import zipfile
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm.exc import StaleDataError

from jobs.press import Drawn, Press, result
from portal import clock
from portal.documents.binder import bind
from portal.documents.registry import DRAWINGS
from portal.documents.template import HTML_LANG
from portal.errors import OutOfScope, RuleError, kept
from portal.models import Grid, IssuedDocument, Task, User
from portal.queries.board_record import Edition
from portal.queries.identity import load_identity
from portal.rules import batches, boards, documents, posting, stale, tasks
from portal.rules.batches import Item, Order, Report
from portal.rules.tasks import Progress
from portal.scope import acting

ATTEMPTS = 3
AHEAD = 3  # drawings that wait for each process, so that none is idle while a record is loaded


def batch(progress: Progress) -> None:
    """Work on a batch; run again, it goes on where it was. Raises RuleError where it may not be."""
    session = progress.session
    order = Order(**progress.params)
    user = session.get_one(User, progress.user_id)
    with acting(load_identity(session, user)):
        try:
            items = batches.items(session, order)
        except OutOfScope as error:
            raise RuleError(_l("You may not issue documents for this grid any more.")) from error
        progress.begin(len(items))
        work = Batch(progress, order, session.get_one(Task, progress.task_id).created_at)
        with Press() as press:
            work.run(items, press)
        work.hand_over(items)
        # What changed between the look at a record and the issue of its board.
        stale.look_at(session, order.grid, below=True)
        progress.report(asdict(work.report))


@dataclass
class Batch:
    """A batch in hand. ``done``: place of an item in the order → key of its document."""

    progress: Progress
    order: Order
    asked_at: Any
    report: Report = field(default_factory=Report)
    done: dict[int, int] = field(default_factory=dict)

    def run(self, items: list[Item], press: Press) -> None:
        """Issue every item that changed, each in a transaction of its own."""
        waiting: dict[Future[Drawn], Callable[[], None]] = {}
        for place, item in batches.in_order_of_work(items):
            try:
                draft = self._look(place, item)
            except (RuleError, OutOfScope) as refusal:
                self._fail(item, refusal)
                continue
            if draft is not None:
                future = press.submit(item.kind, draft.record, draft.edition, item.size)
                waiting[future] = self._ready(place, item, draft, future)
            if len(waiting) >= press.processes * AHEAD:
                self._collect(waiting)
        while waiting:
            self._collect(waiting)

    def _look(self, place: int, item: Item) -> "Draft | None":
        """The record of an item, and the edition it would be; None where nothing changed."""
        session, drawing = self.progress.session, DRAWINGS[item.kind]
        record = drawing.load(session, item.grid, self.order.lang, item.subject)
        digest = drawing.digest(record)
        spec = documents.SPECS[item.kind]
        found = documents.due(session, spec, record, digest, item.size, item.subject)
        if isinstance(found, IssuedDocument):
            self._keep(place, found)
            return None
        return Draft(record, digest, found)

    def _ready(
        self, place: int, item: Item, draft: "Draft", future: "Future[Drawn]"
    ) -> Callable[[], None]:
        def issue() -> None:
            try:
                self._keep(place, self._issue(item, draft, future))
            except RuleError as refusal:
                self._fail(item, refusal)

        return issue

    def _issue(self, item: Item, draft: "Draft", future: "Future[Drawn]") -> IssuedDocument:
        drawn = result(future)

        def render(record: Any, edition: Edition, size: str) -> tuple[bytes, int]:
            # Unless somebody else took the number meanwhile.
            if edition == draft.edition:
                return drawn
            return DRAWINGS[item.kind].render(record, edition, size)

        spec = documents.SPECS[item.kind]
        return documents.issue(
            self.progress.session, spec, draft.record, draft.digest, item.size, render, item.subject
        )

    def _collect(self, waiting: "dict[Future[Drawn], Callable[[], None]]") -> None:
        for future in wait(waiting, return_when=FIRST_COMPLETED).done:
            waiting.pop(future)()

    def _keep(self, place: int, document: IssuedDocument) -> None:
        self.progress.session.commit()
        if document.kind == boards.KIND:
            self._expect(document.id)
        self.done[place] = document.id
        # After a crash, what the first attempt made is still the work of this batch.
        if clock.local(document.created_at) >= clock.local(self.asked_at):
            self.report.issued += 1
        else:
            self.report.unchanged += 1
        self.report.pages += document.pages
        self.progress.step()

    def _expect(self, document_id: int) -> None:
        """The board is to be hung; somebody else may be changing its row at the same moment."""
        session = self.progress.session
        for attempt in range(ATTEMPTS):
            try:
                posting.expect(session, session.get_one(IssuedDocument, document_id))
                session.commit()
                return
            except StaleDataError:
                session.rollback()
                if attempt == ATTEMPTS - 1:
                    raise

    def _fail(self, item: Item, refusal: Exception) -> None:
        self.progress.session.rollback()
        reason = kept(getattr(refusal, "message", None) or _l("There is no such grid any more."))
        self.report.failed.append(
            {"kind": item.kind, "grid": item.grid, "name": item.name, "reason": reason}
        )
        self.progress.step(failed=True)

    def hand_over(self, items: list[Item]) -> None:
        """Write the one file that the owner gets, in the order of the batch."""
        if not self.done:
            return
        session = self.progress.session
        found = select(IssuedDocument).where(IssuedDocument.id.in_(self.done.values()))
        by_id = {document.id: document for document in session.scalars(found)}
        chosen = [(items[place], by_id[key]) for place, key in sorted(self.done.items())]
        name = session.scalar(select(Grid.name).where(Grid.code == self.order.grid)) or ""
        file = tasks.folder(self.progress.task_id) / f"batch.{self.order.output}"
        part = file.with_suffix(".part")
        if self.order.output == "zip":
            write_zip(part, chosen)
        else:
            write_pdf(part, chosen, name, self.order.lang)
        part.replace(file)
        title = f"{safe(name)}-{clock.today():%Y%m%d}.{self.order.output}"
        self.progress.result(file, title)


@dataclass(frozen=True)
class Draft:
    """A document to be drawn."""

    record: Any
    digest: str
    edition: Edition


def write_pdf(file: Path, chosen: list[tuple[Item, IssuedDocument]], name: str, lang: str) -> None:
    """All documents bound into one."""
    parts = [
        documents.stored_file(document).read_bytes()
        for _item, document in chosen
        if document.size not in documents.SHEETS
    ]
    file.write_bytes(bind(parts, name, HTML_LANG[lang], clock.today()))


def write_zip(file: Path, chosen: list[tuple[Item, IssuedDocument]]) -> None:
    """Every document as a file of its own; what is in a PDF is compressed already."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for item, document in chosen:
            stored = documents.stored_file(document)
            archive.write(stored, f"{safe(item.name)}-{document.number}{stored.suffix}")


def safe(name: str) -> str:
    """A name as file systems take it."""
    return "".join("_" if sign in '/\\:*?"<>|' or sign < " " else sign for sign in name).strip(" .")
