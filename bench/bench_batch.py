"""A batch of documents against headless Chromium printing the very same HTML, in the same run.

``python -m bench.bench_batch`` measures the boards of one block; with ``whole`` all 34 boards of
the demo community and its work manual. Ours is the whole task: loading, comparing, drawing,
issuing, binding into one PDF. Chromium is running already and prints each page once, in the
quicker of two ways (one tab, two tabs at once); its PDFs are thrown away. Both take turns; the
least of the rounds counts. Every PDF then has to pass the PDF checks, with its text compared to
the HTML. Exit 1 if one fails, or if the whole takes longer than Chromium.
"""

import asyncio
import logging
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version

from flask import Flask
from flask_migrate import upgrade
from playwright.async_api import Browser, Page, async_playwright
from sqlalchemy import delete, select

from jobs import tasks
from jobs.boards import warm_up
from portal.app import create_app
from portal.documents import pdf
from portal.documents.registry import DRAWINGS
from portal.documents.template import HTML_LANG
from portal.extensions import db
from portal.models import Board, IssuedDocument, Task, User
from portal.queries.board_record import Edition
from portal.rules import batches, documents
from portal.rules import tasks as task_rules
from portal.rules.accounts import synchronise_roles
from portal.rules.batches import Order
from portal.rules.defaults import load_defaults
from portal.rules.demo import build_demo
from portal.scope import SYSTEM, acting
from tests.support.browser import ARGUMENTS, CHROMIUM
from tests.support.pdf import check_pdf, read_pdf, squeezed

COMMUNITY, BLOCK = "420102002990", "4201020029900101"
SMALL = Order(BLOCK, {"notice-board": "cell"})
WHOLE = Order(COMMUNITY, {"notice-board": "cell", "work-manual": "self"})
ROUNDS = {"small": 1, "whole": 3}


@dataclass(frozen=True)
class Sheet:
    """A document of the batch: what was issued, and the HTML with its style sheet."""

    name: str
    lang: str
    issued: bytes
    html: str
    css: str

    @property
    def page(self) -> str:
        """The HTML with the style sheet inside, as a browser takes it."""
        return self.html.replace("</head>", f"<style>{self.css}</style></head>", 1)


def prepare(app: Flask) -> None:
    """A demo community with its accounts."""
    upgrade()
    synchronise_roles(db.session, app.appbuilder.sm)  # type: ignore[attr-defined]
    load_defaults(db.session)
    build_demo(db.session, 2012, 1, "-")
    db.session.commit()


def forget() -> None:
    """Nothing was issued yet."""
    for model in (Board, IssuedDocument):
        db.session.execute(delete(model).execution_options(audited=True))
    db.session.commit()


def ours(order: Order) -> tuple[float, Task]:
    """Seconds of the whole task, and the task."""
    forget()
    user_id = db.session.scalar(select(User.id).where(User.username == "station"))
    task_id = batches.start(db.session, user_id or 0, order).id
    db.session.commit()
    started = time.perf_counter()
    state = tasks.run(task_id)
    seconds = time.perf_counter() - started
    task = db.session.get_one(Task, task_id, populate_existing=True)
    assert (state, task.failed) == ("done", 0), task.report
    return seconds, task


@contextmanager
def recording() -> Iterator[list[tuple[str, str]]]:
    """HTML and style sheet of whatever is laid out meanwhile."""
    seen: list[tuple[str, str]] = []
    original = pdf.lay_out

    def lay_out(html: str, css: str) -> object:
        seen.append((html, css))
        return original(html, css)

    pdf.lay_out = lay_out  # type: ignore[assignment]
    try:
        yield seen
    finally:
        pdf.lay_out = original


def sheets() -> list[Sheet]:
    """What was issued, drawn once more to learn its HTML: the same bytes must come out."""
    found = []
    for document in db.session.scalars(select(IssuedDocument).order_by(IssuedDocument.id)):
        drawing = DRAWINGS[document.kind]
        record = drawing.load(db.session, document.grid_code, document.lang, document.subject)
        edition = Edition(document.number, document.issue_no, document.issued_on)
        with recording() as seen:
            again, _pages = drawing.render(record, edition, document.size)
        stored = documents.stored_file(document).read_bytes()
        assert again == stored, document.number
        html, css = seen[-1]
        found.append(Sheet(document.number, HTML_LANG[document.lang], stored, html, css))
    return found


async def printed(tab: Page, pages: Sequence[str]) -> int:
    """Bytes of the PDFs that one tab makes."""
    size = 0
    for page in pages:
        await tab.set_content(page)
        size += len(
            await tab.pdf(
                prefer_css_page_size=True, print_background=True, tagged=True, outline=True
            )
        )
    return size


async def chromium(browser: Browser, pages: Sequence[str], tabs: int) -> tuple[float, int]:
    """Seconds and bytes with so many tabs at once; opening them is not counted."""
    opened = [await browser.new_page() for _number in range(tabs)]
    started = time.perf_counter()
    sizes = await asyncio.gather(*(printed(tab, pages[at::tabs]) for at, tab in enumerate(opened)))
    seconds = time.perf_counter() - started
    for tab in opened:
        await tab.close()
    return seconds, sum(sizes)


def check(found: Sequence[Sheet], bound: bytes) -> int:
    """The PDF checks of every document and of the whole; how many pages. AssertionError."""
    parts = [check_pdf(sheet.issued, sheet.html, sheet.lang) for sheet in found]
    whole = read_pdf(bound)
    assert whole.lang and whole.title and whole.shows_title and whole.marked
    assert 'pdfuaid:part="1"' in whole.metadata
    assert whole.tags[0] == "Document" and whole.tags.count("H1") == len(found)
    assert whole.figures and all(whole.figures)
    assert whole.fonts and all(whole.fonts.values())
    assert whole.untagged == 0
    assert sorted(whole.bookmarks) == sorted(mark for part in parts for mark in part.bookmarks)
    assert sorted(squeezed(whole.text)) == sorted("".join(squeezed(part.text) for part in parts))
    return len(whole.sizes)


async def measure(order: Order, rounds: int) -> bool:
    """Measure, check and print; whether ours took no longer."""
    times: dict[str, list[float]] = {"ours": [], "one tab": [], "two tabs": []}
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        _warm, task = ours(order)
        found = sheets()
        pages = [sheet.page for sheet in found]
        for _round in range(rounds):
            seconds, task = ours(order)
            times["ours"].append(seconds)
            for way, tabs in (("one tab", 1), ("two tabs", 2)):
                seconds, size = await chromium(browser, pages, tabs)
                times[way].append(seconds)
        told = f"Chromium {browser.version}, WeasyPrint {version('weasyprint')}"
        await browser.close()
    file = task_rules.result_file(task)
    assert file is not None
    bound = file.read_bytes()
    count = check(sheets(), bound)
    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}")
    print(f"{told}; load {os.getloadavg()[0]:.1f}")
    print(f"{len(found)} documents, {count} pages; every PDF passes the checks, text included")
    best = min(min(times["one tab"]), min(times["two tabs"]))
    for name, label in (
        ("ours", f"ours: issued and bound, {len(bound) / 1e6:.1f} MB"),
        ("one tab", f"Chromium, one tab, {size / 1e6:.1f} MB"),
        ("two tabs", "Chromium, two tabs at once"),
    ):
        least = min(times[name])
        every = " ".join(f"{seconds:.1f}" for seconds in times[name])
        print(f"  {label:38}{least:7.2f} s{least / best:7.2f} ×   ({every})")
    return min(times["ours"]) <= best


def main() -> int:
    """Measure on a demo community of its own (SQLite unless ``PORTAL_DATABASE_URL`` says)."""
    name = "whole" if "whole" in sys.argv[1:] else "small"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PORTAL_VAR"] = folder
        for quiet in ("portal.queue", "portal.rules.stale"):  # there is no queue server here
            logging.getLogger(quiet).setLevel(logging.CRITICAL)
        app = create_app()
        with app.app_context(), acting(SYSTEM):
            prepare(app)
            warm_up()
            quick = asyncio.run(measure({"small": SMALL, "whole": WHOLE}[name], ROUNDS[name]))
    return 0 if quick or name == "small" else 1


if __name__ == "__main__":
    sys.exit(main())
