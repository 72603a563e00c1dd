"""How many households a cell has: the one count that every check, list and paper uses (P1).

A cell counts by what is registered in it as soon as anything is; before that its declared
households count. The setting ``households.counted_by`` says what is counted: homes, vacant ones
included (1), or households (2). Business premises are no homes.
"""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, union_all
from sqlalchemy.orm import Session

from portal.models import Dwelling, Grid, Household, Setting
from portal.queries.settings import numbers
from portal.scope import within

BASIS = "households.counted_by"
BY_HOUSEHOLDS = 2


def registered(session: Session, under: str = "") -> dict[str, int]:
    """Cell → what is registered in it, for the cells below ``under`` that have any."""
    said = select(Setting.value).where(Setting.key == BASIS).scalar_subquery()
    by_households = func.coalesce(said, "") == str(BY_HOUSEHOLDS)
    parts = []
    for model, meant in ((Dwelling, ~by_households), (Household, by_households)):
        counted: Any = select(model.grid_code, func.count())
        part = _narrowed(counted, model).where(meant)
        if under:
            part = part.where(within(model.grid_code, (under,)))
        parts.append(part.group_by(model.grid_code))
    rows = session.execute(union_all(*parts)).all()
    return {code: count for code, count in rows}  # noqa: C416 rows are typed so


def in_cell(session: Session) -> ColumnElement[int | None]:
    """The count of a cell as an expression over ``Grid``."""
    model = _counted(session)
    own = _narrowed(select(func.count(model.id)), model).where(model.grid_code == Grid.code)
    here = own.correlate(Grid).scalar_subquery()
    return func.coalesce(func.nullif(here, 0), Grid.households_declared)


def _counted(session: Session) -> Any:
    return Household if numbers(session)[BASIS] == BY_HOUSEHOLDS else Dwelling


def _narrowed(found: Select[Any], model: Any) -> Select[Any]:
    return found.where(Dwelling.use != "business") if model is Dwelling else found
