"""Search by characters, pinyin, initials or numbers, the same on both engines."""

import re
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

LONGEST = 60
_CHINESE = re.compile(r"[\u3400-\u9fff]")


def storable(text: str) -> bool:
    """Whether both engines take ``text``: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def matches(model: Any, text: str) -> ColumnElement[bool]:
    """Condition: every word of ``text`` is found in the row's search terms.

    Words of letters and digits match the beginning of a term (zhangs, xfl, 4201), words with
    Chinese characters any part of one.
    """
    words = text.lower().split()[:6]
    return and_(*(_word(model.search_terms, word[:LONGEST]) for word in words))


def _word(column: Any, word: str) -> ColumnElement[bool]:
    escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    if _CHINESE.search(word):
        return column.like(f"%{escaped}%", escape="\\")
    # The start of a term; a hyphenated number is found by each of its parts too.
    return or_(column.like(f"% {escaped}%", escape="\\"), column.like(f"%-{escaped}%", escape="\\"))
