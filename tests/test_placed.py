"""Who is entered while the household is regridded does not stay behind in the old cell."""

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from portal.models import Household, Resident
from portal.rules import population
from portal.scope import SYSTEM, acting
from tests.support.homes import BESIDE, home


def test_a_household_that_moved_meanwhile_takes_nobody_in(session: Session) -> None:
    with acting(SYSTEM):
        household = home(session)
        session.commit()
        assert household.grid_code != BESIDE  # loaded: this is what the request knows
        there = Household.__table__
        moved = update(there).where(there.c.id == household.id).values(grid_code=BESIDE)
        session.connection().execute(moved)
        person = Resident(name="张试甲", id_number="", registration="permanent")
        with pytest.raises(StaleDataError):
            population.enter(session, household, person, "registered")
        session.rollback()
