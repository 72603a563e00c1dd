"""The register: buildings, dwellings, households, residents, organisations."""

from typing import Any

from flask import redirect
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement

from portal import roles
from portal.models import Building, Dwelling, Household, Organisation, Resident, UnitCase
from portal.models.population_choices import VISIT_NEEDS
from portal.models.register_choices import (
    BUILDING_KINDS,
    DWELLING_USES,
    HOUSEHOLD_KINDS,
    ID_TYPES,
    ORGANISATION_KINDS,
    REGISTRATIONS,
    RELATIONS,
    SEXES,
)
from portal.queries import quality
from portal.queries import register as queries
from portal.queries import visits as visit_queries
from portal.queries.units import PROPERTY
from portal.rules import register
from portal.rules.masking import HIDDEN
from portal.views import wording
from portal.views.entity import query
from portal.views.entity.access import allowed
from portal.views.entity.base import EntityView
from portal.views.home_papers import HomePapersMixin
from portal.views.population.homes import HouseholdChanges
from portal.views.population.household import HouseholdPage
from portal.views.population.residents import ResidentChanges
from portal.views.units import rating_part

ENCRYPTED = _l("Kept encrypted, shown masked, never published.")


class _RegisterView(EntityView):
    """What belongs to something above it lies in the same cell."""

    def place(self, row: Any) -> None:
        """Its grid is that of what it belongs to."""
        register.place(self.datamodel.session, row)

    def check_placed(self, row: Any) -> None:
        """It did not go to another cell meanwhile."""
        register.check_placed(self.datamodel.session, row)


class BuildingView(_RegisterView):
    """Buildings of the cells."""

    entity = Building
    slug = "buildings"
    list_title = _l("Buildings")
    one_title = _l("Building")
    list_columns = ["name", "grid", "kind", "storeys", "units", "dwellings"]
    orders = ("grid_code", "id")  # each has its index
    form_columns = [
        "name", "grid", "kind", "storeys", "units", "dwellings", "built_year",
        "property_company", "longitude", "latitude",
    ]  # fmt: skip
    fixed_columns = ("grid",)  # with everything in it: regridding moves it
    filter_columns = ["kind", "grid_code"]
    choices = {"kind": BUILDING_KINDS}
    labels = {"dwellings": _l("Number of dwellings")}
    related = (("Dwelling", "building"),)

    def prepare(self, row: Building, *, new: bool) -> None:
        """It stands in a cell."""
        register.prepare_building(self.datamodel.session, row)


class DwellingView(_RegisterView):
    """Dwellings of the buildings."""

    entity = Dwelling
    slug = "dwellings"
    list_title = _l("Register of dwellings")
    one_title = _l("Dwelling")
    list_columns = ["name", "grid", "building", "use", "owner_name", "owner_phone"]
    orders = ("grid_code", "name", "id")  # each has its index
    form_columns = ["building", "unit", "room", "use", "owner_name", "owner_phone"]
    fixed_columns = ("building",)
    filter_columns = ["use", "grid_code"]
    choices = {"use": DWELLING_USES}
    presets = {
        "no_household": (_l("Lived in, no household"), quality.rows(quality.no_household)),
        "not_vacant": (_l("Vacant, but lived in"), quality.rows(quality.not_vacant)),
    }
    labels = {"name": _l("Dwelling"), "unit": _l("Unit")}
    help_texts = {"owner_phone": ENCRYPTED}
    related = (("Household", "dwelling"),)

    def prepare(self, row: Dwelling, *, new: bool) -> None:
        """Each room is there once."""
        register.prepare_dwelling(self.datamodel.session, row)


class HouseholdView(HouseholdPage, HouseholdChanges, HomePapersMixin, _RegisterView):
    """Households of the dwellings."""

    entity = Household
    slug = "households"
    list_title = _l("Register of households")
    one_title = _l("Household")
    list_columns = ["number", "grid", "dwelling", "kind", "visited_on", "next_visit_on"]
    orders = ("grid_code", "number", "id")  # each has its index
    form_columns = ["dwelling", "number", "kind", "visit_every"]
    show_groups = [("", ["dwelling", "number", "grid", "kind", "visit_every"])]
    fixed_columns = ("dwelling",)  # a household that moves is an event of its people
    filter_columns = ["kind", "grid_code"]
    choices = {"kind": HOUSEHOLD_KINDS}
    labels = {"number": _l("Household number"), "name": _l("Household")}
    help_texts = {"visit_every": _l("Days. Empty: as the settings say.")}
    presets = {
        "no_head": (_l("Without a head"), quality.rows(quality.no_head)),
        "empty": (_l("Nobody lives there"), quality.rows(quality.empty)),
        "visit_due": (_l("Visits due"), visit_queries.due),
        "visit_overdue": (_l("Visits overdue"), visit_queries.overdue),
        "never_visited": (_l("Never visited"), visit_queries.never),
        "needs": (_l("Service to be brought"), visit_queries.with_needs),
        "hazards": (_l("Hazards seen"), visit_queries.with_hazards),
    }

    def worded_needs(self, row: Household) -> str:
        """Words for the codes."""
        return wording.coded(row.needs, VISIT_NEEDS)

    def prepare(self, row: Household, *, new: bool) -> None:
        """Its number is there once."""
        register.prepare_household(self.datamodel.session, row)

    def links(self, row: Household) -> list[tuple[str, str, str]]:
        """To its card."""
        return [self.card_link(row)]


class ResidentView(ResidentChanges, _RegisterView):
    """People of the households."""

    entity = Resident
    slug = "residents"
    list_title = _l("Residents")
    one_title = _l("Resident")
    list_columns = [
        "name", "sex", "birth_date", "grid", "household", "relation_to_head", "id_number",
        "registration",
    ]  # fmt: skip
    orders = ("grid_code", "name", "id")  # each has its index
    show_groups = [
        (_l("Person"), ["name", "sex", "birth_date", "nation", "id_type", "id_number", "phone"]),
        (_l("Household"), ["grid", "household", "relation_to_head", "moved_in_on"]),
        (_l("Registration"), ["registration", "away", "registered_address"]),
        (_l("Work and education"), ["education", "occupation", "employer"]),
        (_l("No longer here"), ["moved_out_on", "died_on"]),
    ]
    form_columns = [
        "household", "name", "relation_to_head", "id_type", "id_number", "sex", "birth_date",
        "phone", "registration", "away", "registered_address", "nation", "education",
        "occupation", "employer", "moved_in_on",
    ]  # fmt: skip
    # moving, leaving, dying, living elsewhere and another registration are changes of their own
    fixed_columns = ("household", "registration", "away")
    filter_columns = ["registration", "sex", "id_type", "grid_code"]
    choices = {
        "sex": SEXES,
        "id_type": ID_TYPES,
        "registration": REGISTRATIONS,
        "relation_to_head": RELATIONS,
    }
    labels = {"name": _l("Full name"), "phone": _l("Private telephone")}
    help_texts = {
        "id_number": _l("Leave it empty for somebody without papers: a temporary number is given."),
        "phone": ENCRYPTED,
        "sex": _l("Follows from the number of an identity card."),
        "birth_date": _l("Follows from the number of an identity card."),
    }
    presets = {
        "here": (_l("Live here"), queries.here),
        "no_papers": (_l("Without papers"), queries.without_papers),
        "gone": (_l("Moved out or died"), queries.gone),
        "wrong_number": (_l("Wrong number"), quality.people(quality.wrong_number)),
        "no_birth_date": (_l("No birthday"), quality.people(quality.no_birth_date)),
        "no_phone": (_l("Adults without a telephone"), quality.people(quality.no_phone)),
        "no_relation": (_l("No relation to the head"), quality.people(quality.no_relation)),
        "twice": (_l("Same name and birthday"), quality.people(quality.twice)),
        "died_elsewhere": (_l("Died by another record"), quality.people(quality.died_elsewhere)),
    }

    @expose("/list/")
    @allowed(roles.READ)
    def list(self) -> ResponseReturnValue:
        """A number that is searched for stands in no address, only its keyed hash does."""
        asked = self.asked()
        hashed = queries.sealed(asked.q)
        if hashed != asked.q:
            return redirect(query.link(self, asked, q=hashed))
        return super().list()

    def sealed_search(self, text: str) -> str:
        """Of a number its keyed hash."""
        return queries.sealed(text)

    def worded_search(self, text: str) -> str:
        """Of a number only that it was one."""
        return text if queries.by_number(text) is None else HIDDEN

    def found_by(self, text: str) -> ColumnElement[bool]:
        """By name and home, or by a whole number, its last four characters or a telephone."""
        number = queries.by_number(queries.sealed(text))
        return queries.by_words(text) if number is None else number

    def search_hint(self, text: str) -> str:
        """Of homes that were found, the people."""
        if queries.by_number(queries.sealed(text)) is not None:
            return ""
        home = queries.asks_for_home(text)
        return "INDEXED BY ix_residents_household_id" if home else super().search_hint(text)

    def walked_by(self, text: str) -> ColumnElement[bool]:
        """The same without the index of names."""
        number = queries.by_number(queries.sealed(text))
        return queries.by_words(text, walked=True) if number is None else number


class OrganisationView(_RegisterView):
    """Companies, shops and institutions of the cells."""

    entity = Organisation
    slug = "organisations"
    list_title = _l("Organisations")
    one_title = _l("Organisation or shop")
    list_columns = ["name", "kind", "grid", "address", "contact", "contact_phone"]
    orders = ("grid_code", "id")  # each has its index
    form_columns = ["name", "kind", "grid", "address", "contact", "contact_phone"]
    filter_columns = ["kind", "grid_code"]
    choices = {"kind": ORGANISATION_KINDS}
    help_texts = {"contact_phone": ENCRYPTED}

    def extras(self, row: Organisation) -> list[tuple[str, dict[str, Any]]]:
        """How a property company kept its word with what was handed to it."""
        if row.kind != PROPERTY:
            return []
        return [rating_part(self.datamodel.session, UnitCase.organisation_id == row.id)]

    def prepare(self, row: Organisation, *, new: bool) -> None:
        """It lies in a cell."""
        register.prepare_organisation(self.datamodel.session, row)
