"""Chapters 1 and 3 of the manual: the grids in numbers, their maps, bounds and neighbours."""

from collections.abc import Iterable
from functools import lru_cache

from portal.documents.figure import figure
from portal.documents.gridmap import GridShape, draw_map
from portal.documents.gridmap_words import map_labels
from portal.documents.manual_parts import BLANK, Context, blanks, head, local, para, table
from portal.documents.manual_text import Block
from portal.documents.manual_words import directions, kinds_of_cells
from portal.queries.manual import HEADS
from portal.queries.manual_record import ManualGrid
from portal.rules.geometry import load_geometry, neighbours
from portal.rules.manual import own_grid, touching

LEVELS = ("community", "area", "block", "cell")
WIDTH, HEIGHT = 171.0, 112.0  # millimetres; a map as wide as the text


def _levels(ctx: Context) -> dict[str, str]:
    _ = ctx.say
    return {
        "community": _("Community"),
        "area": _("Area"),
        "block": _("Block"),
        "cell": _("Cell"),
    }


def overview(ctx: Context, _arg: str) -> Iterable[Block]:
    """How many grids, households and posts each level has."""
    _ = ctx.say
    names = _levels(ctx)
    head_of = {"community": "group_head", **HEADS}
    rows = []
    for level in LEVELS:
        grids = ctx.grids(level)
        counted = [grid.households or 0 for grid in ctx.grids("cell")]
        posts = sum(len(ctx.people(grid.code, head_of[level])) for grid in grids)
        households = f"{sum(counted):,}" if any(counted) else ""
        rows.append((names[level], len(grids), households, ctx.post_name(head_of[level]), posts))
    titles = [_("Level"), _("Grids"), _("Households"), _("Who heads it"), _("Heads in office")]
    # A grid's record names only the people on its own branch: nothing to count.
    count = 5 if ctx.record.edition == "community" else 4
    widths = (18, 14, 18, 32, 18)
    shown = [row[:count] for row in rows]
    yield table(titles[:count], shown, widths[:count], _("The grids in numbers"))
    standards = _("; ").join(
        f"{kinds_of_cells(_)[kind]} {least}–{most}" for kind, least, most in ctx.record.standards
    )
    yield para(_("Households of a cell by the standard: %(standards)s.") % {"standards": standards})
    yield local(
        _("Households are those declared. How many people live here follows from the register"
          " once it is open; until then the community fills it in: ____________")
    )  # fmt: skip


def grids(ctx: Context, _arg: str) -> Iterable[Block]:
    """The blocks under their areas with what they hold; only in the edition of the community."""
    _ = ctx.say
    if ctx.record.edition != "community":
        return
    names = {grid.code: grid.name for grid in ctx.record.grids}
    rows = []
    for block in ctx.grids("block"):
        cells = ctx.grids("cell", block.code)
        counted = sum(cell.households or 0 for cell in cells)
        area = names.get(block.parent, "")
        rows.append((block.name, block.code[12:], area, len(cells), f"{counted:,}"))
    titles = (_("Block"), _("Code"), _("Area"), _("Cells"), _("Households"))
    yield table(titles, rows, (30, 14, 30, 12, 14), _("The blocks of the community"))


def _kind(ctx: Context, grid: ManualGrid) -> str:
    return kinds_of_cells(ctx.say).get(grid.kind or "", "")


def map_of(ctx: Context, arg: str) -> Iterable[Block]:
    """The map of the community, of the areas, or of the manual's own grid."""
    _ = ctx.say
    record = ctx.record
    if arg == "community":
        (community,) = ctx.grids("community")
        yield _map(ctx, community, (), ctx.grids("area"))
        yield para(_("The community with its areas. Cells are numbered within their block."))
    elif arg == "areas":
        areas = [a for a in ctx.grids("area") if _on_the_way(record.code, a.code)]
        for area in areas:
            yield head(area.name)
            yield _map(ctx, area, (), ctx.grids("cell", area.code), HEIGHT * 0.92)
    elif record.level in HEADS:
        own = own_grid(record)
        near = [grid for grid, _direction, _metres in touching(record)]
        others = [g for g in ctx.grids(own.level) if g != own and g not in near]
        yield _map(ctx, own, near, others)


def _on_the_way(own: str, code: str) -> bool:
    return own.startswith(code) or code.startswith(own)


def _map(
    ctx: Context,
    focus: ManualGrid,
    near: Iterable[ManualGrid],
    others: Iterable[ManualGrid],
    height: float = HEIGHT,
) -> Block:
    """A map, or a sentence where there is no boundary."""
    _ = ctx.say
    if not focus.boundary:
        return local(_("No boundary of %(grid)s is on record.") % {"grid": focus.name})
    words = map_labels(ctx.say) | {"here": ""}
    around, rest = (
        [_shape(g.code, g.name, g.boundary) for g in group if g.boundary]
        for group in (near, others)
    )
    shape = _shape(focus.code, focus.name, focus.boundary)
    drawing = draw_map(shape, around, rest, WIDTH, height, words)
    title = _("Map of the grid") + _(": ") + focus.name
    return Block("figure", markup=figure(drawing, title))


@lru_cache(maxsize=64)
def _shape(code: str, name: str, boundary: str) -> GridShape:
    """A grid as the map draws it; its boundary is read once, however many maps show it."""
    return GridShape(code, name, load_geometry(boundary))


def bounds(ctx: Context, _arg: str) -> Iterable[Block]:
    """The four bounds of the grid and of the cells below it."""
    _ = ctx.say
    record = ctx.record
    sides = (_("East to"), _("South to"), _("West to"), _("North to"))
    if record.edition == "community":
        for area in ctx.grids("area"):
            rows = [(grid.name, *grid.bounds) for grid in ctx.grids("cell", area.code)]
            yield head(area.name)
            yield table((_("Cell"), *sides), rows, (24, 19, 19, 19, 19))
        return
    own = own_grid(record)
    yield table(sides, [own.bounds], (25, 25, 25, 25), own.name)
    cells = [grid for grid in ctx.grids("cell", own.code) if grid.code != own.code]
    if cells:
        yield para(_("The cells within it:"))
        rows = [(grid.name, *grid.bounds) for grid in cells]
        yield table((_("Cell"), *sides), rows, (24, 19, 19, 19, 19))


def households(ctx: Context, _arg: str) -> Iterable[Block]:
    """Declared households against the standard, and a table of buildings to fill in."""
    _ = ctx.say
    record = ctx.record
    norms = {kind: (least, most) for kind, least, most in record.standards}
    rows = []
    for cell in ctx.grids("cell", record.code):
        least, most = norms.get(cell.kind or "", (0, 0))
        standard = f"{least}–{most}" if most else ""
        held = least <= (cell.households or 0) <= most
        mark = "" if not most else _("within") if held else _("outside, see reason on record")
        rows.append((cell.name, _kind(ctx, cell), cell.households or "", standard, mark))
    titles = (_("Cell"), _("Kind"), _("Households"), _("Standard"), _("Against the standard"))
    if rows:
        yield table(titles, rows, (28, 20, 14, 14, 24), _("Households as declared"))
    if record.edition != "community":
        heads = (_("No."), _("Building"), _("Entrances"), _("Storeys"), _("Dwellings"),
                  _("Property company"), _("Note"))  # fmt: skip
        yield blanks(heads, 10, (7, 25, 11, 11, 12, 18, 16), _("Buildings, to be filled in"))
    yield local(_("Filled in by hand; the register of buildings in the portal has the rest."))


def organisations(ctx: Context, _arg: str) -> Iterable[Block]:
    """Room for the places of the grid."""
    _ = ctx.say
    titles = (_("No."), _("Place"), _("Kind"), _("Address"), _("Business telephone"),
              _("Person in charge"), _("Checked"))  # fmt: skip
    count = 6 if ctx.record.edition == "community" else 10
    widths = (7, 22, 12, 22, 15, 12, 10)
    yield blanks(titles, count, widths, _("Places, to be filled in"))


def neighbours_of(ctx: Context, _arg: str) -> Iterable[Block]:
    """Who touches the grid, where, and who heads it; of a community which areas touch."""
    _ = ctx.say
    record = ctx.record
    if record.edition == "community":
        shapes = {a.code: load_geometry(a.boundary) for a in ctx.grids("area") if a.boundary}
        names = {a.code: a.name for a in ctx.grids("area")}
        rows = [
            (
                names[code],
                _(", ").join(names[found.code] for found in neighbours(code, shapes)),
                _(", ").join(ctx.people(code, "area_head")),
            )
            for code in shapes
        ]
        titles = (_("Area"), _("Touches"), ctx.post_name("area_head"))
        yield table(titles, rows, (26, 50, 24), _("Areas and their neighbours"))
        return
    words = directions(_)
    role = HEADS[record.level]
    phones = {p.grid_code: p.phone for p in record.people if p.role == role}
    found = [
        (
            grid.name,
            words[direction],
            f"{metres:,.0f}" if metres else _("a corner"),
            _(", ").join(ctx.people(grid.code, role)),
            phones.get(grid.code) or BLANK,
        )
        for grid, direction, metres in touching(record)
    ]
    if not found:
        yield para(_("No grid of this level touches it."))
        return
    heads = (_("Neighbour"), _("Lies"), _("Common line, m"), ctx.post_name(role), _("Telephone"))
    yield table(heads, found, (28, 14, 16, 20, 22), _("Who is next to this grid"))
