"""``/map/``: the grids of a place as a drawing, on a map to move about, and in a list."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from flask import Response, abort, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.extensions import db
from portal.models.choices import LEVELS
from portal.queries import directory, maps
from portal.views.maps import Tab, collection, features, make_sheet
from portal.views.public.answers import public_blueprint
from portal.views.public.lookup import answer_gone, find_grid
from portal.views.public.words import Hit, grid_url, hit_of

LONGEST = 80

blueprint = public_blueprint("map")
answer_gone(blueprint)


@blueprint.get("/map/")
def index() -> ResponseReturnValue:
    """The map of ``?grid=`` with its grids of ``?level=``; ``?q=`` searches. Without a grid: the
    only community that is divided, otherwise the top grids. At most four statements.
    """
    words = " ".join(request.args.get("q", "").replace("\0", " ").split())[:LONGEST]
    if words:
        return _search(words)
    code = request.args.get("grid", "")
    if not code:
        divided = [r for r in directory.start(db.session) if r.parent_code]
        code = divided[0].code if len(divided) == 1 else ""
    if not code:
        return _page(None, [], maps.at_top(db.session), "")
    line, _parts = find_grid(code)
    level = _level(line[-1].level)
    return _page(line[-1], line[:-1], maps.in_grid(db.session, code, level), level)


@blueprint.get("/map/<code>.geojson")
def as_geojson(code: str) -> Response:
    """A grid and the grids of one level in it (``?level=``; the next one), with what is public:
    code, name, level, parent, bounds. Two statements.
    """
    line, _parts = find_grid(code)
    return collection(features(maps.in_grid(db.session, code, _level(line[-1].level))))


def _level(level: str) -> str:
    """The level asked for in a grid of ``level``, otherwise the next one; empty in a cell."""
    inside = maps.LEVELS_IN[level]
    asked = request.args.get("level", "")
    if asked and asked not in LEVELS:
        abort(400)
    return asked if asked in inside else (inside or ("",))[0]


def map_url(code: str, level: str = "") -> str:
    """The map of a grid."""
    asked = {"grid": code} | ({"level": level} if level else {})
    return f"{url_for('map.index')}?{urlencode(asked)}"


def _urls(row: Any) -> tuple[str, str]:
    return grid_url(row.code), "" if row.level == "cell" else map_url(row.code)


def _search(words: str) -> ResponseReturnValue:
    found = directory.find(db.session, words)
    names = directory.names_above(db.session, [row.code for row in found.rows])
    hits = [_to_map(hit_of(row, names, row.address or "")) for row in found.rows]
    return render_template(
        "views/public/map_find.html",
        title=_("Search the map for %(words)s", words=words),
        q=words,
        hits=hits,
        all_url=f"{url_for('find.index')}?{urlencode({'q': words})}" if found.after else None,
    )


def _to_map(hit: Hit) -> Hit:
    return replace(hit, url=map_url(hit.code))


def _page(here: Any, above: list[Any], rows: maps.MapRows, level: str) -> ResponseReturnValue:
    code = here.code if here else ""
    title = _("Map of %(name)s", name=here.name) if here else _("Map of the grids")
    sheet = make_sheet(title, rows, code, _urls)
    inside = maps.LEVELS_IN[here.level] if here else ()
    tabs = [
        Tab(str(LEVELS[name]), map_url(code, name), name == level)
        for name in (inside if len(inside) > 1 else ())
    ]
    shapes = f"{url_for('map.as_geojson', code=code)}?level={level}" if code else ""
    return render_template(
        "views/public/map.html",
        title=title,
        q="",
        grid=here,
        page_url=grid_url(code) if here else "",
        trail=[(row.name, map_url(row.code)) for row in above],
        sheet=sheet,
        tabs=tabs,
        shapes_url=shapes if sheet.drawing else "",
        more_url=f"{url_for('find.index')}?{urlencode({'in': code})}" if rows.more else "",
        tiles=current_app.config["PORTAL_MAP_TILES"],
        tiles_note=current_app.config["PORTAL_MAP_TILES_NOTE"],
    )
