"""The closed lists of mediation files, petitions and the units of municipal services."""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

PARTY_ROLES = {
    "applicant": _l("Applicant"),
    "respondent": _l("Respondent"),
    "agent": lazy_pgettext("party", "Agent"),
    "third": _l("Third party"),
    "witness": _l("Witness"),
}
MEDIATION_OUTCOMES = {
    "open": _l("Under mediation"),
    "agreed": lazy_pgettext("mediation", "Agreed"),
    "not_agreed": lazy_pgettext("mediation", "Not agreed"),
    "withdrawn": lazy_pgettext("mediation", "Withdrawn"),
}
AGREEMENT_FORMS = {"written": _l("In writing"), "oral": _l("Oral, recorded here")}
CONFIRMATIONS = {
    "open": _l("Not decided yet"),
    "not_wanted": _l("Not wanted"),
    "applied": _l("Applied for together"),
    "confirmed": _l("Confirmed by the court"),
    "refused": _l("Not confirmed by the court"),
}
PERFORMANCES = {
    "done": lazy_pgettext("term", "Performed"),
    "not_done": lazy_pgettext("term", "Not performed"),
}
# What people are reminded of once for each day: the kinds of ``CaseNotice``.
NOTICES = ("session", "term", "confirm", "authority")
# What the authority owes on a petition (Regulation on petitions 22-23, 34-36).
OWED = {
    "notice": _l("Notice of receipt and way"),
    "answer": _l("Answer to the claim"),
    "review": _l("Answer to the review"),
    "second": _l("Answer to the second review"),
}
