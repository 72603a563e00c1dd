"""What stands on the service sign of a grid (P5, ``defaults/notice_board.yaml``)."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from portal.models import Post
from portal.queries.board_lines import (
    duty_phone,
    hotlines,
    nearest,
    spoken,
    supervision,
)
from portal.queries.board_record import BoardHotline
from portal.queries.boards import COMMUNITY_DIGITS, grids, publisher
from portal.queries.holders import first_shown, holders
from portal.scope import ancestors

# Whom a sign names; a cell's is about its grid worker and nobody else.
SIGN_ROLES = {
    "community": ("office_director", "group_deputy", "group_head"),
    "area": ("area_head", "area_manager"),
    "block": ("block_head",),
    "cell": ("grid_worker",),
}


@dataclass(frozen=True)
class SignRecord:
    """Everything that stands on a service sign, in its language ``lang``.

    ``post``, ``person``, ``phone``: whom to call, empty where nobody may be shown;
    ``by_duty_phone``: the number is the community's. ``above``: names of the grids above.
    """

    lang: str
    code: str
    name: str
    level: str
    above: tuple[str, ...]
    post: str
    person: str
    phone: str
    by_duty_phone: bool
    supervision: tuple[BoardHotline, ...]
    url: str
    publisher: str


def collect_sign(session: Session, code: str, lang: str, public_url: str) -> SignRecord | None:
    """The record of the sign of grid ``code`` as of today, which may lack something; None: no such
    grid. Four statements.
    """
    lineage = (*ancestors(code), code)
    rows = {row.code: row for row in session.execute(grids(lineage))}
    grid = rows.get(code)
    if grid is None:
        return None
    english = lang == "en"
    lines = nearest(session.execute(hotlines(lineage)).all())
    roles = SIGN_ROLES.get(grid.level, ())
    held = holders(session, (Post.grid_code == code) & Post.role.in_(roles), english)
    person = first_shown(held, roles)
    duty = duty_phone(lines)
    community = rows.get(code[:COMMUNITY_DIGITS], grid)
    least = COMMUNITY_DIGITS if len(code) > COMMUNITY_DIGITS else 0
    return SignRecord(
        lang=lang,
        code=code,
        name=grid.name,
        level=grid.level,
        above=tuple(
            rows[upper].name for upper in lineage[:-1] if upper in rows and len(upper) >= least
        ),
        post=person.title if person else "",
        person=person.name if person else "",
        phone=(person.phone or duty or "") if person else "",
        by_duty_phone=person is not None and not person.phone,
        supervision=spoken(supervision(lines), english),
        url=f"{public_url}/directory/{code}",
        publisher=publisher(session, code, community.name),
    )
