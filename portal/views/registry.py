"""Which views there are, in which order the menu shows them."""

from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask_babel import lazy_gettext as _l

from portal.views.api.entities import make_api
from portal.views.boards import BoardView
from portal.views.cards import CardView, PhotoView
from portal.views.catalogue import DutyView, HotlineView, RegulationView, SettingView
from portal.views.deliveries import ChoicesView, DeliveryView, GroupRobotView
from portal.views.grids import GridView, LeadingGroupView
from portal.views.health import health
from portal.views.imports.batches import ImportBatchView
from portal.views.inbox import InboxView
from portal.views.jobs import JobsView
from portal.views.ledgers import LedgerView
from portal.views.mediation.files import MediationFileView
from portal.views.meetings import MeetingView
from portal.views.metrics import metrics
from portal.views.petitions.cases import PetitionView
from portal.views.places.patrols import PatrolView
from portal.views.places.places import PlaceView
from portal.views.places.services import ServiceRoundView
from portal.views.places.sweeps import SweepView
from portal.views.population.changes import ChangeView
from portal.views.population.cross_checks import CrossCheckView
from portal.views.population.visits import HomeVisitView
from portal.views.preferences import preferences
from portal.views.public import register_public
from portal.views.quality import RegisterQualityView
from portal.views.records import AuditView, IssuedDocumentView
from portal.views.register import (
    BuildingView,
    DwellingView,
    HouseholdView,
    OrganisationView,
    ResidentView,
)
from portal.views.security.accounts import GrantView, RoleView, UserView
from portal.views.series import CalendarDayView, MeetingSeriesView
from portal.views.tasks import TaskView
from portal.views.teams import PostRoleView, PostView, TeamView, WorkerView
from portal.views.units import MunicipalUnitView
from portal.views.work_orders.categories import MatterCategoryView
from portal.views.work_orders.matters import MatterView
from portal.views.work_orders.orders import WorkOrderView
from portal.views.work_orders.responsibility import ResponsibilityView
from portal.views.work_orders.supervision import SupervisionOrderView


@dataclass(frozen=True)
class Page:
    """A page of the menu that is no list of an entity: ``view`` answers ``/<slug>/`` and has a
    ``list_title``; ``resource`` is what one must be able to read to see the entry (None: nothing).
    """

    view: Any
    slug: str
    resource: str | None


# (heading, [(view or page, icon)]); views of a later version are added here and nowhere else
MENU: tuple[tuple[Any, tuple[tuple[Any, str], ...]], ...] = (
    (_l("Grids and teams"), (
        (GridView, "map-2"),
        (WorkerView, "users"),
        (PostView, "id-badge-2"),
        (CardView, "id"),
        (TeamView, "users-group"),
        (LeadingGroupView, "sitemap"),
    )),
    (_l("Matters and orders"), (
        (WorkOrderView, "clipboard-list"),
        (MatterView, "message"),
        (SupervisionOrderView, "gavel"),
        (MediationFileView, "users"),
        (PetitionView, "writing-sign"),
        (MunicipalUnitView, "building-bank"),
        (ResponsibilityView, "scale"),
        (Page(LedgerView, "ledgers", "WorkOrder"), "clipboard-list"),
        (MatterCategoryView, "list-details"),
    )),
    (_l("Places and rounds"), (
        (PlaceView, "map-pin"),
        (PatrolView, "checklist"),
        (SweepView, "list-search"),
        (ServiceRoundView, "heart-handshake"),
    )),
    (_l("Register"), (
        (ResidentView, "user"),
        (HouseholdView, "home"),
        (DwellingView, "door"),
        (BuildingView, "building"),
        (OrganisationView, "building-store"),
        (ChangeView, "timeline"),
        (HomeVisitView, "checklist"),
        (Page(RegisterQualityView, "register-quality", "Resident"), "chart-bar"),
        (CrossCheckView, "message"),
    )),
    (_l("Meetings and calendar"), (
        (MeetingView, "calendar-event"),
        (MeetingSeriesView, "repeat"),
        (CalendarDayView, "calendar"),
    )),
    (_l("Rules and numbers"), (
        (DutyView, "clipboard-list"),
        (RegulationView, "gavel"),
        (HotlineView, "phone"),
        (PostRoleView, "list-details"),
    )),
    (_l("Papers and data"), (
        (BoardView, "layout-dashboard"),
        (IssuedDocumentView, "file-text"),
        (PhotoView, "photo"),
        (ImportBatchView, "upload"),
    )),
    (_l("Administration"), (
        (UserView, "user-circle"),
        (GrantView, "key"),
        (RoleView, "user-shield"),
        (SettingView, "settings"),
        (Page(JobsView, "jobs", "Job"), "stack-2"),
        (DeliveryView, "send"),
        (GroupRobotView, "message"),
        (AuditView, "history"),
    )),
)  # fmt: skip


def register(app: Flask, builder: Any) -> None:
    """Register every view with its API, the public pages and the menu."""
    menu: list[tuple[Any, list[tuple[Any, str, str, str | None]]]] = [
        ("", [(_l("My desk"), "/desk/", "home", None)])
    ]
    for heading, entries in MENU:
        items: list[tuple[Any, str, str, str | None]] = []
        for view, icon in entries:
            if isinstance(view, Page):
                builder.add_view_no_menu(view.view)
                items.append((view.view.list_title, f"/{view.slug}/", icon, view.resource))
                continue
            builder.add_view_no_menu(view)
            builder.add_api(make_api(view))
            items.append((view.list_title, f"/{view.slug}/list/", icon, view.entity.resource))
        menu.append((heading, items))
    app.extensions["portal_menu"] = menu
    app.register_blueprint(preferences)
    app.register_blueprint(health)
    builder.add_view_no_menu(InboxView)
    builder.add_view_no_menu(ChoicesView)
    builder.add_view_no_menu(TaskView)
    app.register_blueprint(metrics)
    register_public(app, builder)
