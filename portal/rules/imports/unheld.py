"""Columns of files about people that are dropped unread (``care.md``).

What people believe or think, whether they petitioned, complained or were convicted, and marital,
pregnancy and contraception data are not held: such a column is not looked at, not shown in a
preview and does not come back with refused rows. The report names it.
"""

import re

from portal.models import Resident, Worker
from portal.rules.imports.kind import Kind

ABOUT_PEOPLE = (Resident, Worker)
UNHELD = re.compile(
    "宗教|信仰|教派|教徒|政治面貌|党派|党员|团员|信访|上访|访民|投诉|举报|犯罪|前科|刑释|服刑|"
    "婚姻|婚否|婚育|婚况|计生|避孕|节育|怀孕|孕产|孕妇|"
    r"religi|belief|faith|politic|\bparty\b|petition|complain|crimin|convict|marital|marriage|"
    "contracept|pregnan",
    re.IGNORECASE,
)


def is_unheld(kind: Kind, header: str) -> bool:
    """Whether a column called ``header`` is dropped unread from a file of ``kind``."""
    return kind.model in ABOUT_PEOPLE and UNHELD.search(header) is not None
