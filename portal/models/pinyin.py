"""Pinyin of Chinese text, quick for names: a hundred thousand come with one file.

pypinyin looks for known phrases in a text, for some characters sound different in them. A short
text that holds none is read character by character, each of which is remembered.
"""

import re
from functools import lru_cache

from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PHRASES_DICT

LONGEST = 4  # characters
_CHINESE = re.compile(r"[\u4e00-\u9fa5]+")


def syllables(text: str, style: Style) -> list[str]:
    """The same as pypinyin's ``lazy_pinyin(text, style=style)``."""
    if len(text) > LONGEST or not _CHINESE.fullmatch(text) or _holds_phrase(text):
        return lazy_pinyin(text, style=style)
    return [_syllable(sign, style) for sign in text]


def _holds_phrase(text: str) -> bool:
    ends = len(text) + 1
    return any(
        text[start:end] in PHRASES_DICT
        for start in range(ends - 2)
        for end in range(start + 2, ends)
    )


@lru_cache(maxsize=20_000)
def _syllable(sign: str, style: Style) -> str:
    return lazy_pinyin(sign, style=style)[0]
