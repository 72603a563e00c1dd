"""Work orders: the table of their moves and what each of them does (P4, domain.md)."""

from portal.rules.work_orders.case import Case, case_of
from portal.rules.work_orders.moving import move, moves_of
from portal.rules.work_orders.table import FLOW

__all__ = ["FLOW", "Case", "case_of", "move", "moves_of"]
