"""Mediation files (调解卷宗, P8.2, P9.2): opened of a dispute, kept, ended, followed up."""

from portal.rules.mediation.keeping import (
    MOST_PARTIES,
    add_party,
    add_term,
    agree,
    confirm,
    end,
    name_mediators,
    perform,
    plan_session,
    record_session,
)
from portal.rules.mediation.mending import drop_session, mend_party, mend_term
from portal.rules.mediation.opening import handles, may_open, open_file

__all__ = [
    "MOST_PARTIES",
    "add_party",
    "add_term",
    "agree",
    "confirm",
    "drop_session",
    "end",
    "handles",
    "may_open",
    "mend_party",
    "mend_term",
    "name_mediators",
    "open_file",
    "perform",
    "plan_session",
    "record_session",
]
