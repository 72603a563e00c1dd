"""Long work that somebody asked for; its kinds and who does each of them."""

import importlib
import logging
from collections.abc import Callable

from portal.errors import RuleError
from portal.extensions import db
from portal.rules import tasks
from portal.rules.tasks import Cancelled, Progress

log = logging.getLogger(__name__)

# kind of a task: dotted name of handler(progress)
HANDLERS: dict[str, str] = {
    "documents": "jobs.documents.batch",
    "import_check": "jobs.imports.check",
    "import": "jobs.imports.run",
    "import_undo": "jobs.imports.undo",
    "home_papers": "jobs.homes.draw",
    "mediation_paper": "jobs.cases.draw",
    "ledger": "jobs.ledgers.draw",
}


def run(task_id: int) -> str:
    """Work on a task until it is done, fails or is cancelled; its state.

    Running it again, also after the worker was killed, goes on or changes nothing.
    """
    progress = tasks.take(db.session, task_id)
    if progress is None:
        return "nothing to do"
    state: str = "done"
    error: object = None
    try:
        handler(progress_kind(task_id))(progress)
    except Cancelled:
        state = "cancelled"
    except RuleError as refusal:
        state, error = "failed", refusal.message
    except Exception:
        log.exception("task %s failed", task_id)
        state, error = "failed", tasks.FAULT
    db.session.rollback()
    tasks.finish(db.session, task_id, state, error)
    return state


def resume(_slot: str) -> int:
    """Ask the queue again for what nobody works on: a worker was killed, or the queue was away when
    it was asked; how many tasks are open.
    """
    found = tasks.waiting(db.session)
    for task_id in found:
        tasks.enqueue(task_id)
    return len(found)


def progress_kind(task_id: int) -> str:
    """The kind of a task."""
    task = db.session.get(tasks.Task, task_id)
    return task.kind if task is not None else ""


def handler(kind: str) -> Callable[[Progress], None]:
    """The function that does this kind of task; KeyError for an unknown one."""
    module, _dot, name = HANDLERS[kind].rpartition(".")
    found: Callable[[Progress], None] = getattr(importlib.import_module(module), name)
    return found
