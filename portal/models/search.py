"""Search terms of a Chinese text: its characters, its pinyin and its initials.

Stored in a column beside the row, so that both engines answer alike: " 幸福里 福里 里 xingfuli fuli
li xfl fl l ". A word that is searched for matches at the start of a term, and as every character
starts a term, Chinese words match anywhere in the text. Terms hold letters, digits, characters and
inner hyphens, nothing that a query language of either engine could take for its own.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

from pypinyin import Style, lazy_pinyin

LONGEST_TERM = 24  # characters; more of a word is neither kept nor asked for
CHINESE = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"[{CHINESE}]+")
# Where a term starts: at each character, and at each run of letters and digits.
_START = re.compile(rf"[{CHINESE}]|[^\W{CHINESE}]+")
_PLAIN = re.compile("[\u4e00-\u9fff]{1,24}")
_BETWEEN = re.compile(r"[^\w-]+")
_TONES = "12345"
# Characters that are read another way in a family name than elsewhere. Both are found.
SURNAMES = {
    "曾": "zeng1", "单": "shan4", "解": "xie4", "仇": "qiu2", "区": "ou1", "查": "zha1",
    "朴": "piao2", "任": "ren2", "盖": "ge3", "华": "hua4", "乐": "yue4", "缪": "miao4",
    "覃": "qin2", "翟": "zhai2", "员": "yun4", "黑": "he4", "折": "she2", "繁": "po2",
    "洗": "xian3", "召": "shao4", "葛": "ge3", "燕": "yan1", "宁": "ning4", "纪": "ji3",
    "种": "chong2", "秘": "bi4", "都": "du1", "隗": "wei3", "祭": "zhai4", "卜": "bu3",
    "能": "nai4", "那": "na1", "过": "guo1", "尉": "wei4", "藏": "zang1", "薄": "bo2",
}  # fmt: skip


def words_of(text: str) -> list[str]:
    """The words of ``text`` as terms spell them: half-width, lower case, no punctuation."""
    plain = _BETWEEN.sub(" ", unicodedata.normalize("NFKC", text).lower())
    return [found for word in plain.split() if (found := word.strip("-"))]


def search_terms(*texts: str | None, people: bool = False) -> str:
    """The terms of ``texts`` as one string with spaces around every term; lower case.

    ``people``: the texts are names of people, read character by character, the family name also
    as such (曾 zeng). That is also the quick way.
    """
    terms: dict[str, None] = {}
    for text in texts:
        if people and text and _PLAIN.fullmatch(text):  # most names: one word, nothing to narrow
            terms.update(_of_person(text))
            continue
        for word in words_of(text or ""):
            for start in _START.finditer(word):
                terms[word[start.start() :][:LONGEST_TERM]] = None
            for run in _RUN.findall(word):
                for syllables in _readings(run, people):
                    terms.update(dict.fromkeys(_spellings(syllables)))
    return f" {' '.join(terms)} " if terms else " "


def _of_person(name: str) -> dict[str, None]:
    terms = dict.fromkeys([name[start:] for start in range(len(name))])
    for syllables in _readings(name, people=True):
        terms.update(dict.fromkeys(_spellings(syllables)))
    return terms


def _readings(run: str, people: bool) -> Iterator[tuple[str, ...]]:
    if not people:
        yield _sentence(run)
        return
    plain = tuple(_character(sign) for sign in run)
    yield plain
    if run[0] in SURNAMES:
        yield (SURNAMES[run[0]], *plain[1:])


@lru_cache(maxsize=4_000)
def _sentence(run: str) -> tuple[str, ...]:
    return tuple(lazy_pinyin(run, style=Style.TONE3))


@lru_cache(maxsize=20_000)
def _character(sign: str) -> str:
    return str(lazy_pinyin(sign, style=Style.TONE3)[0])


@lru_cache(maxsize=4_000)
def _spellings(syllables: tuple[str, ...]) -> tuple[str, ...]:
    plain = [syllable.rstrip(_TONES) for syllable in syllables]
    starts = range(len(plain))
    full = ["".join(plain[start:])[:LONGEST_TERM] for start in starts]
    initials = ["".join(s[0] for s in plain[start:])[:LONGEST_TERM] for start in starts]
    return (*full, *initials)


def sort_key(text: str | None) -> str:
    """A key that sorts names of people by pinyin, family name first, on every engine."""
    name = unicodedata.normalize("NFKC", text or "").strip().lower()
    syllables = [_character(sign) if _RUN.match(sign) else sign for sign in name]
    if name and name[0] in SURNAMES:
        syllables[0] = SURNAMES[name[0]]
    spelled = [f" {s}" if len(s) > 1 else s for s in syllables]
    return "".join(spelled).strip()[:200]
