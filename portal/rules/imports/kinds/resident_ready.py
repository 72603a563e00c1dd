"""What a row of residents says by itself, worked out before anything is looked up."""

from datetime import date
from typing import Any, NamedTuple

from portal import clock
from portal.models.register import ID_PLACE, PHONE_PLACE
from portal.models.register_choices import GB_11643_TYPES
from portal.models.search import search_terms, sort_key
from portal.models.types import EncryptedText, Sealed, hasher
from portal.rules import idnumbers
from portal.rules.imports.kind import Line
from portal.rules.imports.kinds.resident_round import Home, home_of
from portal.rules.imports.kinds.resident_words import HIDDEN_NUMBER
from portal.rules.register import dwelling_name, household_name


class Papers(NamedTuple):
    """What the papers of a row come to: further values, and why the row is refused, if it is."""

    values: dict[str, Any]
    reason: str | None = None
    column: str | None = None


def judged_papers(line: Line, today: date) -> Papers:
    """The kind of papers; of a number by GB 11643 whether it agrees with itself, with the birthday
    and with the sex, both of which may come from it.
    """
    number = line["id_number"]
    nobodys = number is None and HIDDEN_NUMBER not in line.notes
    kind = line["id_type"] or ("temporary" if nobodys else "resident_id")
    if number is None or kind not in GB_11643_TYPES:
        return Papers({"id_type": kind})
    try:
        told = idnumbers.read(number, today)
    except idnumbers.BadNumber as bad:
        return Papers({"id_type": kind}, bad.reason, "id_number")
    values = {"id_type": kind, "birth_date": told.birth_date, "sex": told.sex}
    if line["birth_date"] not in (None, told.birth_date):
        return Papers({"id_type": kind}, "birth_mismatch", "birth_date")
    if line["sex"] not in (None, told.sex):
        return Papers({"id_type": kind}, "sex_mismatch", "sex")
    return Papers(values)


def prepare(lines: list[Line]) -> None:
    """What a row says by itself: keyed hashes, sealed values, how the name is found and sorted."""
    index, phone = hasher(ID_PLACE), hasher(PHONE_PLACE)
    seal_number, seal_phone = EncryptedText(ID_PLACE).sealer(), EncryptedText(PHONE_PLACE).sealer()
    homes, today = set[Home](), clock.today()
    for line in lines:
        if line.failed:
            continue
        home = line.values["home"] = home_of(line)
        if home not in homes and home[1] and home[3]:
            homes.add(home)
            address = dwelling_name(*home[1:4])
            called = household_name(address, home[4])
            line.values["home_terms"] = search_terms(address), search_terms(called)
        line.ready["papers"] = judged_papers(line, today)
        number, called, name = line["id_number"], line["phone"], line["name"]
        line.values["id_index"] = index(number)
        line.ready["phone_index"] = phone(called)
        line.ready["name_sort"] = sort_key(name)
        line.ready["search_terms"] = search_terms(name, people=True)
        if number is not None:
            line.ready["id_number"] = Sealed(seal_number(number))
        if called is not None:
            line.ready["phone"] = Sealed(seal_phone(called))
