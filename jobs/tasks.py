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
HANDLERS: dict[str, str] = {}


def run(task_id: int) -> str:
    """Work on a task until it is done, fails or is cancelled; its state.

    Running it again, also after the worker was killed, goes on or changes nothing.
    """
    progress = tasks.take(db.session, task_id)
    if progress is None:
        return "nothing to do"
    state, error = "done", None
    try:
        handler(progress_kind(task_id))(progress)
    except Cancelled:
        state = "cancelled"
    except RuleError as refusal:
        state, error = "failed", str(refusal)
    except Exception:
        log.exception("task %s failed", task_id)
        state, error = "failed", "?"
    db.session.rollback()
    tasks.finish(db.session, task_id, state, error)
    return state


def progress_kind(task_id: int) -> str:
    """The kind of a task."""
    task = db.session.get(tasks.Task, task_id)
    return task.kind if task is not None else ""


def handler(kind: str) -> Callable[[Progress], None]:
    """The function that does this kind of task; KeyError for an unknown one."""
    module, _dot, name = HANDLERS[kind].rpartition(".")
    found: Callable[[Progress], None] = getattr(importlib.import_module(module), name)
    return found
