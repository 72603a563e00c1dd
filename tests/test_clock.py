"""The portal's clock: the community's zone, and the file that tests travel with."""

import json
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from config import ConfigError, load_settings
from portal import clock

pytestmark = pytest.mark.one_engine


@pytest.fixture
def file(portal: Flask, tmp_path: Path) -> Iterator[Path]:
    """The clock file that the application believes."""
    before = portal.config["PORTAL_CLOCK"], portal.config["PORTAL_TIMEZONE"]
    portal.config["PORTAL_CLOCK"] = str(tmp_path / "clock.json")
    with portal.app_context():
        yield tmp_path / "clock.json"
    portal.config["PORTAL_CLOCK"], portal.config["PORTAL_TIMEZONE"] = before


@pytest.mark.parametrize(
    ("instant", "zone", "expected"),
    [
        ("2026-03-31T16:30+00:00", "Asia/Shanghai", date(2026, 4, 1)),
        ("2026-04-01T15:59+00:00", "Asia/Shanghai", date(2026, 4, 1)),
        ("2026-04-01T16:00+00:00", "Asia/Shanghai", date(2026, 4, 2)),
        ("2026-04-01T03:00+00:00", "America/New_York", date(2026, 3, 31)),
    ],
)
def test_today_is_the_date_where_the_community_is(
    portal: Flask, file: Path, instant: str, zone: str, expected: date
) -> None:
    file.write_text(json.dumps({"at": instant}))
    portal.config["PORTAL_TIMEZONE"] = zone
    assert clock.today() == expected


def test_a_standing_clock_stands_and_a_quick_one_runs(file: Path) -> None:
    file.write_text(json.dumps({"at": "2026-04-01T10:00+08:00"}))
    assert clock.now() == clock.now() == datetime(2026, 4, 1, 2, 0, tzinfo=UTC)
    an_hour_ago = time.time() - 3600
    state = {"at": "2026-04-01T10:00+08:00", "since": an_hour_ago, "speed": 24}
    file.write_text(json.dumps(state))
    passed = clock.now() - datetime(2026, 4, 1, 2, 0, tzinfo=UTC)
    assert timedelta(hours=24) <= passed < timedelta(hours=24, minutes=10)


def test_without_a_file_it_is_now(portal: Flask) -> None:
    with portal.app_context():
        assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_production_refuses_another_time(tmp_path: Path) -> None:
    environ = {"PORTAL_ENV": "production", "PORTAL_CLOCK": "x", "PORTAL_VAR": str(tmp_path)}
    with pytest.raises(ConfigError, match="PORTAL_CLOCK"):
        load_settings(environ)
