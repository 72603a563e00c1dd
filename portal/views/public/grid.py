"""``/directory/<code>``: the public page of a grid, its JSON, its map, and drawn portraits."""

from flask import Response, abort, current_app, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.documents.gridmap import draw_map
from portal.documents.gridmap_words import map_labels
from portal.documents.portraits import draw_portrait
from portal.extensions import db
from portal.queries import directory_grid as queries
from portal.rules.geometry import load_geometry, neighbours
from portal.views.public import entry
from portal.views.public.answers import A_YEAR, public_blueprint
from portal.views.public.lookup import answer_gone, find_grid
from portal.views.public.words import level_of, line_of, post_name

MAP_WIDTH, MAP_HEIGHT = 1000.0, 720.0
LARGEST_SEED = 2**31 - 1  # of a portrait, as the column holds it

blueprint = public_blueprint("directory")
answer_gone(blueprint)


@blueprint.get("/directory/<code>")
def grid(code: str) -> ResponseReturnValue:
    """Who works there, what they do, whom to call. Six statements."""
    rows = entry.load(*find_grid(code))
    own, above = entry.people(rows)
    more = len(rows.parts) > queries.CHILDREN
    return render_template(
        "views/public/grid.html",
        title=rows.grid.name,
        grid=rows.grid,
        kind=level_of(rows.grid),
        trail=entry.trail(rows),
        own=own,
        above=above,
        tasks=entry.main_tasks(rows),
        all_tasks=entry.all_tasks(rows),
        answer_time=entry.answer_time(rows),
        lines=entry.telephone_lines(rows),
        bounds=entry.bounds(rows),
        near=entry.around(rows, queries.shapes(db.session, code, rows.grid.level)),
        parts=entry.parts(rows),
        parts_url=f"{url_for('find.index')}?in={code}" if more else None,
        boards=entry.boards(rows),
    )


@blueprint.get("/directory/<code>.json")
def as_json(code: str) -> ResponseReturnValue:
    """The same for programs; one entry of ``people`` per post. Five statements."""
    rows = entry.load(*find_grid(code))
    here = rows.grid
    people = [
        {
            "name": post.name,
            "post": post_name(post),
            "public_phone": post.public_phone,
            "duties": entry.duties_of(post.role, rows.duties),
        }
        for post in rows.in_order()
    ]
    hotlines = [
        {"number": line.number, "name": line_of(line).name, "hours": line.hours}
        for line in rows.lines
    ]
    text = current_app.json.dumps(
        {
            "code": here.code,
            "name": here.name,
            "level": here.level,
            "parent": here.parent_code,
            "bounds": {side: getattr(here, f"bound_{side}") for side in entry.SIDES},
            "people": people,
            "hotlines": hotlines,
            "boards": [board.plain() for board in entry.boards(rows)],
        },
        ensure_ascii=False,  # half the size, and readable
    )
    return Response(text, mimetype="application/json")


@blueprint.get("/directory/<code>/map.svg")
def picture(code: str) -> Response:
    """The map of a grid: its neighbours, and within it the grids right below. Two statements."""
    line, _parts = find_grid(code)
    here = line[-1]
    found = queries.shapes(db.session, code, here.level)
    beside = {shape.code: shape for shape in found if shape.level == here.level}
    if code not in beside:
        abort(404)
    places = {other: load_geometry(shape.boundary) for other, shape in beside.items()}
    touching = [near.code for near in neighbours(code, places)]
    inside = [shape for shape in found if shape.level != here.level]
    others = [s for s in beside.values() if s.code not in touching and s.code != code]
    words = map_labels(_) | {"here": ""}
    words["bounds"] = tuple(getattr(here, f"bound_{side}") or "" for side in entry.SIDES)
    svg = draw_map(
        beside[code],
        [beside[near] for near in touching],
        inside or others,
        MAP_WIDTH,
        MAP_HEIGHT,
        words,
    )
    return Response(svg, mimetype="image/svg+xml")


@blueprint.get("/directory/portraits/<int:seed>.svg")
def portrait(seed: int) -> Response:
    """A drawn portrait. Every number has one, so an address says nothing about anybody."""
    if seed > LARGEST_SEED:
        abort(404)
    response = Response(draw_portrait(seed), mimetype="image/svg+xml")
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return response
