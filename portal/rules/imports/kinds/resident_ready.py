"""What a row of residents says by itself, worked out before anything is looked up."""

from portal.models.register import ID_PLACE, PHONE_PLACE
from portal.models.search import search_terms, sort_key
from portal.models.types import EncryptedText, Sealed, hasher
from portal.rules.imports.kind import Line
from portal.rules.imports.kinds.resident_round import Home, home_of
from portal.rules.register import dwelling_name, household_name


def prepare(lines: list[Line]) -> None:
    """What a row says by itself: keyed hashes, sealed values, how the name is found and sorted."""
    index, phone = hasher(ID_PLACE), hasher(PHONE_PLACE)
    seal_number, seal_phone = EncryptedText(ID_PLACE).sealer(), EncryptedText(PHONE_PLACE).sealer()
    homes: set[Home] = set()
    for line in lines:
        if line.failed:
            continue
        home = line.values["home"] = home_of(line)
        if home not in homes and home[1] and home[3]:
            homes.add(home)
            address = dwelling_name(*home[1:4])
            called = household_name(address, home[4])
            line.values["home_terms"] = search_terms(address), search_terms(called)
        number, called, name = line["id_number"], line["phone"], line["name"]
        line.values["id_index"] = index(number)
        line.ready["phone_index"] = phone(called)
        line.ready["name_sort"] = sort_key(name)
        line.ready["search_terms"] = search_terms(name, people=True)
        if number is not None:
            line.ready["id_number"] = Sealed(seal_number(number))
        if called is not None:
            line.ready["phone"] = Sealed(seal_phone(called))
