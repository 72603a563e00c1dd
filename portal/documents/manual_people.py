"""Chapters 2 and 4 of the manual: who holds which post, and what the posts do."""

from collections.abc import Iterable

from portal.documents.manual_parts import BLANK, Context, head, local, para, table
from portal.documents.manual_text import Block
from portal.queries.manual_record import ManualPost

LEADING = ("group_head", "group_deputy", "group_member", "office_director", "mediator")
CELL_ROLES = ("grid_leader", "grid_worker", "information_officer")


def leading(ctx: Context, _arg: str) -> Iterable[Block]:
    """The leading group and its office, by name."""
    _ = ctx.say
    community = ctx.record.code[:12]
    rows = [
        (ctx.post_name(role), _names(ctx, community, role), _phones(ctx, community, role))
        for role in LEADING
    ]
    widths = (40, 36, 24)
    yield table((_("Post"), _("Full name"), _("Telephone")), rows, widths, ctx.record.publisher)


def _names(ctx: Context, code: str, *roles: str) -> str:
    return ctx.say(", ").join(dict.fromkeys(ctx.people(code, *roles)))


def _phones(ctx: Context, code: str, *roles: str) -> str:
    """Public telephones of the holders, each once."""
    found = [p.phone for p in ctx.record.people if p.grid_code == code and p.role in roles]
    return ctx.say(", ").join(dict.fromkeys(phone for phone in found if phone))


def areas(ctx: Context, _arg: str) -> Iterable[Block]:
    """Areas with their two people in charge, the clerk and the patrol; a grid sees its own."""
    _ = ctx.say
    rows = [
        (
            area.name,
            _names(ctx, area.code, "area_manager"),
            _names(ctx, area.code, "area_head"),
            _names(ctx, area.code, "data_clerk"),
            _names(ctx, area.code, "patrol"),
        )
        for area in ctx.grids("area")
        if _near(ctx, area.code)
    ]
    heads = (ctx.post_name(role) for role in ("area_manager", "area_head", "data_clerk", "patrol"))
    yield table((_("Area"), *heads), rows, (20, 18, 18, 16, 28), _("Who is in charge of the areas"))


def _near(ctx: Context, code: str) -> bool:
    """Whether a grid lies on the way up from the manual's own, or below it."""
    own = ctx.record.code
    return code.startswith(own) or own.startswith(code)


def roster(ctx: Context, _arg: str) -> Iterable[Block]:
    """Blocks and cells with their people; of a grid its own branch."""
    _ = ctx.say
    blocks = [block for block in ctx.grids("block") if _near(ctx, block.code)]
    rows = [
        (
            block.name,
            _names(ctx, block.code, "block_head"),
            _phones(ctx, block.code, "block_head"),
            len(ctx.grids("cell", block.code)),
        )
        for block in blocks
    ]
    titles = (_("Block"), ctx.post_name("block_head"), _("Telephone"), _("Cells"))
    if rows:
        yield table(titles, rows, (38, 22, 28, 12), _("Heads of the blocks"))
    cells = [
        (
            cell.name,
            *(_names(ctx, cell.code, role) for role in CELL_ROLES),
            _phones(ctx, cell.code, "cell_head", "grid_leader"),
        )
        for cell in ctx.grids("cell")
        if _near(ctx, cell.code)
    ]
    if cells:
        heads = (_("Cell"), *(ctx.post_name(role) for role in CELL_ROLES), _("Telephone"))
        yield para(_("In each cell:"))
        yield table(heads, cells, (24, 17, 17, 17, 25))
    yield para(_("Telephones are those that may be shown in public."))


def teams(ctx: Context, _arg: str) -> Iterable[Block]:
    """The teams with captain and number of members."""
    _ = ctx.say
    names = {grid.code: grid.name for grid in ctx.record.grids}
    rows = [
        (team.name, names.get(team.grid_code, ""), team.captain, team.members)
        for team in ctx.record.teams
    ]
    if rows:
        titles = (_("Team"), _("Grid"), _("Captain"), _("Members"))
        yield para(_("The teams of today:"))
        yield table(titles, rows, (34, 28, 22, 16))


def linked(ctx: Context, _arg: str) -> Iterable[Block]:
    """The people of the linked services, as far as they are on record; room for the others."""
    _ = ctx.say
    names = {grid.code: grid.name for grid in ctx.record.grids}
    roles = ("linked_police", "linked_service")
    rows: list[tuple[str, ...]] = [
        (ctx.post_name(p.role), p.name, names.get(p.grid_code, ""), p.phone or BLANK)
        for p in ctx.record.people
        if p.role in roles and _near(ctx, p.grid_code)
    ]
    rows += [(BLANK,) * 4] * max(4 - len(rows), 1)
    heads = (_("Service"), _("Full name"), _("Grid"), _("Telephone"))
    yield table(heads, rows, (34, 20, 24, 22), _("Who comes into the grid"), "write")


def posts(ctx: Context, _arg: str) -> Iterable[Block]:
    """What the posts answer for, do and decide."""
    _ = ctx.say
    chosen = ctx.posts()
    if ctx.record.edition == "post":
        yield from _one_post(ctx, chosen[0])
        return
    levels = {
        "leading": _("Leading group"),
        "community": _("Community"),
        "area": _("Area"),
        "block": _("Block"),
        "cell": _("Cell"),
        "any": _("Any level"),
    }
    titles = (_("Post"), _("Answers for"), _("Main work"), _("Decides"))
    for level, name in levels.items():
        rows = [(_full(ctx, p), *ctx.post_text(p)) for p in chosen if p.level == level]
        if rows:
            yield head(name)
            yield table(titles, rows, (22, 16, 40, 22))
    yield para(_("Who holds several posts has the duties of each, and signs for each."))


def _full(ctx: Context, post: ManualPost) -> str:
    return post.name_en if ctx.english else post.name_zh


def _one_post(ctx: Context, post: ManualPost) -> Iterable[Block]:
    _ = ctx.say
    responsibility, work, decides = ctx.post_text(post)
    holders = _(", ").join(ctx.record.holders)
    rows = (
        (_("Post"), _full(ctx, post)),
        (_("Grid"), ctx.record.name),
        (_("Holder"), holders or BLANK),
        (_("Answers for"), responsibility),
        (_("Main work"), work),
        (_("Decides"), decides or _("nothing by itself: it reports and helps")),
    )
    yield table((_("This post"), _("What it says")), rows, (22, 78))
    if not post.account:
        yield local(_("This post has no account: what is found is told to the grid leader."))


def signoff(ctx: Context, _arg: str) -> Iterable[Block]:
    """Who received the manual, and when it went back."""
    _ = ctx.say
    titles = (_("No."), _("Full name"), _("Post"), _("Issue"), _("Received on"), _("Signature"),
              _("Returned on"))  # fmt: skip
    rows = [(str(at), *([BLANK] * 6)) for at in range(1, 4 if ctx.record.subject else 13)]
    yield table(titles, rows, (7, 17, 18, 9, 17, 17, 15), "", "write")
