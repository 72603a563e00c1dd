"""Residents, with the buildings, dwellings and households that a row needs.

A person is known by the number of their papers among those who live here. Without papers the same
household, name and birthday are the same person, who gets a temporary number. Somebody who is on
record in another household is refused, not moved: that is an event with a date.
"""

from typing import Any

from portal import clock
from portal.models import Building, Dwelling, Grid, Household, Resident
from portal.models.register import TAIL
from portal.rules import idnumbers, population
from portal.rules.imports.drafts import Draft, Found
from portal.rules.imports.kind import Kind, Line
from portal.rules.imports.kinds.resident_columns import COLUMNS
from portal.rules.imports.kinds.resident_ready import judged_papers, prepare
from portal.rules.imports.kinds.resident_round import (
    Home,
    Round,
    keep_homes,
    known_dwelling,
    known_household,
    look_up,
)
from portal.rules.imports.kinds.resident_words import HIDDEN_NUMBER
from portal.rules.imports.matches import number_of, stay
from portal.rules.imports.work import Work
from portal.rules.population import Arrival
from portal.rules.register import dwelling_name, household_name

SAID = (
    *("name", "relation_to_head", "sex", "birth_date", "phone"),
    *("registration", "nation", "education", "occupation", "employer", "moved_in_on"),
)
AT_ONCE = 1000  # rows


def plan(work: Work, lines: list[Line]) -> None:
    """Put every resident whose cell, address and number are in order."""
    run = work.memory = work.memory or Round(work, clock.today())
    keep_homes(run)
    codes = {line["grid_code"] for line in lines} - set(run.codes)
    grids = work.find(Grid, "code", codes, ("level",), everywhere=True)
    cells = {code for code, (grid, *_rest) in grids.items() if grid.raw["level"] == "cell"}
    run.codes |= {code: code in cells for code in codes}
    look_up(run, lines, cells)
    for line in lines:
        if work.may_write(line, Resident, line["grid_code"]):
            _judge(run, line)
    standing = [line for line in lines if not line.failed]
    _look_alike(run, standing)
    for line in standing:
        _take(run, line)


def _look_alike(run: Round, lines: list[Line]) -> None:
    """Look up whom those may be whose number nobody has."""
    unknown = [
        (line, known_household(run, line["home"]))
        for line in lines
        if line["id_index"] not in run.by_number and HIDDEN_NUMBER not in line.notes
    ]
    run.matches.look_up(unknown, run.members)


def _judge(run: Round, line: Line) -> None:
    work = run.work
    if not run.codes[line["grid_code"]]:
        work.fail(line, "unknown_grid", "grid_code")
    elif line["building"] is None or line["room"] is None:
        work.fail(line, "address_missing", "building" if line["building"] is None else "room")
    else:
        _judge_papers(run, line)


def _take(run: Round, line: Line) -> None:
    home = line["home"]
    household = known_household(run, home)
    number, known = _person(run, line, home, household)
    found = run.matches.settle(line, household, known) if not line.failed else None
    if line.failed:
        return
    number_told = {}
    if found is not None and found is not known:
        household, number_told = stay(line, household, found), number_of(line)
    index = line["id_index"] or run.index(number) or ""
    if index in run.numbers or _came_before(run, index, known):
        run.work.fail(line, "duplicate_id", "id_number")
        return
    if not _only_one(run, line, home, household, found):
        return
    run.numbers.add(index)
    if line["id_number"] is None:
        run.nameless.add(index)
    elif found is not None:
        run.brought.add(found.id)
    if line["relation_to_head"] == "head":
        run.heads.add(home)
    if found is not None:
        _put_changes(run, line, found, number_told)
    else:
        _put_new(run, line, home, household, number, index)


def _judge_papers(run: Round, line: Line) -> None:
    """The number agrees with itself, with the birthday and with the sex; both may come from it."""
    told = line.ready.pop("papers", None) or judged_papers(line, run.today)
    line.values |= told.values
    if told.reason is not None:
        run.work.fail(line, told.reason, told.column)


def _person(run: Round, line: Line, home: Home, household: int | None) -> tuple[str, Found | None]:
    """The number of the person, and who has it already."""
    number: str | None = line["id_number"]
    if number is not None:
        return number, run.by_number.get(line["id_index"])
    masked = HIDDEN_NUMBER in line.notes and line["id_type"] != "temporary"
    if not masked:
        line.values["id_type"] = "temporary"
    number = idnumbers.temporary("|".join(home), line["name"], line["birth_date"])
    for row in run.members.get(household, ()) if household else ():
        same = (row.raw["name"], row.raw["birth_date"]) == (line["name"], line["birth_date"])
        if same and (masked or row.raw["id_type"] == "temporary"):
            return number, row
    if masked:  # an export with hidden numbers adds nobody
        run.work.fail(line, "number_hidden", "id_number")
    return number, None


def _came_before(run: Round, index: str, known: Found | None) -> bool:
    """Whether an earlier part has brought this number already; ``known``: who has it on record."""
    brought = known is not None and (run.work.made_now(known) or known.id in run.brought)
    return brought or index in run.nameless


def _only_one(
    run: Round, line: Line, home: Home, household: int | None, found: Found | None
) -> bool:
    """Whether the person lives nowhere else, and the household has no other head."""
    if found is not None and found.raw["household_id"] != household:
        run.work.fail(line, "duplicate_id", "id_number")
    elif line["relation_to_head"] == "head":
        heads = [
            row
            for row in (run.members.get(household, ()) if household else ())
            if row.raw["relation_to_head"] == "head" and (found is None or row.id != found.id)
        ]
        if heads or home in run.heads or household in run.headed:
            run.work.fail(line, "two_heads", "relation_to_head")
    return line.error is None


def _values(line: Line) -> dict[str, Any]:
    """What the line says of the person, number apart."""
    told = line.values
    values: dict[str, Any] = {name: told[name] for name in SAID if name in told}
    values["name_sort"] = line.ready["name_sort"]
    if "phone" in values:
        values["phone_index"] = line.ready["phone_index"]
    return values


def _put_changes(run: Round, line: Line, found: Found, number: dict[str, Any]) -> None:
    values = _values(line) | number
    if found.id in run.changed:
        # Another line of an earlier part spoke of the same person: it must not say otherwise.
        if any(found.value(name) != value for name, value in values.items()):
            run.work.fail(line, "conflicting_rows")
        return
    run.work.put(line, Resident, values, line["name"], found=found)
    run.changed.add(found.id)


def _put_new(
    run: Round, line: Line, home: Home, household: int | None, number: str, index: str
) -> None:
    values = _values(line)
    tail = number[-TAIL:]
    if tail not in run.tails:
        run.tails[tail] = run.tail(tail)
    values["grid_code"], values["id_type"] = line["grid_code"], line["id_type"]
    values |= {"id_number": number, "id_index": index} | line.ready
    values["id_tail_index"] = run.tails[tail]
    links = {}
    if household is not None:
        values["household_id"] = household
    else:
        made = _household(run, line, home)
        if made is None:
            return
        links = {"household_id": made}
    run.work.put(line, Resident, values, line["name"], links=links)


def _household(run: Round, line: Line, home: Home) -> Draft | None:
    """The new household at ``home``, with the dwelling and building that it needs."""
    known = run.drafts.get(home)
    if known is not None:
        for part in (home[:2], home[:4]):
            if part in run.drafts:
                run.drafts[part].lines.append(line)
        known.lines.append(line)
        return known
    code, name, unit, room, number = home
    address = dwelling_name(name, unit, room)
    terms = [{"search_terms": one} for one in line.values.get("home_terms", ())] or [{}, {}]
    building: Draft | int | None = run.buildings.get(home[:2])
    over: Draft | int | None = building or _made(
        run, line, home[:2], Building, {"name": name}, name, {}
    )
    dwelling = known_dwelling(run, home)
    if dwelling is None and over is not None:
        told = {"unit": unit, "room": room, "name": address} | terms[0]
        over = _made(run, line, home[:4], Dwelling, told, address, {"building_id": over})
    else:
        over = dwelling
    if over is None:
        return None
    called = household_name(address, number)
    told = {"number": number, "name": called} | terms[1]
    return _made(run, line, home, Household, told, called, {"dwelling_id": over})


def _made(
    run: Round,
    line: Line,
    key: Home,
    model: type[Any],
    values: dict[str, Any],
    label: str,
    above: dict[str, Draft | int],
) -> Draft | None:
    """The new row at ``key``: made by this line, or shared with the one that made it."""
    earlier = run.drafts.get(key)
    if earlier is not None:
        return run.work.join(line, earlier, {})
    links = {name: row for name, row in above.items() if isinstance(row, Draft)}
    values |= {name: row for name, row in above.items() if not isinstance(row, Draft)}
    values["grid_code"] = line["grid_code"]
    draft = run.work.put(line, model, values, label, links=links, side=True)
    if draft is not None:
        run.drafts[key] = draft
    return draft


def _note_arrivals(work: Work, drafts: list[Draft]) -> None:
    """Who was born or moved in since the register of the cell began is an event that counts."""
    run: Round = work.memory
    arrivals = (
        Arrival(
            draft.row_id,
            draft.values["grid_code"],
            draft.values["household_id"],
            draft.values.get("moved_in_on"),
            draft.values.get("birth_date"),
        )
        for draft in drafts
        if draft.model is Resident and draft.found is None and draft.row_id is not None
    )
    population.record_arrivals(work.session, arrivals, run.began)


RESIDENTS = Kind(
    "residents",
    COLUMNS,
    Resident,
    (Building, Dwelling, Household, Resident),
    plan,
    at_once=AT_ONCE,
    after=_note_arrivals,
    prepare=prepare,
)
