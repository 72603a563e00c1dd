"""The tables of the portal, one module per aggregate."""

from flask_appbuilder.security.sqla.models import User

from portal.models.account import AccountGrant, AccountState
from portal.models.base import InGrid, Row
from portal.models.board import Board
from portal.models.card import Card
from portal.models.catalogue import CalendarDay, Duty, Hotline, Regulation, Setting
from portal.models.delivery import Delivery, GroupRobot, MessageChoice
from portal.models.files import Photo
from portal.models.grid import Grid, GridAlias
from portal.models.inbox import Message, Task
from portal.models.lists import SavedList
from portal.models.matter import Matter, MatterCategory, MatterCounter, MatterPerson, MatterPhoto
from portal.models.mediation import (
    CaseNotice,
    MediationAttendance,
    MediationFile,
    MediationMediator,
    MediationParty,
    MediationSession,
    MediationTerm,
)
from portal.models.meeting import Meeting, MeetingSeries, Reminder
from portal.models.organisations import Organisation
from portal.models.petition import PetitionCase
from portal.models.place import Patrol, PatrolCheck, PatrolFinding, Place
from portal.models.population import CrossCheck, HomeVisit, PopulationChange
from portal.models.records import (
    AuditEntry,
    ImportBatch,
    ImportChange,
    ImportMapping,
    IssuedDocument,
)
from portal.models.rectification import Rectification
from portal.models.register import Building, Dwelling, Household, Resident
from portal.models.regrid import GridChange
from portal.models.responsibility import ResponsibilityDraft
from portal.models.sessions import EndedSession, SentForm
from portal.models.sweep import (
    ServiceRound,
    ServiceVisit,
    Sweep,
    SweepCheck,
    SweepFinding,
    SweepLine,
)
from portal.models.team import LeadingGroup, Post, PostRole, Team, Worker, team_members
from portal.models.unit import MunicipalUnit, UnitCase
from portal.models.work_order import OrderWarning, SupervisionOrder, TraceEntry, WorkOrder

__all__ = [
    "AccountGrant",
    "AccountState",
    "AuditEntry",
    "Board",
    "Building",
    "CalendarDay",
    "Card",
    "CaseNotice",
    "CrossCheck",
    "Delivery",
    "Duty",
    "Dwelling",
    "EndedSession",
    "Grid",
    "GridAlias",
    "GridChange",
    "GroupRobot",
    "HomeVisit",
    "Hotline",
    "Household",
    "ImportBatch",
    "ImportChange",
    "ImportMapping",
    "InGrid",
    "IssuedDocument",
    "LeadingGroup",
    "Matter",
    "MatterCategory",
    "MatterCounter",
    "MatterPerson",
    "MatterPhoto",
    "MediationAttendance",
    "MediationFile",
    "MediationMediator",
    "MediationParty",
    "MediationSession",
    "MediationTerm",
    "Meeting",
    "MeetingSeries",
    "Message",
    "MessageChoice",
    "OrderWarning",
    "MunicipalUnit",
    "Organisation",
    "PetitionCase",
    "Patrol",
    "PatrolCheck",
    "PatrolFinding",
    "Photo",
    "Place",
    "PopulationChange",
    "Post",
    "PostRole",
    "Rectification",
    "Regulation",
    "Reminder",
    "Resident",
    "Row",
    "SavedList",
    "SentForm",
    "ServiceRound",
    "ServiceVisit",
    "Setting",
    "ResponsibilityDraft",
    "SupervisionOrder",
    "Sweep",
    "SweepCheck",
    "SweepFinding",
    "SweepLine",
    "Task",
    "Team",
    "TraceEntry",
    "UnitCase",
    "User",
    "Worker",
    "WorkOrder",
    "team_members",
]
