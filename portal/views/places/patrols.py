"""Patrols: the day list on the telephone with one tap per place, and the patrols that were made."""

from dataclasses import replace
from typing import Any

from flask import abort, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext, ngettext
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.exc import StaleDataError

from portal import roles, scope
from portal.models import Matter, Patrol, PatrolCheck, Place, Sweep
from portal.queries import places as queries
from portal.queries import sweeps as sweep_queries
from portal.queries.paging import Slice
from portal.rules import patrols
from portal.views.context import format_date
from portal.views.entity import query
from portal.views.entity.access import allowed
from portal.views.entity.base import READ_ONLY, EntityView
from portal.views.entity.editing import conflict
from portal.views.entity.interface import visible
from portal.views.places import words

DUE_COLUMNS = ("name", "kind", "address", "measures", "next_patrol_on")
SERVICES = 25
MOST = 200  # places of one tap: as many as the longest page shows


class PatrolView(EntityView):
    """Rounds that were made."""

    api_methods = READ_ONLY
    entity = Patrol
    slug = "patrols"
    list_title = _l("Patrol rounds")
    one_title = _l("Patrol round")
    list_template = "views/places/patrols.html"
    list_columns = ["day", "grid", "patroller", "started_at", "ended_at", "checked"]
    show_groups = [("", ["day", "grid", "patroller", "started_at", "ended_at", "checked"])]
    filter_columns = ["grid_code"]
    labels = {
        "day": lazy_pgettext("patrol", "Day"),
        "patroller": _l("Who went"),
        "started_at": _l("First look"),
        "ended_at": _l("Last look"),
        "checked": _l("Places looked at"),
    }
    order = ("day", "id")
    orders = ("day", "id")  # neither by person nor by number: nobody is ranked
    newest_first = True

    def title_of(self, row: Patrol) -> str:
        """Day and person."""
        return f"{format_date(row.day)} · {row.patroller}"

    def worded_started_at(self, row: Patrol) -> str:
        """The time of day."""
        return words.clock_time(row.started_at)

    def worded_ended_at(self, row: Patrol) -> str:
        """The time of day."""
        return words.clock_time(row.ended_at)

    def extras(self, row: Patrol) -> list[tuple[str, dict[str, Any]]]:
        """What was looked at."""
        session = self.datamodel.session
        checks = queries.of_patrol(session, row.id, visible(Place))
        matters = queries.matters_of(session, checks, visible(Matter))
        shown = words.looks(checks, matters, _by_place)
        return [("views/places/looks.html", {"looks": shown, "title": _("Places looked at")})]

    # the day list ----------------------------------------------------------------

    @expose("/today")
    @allowed(roles.READ)
    def today(self) -> ResponseReturnValue:
        """What is to be looked at today, one tap each; what was looked at already."""
        view, session = self.view_of("Place"), self.datamodel.session
        asked = replace(query.parse(view), preset="due")
        page = view.list_page(asked, DUE_COLUMNS)
        checks = queries.of_today(session, scope.current().user_id, visible(Place))
        matters = queries.matters_of(session, checks, visible(Matter))
        shown = [int(row.id) for row in page.rows]
        mine = self._mine([*shown, *(check.place_id for check in checks)])
        return render_template(
            "views/places/today.html",
            view=self,
            page=replace(page, next_url=_here(page.next_url), prev_url=_here(page.prev_url)),
            mine=mine,
            whole=[key for key in shown if key in mine],
            looks=words.looks(checks, matters, _by_place),
            sweeps=self._sweeps(),
            services=self._services(),
            title=_("Patrol of today"),
        )

    def _mine(self, keys: list[int]) -> set[int]:
        """Which of these places who asks may patrol: one may see more than that."""
        prefixes = scope.current().prefixes(roles.WRITE, "Patrol")
        return queries.lying_in(self.datamodel.session, keys, prefixes) if prefixes else set()

    def _sweeps(self) -> list[tuple[str, str, str, int, int]]:
        """Sweeps of these days that have something in one's own cells: title, address, last day,
        how much is done and how much there is.
        """
        session, who = self.datamodel.session, scope.current()
        running = session.scalars(
            select(Sweep).where(sweep_queries.running(), visible(Sweep)).order_by(Sweep.ends_on)
        ).all()
        prefixes = who.prefixes(roles.WRITE, "Patrol") or who.prefixes(roles.READ, "Patrol")
        found = []
        for key, cells in sweep_queries.coverage(session, running, prefixes).items():
            sweep = next(one for one in running if one.id == key)
            total, done = sum(cell.total for cell in cells), sum(cell.done for cell in cells)
            if total:
                url, last = f"/sweeps/round/{key}", format_date(sweep.ends_on)
                found.append((sweep.title, url, last, done, total))
        return found

    def _services(self) -> Any:
        """The first page of the services that are due in one's grids."""
        view = self.view_of("ServiceRound")
        asked = query.Query(preset="due", part=Slice(SERVICES, *view.default_order))
        return view.list_page(asked, ("service", "grid", "what", "next_on"))

    @expose("/nothing", methods=["POST"])
    @allowed(roles.WRITE)
    def nothing(self) -> ResponseReturnValue:
        """Nothing found at the places that are named: one of them, or all of the page."""
        keys = _keys(request.form.getlist("place"))
        for last in (False, True):  # of two at the same moment the second one looks again
            try:
                places = self._places(keys)
                looked = patrols.nothing(self.datamodel.session, places)
                told = _told(looked, places)
                self.datamodel.session.commit()
                break
            except (IntegrityError, StaleDataError) as error:
                self.datamodel.session.rollback()
                if last:
                    flash(conflict(error), "danger")
                    return redirect("/patrols/today")
        flash(told, "success" if looked else "info")
        return redirect("/patrols/today")

    def _places(self, keys: list[int]) -> list[Place]:
        found = self.datamodel.session.scalars(
            select(Place).where(Place.id.in_(keys), visible(Place))
        ).all()
        if len(found) != len(keys):
            abort(404)
        return list(found)


def _told(looked: int, places: list[Place]) -> str:
    """How many places were noted; where none was, why."""
    if looked:
        return ngettext("One place: nothing found.", "%(num)d places: nothing found.", looked)
    if all(place.off_list_on is not None for place in places):
        return _("It is off the list.")
    return _("It was noted already.")


def _keys(texts: list[str]) -> list[int]:
    """The keys that were sent; 400 for none, too many, or what is no key."""
    fine = all(text.isascii() and text.isdigit() and len(text) < 10 for text in texts)
    if not texts or not fine or len(texts) > MOST:
        abort(400)
    return sorted({int(text) for text in texts})


def _by_place(check: PatrolCheck) -> tuple[str, str, str]:
    return check.place.name, f"/places/show/{check.place_id}", words.clock_time(check.checked_at)


def _here(url: Any) -> str | None:
    """A neighbour of the page on this page instead of the list of places."""
    return url.replace("/places/list/", "/patrols/today", 1) if url else None
