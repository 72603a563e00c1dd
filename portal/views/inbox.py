"""``/inbox/``: what the signed-in account was told, newest first."""

from dataclasses import dataclass
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder.baseviews import BaseView, expose
from flask_babel import gettext as _

from portal.extensions import db
from portal.models import Message
from portal.queries import paging
from portal.rules import inbox, messages
from portal.views.context import format_date
from portal.views.entity.access import account
from portal.views.page import Preset
from portal.views.targets import is_ours

HERE = "/inbox/"


@dataclass(frozen=True)
class Notice:
    """One message, worded; ``leads``: whether opening it goes on to its thing."""

    id: int
    title: str
    body: str
    at: str
    unread: bool
    leads: bool


@dataclass(frozen=True)
class InboxPage:
    """A page of the inbox; ``newest`` is the key of the newest message there is (0: none)."""

    rows: list[Notice]
    total: int
    capped: bool
    tabs: list[Preset]
    newest: int
    next_url: str | None = None
    prev_url: str | None = None


class InboxView(BaseView):
    """The messages of the account that asks, and of nobody else."""

    route_base = "/inbox"
    default_view = "list"

    @expose("/")
    def list(self) -> ResponseReturnValue:
        """A page of messages; nothing is marked by looking."""
        user_id = account()
        only = request.args.get("show") == "unread"
        part = paging.Slice(
            column="id",
            descending=True,
            after=request.args.get("after") or None,
            before=request.args.get("before") or None,
        )
        try:
            found = paging.fetch(
                db.session, inbox.of_account(user_id, only_unread=only), Message, part
            )
        except paging.BadCursor:
            abort(400)
        page = InboxPage(
            [_notice(message) for message in found.rows],
            found.total,
            found.capped,
            [
                Preset("", _("All messages"), HERE, not only),
                Preset("unread", _("Unread ones"), f"{HERE}?show=unread", only),
            ],
            max((message.id for message in found.rows), default=0),
            _link(only, after=found.next),
            _link(only, before=found.previous),
        )
        return render_template("views/inbox.html", title=_("Inbox"), page=page, only_unread=only)

    @expose("/open/<int:pk>", methods=["POST"])
    def open(self, pk: int) -> ResponseReturnValue:
        """Mark a message as read and go to what it is about."""
        user_id = account()
        message = inbox.own(db.session, user_id, pk) if pk < 2**31 else None
        if message is None:
            abort(404)
        target = message.url if is_ours(message.url) else HERE
        inbox.mark_read(db.session, user_id, pk)
        db.session.commit()
        return redirect(target or HERE)

    @expose("/read", methods=["POST"])
    def read(self) -> ResponseReturnValue:
        """Mark as read what the page has shown and all before; what came since stays unread."""
        user_id = account()
        newest = request.form.get("newest", "")
        if not (newest.isascii() and newest.isdigit() and len(newest) < 10):
            abort(400)
        inbox.mark_read(db.session, user_id, up_to=int(newest))
        db.session.commit()
        flash(_("All messages are marked as read."), "success")
        return redirect(HERE)


def _notice(message: Message) -> Notice:
    title, body = messages.worded(message)
    at = format_date(message.created_at)
    return Notice(message.id, title, body, at, message.read_at is None, is_ours(message.url))


def _link(only_unread: bool, **cursor: str | None) -> str | None:
    asked = {name: value for name, value in cursor.items() if value}
    if not asked:
        return None
    return f"{HERE}?{urlencode(({'show': 'unread'} if only_unread else {}) | asked)}"
