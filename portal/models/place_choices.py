"""The closed lists of places, patrols and service rounds, with the words users see."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

# Kinds of places, never of people: licensed work with hazardous goods is a place like the others.
PLACE_KINDS = {
    "school": _l("School or kindergarten"),
    "hospital": _l("Hospital or clinic"),
    "care_home": _l("Home for the elderly or for children"),
    "dining": _l("Restaurant or canteen"),
    "entertainment": _l("Place of entertainment"),
    "lodging": _l("Hotel or lodging"),
    "market": _l("Shop or market"),
    "workshop": _l("Small workshop"),
    "warehouse": _l("Warehouse"),
    "delivery": _l("Delivery station"),
    "hazardous": _l("Licensed work with hazardous goods"),
    "gas": _l("Gas supply"),
    "power": _l("Electrical room or network of lines"),
    "site": _l("Building site"),
    "rental": _l("House of many tenants"),
    "high_rise": _l("High-rise building"),
    "old_house": _l("Old or unsafe building"),
    "charging": _l("Charging and parking of electric bicycles"),
    "transport": _l("Station or stop"),
    "water": _l("Waterside"),
    "square": _l("Square or park"),
    "other": lazy_pgettext("place", "Other place"),
}
PLACE_STATES = {
    "listed": _l("To be put right"),
    "righted": _l("Put right, to be accepted"),
    "accepted": _l("Accepted as put right"),
}
FREQUENCY_UNITS = {
    "workday": _l("Working days"),
    "day": _l("Calendar days"),
}
CHECK_RESULTS = {
    "nothing": lazy_pgettext("round", "Nothing found"),
    "finding": _l("Something found"),
}
# Services that come into the grids on a cycle (P2).
SERVICES = {
    "community_police": _l("Community police officer"),
    "family_doctor": _l("Family doctor"),
    "judicial_office": _l("Judicial office"),
    "legal_adviser": _l("Legal adviser"),
    "fire_rescue": _l("Fire and rescue"),
    "market_supervision": _l("Market supervision"),
    "city_management": _l("City management"),
    "employment": _l("Employment and social security"),
    "civil_affairs": _l("Civil affairs"),
    "women": _l("Women's federation"),
    "disabled": _l("Disabled persons' federation"),
    "property": _l("Property company"),
    "utilities": _l("Water, power and gas"),
    "other": lazy_pgettext("service", "Another service"),
}
