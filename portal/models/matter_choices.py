"""The closed lists of matters and work orders, with the words users see (terms.csv)."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

MATTER_KINDS = {
    "dispute": _l("Dispute"),
    "hazard": _l("Hazard"),
    "request": lazy_pgettext("kind", "Request"),
    "complaint": _l("Complaint"),
    "letter": _l("Letter from a resident"),
    "petition": _l("Petition matter"),
    "municipal": _l("Municipal-service problem"),
    "patrol": _l("Patrol finding"),
}
CHANNELS = {
    "patrol": _l("Patrol round"),
    "visit": _l("Visit"),
    "letterbox": _l("Letterbox"),
    "hotline": _l("Hotline"),
    "hotline12345": _l("12345 hotline"),
    "superior": _l("Handed down from above"),
    "inspection": _l("Inspection"),
    "sweep": _l("Sweep"),
    "counter": _l("Counter"),
    "web": _l("Web"),
    "open311": _l("Open311"),
    "meeting": lazy_pgettext("channel", "Meeting"),
}
URGENCIES = {
    "immediate": _l("Immediate"),
    "urgent": _l("Urgent"),
    "normal": _l("Normal"),
}
VISIBILITIES = {"normal": _l("All staff of the grid"), "restricted": _l("Handlers only")}
ROUTES = {
    "handle": _l("Handle it"),
    "guide": _l("Show the way"),
    "handoff": _l("Hand it over"),
    "report": _l("Report it"),
    "convert": _l("Convert it"),
}
LEADS_OF = {
    "area": _l("Area team"),
    "cell": _l("Cell"),
    "committee": _l("Residents' committee"),
    "mediation": _l("Mediation committee"),
    "org": _l("Organisation itself"),
    "police": lazy_pgettext("lead", "Community police"),
    "property": _l("Property company"),
    "station": _l("Community station"),
    "street": lazy_pgettext("lead", "Street"),
    "unit": _l("Responsible unit"),
}
CAUSES = {
    "administration": lazy_pgettext("cause", "Administration"),
    "organisation": _l("Organisations"),
    "citizens": _l("Between residents"),
}
GRADES = {
    "general": lazy_pgettext("grade", "General"),
    "difficult": lazy_pgettext("grade", "Difficult"),
    "major": lazy_pgettext("grade", "Major"),
}
ORDER_STATES = {
    "reported": lazy_pgettext("order", "Reported"),
    "accepted": lazy_pgettext("order", "Accepted"),
    "rejected": _l("Not accepted"),
    "dispatched": _l("Dispatched"),
    "handed": lazy_pgettext("order", "Handed over"),
    "handling": _l("In progress"),
    "answered": lazy_pgettext("order", "Answered"),
    "escalated": _l("Escalated"),
    "reported_up": _l("Reported to the street"),
    "closed": lazy_pgettext("order", "Closed"),
}
# How an order ended that was not handled here, or became something else on the way.
OUTCOMES = {
    "guided": _l("Shown the way"),
    "handed": lazy_pgettext("order", "Handed over"),
}
ORDER_LEVELS = ("cell", "block", "area", "community", "street")
# States in which nothing is to be done any more.
ENDED = ("rejected", "closed")
# States in which nobody here has to do anything: the clock stands still. What was reported up is on
# the street's own clock, which is never held against the community.
PAUSED = ("answered", "reported_up")
STANDING = (*ENDED, *PAUSED)
# What a person has to do with a matter: what is restricted shows to them.
PARTS = {
    "reporter": _l("Reported it"),
    "assignee": _l("Assignee"),
    "helper": _l("Helper"),
    "dispatcher": _l("Dispatcher"),
    "handler": _l("Took part"),
}
WARNINGS = {
    "yellow": _l("Due soon"),
    "orange": lazy_pgettext("order", "Overdue"),
    "red": _l("Supervised"),
    "control": _l("Danger not under control"),
    "weekly": _l("No word for a week"),
}
SUSPENSIONS = {
    "weather": _l("Weather"),
    "court": _l("Court proceedings"),
    "third_party": _l("Waiting for somebody else"),
    "funding": _l("Funding"),
    "by_request": _l("At the wish of those concerned"),
}
SATISFACTIONS = {
    "satisfied": _l("Satisfied"),
    "partly": _l("Partly satisfied"),
    "not": _l("Not satisfied"),
}
RESPONSIBILITY_STATES = {
    "open": _l("To be heard"),
    "heard": _l("Heard, to be decided"),
    "recorded": _l("Responsibility recorded"),
    "not_recorded": _l("No responsibility recorded"),
}
RESPONSIBILITY_DECIDERS = ("station", "leader")
RECHECKS = {
    "good": _l("Good"),
    "not": _l("Not put right"),
}
SUPERVISION_STATES = {
    "open": _l("To be answered"),
    "answered": _l("Replied"),
    "closed": lazy_pgettext("supervision", "Closed"),
}
