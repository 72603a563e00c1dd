"""The register in a grid's archive: a cell lists buildings and organisations, a wider grid sums."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from portal.models import Grid
from portal.models.register_choices import BUILDING_KINDS, ORGANISATION_KINDS
from portal.queries import archive_register as queries
from portal.queries.plans import number_in

TABLES = ("buildings", "dwellings", "households", "residents", "organisations")


def told(session: Session, grid: Grid, parts: Sequence[Any]) -> dict[str, Any]:
    """The fields of an archive's record that the register fills, in the language in force.

    ``parts``: the grids right below with ``code`` and ``name``.
    """
    if grid.level == "cell":
        return {
            "buildings": tuple(
                (row.name, str(BUILDING_KINDS[row.kind]), row.units, row.storeys, row.homes)
                for row in queries.buildings(session, grid.code)
            ),
            "organisations": tuple(
                (row.name, str(ORGANISATION_KINDS[row.kind]), row.address or "")
                for row in queries.organisations(session, grid.code)
            ),
        }
    if not parts:
        return {}
    sums = queries.sums(session, grid.code, len(parts[0].code))
    if not sums:
        return {}
    return {
        "registered": tuple(
            (
                part.name,
                number_in(part.code, grid.code[:12]),
                *(sums.get(part.code, {}).get(table, 0) for table in TABLES),
            )
            for part in parts
        )
    }
