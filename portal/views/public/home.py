"""``/``: find your grid; ``/robots.txt`` and ``/sitemap.xml`` for search engines."""

from dataclasses import dataclass, field
from typing import Any

from flask import Response, current_app, render_template
from flask.typing import ResponseReturnValue

from portal.extensions import db
from portal.queries import directory, directory_grid
from portal.views.public.answers import public_blueprint
from portal.views.public.words import Hit, hit_of, line_of

SITEMAP = 50_000  # addresses that one such file may hold
HELP = 4  # numbers of the first page besides the supervision numbers: 110, 119, 120 …

blueprint = public_blueprint("home")


@dataclass
class Branch:
    """An area with its blocks, a block with its cells."""

    hit: Hit
    parts: list["Branch"] = field(default_factory=list)


@blueprint.get("/")
def index() -> ResponseReturnValue:
    """Find your grid. Four statements, however many grids there are."""
    found = directory.start(db.session)
    divided = [row for row in found if row.level == "community" and row.parent_code]
    top = [row for row in found if not row.parent_code]
    names = directory.names_above(db.session, [row.code for row in divided])
    only = divided[0] if len(divided) == 1 else None
    lines = directory_grid.hotlines(db.session, only.code if only else None)
    return render_template(
        "views/public/home.html",
        only=hit_of(only, names) if only else None,
        branches=_branches(directory.tree(db.session, only.code)) if only else [],
        communities=[hit_of(row, names, _where(row, names)) for row in divided],
        top=[hit_of(row, {}) for row in top],
        watch=[line_of(line) for line in lines if directory_grid.watches(line)],
        help=[line_of(line) for line in lines if not directory_grid.watches(line)][:HELP],
    )


def _where(row: Any, names: dict[str, str]) -> str:
    return " › ".join(hit_of(row, names).trail)


def _branches(rows: directory.Rows) -> list[Branch]:
    """Areas with their blocks with their cells, in order of their codes."""
    known: dict[str, Branch] = {}
    areas: list[Branch] = []
    for row in rows:
        branch = known[row.code] = Branch(hit_of(row, {}))
        above = known.get(row.parent_code)
        (above.parts if above else areas).append(branch)
    return areas


@blueprint.get("/robots.txt")
def robots() -> Response:
    """Search engines may read the directory, but neither its searches nor its files."""
    address = current_app.config["PORTAL_PUBLIC_URL"]
    lines = (
        "User-agent: *",
        "Allow: /$",
        "Allow: /directory/",
        "Allow: /map/",
        "Allow: /static/",
        "Disallow: /directory/?q=",
        "Disallow: /directory/*.json",
        "Disallow: /map/?q=",
        "Disallow: /map/*.geojson",
        "Disallow: /directory/*/board.pdf",
        "Disallow: /",
        f"Sitemap: {address}/sitemap.xml",
    )
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """The page of every grid in use."""
    address = current_app.config["PORTAL_PUBLIC_URL"]
    pages = "".join(
        f"<url><loc>{address}/directory/{row.code}</loc>"
        f"<lastmod>{row.updated_at.date().isoformat()}</lastmod></url>\n"
        for row in directory.published(db.session, SITEMAP)
    )
    return Response(
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{pages}</urlset>\n',
        mimetype="application/xml",
    )
