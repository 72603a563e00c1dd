"""The one page client of the suite: signs in like a person, checks every page it fetches."""

import os
from typing import Any
from urllib.parse import urlsplit

from bs4 import BeautifulSoup, Tag
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.pages import faults


class Page:
    """One answer of the portal."""

    def __init__(self, response: TestResponse, path: str) -> None:
        response.get_data()  # read to the end, then let go of files, as a web server does
        response.close()
        self.response = response
        self.path = path
        self.status = response.status_code
        self.headers = response.headers
        self.location = response.headers.get("Location")
        self.is_html = response.mimetype == "text/html" and bool(response.data)
        self._soup: BeautifulSoup | None = None

    @property
    def text(self) -> str:
        """The body as text."""
        return self.response.get_data(as_text=True)

    @property
    def body(self) -> bytes:
        """The body as bytes."""
        return self.response.data

    @property
    def json(self) -> Any:
        """The body read as JSON."""
        return self.response.get_json()

    @property
    def soup(self) -> BeautifulSoup:
        """The body parsed as HTML, once."""
        if self._soup is None:
            self._soup = BeautifulSoup(self.text, "html.parser")
        return self._soup

    @property
    def h1(self) -> str:
        """The text of the only h1."""
        return self.one("h1").get_text(" ", strip=True)

    def one(self, selector: str) -> Tag:
        """The only element that a CSS selector finds."""
        found = self.soup.select(selector)
        assert len(found) == 1, f"{len(found)} × {selector} on {self.path}"
        return found[0]

    def links(self, selector: str = "a[href]") -> list[str]:
        """Addresses of the links that a CSS selector finds."""
        return [str(tag["href"]) for tag in self.soup.select(selector)]

    def form(self, action: str | None = None) -> dict[str, Any]:
        """What a browser would send for the page's POST form (that with `action`, if given)."""
        forms = [
            form
            for form in self.soup.find_all("form")
            if str(form.get("method", "get")).lower() == "post"
            and (action is None or urlsplit(str(form.get("action") or "")).path == action)
        ]
        # The menu of a signed-in person has a form too (sign out): the page's own stands in main.
        inside = [form for form in forms if form.find_parent("main")]
        chosen = inside or forms
        assert chosen, f"no POST form on {self.path}"
        return form_values(chosen[0])


def form_values(form: Tag) -> dict[str, Any]:
    """Names and values of a form as the browser would send it untouched; of several boxes of one
    name those that are ticked, as a list.
    """
    values: dict[str, Any] = {}
    for field in form.find_all(["input", "textarea", "select"]):
        name, kind = field.get("name"), field.get("type")
        if not name or field.has_attr("disabled") or kind in ("submit", "button", "file"):
            continue
        if kind in ("checkbox", "radio"):
            if field.has_attr("checked"):
                ticked, value = values.get(str(name)), str(field.get("value", "on"))
                several = [*ticked, value] if isinstance(ticked, list) else [ticked, value]
                values[str(name)] = value if ticked is None or kind == "radio" else several
        elif field.name == "select":
            options = field.find_all("option")
            picked = [option for option in options if option.has_attr("selected")] or options[:1]
            if picked:
                values[str(name)] = str(picked[0].get("value", picked[0].get_text()))
        elif field.name == "textarea":
            values[str(name)] = field.get_text()
        else:
            values[str(name)] = str(field.get("value", ""))
    return values


class PageClient:
    """A browser without scripts. `check=False` skips the page rules (pages that are not ours)."""

    def __init__(self, app: Flask, language: str | None = None) -> None:
        self.app = app
        self.raw: FlaskClient = app.test_client()
        self.username: str | None = None
        if language:
            self.raw.set_cookie("lang", language)

    def get(self, path: str, check: bool = True, **options: Any) -> Page:
        """GET; redirects are not followed unless ``follow_redirects=True``."""
        return self._page(self.raw.get(path, **options), path, check)

    def post(
        self, path: str, data: dict[str, Any] | None = None, check: bool = True, **options: Any
    ) -> Page:
        """A bare POST of exactly `data`, without a token (see `submit`)."""
        return self._page(self.raw.post(path, data=data, **options), path, check)

    def submit(
        self,
        path: str,
        data: dict[str, Any] | None = None,
        page: str | None = None,
        action: str | None = None,
        **options: Any,
    ) -> Page:
        """Opens the form at `page` (default: `path`), changes `data` in it , sends it to `path`."""
        form = self.get(page or path).form(action)
        return self.post(path, {**form, **(data or {})}, **options)

    def sign_in(self, username: str, password: str | None = None) -> Page:
        """Signs in through the real form; the answer to the POST (a redirect if it worked)."""
        secret = password if password is not None else os.environ["PORTAL_DEMO_PASSWORD"]
        answer = self.submit("/login/", {"username": username, "password": secret})
        self.username = username
        return answer

    def _page(self, response: TestResponse, path: str, check: bool) -> Page:
        page = Page(response, urlsplit(path).path)
        if check and page.is_html and page.status < 500 and page.status not in (301, 302, 303, 308):
            policy = page.headers.get("Content-Security-Policy")
            where = urlsplit(response.request.path).path
            wrong = faults(page.text, where, policy)
            assert not wrong, f"{where}: " + "; ".join(wrong)
        return page
