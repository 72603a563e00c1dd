"""``/jobs/``: what the queues and the timetable do, for the administrator."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder.baseviews import BaseView, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import select

from portal import clock, queue, roles, slots
from portal.errors import RuleError
from portal.extensions import db
from portal.models import Task
from portal.models.choices import (
    DOCUMENT_KINDS,
    DOCUMENT_LANGUAGES,
    DOCUMENT_SIZES,
    JOBS,
    TASK_KINDS,
)
from portal.queries import jobs
from portal.rules import jobs as rules
from portal.rules import tasks
from portal.views.context import format_date, format_number
from portal.views.entity.access import allowed
from portal.views.page import Cell, Column, ListPage, Row, Tile

ALL = "all"
MOST_KEYS = 6  # of one job, in words
LOST = ("WorkerLost", "Work-horse terminated")  # how a reason begins whose worker was killed
TIMED_OUT = "rq.timeouts.JobTimeoutException"


@dataclass(frozen=True)
class Letter:
    """A dead letter: what it was, about what, when it was given up, why in words, or as the fault
    itself said.
    """

    id: str
    what: str
    keys: str
    at: str
    why: str
    fault: str


@dataclass(frozen=True)
class Board:
    """Everything of the page; ``more`` dead letters are not shown."""

    tiles: list[Tile]
    letters: list[Letter]
    more: int
    running: ListPage
    waiting: ListPage
    paused: ListPage
    timetable: ListPage
    silent: bool


class JobsView(BaseView):
    """Jobs: queued, running, paused, given up; the timetable."""

    route_base = "/jobs"
    default_view = "page"
    class_permission_name = "Job"
    resource = "Job"
    list_title = _l("Jobs")

    @expose("/")
    @allowed(roles.READ)
    def page(self) -> ResponseReturnValue:
        """The page; 503 where the queue server does not answer."""
        try:
            board = self._board(queue.connection())
        except RedisError:
            return render_template("views/jobs.html", title=self.list_title, board=None), 503
        return render_template("views/jobs.html", title=self.list_title, board=board)

    @expose("/retry", methods=["POST"])
    @allowed(roles.WRITE)
    def retry(self) -> ResponseReturnValue:
        """Queue one dead letter again (``job``), or all of them."""
        client = queue.connection()
        done = rules.retry(db.session, client, self._chosen(client))
        flash(ngettext("%(num)s job is queued again.", "%(num)s jobs are queued again.", done))
        return redirect(f"{self.route_base}/")

    @expose("/drop", methods=["POST"])
    @allowed(roles.WRITE)
    def drop(self) -> ResponseReturnValue:
        """Forget one dead letter (``job``), or all of them if ``sure``."""
        if request.form.get("job") == ALL and not request.form.get("sure"):
            raise RuleError(_l("Tick the box first: what is dropped is gone for good."))
        client = queue.connection()
        done = rules.drop(db.session, client, self._chosen(client))
        flash(ngettext("%(num)s job is dropped.", "%(num)s jobs are dropped.", done))
        return redirect(f"{self.route_base}/")

    @staticmethod
    def _chosen(client: Redis) -> list[str]:
        job = request.form.get("job", "")
        if not job:
            raise RuleError(_l("Say which job is meant."))
        return jobs.failed_ids(client) if job == ALL else [job]

    def _board(self, client: Redis) -> Board:
        health = queue.health(client)
        piles = {
            "failed": jobs.failed(client),
            "running": jobs.running(client),
            "waiting": jobs.waiting(client),
            "paused": jobs.paused(client),
        }
        kinds = _task_kinds([item for pile in piles.values() for item in pile.items])
        letters = [self._letter(item, kinds) for item in piles["failed"].items]
        silent = health.timetable_age is None or health.timetable_age > jobs.QUIET_TIMETABLE
        return Board(
            self._tiles(piles, health.workers),
            letters,
            piles["failed"].count - len(letters),
            _list(piles["running"], kinds, _("Since")),
            _list(piles["waiting"], kinds, _("Since")),
            _list(piles["paused"], kinds, _("Next try")),
            _timetable(slots.known(client)),
            silent,
        )

    @staticmethod
    def _tiles(piles: dict[str, jobs.Pile], workers: int) -> list[Tile]:
        def tile(label: str, count: int, anchor: str, tone: Any = "") -> Tile:
            return Tile(label, format_number(count), anchor, tone=tone)

        failed = piles["failed"].count
        return [
            tile(_("Given up"), failed, "#failed", "late" if failed else ""),
            tile(_("Running"), piles["running"].count, "#running"),
            tile(_("Waiting"), piles["waiting"].count, "#waiting"),
            tile(_("Waiting for another try"), piles["paused"].count, "#paused"),
            Tile(_("Workers at work"), format_number(workers), tone="" if workers else "late"),
        ]

    @staticmethod
    def _letter(item: jobs.Item, kinds: dict[int, str]) -> Letter:
        why, fault = "", item.reason
        if fault.startswith(LOST):
            why, fault = _("The worker was killed or lost while it worked on this job."), ""
        elif fault.startswith(TIMED_OUT):
            why, fault = _("It took longer than it may."), ""
        return Letter(item.id, _name(item), _keys(item, kinds), format_date(item.at), why, fault)


def _task_kinds(items: list[jobs.Item]) -> dict[int, str]:
    """Words for the kinds of the tasks among the jobs."""
    ids = [item.keys[0] for item in items if item.job == tasks.JOB and item.keys]
    rows = db.session.execute(select(Task.id, Task.kind).where(Task.id.in_(ids))) if ids else ()
    return {key: str(TASK_KINDS.get(kind, kind)) for key, kind in rows}


def _name(item: jobs.Item) -> str:
    """What the job does, in words; its dotted name where nobody has given it any."""
    return str(JOBS.get(item.job, item.job))


def _keys(item: jobs.Item, kinds: dict[int, str]) -> str:
    """What the job is about: the slot, the kind and number of a task, or its keys."""
    if slots.entry_of(item.id) and item.keys:
        return format_date(datetime.fromisoformat(item.keys[0]))
    if item.job == tasks.JOB and item.keys:
        kind, number = kinds.get(item.keys[0], ""), item.keys[0]
        return _("%(kind)s, number %(number)s", kind=kind, number=number) if kind else str(number)
    words = {**DOCUMENT_LANGUAGES, **DOCUMENT_SIZES, **DOCUMENT_KINDS}
    texts = [str(words.get(key, key)) for key in map(str, _flat(item.keys))]
    more = len(texts) - MOST_KEYS
    return " · ".join(texts[:MOST_KEYS]) + (f" · +{more}" if more > 0 else "")


def _flat(keys: Iterable[Any]) -> Iterator[Any]:
    """Keys, those in lists as well; of nothing there is nothing to say."""
    for key in keys:
        if isinstance(key, list):
            yield from _flat(key)
        elif key not in ("", None):
            yield key


def _list(pile: jobs.Pile, kinds: dict[int, str], when: str) -> ListPage:
    names = [("what", _("Job")), ("keys", _("About")), ("at", when)]
    rows = [
        Row(
            item.id,
            _name(item),
            cells=[
                Cell("what", names[0][1], _name(item)),
                Cell("keys", names[1][1], _keys(item, kinds)),
                Cell("at", names[2][1], format_date(item.at), kind="date"),
            ],
        )
        for item in pile.items
    ]
    return ListPage([Column(name, label) for name, label in names], rows, pile.count)


def _timetable(entries: list[slots.Known]) -> ListPage:
    labels = {
        "what": _("Job"),
        "last": _("Last run"),
        "took": _("Took"),
        "how": _("Outcome"),
        "next": _("Next run"),
    }
    now = clock.now()
    rows = []
    for entry in entries:
        name, run = str(JOBS.get(entry.job, entry.job)), entry.run
        texts = {
            "what": name,
            "last": format_date(run.at) if run else _("not yet"),
            "took": _("%(n)s s", n=format_number(round(run.seconds, 1))) if run else "",
            "how": (_("Went well") if run.good else _("Failed")) if run else "",
            "next": format_date(slots.following(entry.cron, now)),
        }
        tone: Any = ("good" if run.good else "late") if run else ""
        cells = [
            Cell(
                key,
                labels[key],
                text,
                kind="badge" if key == "how" else "text",
                tone=tone if key == "how" else "",
            )
            for key, text in texts.items()
        ]
        rows.append(Row(entry.name, name, cells=cells))
    rows.sort(key=lambda row: row.title)
    return ListPage([Column(*pair) for pair in labels.items()], rows, len(rows))
