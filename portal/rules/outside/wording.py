"""What of a message leaves the portal, in the language of who reads it.

Of what few may know, and of what nobody has put among the topics, that is a subject and a link.
Numbers as long as a telephone or identity number, and mail addresses, are left out of whatever
somebody typed (days and numbers of houses stay); notes on an order and the name of who wrote them
do not leave at all.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from typing import Protocol

from flask import current_app
from flask_babel import force_locale, gettext, ngettext

from portal.models.choices import DOCUMENT_LANGUAGES
from portal.rules.messages import TEXTS, say
from portal.rules.outside.letters import topic_of

HTML_LANG = {"zh_Hans_CN": "zh-Hans", "en": "en"}
TYPED = ("summary", "agenda", "place", "lacking", "error", "title")
UNSAID = {"title": "…"}  # it begins the sentence that stays
KEPT_BACK = ("note", "who")
# Wider than ``masking.PRIVATE``, which shows the ends of what it knows, and than what
# ``numberless`` refuses after taking the signs between digits away: what is left out here is gone.
PRIVATE = re.compile(
    r"(?:\d[ -]?){10,}[\dXx]"  # mobile and identity numbers, however they are spaced
    r"|\d{7,}"
    r"|(?<!\d)\d{4}[ -]\d{4}(?!\d)"  # telephones of a city
    r"|[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"  # no Chinese word around an address
)
ENDS = " :：·.。，,-"
LONGEST_SUBJECT = 120
INBOX = "/inbox/"
CHOICES = "/account/messages/"


class Told(Protocol):
    """A delivery with what its message says; ``bare``: subject and link only."""

    id: int
    kind: str
    params: str
    url: str | None
    bare: bool


@dataclass(frozen=True)
class Line:
    """One message as it is told outside: ``body`` may be empty, ``link`` is a whole address."""

    title: str
    body: str
    link: str


def line(kind: str, params: str, url: str | None, *, bare: bool) -> Line:
    """A message in the language in force."""
    base = current_app.config["PORTAL_PUBLIC_URL"]
    link = base + (url or INBOX)
    if kind not in TEXTS or (bare and topic_of(kind) == "other"):
        return Line(gettext("A message of the portal waits for you"), "", link)
    told = {name: _fit(name, value, bare) for name, value in json.loads(params).items()}
    title, body = say(kind, told)
    if kind == "order_moved":
        body = str(told.get("summary", ""))
    return Line(_one_line(title).rstrip(ENDS), "" if bare else _one_line(body), link)


def _fit(name: str, value: object, bare: bool) -> object:
    if name in KEPT_BACK or (bare and name in TYPED):
        return UNSAID.get(name, "")
    return PRIVATE.sub("…", value) if name in TYPED and isinstance(value, str) else value


def _one_line(text: str) -> str:
    """Without line breaks, which headers of a mail must not have."""
    return " ".join(text.split())


def subject_of(lines: Sequence[Line]) -> str:
    """What a mail with these messages is about."""
    if len(lines) == 1:
        text = lines[0].title
    else:
        text = ngettext(
            "%(num)s message: %(first)s", "%(num)s messages: %(first)s", len(lines),
            first=lines[0].title,
        )  # fmt: skip
    return text if len(text) <= LONGEST_SUBJECT else text[: LONGEST_SUBJECT - 1] + "…"


def mail(messages: Sequence[Told], lang: str, sender: str, to: str, at: datetime) -> EmailMessage:
    """One mail with one or several messages, as text and as HTML, in ``lang``."""
    lang = lang if lang in DOCUMENT_LANGUAGES else next(iter(DOCUMENT_LANGUAGES))
    with force_locale(lang):
        lines = [line(one.kind, one.params, one.url, bare=one.bare) for one in messages]
        told = {
            "lines": lines,
            "lang": HTML_LANG[lang],
            "portal": gettext("Grid Portal"),
            "subject": subject_of(lines),
            "open_it": gettext("Open in the portal"),
            "why": gettext("You get this because you chose it, or because it is urgent."),
            "change": gettext("Choose what comes by e-mail"),
            "choices": current_app.config["PORTAL_PUBLIC_URL"] + CHOICES,
        }
        made = EmailMessage(policy=SMTP)
        made["Subject"] = told["subject"]
        made["From"] = formataddr((str(told["portal"]), sender))
        made["To"] = to
        made["Date"] = format_datetime(at)
        # The same for every try, so that whoever gets it twice can tell.
        made["Message-ID"] = f"<message-{messages[0].id}-{len(messages)}@{sender.split('@')[1]}>"
        made["Auto-Submitted"] = "auto-generated"
        environment = current_app.jinja_env
        made.set_content(environment.get_template("mail/messages.txt").render(told))
        made.add_alternative(
            environment.get_template("mail/messages.html").render(told), subtype="html"
        )
        made["Content-Language"] = HTML_LANG[lang]  # of the whole: parts take what comes before
    return made


def notice(messages: Sequence[Told], lang: str, longest: int) -> str:
    """What a group is told, as plain text of at most ``longest`` bytes: what is left over is
    counted.
    """
    with force_locale(lang):
        head = gettext("Grid Portal")
        text = head
        for number, one in enumerate(messages):
            told = line(one.kind, one.params, one.url, bare=False)
            part = "\n".join(filter(None, (told.title, told.body, told.link)))
            left = len(messages) - number
            rest = ngettext("%(num)s more in the portal", "%(num)s more in the portal", left)
            if len(f"{text}\n\n{part}\n\n{rest}".encode()) > longest and number:
                return f"{text}\n\n{rest}"
            text = f"{text}\n\n{part}"
    return text.encode()[:longest].decode(errors="ignore")
