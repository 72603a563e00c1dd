"""Rows that look like somebody on record although their number does not say so.

The same name and birthday within the writer's grids, or the same name in the same household where
one of the two has no birthday. Whether it is the same person is for people to say
(``decisions.py``): nothing is guessed. Nobody outside of what the writer may write is looked at.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from portal import roles, scope
from portal.models import Household, Resident
from portal.models.register import ID_PLACE, ID_TAIL_PLACE, LIVES_HERE, TAIL
from portal.models.types import blind_index
from portal.rules import bulk
from portal.rules.imports.decisions import OTHER, REFUSE
from portal.rules.imports.drafts import Found
from portal.rules.imports.kind import Line
from portal.rules.imports.work import Work
from portal.rules.masking import mask

MOST_SHOWN = 200  # rows on the page; the others follow what is chosen for all
MOST_RECORDS = 5  # of one row
PAIRS_AT_ONCE = 2000
NUMBER = ("id_type", "id_number", "id_index", "id_tail_index", "number_fault")
# Somebody of another household stays there: a move is an event with a date.
OF_THE_HOUSEHOLD = ("relation_to_head", "moved_in_on")
Alike = tuple[date, str]


@dataclass
class Told:
    """What a run tells of such rows: how many there were and, of a check, the first of them."""

    count: int = 0
    rows: list[dict[str, Any]] = field(default_factory=list)
    seen_at: datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """For the page of a check: numbers masked."""
        seen = self.seen_at.isoformat() if self.seen_at else None
        return {"count": self.count, "rows": self.rows, "seen_at": seen}


class Matches:
    """Of one run: who on record a row may be, and what was decided.

    ``columns``: those that an update compares; ``changed``: keys of people whom the run has
    changed already.
    """

    def __init__(self, work: Work, columns: Iterable[str], changed: set[int]) -> None:
        self.work, self.changed = work, changed
        self.columns = tuple(dict.fromkeys([*columns, *NUMBER, "updated_at", "grid_code"]))
        self.told = Told(seen_at=work.made_at)
        work.told = self.told
        self.decisions = work.options.matches
        self._alike: dict[Alike, list[Found]] = {}
        self._known: dict[int, Found] = {}
        self._members: Mapping[int, list[Found]] = {}
        self._homes: dict[int, str] = {}

    def look_up(
        self, lines: Iterable[tuple[Line, int | None]], members: Mapping[int, list[Found]]
    ) -> None:
        """Find whom the rows of a part may be; each comes with the household it names. Two queries
        for a part, none for rows that nobody is looked up for.
        """
        lines = list(lines)
        wanted = {(line["birth_date"], line["name"]) for line, _home in lines if line["birth_date"]}
        found = self._alike_here(sorted(wanted))
        near = {
            row.id for line, home in lines for row in members.get(home or 0, ()) if _near(line, row)
        }
        keys = {row for rows in found.values() for row in rows} | near
        rows = self.work.find(Resident, "id", keys, self.columns) if keys else {}
        fresh = {key: one[0] for key, one in rows.items() if not self.work.made_now(one[0])}
        self._known, self._members = fresh, members
        self._alike = {
            alike: [fresh[key] for key in sorted(keys) if key in fresh]
            for alike, keys in found.items()
        }
        self._name_homes()

    def _alike_here(self, wanted: list[Alike]) -> dict[Alike, list[int]]:
        """Who lives here with these birthdays and names, within what the person may write."""
        own = Resident.__table__.c
        prefixes = self.work.identity.prefixes(roles.WRITE, Resident.resource or "")
        plain = select(own.id, own.birth_date, own.name).where(
            LIVES_HERE, scope.within(own.grid_code, prefixes)
        )
        found: dict[Alike, list[int]] = {}
        connection = self.work.session.connection()
        for start in range(0, len(wanted), PAIRS_AT_ONCE):
            part = wanted[start : start + PAIRS_AT_ONCE]
            pairs = bulk.among_pairs(self.work.session, (own.birth_date, own.name), part)
            for key, day, name in connection.execute(plain.where(pairs)):
                found.setdefault((day, name), []).append(key)
        return found

    def _name_homes(self) -> None:
        """The names of the households of those found, for the page of a check."""
        if not self.work.options.dry_run or len(self.told.rows) >= MOST_SHOWN:
            return
        keys = {row.raw["household_id"] for row in self._known.values()} - set(self._homes)
        for key, rows in self.work.find(Household, "id", keys, ("name",)).items():
            self._homes[key] = rows[0].raw["name"]

    def of(self, line: Line, household: int | None) -> list[Found]:
        """Whom the row may be, people of the same household first."""
        found = list(self._alike.get((line["birth_date"], line["name"]), ()))
        for row in self._members.get(household or 0, ()):
            if _near(line, row) and row.id in self._known:
                found.append(self._known[row.id])
        return sorted(found, key=lambda row: (row.raw["household_id"] != household, row.id))

    def settle(self, line: Line, household: int | None, found: Found | None) -> Found | None:
        """Whose record the row changes. ``found``: who has its number already.

        None for somebody new. Rejects the line where it is undecided, left out, or decided before
        a record that is another one now.
        """
        decision = self.decisions.rows.get(line.number)
        if found is not None and decision is None:
            return found
        records = [] if found is not None else self.of(line, household)
        if not records and decision is None:
            return None
        if found is None:
            self._note(line, records)
        if decision is not None and decision.choice == REFUSE:
            self.work.fail(line, "left_out", "name")
        elif decision is not None and decision.seen != self._seen(records):
            self.work.fail(line, "match_changed", "name")
        elif decision is not None:
            return next((row for row in records if row.id == decision.record), None)
        else:
            return self._as_all(line, records)
        return None

    def _as_all(self, line: Line, records: list[Found]) -> Found | None:
        """The row by what was decided for all."""
        seen_at, every = self.decisions.seen_at, self.decisions.all
        if every == REFUSE:
            self.work.fail(line, "match_undecided", "name")
        elif seen_at is not None and any(self._changed_since(row, seen_at) for row in records):
            self.work.fail(line, "match_changed", "name")
        elif every == OTHER:
            return None
        elif len(records) > 1:
            self.work.fail(line, "match_ambiguous", "name")
        else:
            return records[0]
        return None

    def _changed_since(self, row: Found, instant: datetime) -> bool:
        return row.id not in self.changed and bool(row.raw["updated_at"] > instant)

    def _seen(self, records: Iterable[Found]) -> str:
        """Key and version of the records, as they were before this run."""
        return ",".join(f"{row.id}:{row.version - (row.id in self.changed)}" for row in records)

    def _note(self, line: Line, records: list[Found]) -> None:
        self.told.count += 1
        if not self.work.options.dry_run or len(self.told.rows) >= MOST_SHOWN:
            return
        home = " ".join(line[name] for name in ("building", "unit", "room") if line[name])
        self.told.rows.append(
            {
                "row": line.number,
                "seen": self._seen(records),
                "name": line["name"],
                "number": mask(line["id_number"]),
                "birth_date": _day(line["birth_date"]),
                "home": home,
                "grid_code": line["grid_code"],
                "records": [self._shown(line, row) for row in records[:MOST_RECORDS]],
                "more": max(0, len(records) - MOST_RECORDS),
            }
        )

    def _shown(self, line: Line, row: Found) -> dict[str, Any]:
        temporary = row.raw["id_type"] == "temporary"
        return {
            "id": row.id,
            "name": row.raw["name"],
            "number": "" if temporary else mask(row.value("id_number")),
            "birth_date": _day(row.raw["birth_date"]),
            "household": self._homes.get(row.raw["household_id"], ""),
            "grid_code": row.raw["grid_code"],
            "replaces": bool(line["id_number"]) and not temporary,
        }


def number_of(line: Line) -> dict[str, Any]:
    """The number that the row gives a person on record; nothing where it has none."""
    number: str | None = line["id_number"]
    if number is None:
        return {}
    index, tail = line["id_index"], blind_index(ID_TAIL_PLACE, number[-TAIL:])
    index = index or blind_index(ID_PLACE, number)
    values = (line["id_type"], number, index, tail, None)
    return dict(zip(NUMBER, values, strict=True))


def stay(line: Line, household: int | None, found: Found) -> int:
    """The household of somebody on record; what the row says of its own is left out elsewhere."""
    own: int = found.raw["household_id"]
    if own != household:
        for name in OF_THE_HOUSEHOLD:
            line.values.pop(name, None)
    return own


def _near(line: Line, row: Found) -> bool:
    """Whether somebody of the same household may be the person of the row."""
    days = (row.raw["birth_date"], line["birth_date"])
    return bool(row.raw["name"] == line["name"]) and None in days


def _day(value: date | None) -> str | None:
    return value.isoformat() if value is not None else None
