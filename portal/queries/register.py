"""Named selections of the register."""

import re
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, literal_column, select

from portal.models import Household, Resident
from portal.models.register import ID_PLACE, ID_TAIL_PLACE, PHONE_PLACE
from portal.models.types import blind_indexes
from portal.queries.search import asked_words, found_by, plainly

WHOLE_NUMBER = re.compile(r"\d{17}[\dxX]", re.ASCII)
TAIL = re.compile(r"\d{3}[\dxX]", re.ASCII)
PHONE = re.compile(r"1\d{10}", re.ASCII)
# One hash; several while an index key is exchanged.
SEALED = re.compile(r"(id|tail|phone):([0-9a-f]{64}(?:\.[0-9a-f]{64}){0,7})", re.ASCII)
INDEXES = {
    "id": Resident.id_index,
    "tail": Resident.id_tail_index,
    "phone": Resident.phone_index,
}


def sealed(text: str) -> str:
    """A whole ID number, its last four characters or a telephone as a keyed hash that may stand in
    an address; any other text as it is.
    """
    if WHOLE_NUMBER.fullmatch(text):
        return _address("id", ID_PLACE, text.upper())
    if TAIL.fullmatch(text):
        return _address("tail", ID_TAIL_PLACE, text.upper())
    if PHONE.fullmatch(text):
        return _address("phone", PHONE_PLACE, text)
    return text


def _address(what: str, place: str, text: str) -> str:
    return f"{what}:{'.'.join(blind_indexes(place, text))}"


def by_number(text: str) -> ColumnElement[bool] | None:
    """Residents by what ``sealed`` gave for a number; None for any other text."""
    found = SEALED.fullmatch(text)
    return INDEXES[found[1]].in_(found[2].split(".")) if found else None


def _tells_home(word: str) -> bool:
    return any(sign.isdigit() for sign in word)


def asks_for_home(text: str) -> bool:
    """Whether a word of ``text`` tells where people live."""
    return any(map(_tells_home, asked_words(text)))


def by_words(text: str, *, walked: bool = False) -> ColumnElement[bool]:
    """Residents whose name has every word of ``text``; words with a digit tell where they live:
    3栋1单元101, or the number of the household. ``walked``: the names without their index, as
    where a home is asked for: there live fewer people than bear a name.
    """
    words = asked_words(text)
    place = [word for word in words if _tells_home(word)]
    name = [word for word in words if word not in place]
    found = []
    if name or not place:
        found.append((plainly if walked or place else found_by)(Resident, name))
    if place:
        homes = select(Household.id).where(found_by(Household, place))
        found.append(Resident.household_id.in_(homes))
    return and_(*found)


def living() -> tuple[ColumnElement[bool], ...]:
    """Conditions: the resident neither moved out nor died."""
    return Resident.moved_out_on.is_(None), Resident.died_on.is_(None)


def here(found: Select[Any]) -> Select[Any]:
    """Residents who neither moved out nor died."""
    return found.where(*living())


def without_papers(found: Select[Any]) -> Select[Any]:
    """Residents with a temporary number (spelled out: else SQLite does not see its index fits)."""
    return found.where(Resident.id_type == literal_column("'temporary'"), *living())


def gone(found: Select[Any]) -> Select[Any]:
    """Residents who moved out or died."""
    return found.where(Resident.moved_out_on.is_not(None) | Resident.died_on.is_not(None))
