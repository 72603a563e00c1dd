"""Duties, hotlines, regulations, settings."""

from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_

from portal.models import Duty, Hotline, Regulation, Setting
from portal.models.choices import DUTY_GROUPS, FREQUENCIES, HOTLINE_SCOPES
from portal.rules import duties, settings, teams
from portal.views import wording
from portal.views.entity.base import READ_ONLY, EntityView


def _to_be_filled(found: Select[Any]) -> Select[Any]:
    return found.where(or_(Hotline.number.is_(None), Hotline.number == ""))


class DutyView(EntityView):
    """What the posts do: the catalogue behind manual and board (P3)."""

    entity = Duty
    slug = "duties"
    list_title = _l("Duties")
    one_title = _l("Duty")
    list_columns = ["code", "title", "group_no", "frequency", "times", "paper_replaced"]
    form_columns = [
        "code", "group_no", "title", "title_en", "detail", "role", "frequency", "times",
        "evidence", "paper_replaced",
    ]  # fmt: skip
    filter_columns = ["group_no", "frequency"]
    choices = {"group_no": DUTY_GROUPS, "frequency": FREQUENCIES}
    labels = {"role": _l("Posts")}
    help_texts = {"role": _l("Codes of posts, separated by a semicolon.")}
    order = ("code",)

    def prepare(self, row: Duty, *, new: bool) -> None:
        """Its posts are in the catalogue."""
        duties.prepare_duty(self.datamodel.session, row)

    def worded_role(self, row: Duty) -> str:
        """The posts that have the duty."""
        return wording.coded(row.role, wording.post_names(self.datamodel.session))

    def worded_evidence(self, row: Duty) -> str:
        """What counts for it."""
        return wording.coded(row.evidence, wording.EVIDENCE)


class HotlineView(EntityView):
    """Telephone numbers for the public; those of the grids above are shown too."""

    entity = Hotline
    slug = "hotlines"
    list_title = _l("Hotlines")
    one_title = _l("Hotline")
    list_columns = ["number", "name", "scope", "grid", "hours", "on_board", "supervision"]
    form_columns = [
        "name", "name_en", "number", "scope", "grid", "hours", "on_board", "supervision", "note",
    ]  # fmt: skip
    filter_columns = ["scope", "on_board", "supervision", "grid_code"]
    choices = {"scope": HOTLINE_SCOPES}
    labels = {"number": _l("Telephone number")}
    presets = {"no_number": (_l("Number to be filled in"), _to_be_filled)}
    order = ("id",)

    def prepare(self, row: Hotline, *, new: bool) -> None:
        """Supervision numbers are not those of the supervised."""
        teams.prepare_hotline(self.datamodel.session, row)


class RegulationView(EntityView):
    """Regulations on the wall and in the manual (定章)."""

    entity = Regulation
    slug = "regulations"
    list_title = _l("Regulations")
    one_title = _l("Regulation")
    list_columns = ["code", "title", "issue_no", "in_force_from"]
    form_columns = ["code", "title", "title_en", "text", "issue_no", "in_force_from"]
    order = ("code",)


class SettingView(EntityView):
    """Numbers the administrator may change."""

    api_methods = READ_ONLY
    entity = Setting
    slug = "settings"
    list_title = _l("Settings")
    one_title = _l("Setting")
    search_in = ("key", "note")
    list_columns = ["meaning", "value", "note"]
    form_columns = ["value", "note"]
    order = ("key",)

    def worded_meaning(self, row: Setting) -> str:
        """What the setting means, in words."""
        return str(settings.MEANINGS.get(row.key, row.key))

    def title_of(self, row: Setting) -> str:
        """Settings are called by what they mean."""
        return self.worded_meaning(row)

    def may_add(self) -> bool:
        """Settings come with the portal."""
        return False

    def prepare(self, row: Setting, *, new: bool) -> None:
        """Only whole numbers."""
        settings.check_value(row)
