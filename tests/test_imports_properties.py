"""Whatever a file brings, taking it back leaves the register as it was."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Building, Dwelling, Household, Resident
from portal.rules.idnumbers import check_character
from portal.rules.imports import KINDS, run_import, undo_import
from portal.rules.imports.work import raw_table

CELLS = ("4201020029900101001", "4201020029900101002", "420102002990019999999")
TABLES = (Building, Dwelling, Household, Resident)
HEADER = "网格编码,楼栋,房号,户号,与户主关系,姓名,证件号码,电话,职业\n"


def number(serial: int) -> str:
    digits = f"42010219800101{serial:03}"
    return digits + check_character(digits)


PEOPLE = st.tuples(
    st.sampled_from(CELLS),
    st.sampled_from(("1栋", "2栋", "")),
    st.sampled_from(("101", "102")),
    st.sampled_from(("H1", "H2")),
    st.sampled_from(("户主", "子", "")),
    st.sampled_from(("张三", "李四", "王五", "")),
    st.sampled_from((*map(number, range(5)), number(5)[:-1] + "Y", "420102********0013", "")),
    st.sampled_from(("13812345678", "138****5678", "12", "")),
    st.sampled_from(("教师", "退休", "")),
)
FILES = st.lists(PEOPLE, max_size=14)


def dump(session: Session) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of the register as it is stored, but for how often and when it was written."""
    found = {}
    for model in TABLES:
        table = raw_table(model)
        columns = [c for c in table.columns if c.name not in ("version", "updated_at")]
        rows = session.connection().execute(select(*columns).order_by(table.c.id))
        found[model.__tablename__] = [tuple(row) for row in rows]
    return found


@pytest.mark.parametrize("at_once", [2000, 3])
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=FILES, rows=FILES)
def test_import_then_undo_changes_nothing(
    session: Session,
    tmp_path: Path,
    at_once: int,
    before: list[tuple[str, ...]],
    rows: list[tuple[str, ...]],
) -> None:
    """On whatever was there, whatever the file holds; also where it is written in many parts."""
    kind = KINDS["residents"]
    object.__setattr__(kind, "at_once", at_once)
    file = tmp_path / "residents.csv"

    def load(people: list[tuple[str, ...]]) -> Any:
        file.write_text(HEADER + "\n".join(map(",".join, people)), encoding="utf-8")
        return run_import(session, kind, file)

    try:
        load(before)
        was = dump(session)
        report = load(rows)
        assert report.rows == report.imported + report.failed
        if report.batch is not None:
            undone = undo_import(session, report.batch)
            assert undone.ok, undone.refused
        assert dump(session) == was
    finally:
        session.rollback()
        object.__setattr__(kind, "at_once", 2000)
