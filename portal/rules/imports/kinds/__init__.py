"""The kinds of files that can be imported, by name."""

from portal.rules.imports.kind import Kind
from portal.rules.imports.kinds.boundaries import BOUNDARIES
from portal.rules.imports.kinds.divisions import DIVISIONS
from portal.rules.imports.kinds.duties import DUTIES
from portal.rules.imports.kinds.grids import GRIDS
from portal.rules.imports.kinds.homes import BUILDINGS, DWELLINGS, HOUSEHOLDS
from portal.rules.imports.kinds.matters import MATTERS
from portal.rules.imports.kinds.posts import POSTS
from portal.rules.imports.kinds.residents import RESIDENTS
from portal.rules.imports.kinds.workdays import WORKDAYS
from portal.rules.imports.kinds.workers import WORKERS

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        *(DIVISIONS, GRIDS, BUILDINGS, DWELLINGS, HOUSEHOLDS, RESIDENTS),
        *(WORKERS, POSTS, DUTIES, BOUNDARIES, WORKDAYS, MATTERS),
    )
}
