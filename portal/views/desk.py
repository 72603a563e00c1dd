"""``/desk/``: what each role has to do now, then how things stand.

A tile names a list and its filters; its number is counted by the statement of that very list, so
the link opens exactly the rows counted.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from flask import abort, current_app, render_template
from flask.typing import ResponseReturnValue
from flask_appbuilder.baseviews import BaseView, expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from redis import Redis
from redis.exceptions import RedisError

from portal import queue, roles, scope
from portal.extensions import db
from portal.queries import jobs, paging, quality
from portal.queries.grids import grid_on_map
from portal.views import wording
from portal.views.context import format_number, role_name
from portal.views.entity import query
from portal.views.entity.base import EntityView
from portal.views.page import Desk, Related, Section, Tile, Tone


@dataclass(frozen=True)
class Count:
    """A number of a desk: the rows of ``resource`` that ``params`` of its list select.

    ``tone`` colours it when it is above zero. ``page``: the page that shows the same rows with what
    to do about them, instead of the list.
    """

    label: Any
    resource: str
    params: dict[str, str] = field(default_factory=dict)
    tone: Tone = ""
    page: str = ""


@dataclass(frozen=True)
class Figure:
    """A number of a desk that no list counts: ``number()`` (None: cannot be told now), on the page
    ``url`` of ``resource``.
    """

    label: Any
    resource: str
    url: str
    number: Callable[[], int | None]
    tone: Tone = ""


def _of_the_queue(ask: Callable[[Redis], int]) -> Callable[[], int | None]:
    def number() -> int | None:
        try:
            return ask(queue.connection())
        except RedisError:
            return None

    return number


def _to_visit(label: Any, preset: str, tone: Tone = "") -> Count:
    return Count(label, "Household", {"preset": preset}, tone, f"/visits/?preset={preset}")


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
AT_WORK = Figure(_l("Workers at work"), "Job", "/jobs/", _of_the_queue(queue.workers))

# role: (what to do now, how things stand, what is not built yet)
DESKS: dict[str, tuple[tuple[Count | Figure, ...], tuple[Count | Figure, ...], Any]] = {
    roles.GRID_WORKER: ((*VISITS, ENDING, NO_CONSENT), (WORKERS, POSTS, HOTLINES, DUTIES), ""),
    roles.GRID_LEADER: (
        (*VISITS, VACANT, OFF_STANDARD, ENDING, NO_CONSENT),
        (WORKERS, POSTS, HOTLINES, DUTIES),
        "",
    ),
    roles.BLOCK_LEADER: (
        (STALE_BOARDS, LATE_BOARDS, VACANT, OFF_STANDARD, ENDING, NO_CONSENT),
        (CELLS, WORKERS, POSTS, HOTLINES),
        "",
    ),
    roles.AREA_LEADER: (
        (STALE_BOARDS, LATE_BOARDS, VACANT, OFF_STANDARD, ENDING, NO_CONSENT),
        (BLOCKS, CELLS, WORKERS, POSTS, TEAMS),
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
        (),
        (WORKERS, HOTLINES, DUTIES),
        _l("Mediation files come with a later version; nothing waits for you here yet."),
    ),
    roles.STATION: (
        (
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
        (AREAS, BLOCKS, CELLS, WORKERS, POSTS, TEAMS, BOARDS, IMPORTS),
        "",
    ),
    roles.LEADER: ((VACANT, OFF_STANDARD), (AREAS, BLOCKS, CELLS, WORKERS, TEAMS, BOARDS), ""),
    roles.STREET: ((NO_BOUNDARY,), (COMMUNITIES, AREAS, BLOCKS, CELLS, WORKERS), ""),
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
        (DEAD_LETTERS, Count(_l("Accounts switched off"), "User", {"active": "0"})),
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
IMPORTED = Shown(_l("Last imports"), "ImportBatch", ("created_at", "kind", "rows", "failed"))
NOTED = Shown(_l("Last entries"), "AuditEntry", ("at", "actor", "action", "table_name"))
LISTS: dict[str, tuple[Shown, ...]] = {
    roles.GRID_WORKER: (SERVING,),
    roles.GRID_LEADER: (SERVING,),
    roles.BLOCK_LEADER: (PARTS,),
    roles.AREA_LEADER: (PARTS,),
    roles.STATION: (PARTS,),
    roles.LEADER: (PARTS,),
    roles.STREET: (PARTS,),
    roles.CLERK: (PARTS, IMPORTED),
    roles.AUDITOR: (NOTED,),
}
ROWS = 10


class DeskView(BaseView):
    """The first page after signing in."""

    route_base = "/desk"
    default_view = "desk"

    @expose("/")
    def desk(self) -> ResponseReturnValue:
        """The desk of the roles in force; of several roles, one after another."""
        identity = scope.current()
        if identity.user_id is None:
            abort(401)
        return render_template("views/desk.html", desk=self._desk(identity))

    def _desk(self, identity: scope.Identity) -> Desk:
        sections: list[Section] = []
        known = [role for role in identity.roles if role in DESKS]
        for role in known:
            due, figures, missing = DESKS[role]
            suffix = f"{_(': ')}{role_name(role)}" if len(known) > 1 else ""
            tiles = [tile for count in due if (tile := self._tile(count))]
            if due or missing:
                title = _("What to do now") + suffix
                sections.append(Section(title, tiles, str(missing)))
            tiles = [tile for count in figures if (tile := self._tile(count))]
            sections.append(Section(_("How things stand") + suffix, tiles))
        intro = wording.listed(role_name(role) for role in identity.roles)
        if not known:
            nothing = _("You hold no post and no grant today. Ask your administrator.")
            sections.append(Section(_("What to do now"), [], nothing))
        greeting = _("%(name)s, good day", name=identity.name)
        grid = self._own_grid(identity)
        lists = [self._list(shown, grid) for role in known for shown in LISTS.get(role, ())]
        return Desk(
            greeting,
            sections,
            list({part.title: part for part in lists if part}.values()),
            intro,
            f"/directory/{grid.code}/map.svg" if grid and grid.boundary else None,
            grid.name if grid else "",
            f"/grids/map/{grid.id}" if grid else None,
            next_up=self._next_meeting(),
        )

    def _next_meeting(self) -> tuple[str, str] | None:
        """The next meeting that the identity is invited to: words and address."""
        if not scope.current().can(roles.READ, "Meeting"):
            return None
        view = self._view("Meeting")
        first = query.Query(preset="mine", part=paging.Slice(1, *view.default_order))
        page = view.list_page(first, ("starts_at", "kind", "grid"))
        return next(((row.title, row.show_url or "") for row in page.rows), None)

    @staticmethod
    def _own_grid(identity: scope.Identity) -> Any:
        prefixes = identity.prefixes(roles.READ, "Grid")
        if not prefixes or prefixes[0] == scope.EVERYWHERE:
            return None
        return grid_on_map(db.session, prefixes[0])

    def _list(self, shown: Shown, grid: Any) -> Related | None:
        view = self._view(shown.resource)
        if not scope.current().can(roles.READ, shown.resource):
            return None
        if grid is None and any("{grid}" in value for value in shown.params.values()):
            return None
        params = {n: v.format(grid=grid.code if grid else "") for n, v in shown.params.items()}
        preset = params.pop("preset", "")
        column, descending = view.default_order
        asked = query.Query("", preset, params, paging.Slice(ROWS, column, descending))
        whole = query.Query("", preset, params, paging.Slice(column=column, descending=descending))
        return Related(
            str(shown.title), view.list_page(asked, shown.columns), query.link(view, whole)
        )

    def _tile(self, count: Count | Figure) -> Tile | None:
        if not scope.current().can(roles.READ, count.resource):
            return None
        if isinstance(count, Figure):
            known = count.number()
            if known is None:
                return Tile(str(count.label), "?", count.url, _("cannot be told now"), "late")
            tone = count.tone if known else ""
            return Tile(str(count.label), format_number(known), count.url, tone=tone)
        view = self._view(count.resource)
        filters = {
            name: value for name, value in count.params.items() if name not in query.CONTROLS
        }
        asked = query.Query(preset=count.params.get("preset", ""), filters=filters)
        number = paging.count(db.session, query.statement(view, asked), view.entity)
        text = format_number(min(number, paging.COUNT_CAP))
        if number > paging.COUNT_CAP:
            text += "+"
        url = count.page or view.list_url(**count.params)
        return Tile(str(count.label), text, url, tone=count.tone if number else "")

    @staticmethod
    def _view(resource: str) -> EntityView:
        views = current_app.appbuilder.baseviews  # type: ignore[attr-defined]
        return next(v for v in views if isinstance(v, EntityView) and v.entity.resource == resource)
