"""A plain client: one request at a time, cookies kept, the time from sending to the last byte.

Synchronous workers close the connection after each answer, whichever application they serve, so
every request opens one.
"""

import http.client
import re
import time
from dataclasses import dataclass
from urllib.parse import urlencode

TOKEN = re.compile(r'name="(csrf_token|csrfmiddlewaretoken)"[^>]*value="([^"]+)"')


@dataclass(frozen=True)
class Answer:
    """Status, headers, text and seconds."""

    status: int
    headers: dict[str, str]
    body: bytes
    seconds: float

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class Client:
    """Somebody's browser, without the waiting."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}

    def ask(self, path: str, form: dict[str, str] | None = None, **headers: str) -> Answer:
        """GET, or POST with ``form``; redirects are not followed."""
        sent = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items())}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        body = None
        if form is not None:
            body = urlencode(form)
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=120)
        link.request("GET" if form is None else "POST", path, body, sent)
        response = link.getresponse()
        data = response.read()
        seconds = time.perf_counter() - began
        link.close()
        for header in response.headers.get_all("Set-Cookie") or []:
            name, _, value = header.split(";")[0].partition("=")
            self.cookies[name] = value
        told = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, told, data, seconds)

    def sign_in(self, path: str, form: dict[str, str]) -> None:
        """Through the page's own form where it has one. AssertionError if it is refused."""
        page = self.ask(path)
        if page.status == 200 and (found := TOKEN.search(page.text)):
            form = {**form, found[1]: found[2]}
        answer = self.ask(path, form)
        assert answer.status == 302, f"{path}: {answer.status} {answer.text[:500]}"
