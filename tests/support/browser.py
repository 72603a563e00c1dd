"""A real headless Chromium, watched for script errors, CSP violations and foreign requests."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
)

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = "/usr/bin/chromium"
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    # Nothing leaves this machine. Intercepting requests would do, but it switches the cache off,
    # and then every page loads every style and script again.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]


class Visitor:
    """One person at a browser: a context of its own and everything that went wrong in it."""

    def __init__(self, browser: Browser, address: str, phone: bool, scripts: bool) -> None:
        self.address = address
        self.problems: list[str] = []
        self.context: BrowserContext = browser.new_context(
            base_url=address,
            viewport=PHONE if phone else DESKTOP,
            has_touch=phone,
            locale="zh-CN",
            timezone_id="Asia/Shanghai",
            java_script_enabled=scripts,
        )
        self.context.set_default_timeout(15_000)
        self.context.on("request", self._only_ours)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._console)
        self.page.on("response", self._answer)
        self.page.on("pageerror", lambda error: self.problems.append(f"script error: {error}"))

    def sign_in(self, username: str, password: str) -> None:
        """Through the form, as a person does."""
        self.page.goto("/login/")
        self.page.locator("main input[name=username]").fill(username)
        self.page.locator("main input[name=password]").fill(password)
        with self.page.expect_navigation():
            self.page.locator("main form [type=submit]").click()

    def axe(self, **options: Any) -> list[str]:
        """Violations of WCAG 2.0–2.2 A and AA on the open page, one line each."""
        self.page.evaluate(AXE.read_text("utf-8"))
        query = {
            "runOnly": {"type": "tag", "values": WCAG},
            "resultTypes": ["violations"],
            **options,
        }
        result = self.page.evaluate("options => axe.run(document, options)", query)
        assert result["passes"], "axe checked nothing"
        return [
            f"{found['id']}: {node['target']} {node['failureSummary']}"
            for found in result["violations"]
            for node in found["nodes"]
        ]

    def close(self) -> None:
        """Ends the visit; AssertionError if anything went wrong during it."""
        self.context.close()
        assert not self.problems, "\n".join(self.problems)

    def stay_signed_in(self, session: str) -> None:
        """With the session cookie of an earlier sign-in."""
        cookie = {"name": "session", "value": session, "url": self.address}
        self.context.add_cookies([cookie])

    def session(self) -> str:
        """The session cookie."""
        kept = {cookie["name"]: cookie["value"] for cookie in self.context.cookies()}
        return kept["session"]

    def _only_ours(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.problems.append(f"request to another host: {urlsplit(request.url).netloc}")

    def _answer(self, response: Response) -> None:
        # A page may be refused on purpose; a style sheet, script or picture never is.
        if response.status >= 400 and response.request.resource_type in {
            "stylesheet",
            "script",
            "image",
            "font",
        }:
            self.problems.append(f"{response.status}: {response.url}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.problems.append(f"{self.page.url}: {message.text}")
