"""Keyset paging and prefix scopes, tried with whatever hypothesis thinks of, on both engines."""

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, literal, select, union_all
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Building, Dwelling, Household, Resident
from portal.models.search import search_terms, sort_key
from portal.models.types import CODE
from portal.queries import paging
from portal.queries.register import by_words
from portal.scope import CODE_LENGTHS, covers, smallest, within

CELLS = ("4201020029900101001", "4201020029900101002", "4201020029900301001")
AREA = "42010200299001"
ORDERS = ("grid_code", "name", "id", "moved_in_on")
NAMES = ("张国强", "张伟", "曾丽", "李国", "阿依古丽·买买提", "Anna", "李 国")
people = st.lists(
    st.tuples(
        st.sampled_from(NAMES),
        st.sampled_from(CELLS),
        st.none() | st.integers(0, 3).map(lambda days: date(2026, 1, 1) + timedelta(days=days)),
    ),
    min_size=0,
    max_size=14,
)


@pytest.fixture
def homes(session: Session) -> dict[str, int]:
    """One household in each of the cells, by the cell's code."""
    found = {}
    for cell in CELLS:
        building = Building(grid_code=cell, name="90栋")
        dwelling = Dwelling(grid_code=cell, building=building, name="90栋101", room="101")
        home = Household(grid_code=cell, dwelling=dwelling, name="90栋101 H9", number="H9")
        session.add(home)
        session.flush()
        found[cell] = home.id
    session.commit()
    return found


def put(session: Session, homes: dict[str, int], rows: list[Any], start: int) -> None:
    """People with keys from ``start``."""
    now = clock.now()
    told = [
        {
            "id": start + number, "version": 1, "created_at": now, "updated_at": now,
            "grid_code": cell, "household_id": homes[cell], "name": name,
            "name_sort": sort_key(name), "search_terms": search_terms(name, people=True),
            "id_type": "temporary", "id_number": f"T{start + number}",
            "id_index": f"{start + number}", "registration": "permanent", "away": False,
            "moved_in_on": moved,
        }
        for number, (name, cell, moved) in enumerate(rows)
    ]  # fmt: skip
    if told:
        session.connection().execute(insert(Resident.__table__), told)
        session.expire_all()


def place(row: Resident, order: str) -> Any:
    """What ``order`` sorts by; rows without a value come last."""
    value = getattr(row, {"name": "name_sort"}.get(order, order))
    return value is None, value if value is not None else 0, row.id


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    first=people,
    later=st.lists(people, min_size=3, max_size=3),
    order=st.sampled_from(ORDERS),
    descending=st.booleans(),
    size=st.integers(1, 5),
    cap=st.sampled_from([0, 3, 10_000]),
    searched=st.sampled_from(["", "国", "z", "90栋101"]),
    wide=st.booleans(),
)
def test_every_row_is_shown_once_and_in_order_while_rows_are_added(
    session: Session, homes: dict[str, int], monkeypatch: pytest.MonkeyPatch, first: list[Any],
    later: list[list[Any]], order: str, descending: bool, size: int, cap: int, searched: str,
    wide: bool,
) -> None:  # fmt: skip
    """Whatever was there from the start, by each of the ways a page is found."""
    monkeypatch.setattr(paging, "COUNT_CAP", cap)
    put(session, homes, first, 100)
    seen = select(Resident).where(within(Resident.grid_code, ["4201" if wide else AREA]))
    asked = seen.where(by_words(searched)) if searched else seen
    walked = seen.where(by_words(searched, walked=True)) if searched else None
    scoped = seen if searched or order not in paging.SCOPE_ORDER else None

    def page(**place: str) -> paging.Page:
        part = paging.Slice(size, order, descending, **place)
        return paging.fetch(session, asked, Resident, part, scoped=scoped, walked=walked)

    wanted = sorted(session.scalars(asked), key=lambda row: place(row, order), reverse=descending)
    start = [row.id for row in wanted]
    forth, shown = page(), []
    assert (forth.total, forth.capped) == (min(len(start), cap), len(start) > cap)
    for number in range(60):
        rows = forth.rows
        shown += [(place(row, order), row.id) for row in rows]
        if forth.next is None:
            break
        if number < len(later):
            put(session, homes, later[number], 1000 * (number + 1) + (500 if number % 2 else 0))
        forth = page(after=forth.next)
    assert sorted(shown, reverse=descending) == shown
    assert len(set(shown)) == len(shown)
    assert [key for _place, key in shown if key < 1000] == start

    # And back again from the last page: what lies before it, without a gap.
    back = list(forth.rows)
    while forth.previous is not None:
        forth = page(before=forth.previous)
        back = list(forth.rows) + back
    everything = sorted(session.scalars(asked), key=lambda r: place(r, order), reverse=descending)
    assert [row.id for row in back] == [row.id for row in everything]
    session.rollback()


digits = st.text("0129", max_size=CODE_LENGTHS["cell"])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(codes=st.lists(digits, min_size=1, max_size=12), prefixes=st.lists(digits, max_size=4))
def test_a_subtree_is_exactly_the_codes_that_start_like_it(
    session: Session, codes: list[str], prefixes: list[str]
) -> None:
    prefixes = [*prefixes, *(code[: len(codes) * 2] for code in codes[:2])]
    rows = union_all(*(select(literal(code, CODE).label("code")) for code in codes)).subquery()
    found = sorted(session.scalars(select(rows.c.code).where(within(rows.c.code, prefixes))))
    assert found == sorted(code for code in codes if code.startswith(tuple(prefixes)))
    assert found == sorted(code for code in codes if covers(prefixes, code))
    least = smallest(prefixes)
    assert found == sorted(session.scalars(select(rows.c.code).where(within(rows.c.code, least))))
    assert not [a for a in least for b in least if a != b and a.startswith(b)]
