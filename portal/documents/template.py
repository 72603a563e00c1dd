"""Templates of documents in a language: no request, no session, no application."""

from functools import lru_cache
from gettext import NullTranslations

from babel.support import Translations
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from portal.documents.pdf import PACKAGE

TEMPLATES = PACKAGE / "templates" / "documents"
TRANSLATIONS = PACKAGE.parent / "translations"
HTML_LANG = {"zh_Hans_CN": "zh-Hans", "en": "en"}


@lru_cache(maxsize=16)
def style(name: str) -> str:
    """The text of a style sheet beside the templates."""
    return (TEMPLATES / name).read_text()


@lru_cache(maxsize=4)
def translations(lang: str) -> NullTranslations:
    """The catalogue of ``lang``; English is its own."""
    return Translations.load(TRANSLATIONS, [lang])


@lru_cache(maxsize=4)
def environment(lang: str) -> Environment:
    """The environment that renders templates in ``lang``; a missing name is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    catalogue = translations(lang)
    made.install_gettext_callables(  # type: ignore[attr-defined]
        catalogue.gettext, catalogue.ngettext, newstyle=True
    )
    return made
