"""A long import by the real worker: its figures move while it writes, and an end leaves nothing."""

import io
import os
import time
from collections.abc import Callable
from typing import Any

from flask import Flask
from rq import Worker as RqWorker
from sqlalchemy import func, select

from portal import queue
from portal.extensions import db
from portal.models import AuditEntry, Building, ImportBatch, ImportChange, Resident, Task
from portal.rules import importing
from portal.rules.idnumbers import check_character
from tests.support.client import PageClient
from tests.support.uploads import upload

CELL = "4201020029900101001"
ROWS = 8000
PATIENCE = 120  # seconds
TABLES = (Building, Resident, ImportBatch, ImportChange)


def people() -> tuple[io.BytesIO, str]:
    """A file that is written in several parts."""
    lines = ["网格编码,楼栋,房号,户号,姓名,证件号码"]
    for number in range(ROWS):
        digits = f"420102{1950 + number // 1000}0101{number % 1000:03}"
        lines.append(
            f"{CELL},{number // 900 + 1}栋,{number // 3},H{number // 3},张三,"
            f"{digits}{check_character(digits)}"
        )
    return io.BytesIO("\n".join(lines).encode()), "人.csv"


def until(found: Callable[[], Any]) -> Any:
    """What ``found`` gives at last."""
    limit = time.monotonic() + PATIENCE
    while not (answer := found()):
        assert time.monotonic() < limit, "it takes too long"
        time.sleep(0.02)
    return answer


def slow_down() -> None:
    """The worker, and what it forks, gives way to whoever watches it: on a busy machine it would
    be done between two looks.
    """
    client = queue.connection()
    for key in RqWorker.all_keys(connection=client):
        os.setpriority(os.PRIO_PROCESS, int(client.hget(key, "pid")), 15)


def counted(portal: Flask) -> list[int]:
    with portal.app_context():
        db.session.rollback()
        found = [db.session.scalar(select(func.count()).select_from(model)) for model in TABLES]
        own = select(func.count()).where(AuditEntry.table_name == "residents")
        return [*found, db.session.scalar(own)]


def state(portal: Flask, kind: str) -> Task:
    with portal.app_context():
        db.session.rollback()
        return db.session.scalars(
            select(Task).where(Task.kind == kind).order_by(Task.id.desc())
        ).first()


def test_cancelled_in_the_middle_of_writing_nothing_is_left(
    portal: Flask, client_as: Callable[..., PageClient], live_worker: None, place: Any
) -> None:
    place.foreign_writers = True
    client, before = client_as("clerk1", "en"), counted(portal)
    checked = upload(client, "residents", people()).location
    until(lambda: state(portal, importing.CHECK).state == "done")
    assert counted(portal) == before
    with portal.app_context():
        slow_down()
    page = client.get(checked)
    client.post(checked.replace("preview", "confirm"), {"csrf_token": page.form()["csrf_token"]})
    number = state(portal, importing.RUN).id
    with portal.app_context():
        # Past the first part: rows are written, nothing is committed.
        done, total = until(lambda: (told := queue.pace(number)) and told[0] > 2500 and told)
    assert total >= ROWS > done
    part = client.get(f"/tasks/{number}?part=1", check=False).text
    assert "<progress" in part and "of 8,00" in part
    token = {"csrf_token": page.form()["csrf_token"]}
    assert client.post(f"/tasks/{number}/cancel", token).status == 302
    until(lambda: state(portal, importing.RUN).state != "running")
    assert state(portal, importing.RUN).state == "cancelled"
    assert "nothing of the file was imported" in client.get(f"/tasks/{number}", check=False).text
    assert counted(portal) == before
