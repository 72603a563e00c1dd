"""Long work in the queue: asked for by one account, counted, cancelled, done once.

``start`` writes the row and asks the queue; the worker calls the handler of the kind
(``jobs/tasks.py``) with a ``Progress``. Counts are written past the session and committed at once,
so that a page sees them; the handler commits each item itself, and may be run again from the
beginning after a crash: what is done already must change nothing. ``waiting`` finds what nobody
works on any more, so that a killed worker or a lost queue only delays it.
"""

import json
import shutil
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from portal import clock, queue
from portal.errors import kept
from portal.models import Task
from portal.rules import inbox

JOB = "jobs.tasks.run"
TIMEOUT = 3600  # seconds
OPEN = ("queued", "running")
LONGEST_ERROR = 400
BETWEEN = 0.3  # seconds from one figure to the next
MOST_ATTEMPTS = 3  # a task that kills its worker every time must not do so for ever
# Why a task failed, where it was not a rule that refused: words in ``messages.WORDS``.
FAULT, CRASHED = "fault", "crashed"


class Cancelled(Exception):
    """The owner asked for an end; what is done stays done."""


def start(
    session: Session,
    user_id: int,
    kind: str,
    params: dict[str, Any],
    total: int = 0,
    grid_code: str | None = None,
    *,
    quick: bool = False,
) -> Task:
    """A new task for the account; it starts after the caller's commit. ``params``: keys and codes
    only, plain JSON. ``quick``: it takes seconds, so it need not wait behind what takes minutes.
    """
    task = Task(
        user_id=user_id,
        kind=kind,
        params=json.dumps(params, ensure_ascii=False),
        total=total,
        grid_code=grid_code,
        state="queued",
    )
    session.add(task)
    session.flush()
    enqueue(task.id, quick=quick)
    return task


def job_id(task_id: int) -> str:
    """What the task is called in the queue."""
    return f"task-{task_id}"


def enqueue(task_id: int, *, quick: bool = False) -> None:
    """Ask the queue for the task, once while it is under way; a lost server is made up for by the
    round that looks for tasks nobody works on.
    """
    try:
        queue.enqueue(JOB, task_id, job_id=job_id(task_id), timeout=TIMEOUT, long=not quick)
    except RedisError:
        current_app.logger.warning("the queue is away: task %s waits", task_id)


def own(session: Session, user_id: int, task_id: int) -> Task | None:
    """The task, if it is the account's."""
    return session.scalar(select(Task).where(Task.id == task_id, Task.user_id == user_id))


def cancel(session: Session, task: Task) -> None:
    """Ask for an end: at once if it only waits, otherwise after the item in hand; of what has ended
    already nothing. The caller commits.

    Work that holds the only write lock of SQLite hears of it through the queue server, gives up and
    so lets this write through.
    """
    if task.state in OPEN:
        queue.ask_end(task.id)
    asked = and_(Task.cancel_asked_at.is_(None), Task.state.in_(OPEN))
    _set(session, task.id, asked, cancel_asked_at=clock.now())
    _set(session, task.id, Task.state == "queued", state="cancelled", finished_at=clock.now())
    session.expire(task)


def place(task_id: int) -> Path:
    """Where the files of a task lie, if it has any."""
    return Path(current_app.config["PORTAL_VAR"]) / "tasks" / str(task_id)


def folder(task_id: int) -> Path:
    """The same, made if missing, for the portal's own user alone."""
    path = place(task_id)
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def result_file(task: Task) -> Path | None:
    """The file to download, if there is one and it is still there."""
    if not task.result_path:
        return None
    path = Path(current_app.config["PORTAL_VAR"]) / task.result_path
    return path if path.is_file() else None


@dataclass
class Progress:
    """What a handler tells while it works on task ``task_id``; every call commits."""

    session: Session
    task_id: int
    user_id: int
    params: dict[str, Any]
    done: int = 0
    failed: int = 0
    told_at: float = 0.0

    def begin(self, total: int) -> None:
        """How many items there will be."""
        self._write(total=total, done=0, failed=0)

    def step(self, *, failed: bool = False, count: int = 1) -> None:
        """``count`` more items are done or failed. Raises Cancelled if the owner asked for it."""
        if failed:
            self.failed += count
        else:
            self.done += count
        self._write(done=self.done, failed=self.failed)
        asked = select(Task.cancel_asked_at).where(Task.id == self.task_id)
        if self.session.scalar(asked) is not None:
            raise Cancelled

    def tell(self, done: int, total: int) -> None:
        """How far one long transaction is: past the database, nothing is committed. Raises
        Cancelled if the owner asked for an end.
        """
        now = time.monotonic()
        if 0 < done < total and now - self.told_at < BETWEEN:
            return
        self.told_at = now
        if queue.note_pace(self.task_id, done, total):
            raise Cancelled

    def result(self, path: Path, name: str) -> None:
        """The file that the owner gets; ``path`` lies under PORTAL_VAR."""
        var = Path(current_app.config["PORTAL_VAR"])
        self._write(result_path=path.relative_to(var).as_posix(), result_name=name)

    def report(self, report: dict[str, Any]) -> None:
        """What there is to say, as JSON."""
        self._write(report=json.dumps(report, ensure_ascii=False, default=str))

    def conclude(
        self,
        report: dict[str, Any],
        done: int,
        failed: int,
        file: tuple[Path, str] | None = None,
    ) -> None:
        """All of it at once, in the commit that keeps what the handler has written: after a crash
        either both are there or neither. ``file``: path and name of the result.
        """
        text = json.dumps(report, ensure_ascii=False, default=str)
        values: dict[str, Any] = {"report": text, "done": done, "failed": failed}
        if file is not None:
            var = Path(current_app.config["PORTAL_VAR"])
            values |= {"result_path": file[0].relative_to(var).as_posix(), "result_name": file[1]}
        self._write(total=done + failed, **values)

    def _write(self, **values: Any) -> None:
        _set(self.session, self.task_id, None, **values)
        self.session.commit()


def take(session: Session, task_id: int) -> Progress | None:
    """Begin, or begin again, to work on a task; None where nothing is left to do. Commits.

    One statement decides, so that an end asked for at the same moment is not overwritten.
    """
    free = and_(Task.state.in_(OPEN), Task.cancel_asked_at.is_(None), Task.attempts < MOST_ATTEMPTS)
    now = clock.now()
    fresh = {"done": 0, "failed": 0, "attempts": Task.__table__.c.attempts + 1}
    began = _set(session, task_id, free, state="running", started_at=now, **fresh)
    session.commit()
    task = session.get(Task, task_id, populate_existing=True)
    if task is None or task.state not in OPEN:
        return None
    if began:
        return Progress(session, task.id, task.user_id, json.loads(task.params))
    if task.cancel_asked_at is not None:
        finish(session, task_id, "cancelled")
    else:
        finish(session, task_id, "failed", CRASHED)
    return None


def finish(session: Session, task_id: int, state: str, error: object = None) -> None:
    """The task ended in ``state`` (done, failed, cancelled); its owner is told. Commits.

    ``error``: FAULT, CRASHED or the sentence of the rule that refused. Ending twice changes and
    tells nothing.
    """
    text = kept(error or "")
    text = text if len(text) <= LONGEST_ERROR else str(error)[:LONGEST_ERROR]
    queue.forget_pace(task_id)
    values = {"state": state, "finished_at": clock.now(), "error": text}
    if _set(session, task_id, Task.state.in_(OPEN), **values):
        session.expire_all()
        task = session.get_one(Task, task_id)
        told = {
            "what": task.kind,
            "done": task.done,
            "failed": task.failed,
            "total": task.total,
            "error": task.error,
        }
        inbox.notify(session, [task.user_id], f"task_{state}", told, f"/tasks/{task_id}")
    session.commit()


def reopen(session: Session, task_id: int) -> None:
    """A task that failed waits again; the caller queues its job and commits."""
    queue.forget_pace(task_id)
    fresh = {"finished_at": None, "error": None, "attempts": 0}
    _set(session, task_id, Task.state == "failed", state="queued", **fresh)


def waiting(session: Session) -> list[int]:
    """Keys of the tasks that have not ended; ``enqueue`` does nothing for those under way."""
    return list(session.scalars(select(Task.id).where(Task.state.in_(OPEN)).order_by(Task.id)))


def how_far(task: Task) -> tuple[int, int]:
    """Items that have ended, and items in all; while it runs as it tells past the database."""
    told = queue.pace(task.id) if task.state == "running" else None
    return told or (task.done + task.failed, task.total)


def remaining(task: Task, ended: int, total: int, now: datetime) -> timedelta | None:
    """How long it will still take at the pace so far; None where nothing can be said yet."""
    if task.state != "running" or task.started_at is None or not ended or total < ended:
        return None
    return (now - clock.local(task.started_at)) / ended * (total - ended)


def forget_files(session: Session, days: int) -> int:
    """Remove the files of tasks that ended more than ``days`` days ago; how many tasks. Commits.

    The row stays and tells that there was a file.
    """
    old = select(Task.id).where(
        Task.finished_at < clock.now() - timedelta(days=days), Task.result_path.is_not(None)
    )
    found = list(session.scalars(old))
    for task_id in found:
        shutil.rmtree(place(task_id), ignore_errors=True)
        _set(session, task_id, None, result_path=None)
        session.commit()
    return len(found)


def _set(session: Session, task_id: int, condition: Any, **values: Any) -> bool:
    """Write columns of one task past the session; whether it met the condition."""
    statement = update(Task.__table__).where(Task.__table__.c.id == task_id)
    if condition is not None:
        statement = statement.where(condition)
    done: Any = session.execute(statement.values(updated_at=clock.now(), **values))
    return bool(done.rowcount)
