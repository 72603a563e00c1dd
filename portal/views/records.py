"""Audit log and issued documents: read only."""

from collections.abc import Sequence
from dataclasses import replace

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import roles, scope
from portal.models import AuditEntry, IssuedDocument
from portal.models.choices import (
    AUDIT_ACTIONS,
    DOCUMENT_KINDS,
    DOCUMENT_LANGUAGES,
    DOCUMENT_SIZES,
)
from portal.queries import papers
from portal.rules import documents
from portal.views import wording
from portal.views.batches import PAGE, BatchMixin
from portal.views.entity import query
from portal.views.entity.base import READ_ONLY, EntityView
from portal.views.page import Cell, Column, Field, ListPage, Record, Tone
from portal.views.papers import PapersMixin

ACTORS = {"system": _l("The portal itself"), "anonymous": _l("Nobody signed in")}


class AuditView(EntityView):
    """Who changed or opened what, and when."""

    api_methods = READ_ONLY
    entity = AuditEntry
    slug = "audit"
    list_title = _l("Audit log")
    one_title = _l("Entry")
    search_in = ("row_label", "actor", "reason")
    list_columns = ["at", "actor", "action", "table_name", "row_label", "grid_code", "reason"]
    show_groups = [
        ("", ["at", "actor", "action", "table_name", "row_id", "row_label", "grid_code"]),
        (_l("Detail"), ["changes", "reason", "request_id", "address"]),
    ]
    filter_columns = ["action", "actor", "table_name"]
    choices = {"action": AUDIT_ACTIONS, "table_name": wording.REGISTERS}
    labels = {"address": _l("Network address")}
    order = ("id",)
    newest_first = True

    def worded_actor(self, row: AuditEntry) -> str:
        """The account, or in words who acts without one."""
        return str(ACTORS.get(row.actor, row.actor))

    def worded_row_label(self, row: AuditEntry) -> str:
        """What people call the record."""
        return wording.record_name(row.table_name, row.row_label)

    def worded_changes(self, row: AuditEntry) -> str:
        """Columns with their old and new values."""
        return wording.changes(self.datamodel.session, row.table_name, row.changes)

    def title_of(self, row: AuditEntry) -> str:
        """An entry is called by what was done to which record."""
        action = AUDIT_ACTIONS.get(row.action, row.action)
        name = self.worded_row_label(row) or wording.register(row.table_name)
        return f"{action} · {name}"


class IssuedDocumentView(PapersMixin, BatchMixin, EntityView):
    """Documents as they were issued."""

    api_methods = READ_ONLY
    entity = IssuedDocument
    slug = "documents"
    list_title = _l("Issued documents")
    one_title = _l("Issued document")
    choices = {"kind": DOCUMENT_KINDS, "size": DOCUMENT_SIZES, "lang": DOCUMENT_LANGUAGES}
    labels = {"number": _l("Document number"), "sha256": _l("SHA-256 of the file")}
    search_in = ("number", "grid")
    list_columns = ["number", "kind", "grid", "size", "lang", "issue_no", "issued_on"]
    show_groups = [
        ("", ["number", "kind", "grid", "size", "lang", "issue_no", "issued_on", "pages"]),
        (_l("The file"), ["sha256"]),
    ]
    filter_columns = ["kind", "grid_code"]
    presets = {
        "in_force": (_l("In force now"), papers.in_force),
        "superseded": (_l("Superseded"), papers.superseded),
    }
    order = ("id",)
    newest_first = True

    def list_page(self, asked: query.Query, columns: Sequence[str] = ()) -> ListPage:
        """The list says which versions are in force. Documents are not typed in, they are issued:
        the button leads to the batch.
        """
        page = super().list_page(asked, columns)
        gone = papers.superseded_among(self.datamodel.session, (int(row.id) for row in page.rows))
        rows = [replace(row, cells=[*row.cells, _state(row.id in gone)]) for row in page.rows]
        page = replace(page, columns=[*page.columns, Column("state", _("State"))], rows=rows)
        if scope.current().can(roles.WRITE, self.class_permission_name):
            page = replace(page, add_url=PAGE)
        return page

    def record(self, row: IssuedDocument) -> Record:
        """With its state; a superseded one leads to the version in force."""
        record = super().record(row)
        session = self.datamodel.session
        gone = bool(papers.superseded_among(session, [row.id]))
        cell = _state(gone)
        href = None
        if gone:
            newest = documents.newest_issue(
                session, row.kind, row.grid_code, row.size, row.lang, row.subject
            )
            href = f"{self.route_base}/show/{newest.id}" if newest else None
        state = Field(cell.name, cell.label, cell.text, href, cell.kind, tone=cell.tone)
        (heading, fields), *others = record.groups
        return replace(record, groups=[(heading, [*fields, state]), *others])

    def title_of(self, row: IssuedDocument) -> str:
        """Documents are called by their number."""
        return row.number

    def links(self, row: IssuedDocument) -> list[tuple[str, str, str]]:
        """To the page that its QR code leads to, and to the file for whom it is for."""
        found = [(_("Public page"), f"/directory/{row.grid_code}", "external-link")]
        if documents.may_open(scope.current(), row.kind, row.grid_code):
            label = _("Open the file") if row.size in documents.SHEETS else _("Open the PDF")
            found.append((label, f"{self.route_base}/file/{row.id}", "file-text"))
        return found

    def add_label(self) -> str:
        """See ``list_page``."""
        return _("Issue many at once")


def _state(superseded: bool) -> Cell:
    text = _("Superseded") if superseded else _("In force now")
    tone: Tone = "muted" if superseded else "good"
    return Cell("state", _("State"), text, None, "badge", tone)
