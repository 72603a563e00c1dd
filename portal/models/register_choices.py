"""The closed lists of the register, with the words users see."""

from flask_babel import lazy_gettext as _l

BUILDING_KINDS = {
    "residential": _l("Residential building"),
    "commercial": _l("Commercial building"),
    "public": _l("Public building"),
    "mixed": _l("Homes above shops"),
}
DWELLING_USES = {
    "owner": _l("Lived in by the owner"),
    "rented": _l("Let"),
    "vacant": _l("Vacant"),
    "business": _l("Business"),
}
HOUSEHOLD_KINDS = {
    "family": _l("Family household"),
    "collective": _l("Collective household"),
}
SEXES = {"male": _l("Male"), "female": _l("Female")}
ID_TYPES = {
    "resident_id": _l("Resident identity card"),
    "residence_permit": _l("Residence permit for Hong Kong, Macao and Taiwan"),
    "travel_permit": _l("Mainland travel permit"),
    "foreign_permit": _l("Permanent residence card of a foreigner"),
    "passport": _l("Passport"),
    "other": _l("Other paper"),
    "temporary": _l("No papers: temporary number"),
}
GB_11643_TYPES = ("resident_id", "residence_permit")
"""Papers whose number follows GB 11643."""
REGISTRATIONS = {
    "permanent": _l("Registered here"),
    "floating": _l("Floating population"),
    "overseas": _l("From overseas"),
}
RELATIONS = {
    "head": _l("Head of the household"),
    "spouse": _l("Spouse"),
    "son": _l("Son"),
    "daughter": _l("Daughter"),
    "father": _l("Father"),
    "mother": _l("Mother"),
    "parent_in_law": _l("Parent-in-law"),
    "child_in_law": _l("Son- or daughter-in-law"),
    "grandparent": _l("Grandparent"),
    "grandchild": _l("Grandchild"),
    "sibling": _l("Brother or sister"),
    "relative": _l("Other relative"),
    "unrelated": _l("Not related"),
}
ORGANISATION_KINDS = {
    "company": _l("Company"),
    "shop": _l("Shop"),
    "property": _l("Property company"),
    "owners_committee": _l("Owners' committee"),
    "social": _l("Social organisation"),
    "public": _l("Public institution"),
}
