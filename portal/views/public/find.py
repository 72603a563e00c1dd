"""``/directory/``: search grids, or walk down from the top."""

import re
from dataclasses import dataclass
from urllib.parse import urlencode

from flask import abort, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext

from portal.extensions import db
from portal.queries import directory, directory_grid
from portal.queries.directory import Found
from portal.views.public.answers import is_code, public_blueprint
from portal.views.public.words import Hit, grid_url, hit_of

LONGEST = 80
# 玉兰路88号3栋 → 玉兰路: what stands before the house number.
HOUSE = re.compile(r"^(\D{2,}?)[\s,，]*[0-9０-９]+\s*(?:[号號弄栋幢座单#\-—－].*)?$")

blueprint = public_blueprint("find")


@dataclass(frozen=True)
class Results:
    """What a search or a walk found, worded."""

    hits: list[Hit]
    count: str
    next_url: str | None
    prev_url: str | None


@blueprint.get("/directory/")
def index() -> ResponseReturnValue:
    """A page of grids: ``?q=`` searches, ``?in=`` lists what lies below a grid, otherwise the top.

    At most four statements. ``?after=`` and ``?before=`` are codes handed out by the links.
    """
    after, before = _cursor("after"), _cursor("before")
    words = " ".join(request.args.get("q", "").replace("\0", " ").split())[:LONGEST]
    if words:
        return _search(words, after, before)
    return _walk(request.args.get("in", ""), after, before)


def _cursor(name: str) -> str:
    code = request.args.get(name, "")
    if code and not is_code(code):
        abort(400)
    return code


def _search(words: str, after: str, before: str) -> ResponseReturnValue:
    found, looked_for = directory.find(db.session, words, after, before), words
    house = HOUSE.match(words)
    if not found.total and house:
        looked_for = house[1].strip()
        found = directory.find(db.session, looked_for, after, before)
    names = directory.names_above(db.session, [row.code for row in found.rows])
    hits = [hit_of(row, names, row.address or "") for row in found.rows]
    return render_template(
        "views/public/find.html",
        title=_("Search for %(words)s", words=words),
        q=words,
        instead=looked_for if found.total and looked_for != words else "",
        results=_results(hits, found, {"q": looked_for}),
        up=None,
    )


def _walk(code: str, after: str, before: str) -> ResponseReturnValue:
    above = None
    if code:
        line, _parts = directory_grid.lineage(db.session, code) if is_code(code) else ([], [])
        above = line[-1] if line and line[-1].code == code else None
        if above is None:
            abort(404)
    found = directory.below(db.session, code or None, after, before)
    numbers = directory.numbers_below(db.session, [row.code for row in found.rows])
    hits = [hit_of(row, {}, _contents(numbers.get(row.code, 0))) for row in found.rows]
    return render_template(
        "views/public/find.html",
        title=_("Grids of %(name)s", name=above.name) if above else _("Grid directory"),
        q="",
        instead="",
        results=_results(hits, found, {"in": code} if code else {}),
        up=(above.name, grid_url(code)) if above else None,
    )


def _contents(number: int) -> str:
    return ngettext("%(num)d grid in it", "%(num)d grids in it", number) if number else ""


def _results(hits: list[Hit], found: Found, asked: dict[str, str]) -> Results:
    number = ngettext("%(num)d grid", "%(num)d grids", found.total)
    return Results(
        hits,
        _("More than %(count)s", count=number) if found.capped else number,
        _link(asked, "after", found.after),
        _link(asked, "before", found.before),
    )


def _link(asked: dict[str, str], name: str, code: str | None) -> str | None:
    if code is None:
        return None
    return f"{url_for('find.index')}?{urlencode({**asked, name: code})}"
