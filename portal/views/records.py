"""Audit log, imports, issued documents: read only."""

from flask_babel import lazy_gettext as _l

from portal.models import AuditEntry, ImportBatch, IssuedDocument
from portal.models.choices import AUDIT_ACTIONS
from portal.views.entity.base import READ_ONLY, EntityView


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
    choices = {"action": AUDIT_ACTIONS}
    order = ("id",)
    newest_first = True


class ImportBatchView(EntityView):
    """Imports and what became of their rows."""

    api_methods = READ_ONLY
    entity = ImportBatch
    slug = "imports"
    list_title = _l("Imports")
    one_title = _l("Import")
    search_in = ("file_name", "kind")
    list_columns = ["created_at", "kind", "file_name", "rows", "created", "updated", "failed"]
    show_groups = [
        ("", ["created_at", "kind", "file_name", "actor", "undone_at"]),
        (_l("Rows"), ["rows", "created", "updated", "unchanged", "failed"]),
    ]
    order = ("id",)
    newest_first = True


class IssuedDocumentView(EntityView):
    """Documents as they were issued."""

    api_methods = READ_ONLY
    entity = IssuedDocument
    slug = "documents"
    list_title = _l("Issued documents")
    one_title = _l("Issued document")
    labels = {"number": _l("Document number")}
    search_in = ("number", "grid")
    list_columns = ["number", "grid", "size", "lang", "issue_no", "issued_on"]
    filter_columns = ["grid_code"]
    order = ("id",)
    newest_first = True
