"""The closed lists of changes, visits and questions, with the words users see.

The needs of a visit are services to bring, never marks of people (``care.md``).
"""

from flask_babel import lazy_gettext as _l

CHANGE_KINDS = {
    "registered": _l("First registration"),
    "birth": _l("Birth"),
    "death": _l("Death"),
    "move_in": _l("Moved in"),
    "move_out": _l("Moved out"),
    "change_of_head": _l("Change of head"),
    "split": _l("Household split"),
    "merge": _l("Households merged"),
    "away_begin": _l("Went to live elsewhere, registration stays"),
    "away_end": _l("Came back to where registered"),
    "registration": _l("Registration changed"),
    "correction": _l("Correction"),
}
OF_HOUSEHOLDS = ("change_of_head", "split", "merge")
"""Kinds that are about a household and not about one person."""
VISIT_PURPOSES = {
    "routine": _l("Regular visit"),
    "check": _l("Check of the register"),
    "service": _l("Service brought"),
    "safety": _l("Safety at home"),
    "follow_up": _l("Follow-up"),
}
VISIT_RESULTS = {
    "no_change": _l("No change"),
    "changed": _l("Something changed"),
    "nobody_home": _l("Nobody at home"),
    "refused": _l("Did not wish a visit"),
}
VISIT_NEEDS = {
    "meals": _l("Meals for the elderly"),
    "medical": _l("Way to the doctor"),
    "home_help": _l("Help at home"),
    "child_care": _l("Child care"),
    "repair": _l("Repairs"),
    "employment": _l("Help to find work"),
    "papers": _l("Help with papers and allowances"),
    "legal": _l("Legal advice"),
    "other": _l("Other service"),
}
VISIT_HAZARDS = {
    "wiring": _l("Wiring or sockets"),
    "gas": _l("Gas pipes or stove"),
    "charging": _l("E-bike charged indoors"),
    "exit": _l("Way out blocked"),
    "structure": _l("Walls, balcony or roof"),
    "water": _l("Water or drains"),
    "other": _l("Other hazard"),
}
CHECK_SIDES = {"sent": _l("We asked"), "received": _l("We are asked")}
CHECK_STATES = {
    "open": _l("Not answered yet"),
    "answered": _l("Answer given"),
    "withdrawn": _l("Withdrawn"),
}
CHECK_OUTCOMES = {
    "yes": _l("Yes, that is so"),
    "no": _l("No, that is not so"),
    "unknown": _l("Could not be found out"),
}
