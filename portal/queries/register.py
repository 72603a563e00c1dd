"""Named selections of the register."""

import re
from typing import Any

from sqlalchemy import ColumnElement, Select

from portal.models import Resident
from portal.models.register import ID_PLACE, ID_TAIL_PLACE, PHONE_PLACE
from portal.models.types import blind_indexes

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


def living() -> tuple[ColumnElement[bool], ...]:
    """Conditions: the resident neither moved out nor died."""
    return Resident.moved_out_on.is_(None), Resident.died_on.is_(None)


def here(found: Select[Any]) -> Select[Any]:
    """Residents who neither moved out nor died."""
    return found.where(*living())


def without_papers(found: Select[Any]) -> Select[Any]:
    """Residents with a temporary number."""
    return found.where(Resident.id_type == "temporary", *living())


def gone(found: Select[Any]) -> Select[Any]:
    """Residents who moved out or died."""
    return found.where(Resident.moved_out_on.is_not(None) | Resident.died_on.is_not(None))
