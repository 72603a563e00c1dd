"""Our static files: addressed by content, kept by the browser, small on the way.

Every address that ``asset`` makes carries a digest of the file, so an answer to it never grows
old. Text files go out compressed where the browser takes it; each is compressed once per process.
"""

import gzip
import hashlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, g, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.utils import safe_join

A_YEAR = 365 * 24 * 3600
TEXT = {".css", ".js", ".svg", ".json", ".txt"}
WORTH_IT = 1000  # bytes; below, compression saves nothing


def install(app: Flask) -> None:
    """Serve the static files of ``app`` this way."""
    plain: Callable[..., Response] = app.send_static_file

    def static(filename: str) -> ResponseReturnValue:
        answer = plain(filename)
        if answer.status_code == 200 and request.args.get("v") == _digest(filename):
            answer.cache_control.no_cache = None
            answer.cache_control.public = True
            answer.cache_control.max_age = A_YEAR
            answer.cache_control.immutable = True
        return _small(answer, filename)

    app.view_functions["static"] = static
    app.url_value_preprocessor(_mark)


def _mark(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    if endpoint == "static":  # before anything looks at the session
        g.public = True


def asset(path: str) -> str:
    """The address of one of our static files, with a digest of its content.

    Looked up once per page: every icon of a page stands in the same file.
    """
    known: dict[str, str] = vars(g._get_current_object()).setdefault("assets", {})
    if path not in known:
        known[path] = url_for("static", filename=path, v=_digest(path))
    return known[path]


def _small(answer: Response, filename: str) -> Response:
    file = _file(filename)
    if file is None or Path(filename).suffix not in TEXT or answer.status_code != 200:
        return answer
    answer.vary.add("Accept-Encoding")
    if "gzip" not in request.accept_encodings or request.range is not None:
        return answer
    body = _compressed(str(file), file.stat().st_mtime_ns)
    if len(body) < WORTH_IT:
        return answer
    answer.close()
    answer.direct_passthrough = False
    answer.set_data(body)
    answer.content_encoding = "gzip"
    if answer.headers.get("ETag"):
        answer.set_etag(f"{answer.get_etag()[0]}-gzip")
    return answer


def _file(filename: str) -> Path | None:
    path = safe_join(current_app.static_folder or "", filename)
    return Path(path) if path and Path(path).is_file() else None


@lru_cache(maxsize=64)
def _compressed(path: str, changed: int) -> bytes:
    return gzip.compress(Path(path).read_bytes(), mtime=0)


def _digest(filename: str) -> str:
    file = _file(filename)
    return _digest_of(str(file), file.stat().st_mtime_ns) if file else "0"


@lru_cache(maxsize=256)
def _digest_of(path: str, changed: int) -> str:
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()[:10]
