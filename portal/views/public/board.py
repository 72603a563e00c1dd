"""``/directory/<code>/board.pdf``: the notice board in force, rendered by the queue worker.

Anybody may ask, so asking must stay cheap: the same board is one job however many ask, one
visitor at a time waits for it (every wait holds a web worker), and addresses are limited.
"""

from typing import Any

from flask import abort, current_app, render_template, request, send_file
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _

from portal.errors import RuleError
from portal.extensions import db
from portal.models import IssuedDocument
from portal.queries.board_lines import FIRST_CALLS
from portal.queries.board_record import BoardRecord
from portal.queries.boards import collect_board
from portal.rules import boards, documents, rendering
from portal.views.public.answers import SECONDS, public_blueprint
from portal.views.public.lookup import answer_gone, find_grid
from portal.views.public.words import grid_url

LIMIT = "30 per minute; 300 per hour"  # of one address
RETRY_AFTER = 5

blueprint = public_blueprint("board")
answer_gone(blueprint)


def limit(builder: Any) -> None:
    """Limit how often one address may ask for boards."""
    builder.sm.limiter.limit(LIMIT)(blueprint)


@blueprint.get("/directory/<code>/board.pdf")
def pdf(code: str) -> ResponseReturnValue:
    """The board of a grid, ``?size=a3`` (default) or ``a4``, in the language of the visitor.

    404 with what is missing where a board cannot be issued yet; 503 with Retry-After where it is
    not rendered in time.
    """
    size = request.args.get("size", "a3").lower()
    if size not in boards.SIZES:
        abort(400)
    line, _parts = find_grid(code)
    lang = str(get_locale())
    try:
        with rendering.turn() as seconds:
            document = boards.request_board(code, size, lang, seconds)
    except RuleError:
        return _not_yet(line[-1], lang)
    if document is None:
        return _later(line[-1])
    return _send(document, line[-1].name)


def _send(document: IssuedDocument, name: str) -> ResponseReturnValue:
    title = f"{_('Grid notice board')}-{name}-{document.size.upper()}-{document.issue_no}.pdf"
    answer = send_file(
        documents.stored_file(document),
        mimetype="application/pdf",
        download_name=title,
        etag=document.sha256,
        last_modified=document.created_at,
        max_age=SECONDS,
    )
    answer.headers["Cache-Control"] = f"public, max-age={SECONDS}"
    return answer


def _not_yet(grid: Any, lang: str) -> ResponseReturnValue:
    """404: there is no such document as long as a required part of it is missing."""
    address = current_app.config["PORTAL_PUBLIC_URL"]
    record = collect_board(db.session, grid.code, lang, address)
    page = render_template(
        "views/public/no_board.html",
        title=_("No notice board yet"),
        grid=grid,
        page_url=grid_url(grid.code),
        missing=_missing(record) if record else [],
    )
    return page, 404


def _missing(record: BoardRecord) -> list[str]:
    """What the board lacks, in words for residents (the staff's own list says how to mend it)."""
    watching = {line.scope for line in record.supervision}
    checks = (
        (_("the map of the grid"), bool(record.shape.boundary)),
        (_("the four bounds"), any(record.bounds)),
        (_("people who may be shown in public"), any(one.own for one in record.people)),
        (_("the list of duties"), bool(record.duties)),
        (_("the supervision telephone of the community"), bool(watching & {"community", "grid"})),
        (_("the supervision telephone of the street"), "street" in watching),
        (
            _("the emergency numbers"),
            {line.number for line in record.emergency}.issuperset(FIRST_CALLS),
        ),
    )
    return [text for text, holds in checks if not holds]


def _later(grid: Any) -> ResponseReturnValue:
    page = render_template(
        "views/public/board_later.html",
        title=_("The notice board is being made"),
        grid=grid,
        page_url=grid_url(grid.code),
        again_url=request.full_path.rstrip("?"),
    )
    return page, 503, {"Retry-After": str(RETRY_AFTER)}
