"""Who does not see a matter although it lies in their grid.

What is restricted shows to those who handle it: whoever reported it, was named or took part, and
whoever leads a level that has it or had it. A complaint about a worker stands at the grid above
all of the worker's own, so that nobody who acts in those sees it; beside that it never shows to
the account of the worker. What was reported to the street is all that the street sees; a mediator
sees what they take part in.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, or_, true

from portal import roles, scope
from portal.models import MatterPerson
from portal.models.matter import Confidential
from portal.models.matter_choices import ORDER_LEVELS

# The level that a role leads: it sees what is restricted once the matter has come that far.
LEADS = {
    roles.GRID_LEADER: "cell",
    roles.BLOCK_LEADER: "block",
    roles.AREA_LEADER: "area",
    roles.STATION: "cell",  # everything of the community comes to the station
}
# Roles that see nothing by their place alone.
INVOLVED_ONLY = (roles.MEDIATOR,)
STREET_LEVEL = "street"


def unhidden(model: Any, identity: scope.Identity) -> ColumnElement[bool]:
    """Condition on a model with ``Confidential`` columns: ``identity`` may see it, its grid apart;
    true for every other model.
    """
    if identity.unrestricted or not issubclass(model, Confidential):
        return true()
    matter = model.id if model.__tablename__ == "matters" else model.matter_id
    takes_part = exists().where(
        MatterPerson.matter_id == matter, MatterPerson.user_id == identity.user_id
    )
    not_oneself = or_(model.about_user_id.is_(None), model.about_user_id != identity.user_id)
    return and_(not_oneself, or_(takes_part, *_by_place(model, identity)))


def _by_place(model: Any, identity: scope.Identity) -> list[ColumnElement[bool]]:
    ordinary, led = set[str](), list[ColumnElement[bool]]()
    for grant in identity.grants:
        here = scope.within(model.grid_code, [grant.grid_code])
        if grant.role in INVOLVED_ONLY:
            continue
        if grant.role == roles.STREET:
            led.append(and_(here, model.level == STREET_LEVEL))
            continue
        ordinary.add(grant.grid_code)
        level = LEADS.get(grant.role)
        if level is not None:
            reached = ORDER_LEVELS[ORDER_LEVELS.index(level) :]
            led.append(and_(here, model.level.in_(reached)) if level != "cell" else here)
    plain = scope.within(model.grid_code, scope.smallest(ordinary)) if ordinary else false()
    return [and_(model.visibility == "normal", plain), *led]
