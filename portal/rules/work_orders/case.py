"""An order together with who acts: what the table of moves asks about."""

from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal import roles, scope
from portal.models import MatterCategory, MatterPerson, Rectification, UnitCase, WorkOrder
from portal.models.matter_choices import ORDER_LEVELS
from portal.queries.limits import MUNICIPAL
from portal.queries.matters import merged_into
from portal.scope import Identity

# Who leads which level; at the street it is the street itself.
HEADS = {
    "cell": roles.GRID_LEADER,
    "block": roles.BLOCK_LEADER,
    "area": roles.AREA_LEADER,
    "community": roles.STATION,
    "street": roles.STREET,
}


def rank(level: str) -> int:
    """How high a level is: a cell is 0."""
    return ORDER_LEVELS.index(level)


def level_above(level: str) -> str:
    """The level that comes next."""
    return ORDER_LEVELS[min(rank(level) + 1, len(ORDER_LEVELS) - 1)]


def level_of(code: str) -> str:
    """The level of a grid by its code; what lies above the street counts as the street."""
    sizes = {size: level for level, size in scope.CODE_LENGTHS.items() if level in ORDER_LEVELS}
    return sizes.get(len(code), "street")


@dataclass(frozen=True)
class Case:
    """An order, who acts, what they have to do with it (``parts`` of ``PARTS``), its category; of
    a hazard who puts it right, of a municipal problem the unit that has it; whether other orders
    are part of it (``holds_others``).
    """

    order: WorkOrder
    identity: Identity
    parts: frozenset[str] = field(default_factory=frozenset)
    category: MatterCategory | None = None
    rectification: Rectification | None = None  # of hazards
    unit_case: UnitCase | None = None  # of municipal problems
    holds_others: bool = False

    @property
    def state(self) -> str:
        """The state of the order."""
        return self.order.state

    @property
    def at_rest(self) -> bool:
        """Whether the clock stands still."""
        return self.order.suspended_at is not None

    @property
    def route(self) -> str:
        """What becomes of matters of its category."""
        return self.category.route if self.category is not None else "handle"

    def has(self, *wanted: str) -> bool:
        """Whether who acts has one of these roles over the place of the order."""
        return any(
            grant.role in wanted and self.order.grid_code.startswith(grant.grid_code)
            for grant in self.identity.grants
        )

    @property
    def is_assignee(self) -> bool:
        """Whether it was given to who acts."""
        return self.identity.user_id is not None and (
            self.identity.user_id == self.order.assignee_id
        )

    @property
    def own_rank(self) -> int:
        """The highest level that who acts leads over the place of the order; -1 for none."""
        led = (level for level, role in HEADS.items() if self.has(role))
        return max((rank(level) for level in led), default=-1)


def case_of(session: Session, order: WorkOrder, identity: Identity | None = None) -> Case:
    """The case of an order and who acts now."""
    who = identity or scope.current()
    asked = select(MatterPerson.part).where(
        MatterPerson.matter_id == order.matter_id, MatterPerson.user_id == who.user_id
    )
    parts = frozenset(session.scalars(asked))
    category = session.get(MatterCategory, order.category_id)
    others = bool(session.scalar(select(merged_into(order.id))))
    righting = unit_case = None
    if order.kind == "hazard":
        righting = session.get(Rectification, order.id, populate_existing=True)
    if order.kind == MUNICIPAL:
        handed = select(UnitCase).where(UnitCase.order_id == order.id)
        anew = handed.execution_options(populate_existing=True)
        unit_case = session.scalars(anew).one_or_none()
    return Case(order, who, parts, category, righting, unit_case, others)
