"""Numbers of desks about places that need attention, sweeps and services that come into grids."""

from flask_babel import lazy_gettext as _l

from portal import roles, scope
from portal.extensions import db
from portal.queries import sweeps
from portal.views.desk_counts import Count, Figure

PLACES_DUE = Count(
    _l("Places to look at today"), "Place", {"preset": "due"}, "warn", "/patrols/today"
)
PLACES_LATE = Count(_l("Patrols overdue"), "Place", {"preset": "overdue"}, "late")
TO_ACCEPT = Count(_l("Places to be accepted"), "Place", {"preset": "to_accept"}, "warn")
SERVICES_DUE = Count(_l("Services due in the grid"), "ServiceRound", {"preset": "due"}, "warn")
SERVICES_LATE = Count(
    _l("Services that did not come"), "ServiceRound", {"preset": "overdue"}, "late"
)


def _open_cells() -> int:
    prefixes = scope.current().prefixes(roles.READ, "Sweep")
    return sweeps.open_cells(db.session, prefixes)


TO_SWEEP = Figure(_l("Sweeps to go through"), "Sweep", "/patrols/today", _open_cells, "warn")
NOT_SWEPT = Figure(
    _l("Cells not swept yet"), "Sweep", "/sweeps/list/?preset=running", _open_cells, "warn"
)
PATROLS = (PLACES_DUE, PLACES_LATE, TO_SWEEP, SERVICES_DUE)
