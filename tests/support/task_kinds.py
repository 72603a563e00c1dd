"""Kinds of long work that only tests ask for; run as a program it is the queue worker with them."""

import json
import os
import signal
import time
from pathlib import Path

from jobs import tasks, worker
from portal.errors import RuleError
from portal.rules.tasks import Progress, folder


def count(progress: Progress) -> None:
    """``params``: n items, some of which fail; leaves a file with what it counted."""
    wanted = progress.params["n"]
    progress.begin(wanted)
    for number in range(wanted):
        time.sleep(progress.params.get("pause", 0))
        progress.step(failed=number in progress.params.get("bad", ()))
    file = folder(progress.task_id) / "count.csv"
    file.write_text(json.dumps(progress.done), "utf-8")
    progress.report({"failed": [{"name": "甲", "reason": '["Fill this in.", {}]'}]})
    progress.result(file, "数到 最后.csv")


def refuse(_progress: Progress) -> None:
    """Ends with a refusal."""
    raise RuleError("no")


def break_down(_progress: Progress) -> None:
    """Ends with a fault."""
    raise ZeroDivisionError


def die_once(progress: Progress) -> None:
    """Its process is killed the first time, after two of three items."""
    seen = Path(folder(progress.task_id) / "seen")
    first = not seen.exists()
    seen.touch()
    progress.begin(3)
    for number in range(3):
        if first and number == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        progress.step()


def die(_progress: Progress) -> None:
    """Its process is killed every time."""
    os.kill(os.getpid(), signal.SIGKILL)


KINDS = {
    f"test_{handler.__name__}": f"{__name__}.{handler.__name__}"
    for handler in (count, refuse, break_down, die_once, die)
}

if __name__ == "__main__":
    KINDS = {
        kind: name.replace("__main__", "tests.support.task_kinds") for kind, name in KINDS.items()
    }
    tasks.HANDLERS.update(KINDS)
    worker.main()
