"""Documents of a grid for staff: what is in force, making a version, the file of any version."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import abort, flash, redirect, request, send_file
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import select

from portal import roles, scope
from portal.errors import Forbidden, OutOfScope, RuleError
from portal.models import Grid, IssuedDocument
from portal.models.choices import DOCUMENT_KINDS, DOCUMENT_LANGUAGES, DOCUMENT_SIZES
from portal.queries import papers as queries
from portal.rules import audit, batches, documents, sources
from portal.views.context import format_date
from portal.views.entity.access import allowed
from portal.views.entity.interface import visible

# Documents about people: opening the file is noted in the audit log like an export.
NOTED = ("grid-archive", "worker-cards")
VERSIONS = 4  # of one document that the panel links to; the list has all


@dataclass(frozen=True)
class Version:
    """An issued version as a link."""

    number: str
    url: str | None  # none where one may know of it, but not have its file
    day: str
    superseded: bool


@dataclass
class Line:
    """A document of the grid in one size and language: its versions, the one in force first."""

    name: str
    size: str
    lang: str
    versions: list[Version] = field(default_factory=list)
    more: int = 0


@dataclass
class Kind:
    """A kind of document that the grid has, or may have."""

    code: str
    name: str
    sizes: list[tuple[str, str]]
    lines: list[Line]
    drawn: bool  # for grids of this level; it may have been once


class PapersMixin:
    """The routes ``/documents/file/<pk>`` and ``/documents/make``."""

    @expose("/file/<pk>")
    @allowed(roles.READ)
    def file(self: Any, pk: str) -> ResponseReturnValue:
        """The PDF of an issued version, as it was issued; 404 where its bytes are not there, 403
        where reading documents is not enough.
        """
        row = self.row_for(pk, roles.READ)
        if not documents.may_open(scope.current(), row.kind, row.grid_code):
            raise Forbidden(f"file of {row.kind} {pk}")
        if not documents.is_stored(row):
            abort(404)
        session = self.datamodel.session
        if row.kind in NOTED:
            audit.record(session, "export", row)
            session.commit()
        answer = send_file(
            documents.stored_file(row),
            mimetype=documents.SHEETS.get(row.size, "application/pdf"),
            download_name=file_name(row, self.grid_name(row)),
            etag=row.sha256,
            max_age=0,
        )
        answer.headers["Cache-Control"] = "private, no-cache"
        return answer

    @expose("/make", methods=["POST"])
    @allowed(roles.WRITE)
    def make(self: Any) -> ResponseReturnValue:
        """Make or renew one document of a grid in the queue; what it lacks is said at once."""
        session = self.datamodel.session
        grid = session.scalar(
            select(Grid).where(
                visible(Grid, roles.READ), Grid.code == request.form.get("grid", "")[:19]
            )
        )
        if grid is None:
            abort(404)
        kind, size, lang = (request.form.get(name, "") for name in ("kind", "size", "lang"))
        if not _exists(grid, kind, size, lang):
            abort(400)
        try:
            subject = documents.usual_subject(documents.SPECS[kind])
            held = sources.still_true(session, kind, grid.code, size, lang, subject)
            if held is not None:
                flash(
                    _(
                        "Nothing has changed since %(number)s: it stays in force.",
                        number=held.number,
                    ),
                    "info",
                )
                return redirect(f"/grids/show/{grid.id}#documents")
            url = self.start_one(grid, kind, size, lang)
        except RuleError as refusal:
            flash(str(refusal), "danger")
            return redirect(f"/grids/show/{grid.id}#documents")
        except OutOfScope:
            abort(404)
        return redirect(url)

    def start_one(self: Any, grid: Grid, kind: str, size: str, lang: str) -> str:
        """A batch of one; the address of its task."""
        user_id = scope.current().user_id
        assert user_id is not None  # ``allowed`` has seen to it
        session = self.datamodel.session
        order = batches.Order(grid.code, {kind: batches.SELF}, size, lang)
        task = batches.start(session, user_id, order)
        session.commit()
        return f"/tasks/{task.id}"

    def grid_name(self: Any, row: IssuedDocument) -> str:
        """What the grid of a document is called today."""
        found = select(Grid.name).where(Grid.code == row.grid_code)
        return str(self.datamodel.session.scalar(found) or row.grid_code)


def file_name(row: IssuedDocument, grid: str) -> str:
    """What the file of a version is called: kind, grid, size, language, version."""
    kind = str(DOCUMENT_KINDS.get(row.kind, row.kind))
    parts = [kind, grid, DOCUMENT_SIZES.get(row.size, row.size.upper())]
    if row.subject:
        parts.insert(2, row.subject)
    if row.lang != documents.LANGUAGES[0]:
        parts.append(row.lang)
    ending = row.size if row.size in documents.SHEETS else "pdf"
    return f"{'-'.join(map(str, parts))}-{row.issue_no}.{ending}".replace("/", "_")


def panel(session: Any, grid: Grid, may_make: bool) -> tuple[str, dict[str, Any]] | None:
    """The panel of a grid's page, or None for grids that have no documents and who may see none."""
    identity = scope.current()
    readable = identity.prefixes(roles.READ, IssuedDocument.resource or "")
    if not scope.covers(readable, grid.code) or grid.level not in documents.GRID_LEVELS:
        return None
    issued = queries.of_grid(session, grid.code)
    return "views/documents/panel.html", {
        "grid": grid.code,
        "kinds": list(_kinds(grid, issued)),
        "may_make": may_make,
        "languages": DOCUMENT_LANGUAGES,
        "lang": str(get_locale()),
        "all_url": f"/documents/list/?grid_code={grid.code}",
        "batch_url": f"/documents/batch?grid={grid.code}",
    }


def _kinds(grid: Grid, issued: Sequence[IssuedDocument]) -> Iterator[Kind]:
    for kind, spec in documents.SPECS.items():
        own = [row for row in issued if row.kind == kind]
        drawn = grid.level in spec.levels
        if drawn or own:
            sizes = [(size, DOCUMENT_SIZES[size]) for size in _sizes(spec)]
            yield Kind(kind, str(DOCUMENT_KINDS[kind]), sizes, _lines(own), drawn)


def _lines(rows: Sequence[IssuedDocument]) -> list[Line]:
    """Versions by size, language and subject; ``rows`` come newest first."""
    found: dict[tuple[str, ...], Line] = {}
    for row in rows:
        key = (row.subject, row.size, row.lang)
        if key not in found:
            lang = str(DOCUMENT_LANGUAGES.get(row.lang, row.lang))
            found[key] = Line(row.subject, DOCUMENT_SIZES.get(row.size, row.size), lang)
        line = found[key]
        if len(line.versions) < VERSIONS:
            mine = documents.may_open(scope.current(), row.kind, row.grid_code)
            url, day = f"/documents/file/{row.id}" if mine else None, format_date(row.issued_on)
            line.versions.append(Version(row.number, url, day, bool(line.versions)))
        else:
            line.more += 1
    return list(found.values())


def _exists(grid: Grid, kind: str, size: str, lang: str) -> bool:
    """Whether grids of this level have such a document."""
    spec = documents.SPECS.get(kind)
    return (
        spec is not None
        and grid.level in spec.levels
        and size in _sizes(spec)
        and lang in documents.LANGUAGES
    )


def _sizes(spec: documents.Spec) -> tuple[str, ...]:
    """Where a kind has subjects its other sizes are theirs: a single card."""
    return spec.sizes[:1] if spec.subject else spec.sizes
