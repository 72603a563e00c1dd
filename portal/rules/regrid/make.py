"""From a wish to a plan: what becomes of the posts and boards of dissolved cells, what collides."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from portal.errors import RuleError
from portal.queries import regrid as queries
from portal.queries.regrid import BuildingLine, GridLine
from portal.rules.regrid import figures, follow
from portal.rules.regrid.plan import LONGEST_NAME, After, BoardChange, PostChange, is_kind

GONE = _l("This grid is no longer in use: begin again from the list of grids.")


def cells_for(session: Session, codes: Sequence[str]) -> list[GridLine]:
    """The cells of these codes in use, in this order. Raises RuleError where one is none."""
    found = {line.code: line for line in queries.grids(session, codes)}
    if any(code not in found for code in codes):
        raise RuleError(GONE)
    lines = [found[code] for code in codes]
    if any(line.level != "cell" for line in lines):
        raise RuleError(_l("Only cells can be cut, joined, or give buildings away."))
    return lines


def named(name: str, kind: str, field: str) -> tuple[str, str]:
    """A name and kind that a new cell may have. Raises RuleError with the field."""
    name = name.strip()
    if not name or len(name) > LONGEST_NAME:
        message = _l("Give the cell a name of at most %(most)s characters.", most=LONGEST_NAME)
        raise RuleError(message, field)
    if not is_kind(kind):
        raise RuleError(_l("Choose what kind of housing the cell is."), field)
    return name, kind


def after_cell(
    session: Session,
    buildings: Iterable[BuildingLine],
    *,
    code: str,
    name: str,
    kind: str | None,
    parent: str | None,
    households: int | None,
    is_new: bool,
    came_from: Iterable[str],
    organisations: int,
    boundary: str | None,
    redrawn: bool,
) -> After:
    """A cell as it will be, with its figures."""
    sums = figures.summed(buildings)
    return After(
        code=code,
        name=name,
        level="cell",
        kind=kind,
        parent_code=parent,
        is_new=is_new,
        came_from=tuple(came_from),
        buildings=sums.buildings,
        households=households,
        dwellings=sums.dwellings,
        residents=sums.residents,
        organisations=organisations,
        limits=figures.limits_of(session).get(kind or ""),
        boundary=boundary,
        redrawn=redrawn,
    )


def team(session: Session, heirs: Mapping[str, str], first: str = "") -> tuple[PostChange, ...]:
    """What becomes of the posts of dissolved cells: a post goes on at the heir while there is
    room for one of its kind, otherwise it ends. Those of cell ``first`` are asked first.
    """
    held: Counter[tuple[str, str]] = Counter()
    people: set[tuple[str, str, int]] = set()
    for post in queries.posts(session, set(heirs.values())):
        held[post.code, post.role] += 1
        people.add((post.code, post.role, post.worker_id))
    found = []
    lines = queries.posts(session, heirs)
    for post in sorted(lines, key=lambda one: one.code != first):
        to = heirs[post.code]
        room = post.most is None or held[to, post.role] < post.most
        goes = room and (to, post.role, post.worker_id) not in people
        if goes:
            held[to, post.role] += 1
            people.add((to, post.role, post.worker_id))
        found.append(PostChange(post, to if goes else ""))
    return tuple(found)


def walls(
    session: Session, heirs: Mapping[str, str], others: Iterable[str] = ()
) -> tuple[BoardChange, ...]:
    """What becomes of the boards of dissolved cells: one of each size and language goes on at the
    heir, further ones come off the wall. Those of ``others`` are replaced where they hang.
    """
    taken = {(b.code, b.size, b.lang) for b in queries.boards(session, set(heirs.values()))}
    found = []
    for board in queries.boards(session, heirs):
        place = (heirs[board.code], board.size, board.lang)
        found.append(BoardChange(board, "" if place in taken else place[0]))
        taken.add(place)
    staying = queries.boards(session, sorted(set(others) - set(heirs)))
    return (*found, *(BoardChange(board, board.code) for board in staying))


def collisions(
    session: Session,
    cells: Iterable[str],
    assigned: Mapping[str, Mapping[int, str]],
    heirs: Mapping[str, str],
) -> list[Any]:
    """Sentences about rows that would be there twice."""
    found: list[Any] = []
    journey = follow.plan_rows(session, cells, assigned, heirs)
    for table, values in follow.clashes(session, journey):
        if table == "buildings":
            message = _l(
                "Both have a building called %(name)s: give one of them another name first.",
                name=values[0],
            )
        else:
            message = _l(
                "Both have a record that may be there only once: delete one of them first."
            )
        if message not in found:
            found.append(message)
    return found
