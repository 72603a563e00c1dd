"""Search by characters, pinyin, initials or numbers, the same on both engines.

``plainly`` looks at each row's terms. Tables of the register, which may have a million rows, have
an index of their terms besides (``Row.search_indexed``): on PostgreSQL GIN over the terms as a text
vector, on SQLite a full-text table of the same terms, kept by triggers. ``matches`` offers that
index to the planner; what is found is the same.
"""

from typing import Any

from sqlalchemy import Boolean, ColumnElement, String, and_, literal, true
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from portal.models.register import terms_vector
from portal.models.search import LONGEST_TERM, words_of

MOST_WORDS = 10


def storable(text: str) -> bool:
    """Whether both engines take ``text``: no NUL, no half of a surrogate pair."""
    return "\x00" not in text and not any("\ud800" <= sign <= "\udfff" for sign in text)


def asked_words(text: str) -> list[str]:
    """The words that a search for ``text`` looks for."""
    return [word[:LONGEST_TERM] for word in words_of(text)][:MOST_WORDS]


def matches(model: Any, text: str) -> ColumnElement[bool]:
    """Condition: every word of ``text`` starts one of the row's search terms.

    Words of letters and digits so match the beginning of a word (zhangs, xfl, 4201), words with
    Chinese characters any part of one. A text without a word matches nothing.
    """
    return found_by(model, asked_words(text))


def found_by(model: Any, words: list[str]) -> ColumnElement[bool]:
    """Condition: each of ``words`` starts one of the row's terms; by the index, if there is one."""
    each = plainly(model, words)
    if not words or not model.search_indexed:
        return each
    # Both: the cheap one tells the planner how many there are and checks what the index gave.
    return and_(each, in_index(model, words))


def plainly(model: Any, words: list[str]) -> ColumnElement[bool]:
    """The same condition, for a list that is walked through in its order anyway."""
    if not words:
        return literal(1) == 0
    return and_(true(), *(_starts_a_term(model.search_terms, word) for word in words))


def _starts_a_term(column: Any, word: str) -> ColumnElement[bool]:
    escaped = word.replace("_", "\\_")  # words hold no other sign that means something here
    found: ColumnElement[bool] = column.like(f"% {escaped}%", escape="\\")
    return found


class in_index(FunctionElement[bool]):
    """The words by the index of ``model``'s terms."""

    inherit_cache = True
    type = Boolean()

    def __init__(self, model: Any, words: list[str]) -> None:
        vector = " & ".join(f"'{word}':*" for word in words)
        match = " ".join(f'"{word}"*' for word in words)
        texts = (literal(vector, String), literal(match, String))
        super().__init__(model.id, model.search_terms, *texts)

    def self_group(self, against: Any = None) -> Any:
        """As it is: made a comparison with 1, SQLite would not see its index."""
        return self


@compiles(in_index, "postgresql")
def _in_vector(element: Any, compiler: Any, **options: Any) -> str:
    _key, terms, vector, _match = element.clauses
    column = compiler.process(terms, **options)
    return f"({terms_vector(column)} @@ CAST({compiler.process(vector, **options)} AS tsquery))"


@compiles(in_index, "sqlite")
def _in_full_text(element: Any, compiler: Any, **options: Any) -> str:
    key, _terms, _vector, match = element.clauses
    table = getattr(key.table, "element", key.table).name  # an alias is of a table
    words, asked = f"{table}_words", compiler.process(match, **options)
    found = f"FROM {words} WHERE {words} MATCH {asked}"
    return f"({compiler.process(key, **options)} IN (SELECT rowid {found}))"
