"""The tables of the portal, one module per aggregate."""

from flask_appbuilder.security.sqla.models import User

from portal.models.account import AccountGrant, AccountState
from portal.models.base import InGrid, Row
from portal.models.catalogue import Duty, Hotline, Regulation, Setting
from portal.models.grid import Grid, GridAlias
from portal.models.records import AuditEntry, ImportBatch, ImportChange, IssuedDocument
from portal.models.sessions import EndedSession, SentForm
from portal.models.team import LeadingGroup, Post, PostRole, Team, Worker, team_members

__all__ = [
    "AccountGrant",
    "AccountState",
    "AuditEntry",
    "Duty",
    "EndedSession",
    "Grid",
    "GridAlias",
    "Hotline",
    "ImportBatch",
    "ImportChange",
    "InGrid",
    "IssuedDocument",
    "LeadingGroup",
    "Post",
    "PostRole",
    "Regulation",
    "Row",
    "SentForm",
    "Setting",
    "Team",
    "User",
    "Worker",
    "team_members",
]
