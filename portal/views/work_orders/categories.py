"""The catalogue of what matters are about; the station edits it."""

from flask_babel import lazy_gettext as _l

from portal.errors import RuleError
from portal.models import MatterCategory
from portal.models.matter_choices import (
    CAUSES,
    LEADS_OF,
    MATTER_KINDS,
    ROUTES,
    URGENCIES,
    VISIBILITIES,
)
from portal.queries import matters as queries
from portal.rules import petitions
from portal.views.entity.base import EntityView


class MatterCategoryView(EntityView):
    """Groups and items, by kind."""

    entity = MatterCategory
    slug = "matter-categories"
    list_title = _l("Categories of matters")
    one_title = _l("Category")
    list_columns = ["code", "name", "kind", "lead", "urgency", "visibility", "route"]
    show_groups = [
        ("", ["code", "name", "name_en", "kind", "parent_code", "cause"]),
        (_l("What follows from it"), [
            "lead", "urgency", "visibility", "route", "convert_to", "common", "in_use", "note",
        ]),
    ]  # fmt: skip
    form_columns = [
        "kind", "code", "parent_code", "name", "name_en", "lead", "urgency", "visibility", "route",
        "convert_to", "cause", "common", "in_use", "note",
    ]  # fmt: skip
    filter_columns = ["kind", "lead", "urgency", "visibility", "route"]
    choices = {
        "kind": MATTER_KINDS,
        "lead": LEADS_OF,
        "urgency": URGENCIES,
        "visibility": VISIBILITIES,
        "route": ROUTES,
        "convert_to": MATTER_KINDS,
        "cause": CAUSES,
    }
    labels = {
        "kind": _l("Kind"),
        "parent_code": _l("Group"),
        "lead": _l("Lead"),
        "urgency": _l("Urgency"),
        "visibility": _l("Who sees it"),
        "route": _l("Way"),
        "convert_to": _l("Becomes"),
        "cause": _l("Cause"),
        "common": _l("Offered first on the phone"),
        "in_use": _l("In use"),
    }
    presets = {"common": (_l("Offered first"), queries.only(queries.common))}
    order = ("code", "id")

    def prepare(self, row: MatterCategory, *, new: bool) -> None:
        """What is converted says into what; a group belongs to no group; accusations stay what
        they are.
        """
        if (row.route == "convert") != bool(row.convert_to):
            raise RuleError(_l("Say into which kind it turns, and only then."), "convert_to")
        if row.parent_code and row.parent_code == row.code:
            raise RuleError(_l("Choose another group."), "parent_code")
        if not new:
            petitions.check_way(self.datamodel.session, row)
