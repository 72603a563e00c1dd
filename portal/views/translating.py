"""Translations of a request, looked up once.

A page translates some hundred words. Flask-Babel goes through seven proxies and the name of the
locale for each of them; here the catalogue is kept in the request, for as long as its locale is
the same.
"""

from typing import Any

from flask import Flask, g, has_app_context
from flask_babel import Domain


class QuickDomain(Domain):
    """Flask-Babel's domain that remembers the catalogue of the request's locale."""

    def get_translations(self) -> Any:
        """The catalogue of the locale of now, ``force_locale`` included."""
        if not has_app_context():
            return super().get_translations()
        context = getattr(g._get_current_object(), "_flask_babel", None)
        locale = getattr(context, "babel_locale", None)
        kept = getattr(context, "portal_catalogue", None)
        if kept and locale is not None and kept[0] is locale:
            return kept[1]
        found = super().get_translations()
        g._flask_babel.portal_catalogue = (g._flask_babel.babel_locale, found)
        return found


def words_kept() -> dict[Any, str]:
    """What this request has worded already in the language of now, by whatever key; new where
    nobody has asked or the language is another one.
    """
    held = vars(g._get_current_object()) if has_app_context() else {}
    context: Any = held.get("_flask_babel")
    locale = getattr(context, "babel_locale", None)
    if locale is None:
        return {}
    kept = getattr(context, "portal_words", None)
    if kept is None or kept[0] is not locale:
        kept = context.portal_words = (locale, {})
    words: dict[Any, str] = kept[1]
    return words


def install(app: Flask) -> None:
    """Let the application of the current context translate this way."""
    babel = app.extensions["babel"].instance
    babel.domain_instance = QuickDomain(domain=babel.domain)
