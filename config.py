"""Settings from the environment (the names of the documented interface).

``load_settings`` returns a Flask configuration. Keys that are not given are generated on first
start under ``PORTAL_VAR/keys`` with mode 0600. ``PORTAL_ENV=production`` refuses generated keys,
the demo password and the test clock.
"""

import base64
import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
LANGUAGES = {
    "zh_Hans_CN": {"flag": "cn", "name": "中文"},
    "en": {"flag": "gb", "name": "English"},
}
MIN_DEMO_PASSWORD = 12
# Map tiles: a path on this server, or an address on one host.
TILES = re.compile(r"(https?://[A-Za-z0-9.-]+(:\d+)?)?/(?!/)[^\s;,\"']*")
CIPHERS = ("aes", "sm4")
SOCKET_LIMIT = 100  # a unix socket's path holds 108 bytes on Linux


class ConfigError(Exception):
    """A setting that the portal refuses to start with; the text says what to do."""


def load_settings(environ: Mapping[str, str] = os.environ) -> dict[str, Any]:
    """Flask configuration from ``environ``; raises ConfigError on an unsafe or unreadable value."""
    env = environ.get("PORTAL_ENV", "development")
    if env not in ("development", "production"):
        raise ConfigError(f"PORTAL_ENV={env}: use development or production")
    var = Path(environ.get("PORTAL_VAR") or ROOT / "var").resolve()
    var.mkdir(parents=True, exist_ok=True)
    settings = _portal_settings(environ, env, var) | _keys(environ, env, var) | _framework(env)
    settings["SQLALCHEMY_DATABASE_URI"] = _database_url(environ, var)
    settings["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(settings["SQLALCHEMY_DATABASE_URI"])
    queue = settings["PORTAL_REDIS_URL"]
    settings["RATELIMIT_STORAGE_URI"] = f"redis+{queue}" if queue.startswith("unix") else queue
    return settings


def _portal_settings(environ: Mapping[str, str], env: str, var: Path) -> dict[str, Any]:
    if env == "production" and environ.get("PORTAL_CLOCK"):
        raise ConfigError("PORTAL_CLOCK is for tests: unset it in production")
    password = environ.get("PORTAL_DEMO_PASSWORD", "")
    if password and len(password) < MIN_DEMO_PASSWORD:
        raise ConfigError(f"PORTAL_DEMO_PASSWORD: use at least {MIN_DEMO_PASSWORD} characters")
    host = environ.get("PORTAL_HOST", "127.0.0.1")
    port = _number(environ, "PORTAL_PORT", 8080, 1, 65535)
    return {
        "PORTAL_ENV": env,
        "PORTAL_VAR": var,
        "PORTAL_REDIS_URL": environ.get("PORTAL_REDIS_URL") or f"unix://{socket_path(var)}",
        "PORTAL_REDIS_EMBEDDED": not environ.get("PORTAL_REDIS_URL"),
        "PORTAL_TIMEZONE": environ.get("PORTAL_TIMEZONE", "Asia/Shanghai"),
        "PORTAL_HOST": host,
        "PORTAL_PORT": port,
        "PORTAL_PUBLIC_URL": environ.get("PORTAL_PUBLIC_URL", f"http://{host}:{port}").rstrip("/"),
        "PORTAL_WORKERS": _number(environ, "PORTAL_WORKERS", 2, 1, 64),
        "PORTAL_PROXIES": _number(environ, "PORTAL_PROXIES", 0, 0, 4),
        "PORTAL_DEMO_PASSWORD": password,
        "PORTAL_CLOCK": environ.get("PORTAL_CLOCK") or None,
        # Mail and group robots: what is wrong with them portal doctor says, the portal runs on.
        "PORTAL_MAIL_URL": environ.get("PORTAL_MAIL_URL") or None,
        "PORTAL_WEBHOOK_URLS": environ.get("PORTAL_WEBHOOK_URLS") or None,
        "PORTAL_WEBHOOK_HOSTS": environ.get("PORTAL_WEBHOOK_HOSTS") or None,
        "PORTAL_MAP_TILES": _tiles(environ.get("PORTAL_MAP_TILES", "")),
        "PORTAL_MAP_TILES_NOTE": environ.get("PORTAL_MAP_TILES_NOTE", ""),
    }


def socket_path(var: Path) -> Path:
    """Where the embedded queue listens; a short path under the user's own folder if needed."""
    path = var / "valkey.sock"
    if len(str(path)) <= SOCKET_LIMIT:
        return path
    digest = hashlib.sha256(str(var).encode()).hexdigest()[:16]
    # The runner makes this folder with mode 0700 and refuses one of another owner.
    return Path(f"/tmp/portal-{os.getuid()}") / f"{digest}.sock"  # noqa: S108


def _tiles(address: str) -> str | None:
    """The address of map tiles: on this server, or on the one named; none unless it is given."""
    if not address:
        return None
    if not TILES.fullmatch(address) or not all(hole in address for hole in ("{z}", "{x}", "{y}")):
        raise ConfigError(
            f"PORTAL_MAP_TILES={address}: write it like /tiles/{{z}}/{{x}}/{{y}}.png"
            " or https://host/{z}/{x}/{y}.png"
        )
    return address


def _number(environ: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = environ.get(name) or str(default)
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ConfigError(f"{name}={text}: use a number from {low} to {high}")
    return int(text)


def _database_url(environ: Mapping[str, str], var: Path) -> str:
    url = environ.get("PORTAL_DATABASE_URL") or f"sqlite:///{var / 'portal.db'}"
    for old in ("postgres://", "postgresql://"):
        if url.startswith(old):
            return "postgresql+psycopg://" + url.removeprefix(old)
    return url


def _engine_options(url: str) -> dict[str, Any]:
    # Values that people typed stay out of errors and logs (and of the reasons of failed jobs).
    common: dict[str, Any] = {"hide_parameters": True}
    if url.startswith("sqlite"):
        return common | {"connect_args": {"timeout": 30}}
    return common | {"pool_pre_ping": True, "pool_size": 2, "max_overflow": 8}


def _keys(environ: Mapping[str, str], env: str, var: Path) -> dict[str, Any]:
    found = {}
    for name in ("PORTAL_SECRET_KEY", "PORTAL_DATA_KEYS", "PORTAL_INDEX_KEY"):
        value = environ.get(name)
        if not value and env == "production":
            raise ConfigError(f"{name} is not set: production does not run on generated keys")
        found[name] = value or _generated(var / "keys" / name.lower())
    # What follows encrypts nothing: also in production it may be made here.
    trace = environ.get("PORTAL_TRACE_KEYS") or _generated(var / "keys" / "portal_trace_keys")
    found["PORTAL_TRACE_KEYS"] = trace
    metrics = environ.get("PORTAL_METRICS_TOKEN")
    if metrics and len(metrics) < 24:
        raise ConfigError("PORTAL_METRICS_TOKEN: use at least 24 characters")
    found["PORTAL_METRICS_TOKEN"] = metrics or _generated(var / "keys" / "portal_metrics_token")
    if len(found["PORTAL_SECRET_KEY"]) < 32:
        raise ConfigError("PORTAL_SECRET_KEY: use at least 32 characters")
    return {
        "SECRET_KEY": found["PORTAL_SECRET_KEY"],
        "JWT_SECRET_KEY": found["PORTAL_SECRET_KEY"],
        "PORTAL_DATA_KEYS": _decoded("PORTAL_DATA_KEYS", found),
        "PORTAL_INDEX_KEYS": _decoded("PORTAL_INDEX_KEY", found),
        "PORTAL_TRACE_KEYS": _decoded("PORTAL_TRACE_KEYS", found),
        "PORTAL_CIPHER": _ciphers(environ.get("PORTAL_CIPHER") or CIPHERS[0]),
        "PORTAL_METRICS_TOKEN": found["PORTAL_METRICS_TOKEN"],
    }


def _decoded(name: str, found: Mapping[str, str]) -> list[bytes]:
    """The keys of a list: the first one is used, the others are still understood."""
    return [decode_key(name, key) for key in found[name].split(",")]


def _ciphers(text: str) -> tuple[str, ...]:
    """What to write with, and after it what indexes may still be written with."""
    chosen = tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    if not set(chosen) <= set(CIPHERS):
        raise ConfigError(
            f"PORTAL_CIPHER={text}: use aes or sm4 (sm4,aes while changing from aes to sm4)"
        )
    return chosen


def decode_key(name: str, text: str) -> bytes:
    """A 32-byte key from URL-safe base64; raises ConfigError for anything else."""
    try:
        key = base64.urlsafe_b64decode(text.strip())
    except ValueError as error:
        raise ConfigError(f"{name}: not URL-safe base64") from error
    if len(key) != 32:
        raise ConfigError(f"{name}: a key has 32 bytes, this one has {len(key)}")
    return key


def _generated(file: Path) -> str:
    """The key in ``file``, made there (mode 0600) if missing; two starters agree on one."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not file.exists():
        draft = file.with_suffix(f".{os.getpid()}.new")
        draft.touch(mode=0o600)
        draft.write_text(base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
        draft.unlink()
    return file.read_text().strip()


def _framework(env: str) -> dict[str, Any]:
    return {
        "APP_NAME": "网格门户",
        "LANGUAGES": LANGUAGES,
        "BABEL_DEFAULT_LOCALE": "zh_Hans_CN",
        "BABEL_DEFAULT_FOLDER": str(ROOT / "translations"),
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "translations"),
        "AUTH_TYPE": 1,
        "AUTH_ROLE_ADMIN": "_internal",  # gets every permission: held by nobody
        "AUTH_ROLE_PUBLIC": "Public",
        "AUTH_RATE_LIMITED": True,
        "AUTH_RATE_LIMIT": "30 per minute",
        "RATELIMIT_ENABLED": True,
        "RATELIMIT_HEADERS_ENABLED": False,
        "RATELIMIT_STORAGE_OPTIONS": {},
        "RATELIMIT_IN_MEMORY_FALLBACK_ENABLED": True,
        "FAB_CREATE_DB": False,
        "FAB_UPDATE_PERMS": False,
        "FAB_ADD_SECURITY_VIEWS": True,
        "FAB_API_SWAGGER_UI": False,
        "FAB_OPENAPI_SERVERS": [{"url": "/"}],
        "FAB_API_MAX_PAGE_SIZE": 200,
        "FAB_PASSWORD_COMPLEXITY_ENABLED": False,  # rules/passwords.py judges strength
        "SQLALCHEMY_TRACK_MODIFICATIONS": False,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_SECURE": env == "production",
        "PERMANENT_SESSION_LIFETIME": 8 * 3600,
        "MAX_CONTENT_LENGTH": 32 * 1024 * 1024,
        "WTF_CSRF_TIME_LIMIT": 8 * 3600,
        "JWT_ACCESS_TOKEN_EXPIRES": 900,
        "JWT_REFRESH_TOKEN_EXPIRES": 8 * 3600,
    }
