"""Settings: what is refused, what is generated, where the queue listens."""

import stat
from pathlib import Path

import pytest
from flask import Flask, request

from config import ConfigError, load_settings, socket_path
from portal.app import create_app

pytestmark = pytest.mark.one_engine

KEY = "A" * 43 + "="


def settings(var: Path, **environ: str) -> dict[str, object]:
    """Settings of an otherwise empty environment."""
    return load_settings({"PORTAL_VAR": str(var), **environ})


def test_long_folders_listen_on_a_short_path_of_their_own(tmp_path: Path) -> None:
    assert socket_path(Path("/srv/portal")) == Path("/srv/portal/valkey.sock")
    long = [Path("/srv", name * 60, "portal", "var") for name in ("ab", "cd")]
    sockets = [socket_path(var) for var in long]
    assert all(len(str(path)) < 108 for path in sockets)
    assert sockets[0] != sockets[1]
    assert sockets == [socket_path(var) for var in long]


def test_generated_keys_stay_and_are_for_this_user_alone(tmp_path: Path) -> None:
    first, second = settings(tmp_path), settings(tmp_path)
    assert first["SECRET_KEY"] == second["SECRET_KEY"]
    assert first["PORTAL_DATA_KEYS"] == second["PORTAL_DATA_KEYS"]
    files = list((tmp_path / "keys").iterdir())
    assert len(files) == 5
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"PORTAL_ENV": "staging"}, "PORTAL_ENV"),
        ({"PORTAL_ENV": "production"}, "PORTAL_SECRET_KEY"),
        ({"PORTAL_ENV": "production", "PORTAL_SECRET_KEY": "x" * 40}, "PORTAL_DATA_KEYS"),
        ({"PORTAL_SECRET_KEY": "short"}, "PORTAL_SECRET_KEY"),
        ({"PORTAL_DATA_KEYS": "not base64!"}, "PORTAL_DATA_KEYS"),
        ({"PORTAL_DATA_KEYS": f"{KEY},AAAA"}, "32 bytes"),
        ({"PORTAL_DEMO_PASSWORD": "elevenchars"}, "PORTAL_DEMO_PASSWORD"),
        ({"PORTAL_PORT": "99999"}, "PORTAL_PORT"),
        ({"PORTAL_PORT": "web"}, "PORTAL_PORT"),
        ({"PORTAL_WORKERS": "0"}, "PORTAL_WORKERS"),
    ],
)
def test_unsafe_and_unreadable_values_are_refused_by_name(
    tmp_path: Path, environ: dict[str, str], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        settings(tmp_path, **environ)


def test_addresses_of_postgresql_name_the_driver(tmp_path: Path) -> None:
    for scheme in ("postgres", "postgresql"):
        found = settings(tmp_path, PORTAL_DATABASE_URL=f"{scheme}://u@h/d")
        assert found["SQLALCHEMY_DATABASE_URI"] == "postgresql+psycopg://u@h/d"


def test_the_address_that_a_trusted_proxy_forwards(portal: Flask) -> None:
    """None is believed by default; with one proxy its last word counts, not what a client adds."""

    def seen(app: Flask) -> str | None:
        told = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Forwarded-Proto": "https"}
        with app.test_client() as client:
            client.get("/healthz", headers=told, base_url="http://127.0.0.1")
            return request.remote_addr

    assert seen(portal) == "127.0.0.1"
    assert seen(create_app({"TESTING": True, "PORTAL_PROXIES": 1})) == "198.51.100.7"
