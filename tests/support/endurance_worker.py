"""The real worker, which now and then stops for a moment right before or after a commit.

``python -m tests.support.endurance_worker``: as ``jobs.worker``. Whoever runs it arms a stop by
making the file ``arm-before`` or ``arm-after`` in the folder ENDURANCE_MARKS. The next commit that
holds reminders makes ``at-before`` or ``at-after`` of it and sleeps a random moment, so that it can
be killed just there: between write and commit, or between commit and the queue's knowing.
"""

import os
import random
import sys
import time
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.orm import Session

from jobs import worker

MARKS = Path(os.environ["ENDURANCE_MARKS"])
LONGEST = 1.2  # seconds
_wrote = {"reminders": False}


def _statement(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
    if sql.startswith("INSERT INTO reminders"):
        _wrote["reminders"] = True


def _stop(moment: str) -> None:
    try:
        (MARKS / f"arm-{moment}").rename(MARKS / f"at-{moment}")
    except FileNotFoundError:
        return
    time.sleep(random.uniform(0.2, LONGEST))
    (MARKS / f"at-{moment}").unlink(missing_ok=True)


def _before(_session: Session) -> None:
    if _wrote["reminders"]:
        _stop("before")


def _after(session: Session) -> None:
    if _wrote["reminders"] and not session.in_nested_transaction():
        _wrote["reminders"] = False
        _stop("after")


if __name__ == "__main__":
    event.listen(Engine, "before_cursor_execute", _statement)
    event.listen(Session, "before_commit", _before)
    event.listen(Session, "after_commit", _after)
    sys.exit(worker.main())
