"""``/desk/``: what each role has to do now, then how things stand.

A tile names a list and its filters; its number is counted by the statement of that very list, so
the link opens exactly the rows counted.
"""

from typing import Any

from flask import abort, current_app, render_template
from flask.typing import ResponseReturnValue
from flask_appbuilder.baseviews import BaseView, expose
from flask_babel import gettext as _
from sqlalchemy import select

from portal import roles, scope
from portal.extensions import db
from portal.queries import paging
from portal.queries.grids import grid_on_map
from portal.views import wording
from portal.views.context import format_number, role_name
from portal.views.desk_tables import DESKS, LINKS, LISTS, ORDER_MAPS, Count, Figure, Shown
from portal.views.entity import query
from portal.views.entity.base import EntityView
from portal.views.entity.interface import visible
from portal.views.page import Desk, Related, Section, Tile

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
        numbers = _Numbers(known)
        for role in known:
            due, figures, missing = DESKS[role]
            suffix = f"{_(': ')}{role_name(role)}" if len(known) > 1 else ""
            tiles = [tile for count in due if (tile := self._tile(count, numbers))]
            if due or missing:
                title = _("What to do now") + suffix
                waiting = [tile for tile in tiles if tile.value != "0"]
                quiet = [tile for tile in tiles if tile.value == "0"]
                sections.append(Section(title, waiting, str(missing), quiet))
            tiles = [tile for count in figures if (tile := self._tile(count, numbers))]
            sections.append(Section(_("How things stand") + suffix, tiles))
        intro = wording.listed(role_name(role) for role in identity.roles)
        if not known:
            nothing = _("You hold no post and no grant today. Ask your administrator.")
            sections.append(Section(_("What to do now"), [], nothing))
        greeting = _("%(name)s, good day", name=identity.name)
        grid = self._own_grid(identity)
        counted = bool(set(known) & set(ORDER_MAPS)) and grid is not None
        lists = [
            self._list(shown, grid, numbers) for role in known for shown in LISTS.get(role, ())
        ]
        return Desk(
            greeting,
            sections,
            list({part.title: part for part in lists if part}.values()),
            intro,
            f"/directory/{grid.code}/map.svg" if grid and grid.boundary else None,
            grid.name if grid else "",
            f"/grids/map/{grid.id}" if grid else None,
            counts_url=(
                f"/work-orders/map.svg?grid_code={grid.code}" if counted and grid.boundary else None
            ),
            counts_link=f"/work-orders/map?grid_code={grid.code}" if counted else None,
            links=self._links(known),
            next_up=self._next_meeting(),
        )

    @staticmethod
    def _links(known: list[str]) -> list[tuple[str, str, str]]:
        """What tells these roles more than numbers."""
        found = dict.fromkeys(link for role in known for link in LINKS.get(role, ()))
        return [(str(label), url, icon) for label, url, icon in found]

    def _next_meeting(self) -> tuple[str, str] | None:
        """The next meeting that the identity is invited to: words and address."""
        if not scope.current().can(roles.READ, "Meeting"):
            return None
        view = view_of("Meeting")
        first = query.Query(preset="mine", part=paging.Slice(1, *view.default_order), known=1)
        page = view.list_page(first, ("starts_at", "kind", "grid"))
        return next(((row.title, row.show_url or "") for row in page.rows), None)

    @staticmethod
    def _own_grid(identity: scope.Identity) -> Any:
        """The grid whose orders one sees, or that one knows of; None where that is everywhere."""
        asked = (identity.prefixes(roles.READ, resource) for resource in ("WorkOrder", "Grid"))
        own = next((found[0] for found in asked if found), scope.EVERYWHERE)
        return grid_on_map(db.session, own) if own != scope.EVERYWHERE else None

    @staticmethod
    def _list(shown: Shown, grid: Any, numbers: "_Numbers") -> Related | None:
        view = view_of(shown.resource)
        if not scope.current().can(roles.READ, shown.resource):
            return None
        if grid is None and any("{grid}" in value for value in shown.params.values()):
            return None
        params = {n: v.format(grid=grid.code if grid else "") for n, v in shown.params.items()}
        total = numbers.of_list.get(view.list_url(**params), ROWS)  # no desk says how many
        preset = params.pop("preset", "")
        column, descending = view.default_order
        asked = query.Query("", preset, params, paging.Slice(ROWS, column, descending), known=total)
        whole = query.Query("", preset, params, paging.Slice(column=column, descending=descending))
        return Related(
            str(shown.title), view.list_page(asked, shown.columns), query.link(view, whole)
        )

    @staticmethod
    def _tile(count: Count | Figure, numbers: "_Numbers") -> Tile | None:
        if not scope.current().can(roles.READ, count.resource):
            return None
        if isinstance(count, Figure):
            known = count.number()
            if known is None:
                return Tile(str(count.label), "?", count.url, _("cannot be told now"), "late")
            tone = count.tone if known else ""
            return Tile(str(count.label), format_number(known), count.url, tone=tone)
        address = numbers.addresses[id(count)]
        number = numbers.of_list[address]
        text = format_number(min(number, paging.COUNT_CAP))
        if number > paging.COUNT_CAP:
            text += "+"
        return Tile(
            str(count.label), text, count.page or address, tone=count.tone if number else ""
        )


class _Numbers:
    """The numbers of all lists of some desks, in one statement: ``of_list`` by the address of the
    list, ``addresses`` by the ``id`` of a ``Count``.
    """

    def __init__(self, known: list[str]) -> None:
        self.addresses: dict[int, str] = {}
        self._scoped: dict[EntityView, Any] = {}
        asked: dict[str, tuple[Any, Any]] = {}
        for count in (one for role in known for part in DESKS[role][:2] for one in part):
            if not isinstance(count, Count) or not scope.current().can(roles.READ, count.resource):
                continue
            view = view_of(count.resource)
            address = self.addresses[id(count)] = view.list_url(**count.params)
            if address not in asked:
                asked[address] = (self._rows_of(view, count), view.entity)
        numbers = paging.counts(db.session, list(asked.values()))
        self.of_list = dict(zip(asked, numbers, strict=True))

    def _rows_of(self, view: EntityView, count: Count) -> Any:
        if view not in self._scoped:
            self._scoped[view] = select(view.entity).where(visible(view.entity))
        filters = {n: v for n, v in count.params.items() if n not in query.CONTROLS}
        found = query.Query(preset=count.params.get("preset", ""), filters=filters)
        return query.narrowed(view, self._scoped[view], found)


def view_of(resource: str) -> EntityView:
    """The page of lists and records of ``resource``."""
    views = current_app.appbuilder.baseviews  # type: ignore[attr-defined]
    return next(v for v in views if isinstance(v, EntityView) and v.entity.resource == resource)
