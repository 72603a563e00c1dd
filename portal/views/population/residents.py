"""What can happen to a person: pages of the changes, beside the record of the resident."""

from typing import Any

from flask_babel import gettext as _
from wtforms import Field as FormField

from portal.forms.entity import EntityForm
from portal.forms.population import arrival_field
from portal.models import Resident
from portal.queries import population as queries
from portal.rules import population, register


class ResidentChanges:
    """Mixin of the view of residents: who is new came somehow, and what happened stays."""

    def extra_fields(self, new: bool) -> dict[str, FormField]:
        """How somebody new came: it decides what the reports count."""
        return {"arrival": arrival_field()} if new else {}

    def judge(self: Any, row: Resident, form: EntityForm, *, new: bool) -> None:
        """Whose number it is, who heads the household, and whether they can have come so."""
        if new:
            population.judge_new(self.datamodel.session, row, form["arrival"].data)
        else:
            register.prepare_resident(self.datamodel.session, row)

    def saved(self: Any, row: Resident, form: EntityForm, *, new: bool) -> None:
        """Whoever is new came somehow: that is a change."""
        if new:
            population.note_new(self.datamodel.session, row, form["arrival"].data)

    def blockers(self: Any, rows: list[Any]) -> list[tuple[str, int, str | None]]:
        """Somebody with a history is not deleted: what was wrong in it is taken back."""
        found: list[tuple[str, int, str | None]] = super().blockers(rows)  # type: ignore[misc]
        keys = [row.id for row in rows]
        if number := queries.number_of(self.datamodel.session, keys):
            url = f"/changes/list/?resident={keys[0]}" if len(keys) == 1 else None
            found.append((_("Changes of population"), number, url))
        return found
