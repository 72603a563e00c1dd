"""What every template may use: language, print size, menu, words for dates and numbers."""

from datetime import date, datetime

from flask import Flask, current_app, g, has_request_context, request
from flask_babel import format_date as babel_date
from flask_babel import format_datetime as babel_datetime
from flask_babel import format_decimal, get_locale
from flask_babel import gettext as _

from portal import clock, roles, scope
from portal.errors import reworded
from portal.extensions import db
from portal.forms.widgets import control
from portal.models import choices
from portal.rules import inbox
from portal.views import assets, hooks, translating
from portal.views.page import NavGroup, NavItem
from portal.views.security.session import mark

LANGUAGE_COOKIE, PRINT_COOKIE = "lang", "print"
LANGUAGE_TAGS = {"zh_Hans_CN": "zh-Hans", "en": "en"}


def select_language() -> str:
    """The language of this request: cookie ``lang``, otherwise Chinese."""
    default: str = current_app.config["BABEL_DEFAULT_LOCALE"]
    if not has_request_context():
        return default
    chosen = request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in current_app.config["LANGUAGES"] else default


def install(app: Flask) -> None:
    """Make the helpers Jinja globals: widgets render outside context processors."""
    translating.install(app)
    app.jinja_env.globals.update(
        csp_nonce=hooks.csp_nonce,
        asset=assets.asset,
        nav=nav,
        unread=unread,
        reworded=reworded,
        identity=scope.current,
        format_date=format_date,
        format_number=format_number,
        role_name=role_name,
        resource_name=resource_name,
        action_name=action_name,
        control=control,
        session_mark=mark,
    )
    app.context_processor(_page_context)


def _page_context() -> dict[str, object]:
    current = str(get_locale())
    languages = current_app.config["LANGUAGES"]
    others = [
        {"code": code, "tag": LANGUAGE_TAGS[code], "name": entry["name"]}
        for code, entry in languages.items()
        if code != current
    ]
    return {
        "lang": LANGUAGE_TAGS.get(current, "zh-Hans"),
        "other_languages": others,
        "large_print": request.cookies.get(PRINT_COOKIE) == "large",
        "here": request.full_path.rstrip("?"),
        "signed_in": bool(g.get("identity") and g.identity.user_id),
    }


def unread() -> int:
    """How many messages wait unread for the signed-in account: one count over an index, unless the
    page knows already.
    """
    if "unread" in g:
        return int(g.unread)
    user_id = scope.current().user_id
    return inbox.unread(db.session, user_id) if user_id is not None else 0


def nav() -> list[NavGroup]:
    """The main menu: the lists and pages that the roles in force may read."""
    identity, path = scope.current(), request.path
    groups = []
    for label, entries in _worded_menu():
        items = [
            NavItem(text, url, icon, path.startswith(start))
            for text, url, icon, resource, start in entries
            if resource is None or identity.can(roles.READ, resource)
        ]
        if items:
            groups.append(NavGroup(label, items))
    return groups


def _worded_menu() -> list[tuple[str, list[tuple[str, str, str, str | None, str]]]]:
    """The whole menu in the language of the page, worded once; with the address under which an
    entry counts as the one that is open.
    """
    known = current_app.extensions.setdefault("portal_menu_worded", {})
    locale = str(get_locale())
    if locale not in known:
        known[locale] = [
            (str(label), [(str(text), url, icon, resource, url.rsplit("list/", 1)[0])
                          for text, url, icon, resource in entries])
            for label, entries in current_app.extensions["portal_menu"]
        ]  # fmt: skip
    return list(known[locale])


def format_date(value: date | datetime | None) -> str:
    """2026年4月1日 / 1 April 2026, with the time where there is one; empty for None."""
    if value is None:
        return ""
    chinese = str(get_locale()).startswith("zh")
    if isinstance(value, datetime):
        local = clock.local(value)
        if chinese:
            return f"{_chinese_day(local)} {local:%H:%M}"
        return babel_datetime(local, "d MMM y, HH:mm", rebase=False)
    return _chinese_day(value) if chinese else babel_date(value, "d MMMM y")


def _chinese_day(value: date) -> str:
    """Numbers and signs only, so that a list needs no patterns of Babel for it."""
    return f"{value.year}年{value.month}月{value.day}日"


def format_number(value: int | float | None) -> str:
    """A number with its thousands separated; empty for None."""
    return "" if value is None else format_decimal(value)


def role_name(role: str) -> str:
    """What people call an account role."""
    return str(choices.ROLES.get(role, role)) if role else _("none")


def resource_name(resource: str) -> str:
    """What people call the register of a resource: the title of its list."""
    views = current_app.appbuilder.baseviews  # type: ignore[attr-defined]
    for view in views:
        # Of an entity, or a page of its own (jobs).
        if resource in (
            getattr(getattr(view, "entity", None), "resource", None),
            getattr(view, "resource", None),
        ):
            return str(view.list_title)
    return _("Description of the interface") if resource == "OpenApi" else resource


def action_name(action: str) -> str:
    """What people call an action of the roles table."""
    return str(choices.ACTIONS.get(action, action))
