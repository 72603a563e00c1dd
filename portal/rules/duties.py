"""Rules about the catalogue of duties (P3): whose duty it is must be a post that exists."""

import re

from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.errors import RuleError
from portal.models import Duty, PostRole

OTHER_ROLES = ("care_officer",)  # account roles that carry duties without being a post


def prepare_duty(session: Session, duty: Duty) -> None:
    """Tidy the list of posts; raises RuleError where a post is not in the catalogue."""
    codes = [part for part in re.split(r"[\s;；,，、]+", duty.role or "") if part]
    known = {*session.scalars(select(PostRole.code)), *OTHER_ROLES}
    unknown = [code for code in codes if code not in known]
    if unknown or not codes:
        raise RuleError(
            _l(
                "Not in the catalogue of posts: %(codes)s. Use its codes, for example %(example)s.",
                codes="、".join(unknown) or "—",
                example="grid_worker;patrol",
            ),
            "role",
        )
    duty.role = ";".join(dict.fromkeys(codes))
