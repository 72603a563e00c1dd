"""Where messages go: the mail server and the group robots, as the settings name them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from flask import current_app
from flask_babel import lazy_gettext as _l

from portal.errors import RuleError
from portal.models.message_choices import ROBOT_KINDS

PORTS = {"none": 25, "starttls": 587, "tls": 465}
ENV = "env-"  # how the names of robots of the settings begin
LOOPBACK = ("127.0.0.1", "::1", "localhost")
# Where the robots of each kind live; other hosts are named in the settings.
HOSTS = {
    "qyapi.weixin.qq.com": "wecom",
    "oapi.dingtalk.com": "dingtalk",
    "open.feishu.cn": "feishu",
    "open.larksuite.com": "feishu",
}


class Unusable(ValueError):
    """An address of the settings that cannot be used; the text says what to write, without it."""


@dataclass(frozen=True)
class MailServer:
    """``tls``: from the first byte (tls), after asking for it (starttls), or none."""

    host: str
    port: int
    tls: str
    user: str
    password: str = field(repr=False)
    sender: str


def mail_server(url: str, public_url: str) -> MailServer:
    """The server of ``PORTAL_MAIL_URL``: ``smtp://user:password@host:port?tls=starttls&from=…`` or
    ``smtps://…``. Raises Unusable.

    Without ``tls=`` a server on this machine is spoken to in clear, every other one with STARTTLS.
    A password is never sent in clear to another machine.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Unusable("PORTAL_MAIL_URL has no port that is a number") from error
    host = parts.hostname or ""
    if parts.scheme not in ("smtp", "smtps") or not host:
        raise Unusable("PORTAL_MAIL_URL is not smtp://host or smtps://host")
    asked = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    usual = "none" if host in LOOPBACK else "starttls"
    tls = "tls" if parts.scheme == "smtps" else asked.get("tls", usual)
    if tls not in PORTS:
        raise Unusable("PORTAL_MAIL_URL: tls is starttls or none")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if password and tls == "none" and host not in LOOPBACK:
        raise Unusable("PORTAL_MAIL_URL: a password needs tls=starttls or smtps://")
    usual_sender = user if "@" in user else f"portal@{urlsplit(public_url).hostname or host}"
    sender = asked.get("from", usual_sender)
    if sender.count("@") != 1 or not sender.isascii() or any(sign in sender for sign in " <>\r\n"):
        raise Unusable("PORTAL_MAIL_URL: from is no e-mail address")
    return MailServer(host, port or PORTS[tls], tls, user, password, sender)


@dataclass(frozen=True)
class Hook:
    """The address of a group robot: ``url`` without its ``#``, ``secret`` what stood behind it."""

    kind: str
    url: str = field(repr=False)
    secret: str = field(repr=False)

    @property
    def host(self) -> str:
        """Where it leads, which may be told."""
        return urlsplit(self.url).hostname or ""

    @property
    def key(self) -> str:
        """A name that says nothing about the address."""
        return f"{ENV}{hashlib.sha256(self.url.encode()).hexdigest()[:16]}"


def hooks_of(text: str | None) -> list[Hook]:
    """The robots of ``PORTAL_WEBHOOK_URLS``: addresses separated by commas, each with its kind in
    front (``dingtalk=https://…``) unless its host tells. Raises Unusable.
    """
    found = [_hook(part.strip()) for part in (text or "").split(",") if part.strip()]
    return list({hook.key: hook for hook in found}.values())


def _hook(part: str) -> Hook:
    kind, equals, rest = part.partition("=")
    named = bool(equals) and kind in ROBOT_KINDS
    hook = read_hook(rest if named else part, kind if named else "")
    if hook is None:
        raise Unusable("PORTAL_WEBHOOK_URLS: an address is not https://host/…")
    return hook


def read_hook(text: str, kind: str = "") -> Hook | None:
    """An address as a robot's; None where it is none. Of an unknown host it is taken for WeCom's
    form, which DingTalk understands as well.
    """
    url, _hash, secret = text.strip().partition("#")
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    if not good or not url.isascii() or any(sign <= " " or sign == "\x7f" for sign in url):
        return None
    return Hook(kind or HOSTS.get(parts.hostname or "", "wecom"), url, secret.strip())


def check_hook(text: str, kind: str) -> Hook:
    """An address that somebody typed in on a page: encrypted, and only to a host where robots are,
    so that nobody lets the portal knock at machines of the house. Raises RuleError.
    """
    hook = read_hook(text, kind)
    if hook is None:
        raise RuleError(_l("Paste the whole address that the group shows."), "new_hook")
    parts = urlsplit(hook.url)
    named = _named_hosts(current_app.config["PORTAL_WEBHOOK_HOSTS"])
    origin = f"{parts.scheme}://{parts.netloc}"
    known = parts.scheme == "https" and (hook.host in HOSTS or hook.host in named)
    if (not known and origin not in named) or parts.username:
        raise RuleError(
            _l(
                "This host is not known as one of group robots. Who runs the portal can name it in"
                " the settings of the server."
            ),
            "new_hook",
        )
    if HOSTS.get(hook.host, kind) != kind:
        raise RuleError(_l("This is the address of another kind of robot."), "kind")
    return hook


def _named_hosts(text: str | None) -> Iterable[str]:
    return {part.strip().rstrip("/") for part in (text or "").split(",") if part.strip()}
