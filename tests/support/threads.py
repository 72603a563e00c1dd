"""One web server process with four threads, and people who use it at the same time."""

import http.client
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bs4 import BeautifulSoup

from portal.cli.run import answers_http
from tests.support.servers import free_port, started

THREADS = 4


@contextmanager
def threaded_web(environ: dict[str, str], folder: Path) -> Iterator[int]:
    """The portal in one gunicorn process with four threads; its port on the loopback.

    The threads take turns a thousand times as often as usual: what can go wrong does.
    """
    port = free_port()
    settings = folder / "threads.py"
    settings.write_text("import sys\n\nsys.setswitchinterval(5e-6)\n")
    command = [
        sys.executable, "-m", "gunicorn", "-c", str(settings), "--worker-class", "gthread",
        "--workers", "1",
        "--threads", str(THREADS), "--bind", f"127.0.0.1:{port}", "--keep-alive", "30",
        "--log-level", "warning", "portal.app:create_app()",
    ]  # fmt: skip
    ready = lambda: answers_http("127.0.0.1", port)  # noqa: E731 one expression, used once
    with started(command, ready, folder / "threads.log", env=environ):
        yield port


class Person:
    """Somebody with a session of their own and one connection that stays open."""

    def __init__(self, port: int, username: str, password: str) -> None:
        self.username = username
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: SimpleCookie = SimpleCookie()
        self.token = self._token("/login/")
        sent = {"username": username, "password": password, "csrf_token": self.token}
        status, text = self.send("POST", "/login/", sent)
        assert status == 302, f"{username} could not sign in: {status} {text[:500]}"
        self.token = self._token("/logout/")

    def _token(self, path: str) -> str:
        page = BeautifulSoup(self.send("GET", path)[1], "html.parser")
        return str(page.select_one("main [name=csrf_token]")["value"])

    def send(
        self, method: str, path: str, data: dict[str, str] | None = None, body: Any = None
    ) -> tuple[int, str]:
        """Status and text of one request; ``data`` goes as a form, ``body`` as JSON."""
        headers = {"Cookie": "; ".join(f"{n}={m.value}" for n, m in self.cookies.items())}
        content = None
        if data is not None:
            content = urlencode(data)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        elif body is not None:
            content = json.dumps(body)
            headers |= {"Content-Type": "application/json", "X-CSRFToken": self.token}
        self.connection.request(method, path, content, headers)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            self.cookies.load(cookie)
        return answer.status, text

    def close(self) -> None:
        """Ends the connection."""
        self.connection.close()


def at_once(jobs: Sequence[Callable[[], list[str]]]) -> list[str]:
    """Runs ``jobs`` in a thread each, at the same time; everything any of them complains of."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        return [fault for found in pool.map(lambda job: job(), jobs) for fault in found]
