"""Rows that no list, page or interface ever deals with, whoever asks."""

from typing import Any

from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import ColumnElement, true

from portal.models import Setting
from portal.models.choices import ROLES
from portal.rules.settings import MEANINGS


def listed(model: Any) -> ColumnElement[bool]:
    """Condition: people deal with the row.

    Not so with the framework's own role, which nobody holds, and with what the portal notes for
    itself among the settings.
    """
    if model is Role:
        return Role.name.in_(ROLES)
    return Setting.key.in_(MEANINGS) if model is Setting else true()
