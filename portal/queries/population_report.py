"""For whom a monthly report is made."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from portal.models import Grid, Resident


def communities(session: Session) -> list[tuple[str, str]]:
    """Code and name of the communities whose register holds anybody, by code."""
    anybody = select(Resident.id).where(
        Resident.grid_code >= Grid.code, Resident.grid_code < Grid.code + ":"
    )
    found = (
        select(Grid.code, Grid.name)
        .where(Grid.level == "community", anybody.exists())
        .order_by(Grid.code)
    )
    return [(code, name) for code, name in session.execute(found)]
