"""``portal doctor``, on the real parts, well and ill."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from redis import Redis

from jobs.timetable import Timetable
from portal.cli.doctor import CHECKS, check_jobs, check_keys, check_queue, doctor, examine
from portal.queue import connect, connection, enqueue
from tests.conftest import Place

LINE = re.compile(r"^(ok  |warn|fail)  ([a-z]+) +\S")


def examine_all(app: Flask) -> tuple[int, dict[str, str]]:
    """Exit code and level of each check, from the command's own output."""
    result = app.test_cli_runner().invoke(doctor)
    lines = result.output.splitlines()
    levels = {}
    for line in lines:
        found = LINE.match(line)
        assert found, line
        levels[found[2]] = found[1].strip()
    assert list(levels) == [name for name, _check in CHECKS]
    return result.exit_code, levels


def test_a_portal_that_runs_is_well(
    portal: Flask, valkey: Redis, live_worker: None, place: Place
) -> None:
    timetable = Timetable(valkey, [])
    with portal.app_context():
        timetable.register_birth()
    code, levels = examine_all(portal)
    failed = [name for name, level in levels.items() if level == "fail"]
    assert failed == []
    assert code == 0
    assert levels["mail"] == "warn"


def test_what_does_not_run_fails(portal: Flask, valkey: Redis) -> None:
    valkey.flushall()
    code, levels = examine_all(portal)
    assert code == 1
    assert (levels["timetable"], levels["worker"], levels["database"]) == ("fail", "fail", "ok")


def test_dead_letters_are_a_warning(portal: Flask, valkey: Redis, work: Callable[[], int]) -> None:
    with portal.app_context():
        assert check_jobs(portal)[0] == "ok"
        enqueue("operator.truediv", 1, 0, pauses=())
        work()
        assert check_jobs(portal) == ("warn", "1 given up: the page /jobs/ says why")


def test_a_lost_queue_server_is_one_failed_line_and_not_a_crash(portal: Flask) -> None:
    real = connection(portal)
    portal.extensions["portal.queue"] = connect("unix:///nonexistent/valkey.sock")
    try:
        with portal.app_context():
            level, detail = examine(portal, check_queue)
    finally:
        portal.extensions["portal.queue"] = real
    assert level == "fail"
    assert "ConnectionError" in detail


@pytest.mark.one_engine
def test_keys_that_others_can_read_fail(portal: Flask, tmp_path: Path) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    key = folder / "portal_index_key"
    key.write_text("x")
    before = portal.config["PORTAL_VAR"]
    portal.config["PORTAL_VAR"] = tmp_path
    try:
        os.chmod(key, 0o644)
        assert check_keys(portal)[0] == "fail"
        os.chmod(key, 0o600)
        assert check_keys(portal)[0] == "ok"
    finally:
        portal.config["PORTAL_VAR"] = before
