"""The quality of the register: every number is checked again at night.

No form and no import takes a wrong number, but older data or another program may have left one.
A million numbers are not opened for a page: the night notes what is wrong beside the row.
"""

from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from portal import clock
from portal.models import Resident
from portal.models.register_choices import GB_11643_TYPES
from portal.rules import idnumbers

AT_ONCE = 2_000  # rows of one transaction


def recheck_numbers(session: Session) -> tuple[int, int]:
    """Look at the number of every identity card; how many there are and how many are wrong.

    Commits every ``AT_ONCE`` rows; running it again changes nothing. Raises ValueError where a
    number cannot be opened (a key is missing).
    """
    seen = wrong = last = 0
    columns = (
        Resident.id,
        Resident.id_number,
        Resident.birth_date,
        Resident.sex,
        Resident.number_fault,
    )
    found = select(*columns).where(Resident.id_type.in_(GB_11643_TYPES)).order_by(Resident.id)
    while rows := session.execute(found.where(Resident.id > last).limit(AT_ONCE)).all():
        last = rows[-1].id
        seen += len(rows)
        for row in rows:
            fault = number_fault(row)
            wrong += fault is not None
            if fault != row.number_fault:
                _note(session, row.id, fault)
        session.commit()
    return seen, wrong


def number_fault(row: Any) -> str | None:
    """What is wrong with ``id_number`` of ``row``, beside its ``birth_date`` and ``sex``: a reason
    of the import report, or None.
    """
    try:
        told = idnumbers.read(row.id_number or "", clock.today())
    except idnumbers.BadNumber as bad:
        return bad.reason
    if row.birth_date not in (None, told.birth_date):
        return "birth_mismatch"
    return "sex_mismatch" if row.sex not in (None, told.sex) else None


def _note(session: Session, key: int, fault: str | None) -> None:
    """A mark for the clerk, no change of the person: neither version nor audit log tell of it."""
    mark = update(Resident).where(Resident.id == key)
    mark = mark.values(number_fault=fault, updated_at=Resident.updated_at)
    session.execute(mark, execution_options={"audited": True, "synchronize_session": False})
