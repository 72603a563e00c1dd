"""Numbers of identity papers: GB 11643 in full, and temporary numbers for people without papers.

Source: GB 11643 (weights, check characters, sex by the 17th digit). A number begins with the code
of a division of GB/T 2260; divisions come and go, so only its province is judged.
"""

import re
from dataclasses import dataclass
from datetime import date
from operator import mul

from portal.models.register import ID_PLACE
from portal.models.types import blind_index

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"
SHAPE = re.compile(r"\d{17}[\dX]", re.ASCII)
# First two digits: the provinces, and those of the residence permits.
PERMITS = frozenset({"81", "82", "83"})  # 810000, 820000, 830000 are their whole division
PROVINCES = frozenset(
    f"{code}"
    for code in (
        *(11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46),
        *(50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83, 91),
    )
)
EARLIEST = date(1880, 1, 1)
TEMPORARY = "T"


class BadNumber(ValueError):
    """A number that cannot be one; ``reason`` is id_check_digit, id_date or id_region."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True)
class Told:
    """What a number says: division (6 digits), date of birth, sex ("male" or "female")."""

    division: str
    birth_date: date
    sex: str


def tidy(text: str) -> str:
    """``text`` without blanks and hyphens, X in upper case."""
    return re.sub(r"[\s-]", "", text).upper()


def read(number: str, today: date) -> Told:
    """What ``number`` (18 characters) says of its bearer. Raises BadNumber.

    The check character is judged first: where it is wrong, nothing else can be believed.
    """
    if not SHAPE.fullmatch(number) or check_character(number[:17]) != number[17]:
        raise BadNumber("id_check_digit")
    whole_region = number[2:6] == "0000" and number[:2] not in PERMITS
    if number[:2] not in PROVINCES or whole_region:
        raise BadNumber("id_region")
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError as error:
        raise BadNumber("id_date") from error
    if not EARLIEST <= born <= today:
        raise BadNumber("id_date")
    return Told(number[:6], born, "male" if int(number[16]) % 2 else "female")


def check_character(body: str) -> str:
    """The 18th character for the first 17 digits."""
    return CHECKS[sum(map(mul, WEIGHTS, map(int, body))) % 11]


def temporary(household: str, name: str, birth_date: date | None) -> str:
    """A number for somebody without papers: the same for the same household, name and birthday.

    ``household``: whatever tells households apart. Nothing can be read from it: it is a keyed hash.
    """
    told = f"{household}|{name}|{birth_date or ''}"
    return f"{TEMPORARY}{(blind_index(ID_PLACE, told) or '')[:12].upper()}"
