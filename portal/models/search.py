"""Search terms of a Chinese text: its characters, its pinyin and its initials.

Stored in a column beside the row, so that both engines answer alike: " 幸福里 xingfuli fuli li
xfl fl l ". A query word matches at the start of a term, Chinese words anywhere in the text.
"""

import re
from functools import lru_cache

from pypinyin import Style

from portal.models.pinyin import syllables

_CHINESE = re.compile(r"[\u3400-\u9fff]+")


def search_terms(*texts: str | None) -> str:
    """The terms of ``texts`` as one string with spaces around every term; lower case."""
    terms: dict[str, None] = {}
    for text in texts:
        if text:
            terms[text.strip().lower()] = None
            for run in _CHINESE.findall(text):
                terms.update(dict.fromkeys(_spellings(run)))
    return f" {' '.join(terms)} " if terms else " "


@lru_cache(maxsize=20_000)
def _spellings(run: str) -> tuple[str, ...]:
    read = syllables(run, Style.NORMAL)
    starts = range(len(read))
    full = ["".join(read[start:]) for start in starts]
    initials = ["".join(s[0] for s in read[start:]) for start in starts]
    return (*full, *initials)


def sort_key(text: str | None) -> str:
    """A key that sorts Chinese names by pinyin on every engine."""
    return " ".join(syllables(text or "", Style.TONE3))[:200].lower()
