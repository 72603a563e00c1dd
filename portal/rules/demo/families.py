"""The people of demo households: invented, with numbers that nobody can have.

Numbers of identity cards begin with 4299, a division that GB/T 2260 does not know, and fit together
in every other way; passports begin with ZZ, which is no country; telephones lie in the range that
no operator has been given.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from portal.rules import idnumbers
from portal.rules.demo.words import (
    ABROAD,
    GIVEN,
    NATIONS,
    OCCUPATIONS,
    PROVINCES,
    SCHOOLING,
    SURNAMES,
)

COUNTED_ON = date(2026, 3, 1)  # ages are those of this day
REGION, PER_REGION = 429900, 500
MOBILE, FIRST_PHONE, PHONES = "154", 10_000_000, 2_000_000
ADULT, RETIRED, SCHOOL = 18, 60, 6
FLOATING_HOMES, ABROAD_HOMES = 0.20, 0.004
# (relation, fewest and most years older than the head); the head's own age first
Shape = tuple[tuple[int, int], tuple[tuple[str, int, int], ...]]
OWNERS: tuple[tuple[int, Shape], ...] = (
    (20, ((62, 84), (("spouse", -5, 3),))),
    (11, ((60, 92), ())),
    (8, ((26, 45), ())),
    (12, ((27, 48), (("spouse", -4, 3),))),
    (23, ((30, 52), (("spouse", -4, 3), ("child", -29, -24)))),
    (10, ((33, 50), (("spouse", -4, 3), ("child", -26, -24), ("child", -32, -28)))),
    (8, ((34, 52), (("spouse", -4, 3), ("child", -28, -24), ("mother", 23, 29)))),
    (4, ((34, 50), (("child", -28, -24),))),
    (4, ((58, 72), (("spouse", -4, 3), ("child", -29, -24), ("child_in_law", -29, -24),
                    ("grandchild", -59, -54)))),
)  # fmt: skip
TENANTS: tuple[tuple[int, Shape], ...] = (
    (38, ((20, 42), ())),
    (24, ((22, 45), (("spouse", -4, 3),))),
    (20, ((25, 45), (("spouse", -4, 3), ("child", -28, -23)))),
    (18, ((20, 30), (("unrelated", -3, 4), ("unrelated", -3, 4)))),
)


@dataclass(slots=True)
class Person:
    """A resident to be made; ``number`` is empty for somebody without papers."""

    name: str
    sex: str
    birth_date: date | None
    relation: str | None
    id_type: str
    number: str
    phone: str | None
    registration: str
    away: bool = False
    registered_address: str | None = None
    nation: str | None = None
    education: str | None = None
    occupation: str | None = None
    moved_in_on: date | None = None
    moved_out_on: date | None = None
    died_on: date | None = None


class Families:
    """Households one after the other; ``number`` is that of the community from 0."""

    def __init__(self, number: int, random: Random) -> None:
        self.random, self.number = random, number
        self.serials: Counter[tuple[date, str]] = Counter()
        self.phones = self.passports = 0

    def next(self, address: str) -> tuple[str, list[Person]]:
        """The use of the dwelling at ``address`` ("owner" or "rented") and who lives there."""
        drawn = self.random.random()
        if drawn < ABROAD_HOMES:
            return "rented", [self._from_abroad()]
        floating = drawn < FLOATING_HOMES
        people = list(self._family(TENANTS if floating else OWNERS))
        since = COUNTED_ON - timedelta(days=self.random.randrange(60, 1500 if floating else 9000))
        origin = self.random.choice(PROVINCES)
        for person in people:
            person.registration = "floating" if floating else "permanent"
            person.registered_address = origin if floating else address
            born = person.birth_date or since
            person.moved_in_on = max(born, since)
            grown = _age(born) in range(ADULT, 40) and person.relation != "head"
            person.away = not floating and grown and self.random.random() < 0.35
        return ("rented" if floating else "owner"), people

    def _family(self, shapes: Sequence[tuple[int, Shape]]) -> Iterator[Person]:
        random = self.random
        (shape,) = random.choices([s for _w, s in shapes], [w for w, _s in shapes])
        years, others = shape
        surname = random.choice(SURNAMES)
        age = random.randint(*years)
        sex = random.choice(("male", "male", "female"))
        nation = random.choice(NATIONS) if random.random() < 0.03 else "汉族"
        yield self._person(surname, sex, age, "head", nation)
        for relation, younger, older in others:
            own = max(0, age + random.randint(younger, older))
            of_sex = random.choice(("male", "female"))
            word, called = relation, surname
            if relation == "spouse":
                of_sex = "female" if sex == "male" else "male"
            elif relation == "child":
                word = "son" if of_sex == "male" else "daughter"
            elif relation == "mother":
                of_sex = "female"
            if relation in ("spouse", "mother", "unrelated", "child_in_law"):
                called = random.choice(SURNAMES)
            if relation in ("spouse", "child_in_law"):
                own = max(own, 22)
            yield self._person(called, of_sex, own, word, nation)

    def _person(self, surname: str, sex: str, age: int, relation: str, nation: str) -> Person:
        random = self.random
        given = "".join(random.sample(GIVEN, 1 if random.random() < 0.18 else 2))
        born = COUNTED_ON - timedelta(days=round(age * 365.2425) + random.randrange(1, 365))
        grown = age >= ADULT
        work = random.choice(OCCUPATIONS) if grown else None
        return Person(
            name=surname + given,
            sex=sex,
            birth_date=born,
            relation=relation,
            id_type="resident_id",
            number=self._number(born, sex),
            phone=self.phone() if grown else None,
            registration="permanent",
            nation=nation,
            education=random.choice(SCHOOLING) if grown else None,
            occupation="退休" if age >= RETIRED else work or ("学生" if age >= SCHOOL else None),
        )

    def _number(self, born: date, sex: str) -> str:
        at = self.serials[born, sex]
        self.serials[born, sex] += 1
        region, serial = divmod(at, PER_REGION)
        last = serial * 2 + (1 if sex == "male" else 0)
        body = f"{REGION + self.number * 2 + region % 2}{born:%Y%m%d}{last:03d}"
        return body + idnumbers.check_character(body)

    def phone(self) -> str:
        """A telephone that nobody else has."""
        self.phones += 1
        return f"{MOBILE}{FIRST_PHONE + self.number * PHONES + self.phones:08d}"

    def _from_abroad(self) -> Person:
        random = self.random
        self.passports += 1
        sex = random.choice(("male", "female"))
        born = COUNTED_ON - timedelta(days=random.randrange(24 * 365, 55 * 365))
        return Person(
            name="·".join(random.choice(part) for part in ABROAD),
            sex=sex,
            birth_date=born,
            relation="head",
            id_type="passport",
            number=f"ZZ{self.number:02d}{self.passports:05d}",
            phone=self.phone(),
            registration="overseas",
            occupation=random.choice(OCCUPATIONS),
            moved_in_on=COUNTED_ON - timedelta(days=random.randrange(60, 1500)),
        )


def _age(born: date) -> int:
    return (COUNTED_ON - born).days * 100 // 36525
