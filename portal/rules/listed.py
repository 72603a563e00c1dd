"""Rows that no list, page or interface ever deals with, whoever asks."""

from typing import Any

from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import ColumnElement, and_, or_, true

from portal import roles, scope
from portal.models import ImportBatch, Setting
from portal.models.choices import ROLES
from portal.rules.imports import KINDS
from portal.rules.settings import MEANINGS

# Who sees the imports of everybody in their grids; whoever else may read imports sees their own.
SEE_ALL_IMPORTS = (roles.STATION, roles.AUDITOR)


def listed(model: Any) -> ColumnElement[bool]:
    """Condition: people deal with the row.

    Not so with the framework's own role, which nobody holds, with what the portal notes for itself
    among the settings, and with the imports of others: the names of their files and their reports
    tell of people in grids that may not be one's own.
    """
    if model is Role:
        return Role.name.in_(ROLES)
    if model is ImportBatch:
        return _imports(scope.current())
    return Setting.key.in_(MEANINGS) if model is Setting else true()


def _imports(identity: scope.Identity) -> ColumnElement[bool]:
    if identity.unrestricted:
        return true()
    wide = scope.smallest(
        grant.grid_code for grant in identity.grants if grant.role in SEE_ALL_IMPORTS
    )
    seen = [
        ImportBatch.actor == identity.username,
        scope.within(ImportBatch.__table__.c.grid_code, wide),
    ]
    if wide:  # catalogues belong to no grid
        placeless = [kind.name for kind in KINDS.values() if kind.model.scope_column is None]
        seen.append(and_(ImportBatch.grid_code.is_(None), ImportBatch.kind.in_(placeless)))
    return or_(*seen)
