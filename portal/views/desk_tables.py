"""What stands on the desk of each role: numbers of what is due, how things stand, lists."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask_babel import lazy_gettext as _l
from redis import Redis
from redis.exceptions import RedisError

from portal import queue, roles
from portal.extensions import db
from portal.queries import jobs, quality
from portal.views.desk_counts import Count, Figure
from portal.views.desk_rounds import (
    NOT_SWEPT,
    PATROLS,
    PLACES_LATE,
    SERVICES_LATE,
    TO_ACCEPT,
)
from portal.views.page import Tone


def _of_the_queue(ask: Callable[[Redis], int]) -> Callable[[], int | None]:
    def number() -> int | None:
        try:
            return ask(queue.connection())
        except RedisError:
            return None

    return number


def _to_visit(label: Any, preset: str, tone: Tone = "") -> Count:
    return Count(label, "Household", {"preset": preset}, tone, f"/visits/?preset={preset}")


def _orders(label: Any, preset: str, tone: Tone = "") -> Count:
    return Count(label, "WorkOrder", {"preset": preset}, tone)


MY_ORDERS = _orders(_l("My orders"), "mine", "info")
HELPING = _orders(_l("Orders I help with"), "helping")
INTAKE = _orders(_l("Matters to be taken in"), "intake", "warn")
DISPATCH = _orders(_l("Orders to be dispatched"), "dispatch", "warn")
CHECK = _orders(_l("Answers to be checked"), "check", "warn")
DUE_SOON = _orders(_l("Orders due soon"), "due_soon", "warn")
OVERDUE = _orders(_l("Orders overdue"), "overdue", "late")
MORE_TIME = _orders(_l("More time asked for"), "asked", "warn")
NOTICE = _orders(_l("Where it went, to be told"), "notice", "warn")
TO_ANALYSE = _orders(_l("Orders to be analysed"), "analyse", "warn")
TO_ASK = _orders(_l("People to be asked"), "to_visit")
RIGHT_LATE = _orders(_l("Rectifications overdue"), "right_late", "late")
RECHECK = _orders(_l("Re-checks due"), "recheck", "warn")
REPEATED = Count(_l("Matters that come again and again"), "Matter", {"preset": "repeated"}, "warn")
OPEN_ORDERS = _orders(_l("Open orders"), "open")
SUPERVISED = Count(
    _l("Supervision orders to answer"), "SupervisionOrder", {"preset": "open"}, "late"
)
UNSIGNED = Count(
    _l("Supervision orders to sign"), "SupervisionOrder", {"preset": "unsigned"}, "late"
)
TO_BE_HEARD = Count(
    _l("I am heard about a delay"), "ResponsibilityDraft", {"preset": "to_answer"}, "late"
)
TO_DECIDE = Count(
    _l("Responsibility to decide"), "ResponsibilityDraft", {"preset": "to_decide"}, "warn"
)
REPORTED_UP = Count(_l("Reported to the street"), "WorkOrder", {"state": "reported_up"}, "warn")


def _files(label: Any, preset: str, tone: Tone = "") -> Count:
    return Count(label, "MediationFile", {"preset": preset}, tone)


MY_FILES = _files(_l("My mediation files"), "mine", "info")
SESSIONS = _files(_l("Sessions of this week"), "sessions", "warn")
FOLLOW_UP = _files(_l("Promises to follow up"), "follow_up", "warn")
CONFIRMING = _files(_l("Confirmations running out"), "confirming", "late")
FILES = (SESSIONS, FOLLOW_UP, CONFIRMING)
OWN_ORDERS = (MY_ORDERS, HELPING, OVERDUE, TO_BE_HEARD)
VACANT = Count(_l("Grids with vacant posts"), "Grid", {"preset": "short_of_staff"}, "late")
OFF_STANDARD = Count(_l("Cells off the standard"), "Grid", {"preset": "off_standard"}, "warn")
ENDING = Count(_l("Posts ending soon"), "Post", {"preset": "ending"}, "warn")
NO_CONSENT = Count(_l("Public posts without consent"), "Worker", {"preset": "no_consent"}, "warn")
NO_POST = Count(_l("Workers without a post"), "Worker", {"preset": "no_post"})
NO_NUMBER = Count(_l("Hotlines without a number"), "Hotline", {"preset": "no_number"}, "warn")
NO_BOUNDARY = Count(_l("Grids without a boundary"), "Grid", {"preset": "no_boundary"}, "warn")
COMMUNITIES = Count(_l("Communities"), "Grid", {"level": "community"})
AREAS = Count(_l("Areas"), "Grid", {"level": "area"})
BLOCKS = Count(_l("Blocks"), "Grid", {"level": "block"})
CELLS = Count(_l("Cells"), "Grid", {"level": "cell"})
WORKERS = Count(_l("Workers"), "Worker")
POSTS = Count(_l("Posts in force"), "Post", {"preset": "current"})
TEAMS = Count(_l("Teams"), "Team")
HOTLINES = Count(_l("Hotlines on the board"), "Hotline", {"on_board": "1"})
DUTIES = Count(_l("Duties"), "Duty")
VISITS_DUE = _to_visit(_l("Visits due today"), "visit_due", "warn")
VISITS_LATE = _to_visit(_l("Visits overdue"), "visit_overdue", "late")
NEVER_VISITED = _to_visit(_l("Households never visited"), "never_visited")
TO_ANSWER = Count(_l("Questions to answer"), "CrossCheck", {"preset": "to_answer"}, "warn")
CHECKS_LATE = Count(_l("Questions overdue"), "CrossCheck", {"preset": "overdue"}, "late")
VISITS = (VISITS_DUE, VISITS_LATE, NEVER_VISITED, TO_ANSWER, CHECKS_LATE)
BOARDS = Count(_l("Issued documents"), "IssuedDocument")
STALE_BOARDS = Count(_l("Boards out of date"), "Board", {"preset": "stale"}, "warn")
LATE_BOARDS = Count(_l("Boards overdue"), "Board", {"preset": "overdue"}, "late")
NO_PAPERS = Count(_l("People without papers"), "Resident", {"preset": "no_papers"}, "warn")
WRONG_NUMBER = Count(_l("Wrong numbers"), "Resident", {"preset": "wrong_number"}, "late")
NO_BIRTH_DATE = Count(
    _l("People without birthday"), "Resident", {"preset": "no_birth_date"}, "warn"
)
NO_PHONE = Count(_l("Adults without a telephone"), "Resident", {"preset": "no_phone"}, "warn")
NO_HEAD = Count(_l("Households without a head"), "Household", {"preset": "no_head"}, "warn")
TWICE = Count(
    _l("Same name and birthday"), "Resident", {"preset": "twice", "order": "name"}, "warn"
)
RESIDENTS = Count(_l("Residents"), "Resident", {"preset": "here"})
COMPLETE = Figure(
    _l("Homes registered, in percent"),
    "Resident",
    "/register-quality/",
    lambda: quality.registered_percent(db.session),
)
IMPORTS = Count(_l("Imports"), "ImportBatch")
DEAD_LETTERS = Figure(
    _l("Jobs given up"), "Job", "/jobs/#failed", _of_the_queue(jobs.dead_letters), "late"
)
NOT_SENT = Count(_l("Messages that did not go out"), "Delivery", {"preset": "failing"}, "late")
AT_WORK = Figure(_l("Workers at work"), "Job", "/jobs/", _of_the_queue(queue.workers))

# Whose desk shows the map of open orders: who compares grids.
ORDER_MAPS = (roles.BLOCK_LEADER, roles.AREA_LEADER, roles.STATION, roles.LEADER)

# role: (what to do now, how things stand, what is not built yet)
DESKS: dict[str, tuple[tuple[Count | Figure, ...], tuple[Count | Figure, ...], Any]] = {
    roles.GRID_WORKER: (
        (*OWN_ORDERS, *PATROLS, *VISITS, ENDING, NO_CONSENT),
        (OPEN_ORDERS, WORKERS, POSTS, HOTLINES, DUTIES),
        "",
    ),
    roles.GRID_LEADER: (
        (
            *(INTAKE, NOTICE, DISPATCH, *OWN_ORDERS, RIGHT_LATE, RECHECK, *PATROLS, *VISITS),
            *(VACANT, OFF_STANDARD, ENDING, NO_CONSENT),
        ),
        (OPEN_ORDERS, WORKERS, POSTS, HOTLINES, DUTIES),
        "",
    ),
    roles.BLOCK_LEADER: (
        (
            *(DISPATCH, CHECK, MORE_TIME, *OWN_ORDERS, DUE_SOON, RIGHT_LATE, RECHECK),
            *(PLACES_LATE, NOT_SWEPT),
            *(STALE_BOARDS, LATE_BOARDS, VACANT, OFF_STANDARD, ENDING, NO_CONSENT),
        ),
        (OPEN_ORDERS, CELLS, WORKERS, POSTS, HOTLINES),
        "",
    ),
    roles.AREA_LEADER: (
        (
            *(DISPATCH, CHECK, MORE_TIME, TO_ANALYSE, *OWN_ORDERS, SUPERVISED),
            *(RIGHT_LATE, RECHECK, TO_ACCEPT, PLACES_LATE, NOT_SWEPT),
            *(STALE_BOARDS, LATE_BOARDS, VACANT, OFF_STANDARD, ENDING, NO_CONSENT),
        ),
        (OPEN_ORDERS, BLOCKS, CELLS, WORKERS, POSTS, TEAMS),
        "",
    ),
    roles.CLERK: (
        (
            TO_ANSWER,
            CHECKS_LATE,
            WRONG_NUMBER,
            NO_PAPERS,
            NO_BIRTH_DATE,
            NO_PHONE,
            NO_HEAD,
            TWICE,
            NO_CONSENT,
            NO_POST,
            OFF_STANDARD,
            NO_BOUNDARY,
        ),
        (COMPLETE, RESIDENTS, BLOCKS, CELLS, WORKERS, POSTS, IMPORTS),
        "",
    ),
    roles.MEDIATOR: (
        (MY_FILES, *FILES, *OWN_ORDERS),
        (WORKERS, HOTLINES, DUTIES),
        "",
    ),
    roles.STATION: (
        (
            *(INTAKE, DISPATCH, CHECK, TO_ANALYSE, DUE_SOON, OVERDUE, SUPERVISED, TO_DECIDE),
            *(TO_BE_HEARD, NOTICE, MORE_TIME, TO_ASK, REPEATED),
            *(RIGHT_LATE, RECHECK, TO_ACCEPT, PLACES_LATE, NOT_SWEPT, SERVICES_LATE),
            *FILES,
            CHECKS_LATE,
            STALE_BOARDS,
            LATE_BOARDS,
            VACANT,
            OFF_STANDARD,
            NO_NUMBER,
            NO_BOUNDARY,
            ENDING,
            NO_CONSENT,
        ),
        (OPEN_ORDERS, AREAS, BLOCKS, CELLS, WORKERS, POSTS, TEAMS, BOARDS, IMPORTS),
        "",
    ),
    roles.LEADER: (
        (UNSIGNED, MORE_TIME, OVERDUE, VACANT, OFF_STANDARD),
        (OPEN_ORDERS, AREAS, BLOCKS, CELLS, WORKERS, TEAMS, BOARDS),
        "",
    ),
    roles.STREET: ((REPORTED_UP, NO_BOUNDARY), (COMMUNITIES, AREAS, BLOCKS, CELLS, WORKERS), ""),
    roles.CARE_OFFICER: (
        (),
        (HOTLINES, DUTIES),
        _l("The care register comes with a later version; nothing waits for you here yet."),
    ),
    roles.AUDITOR: (
        (
            Count(_l("Failed sign-ins"), "AuditEntry", {"action": "sign_in_failed"}, "warn"),
            Count(_l("Private values opened"), "AuditEntry", {"action": "reveal"}),
            Count(_l("Exports"), "AuditEntry", {"action": "export"}),
        ),
        (Count(_l("Entries in the log"), "AuditEntry"), Count(_l("Grants"), "AccountGrant")),
        "",
    ),
    roles.ADMIN: (
        (DEAD_LETTERS, NOT_SENT, Count(_l("Accounts switched off"), "User", {"active": "0"})),
        (
            Count(_l("Accounts"), "User"),
            Count(_l("Grants"), "AccountGrant"),
            Count(_l("Settings"), "Setting"),
            AT_WORK,
        ),
        "",
    ),
}


@dataclass(frozen=True)
class Shown:
    """A list on a desk: the first rows of ``resource`` that ``params`` select.

    ``{grid}`` in a parameter stands for the code of the role's own grid.
    """

    title: Any
    resource: str
    columns: tuple[str, ...]
    params: dict[str, str] = field(default_factory=dict)


PARTS = Shown(
    _l("Grids below"), "Grid", ("name", "households_declared", "kind"), {"parent": "{grid}"}
)
SERVING = Shown(
    _l("Who serves here"),
    "Post",
    ("worker", "post_role", "since"),
    {"preset": "current", "grid_code": "{grid}"},
)
MINE = Shown(
    _l("My orders by deadline"), "WorkOrder", ("summary", "state", "due_at"),
    {"preset": "mine"},
)  # fmt: skip
MY_OPEN_FILES = Shown(
    _l("My mediation files"), "MediationFile", ("number", "summary", "opened_on", "outcome"),
    {"preset": "mine"},
)  # fmt: skip
LATE = Shown(
    _l("Orders overdue"), "WorkOrder", ("summary", "grid", "state", "due_at"),
    {"preset": "overdue"},
)  # fmt: skip
IMPORTED = Shown(_l("Last imports"), "ImportBatch", ("created_at", "kind", "rows", "failed"))
NOTED = Shown(_l("Last entries"), "AuditEntry", ("at", "actor", "action", "table_name"))
LISTS: dict[str, tuple[Shown, ...]] = {
    roles.GRID_WORKER: (MINE, SERVING),
    roles.GRID_LEADER: (MINE, SERVING),
    roles.BLOCK_LEADER: (LATE, PARTS),
    roles.AREA_LEADER: (LATE, PARTS),
    roles.MEDIATOR: (MY_OPEN_FILES, MINE),
    roles.STATION: (LATE, PARTS),
    roles.LEADER: (PARTS,),
    roles.STREET: (PARTS,),
    roles.CLERK: (PARTS, IMPORTED),
    roles.AUDITOR: (NOTED,),
}
# Pages that tell more than the numbers of the desk: label, address, icon.
FIGURES = (_l("Figures of the orders"), "/work-orders/figures", "chart-bar")
BY_GRID = (_l("Orders by grid"), "/work-orders/by-grid", "chart-bar")
LEDGERS = (_l("Electronic ledgers"), "/ledgers/", "clipboard-list")
LEADING = (*(roles.BLOCK_LEADER, roles.AREA_LEADER, roles.STATION, roles.LEADER, roles.STREET),)
LINKS: dict[str, tuple[tuple[Any, str, str], ...]] = dict.fromkeys(
    LEADING, (FIGURES, BY_GRID, LEDGERS)
) | {roles.GRID_LEADER: (FIGURES, LEDGERS), roles.CLERK: (LEDGERS,)}
