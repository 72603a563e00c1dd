"""The closed lists of the field in the words of an edition, and rules of meetings in words."""

import re
from collections.abc import Callable

Say = Callable[[str], str]
WORKDAYS = ("MO", "TU", "WE", "TH", "FR")
MONTHLY = re.compile(r"(-?\d)([A-Z]{2})")


def duty_groups(_: Say) -> dict[int, str]:
    """The five groups of duties."""
    return {
        1: _("Registering, listening, patrols, emergencies, mediation"),
        2: _("Helping other services"),
        3: _("Supervising services and organisations"),
        4: _("Home service, pairing and activities"),
        5: _("Finding, sorting and reporting"),
    }


def evidence(_: Say) -> dict[str, str]:
    """What shows that a duty was done: codes of the catalogue of duties."""
    return {
        "home_visit": _("home visits"),
        "population_change": _("changes of population"),
        "matter": _("matters"),
        "patrol": _("rounds"),
        "patrol_place": _("places checked"),
        "matter_dispute": _("disputes"),
        "matter_urgent": _("urgent matters"),
        "activity": _("activities"),
        "care_visit": _("care visits"),
        "matter_request": _("requests"),
        "campaign": _("campaigns"),
        "municipal_rating": _("ratings of units"),
        "org_rating": _("ratings of companies"),
        "org_visit": _("visits to organisations"),
        "service_record": _("service records"),
        "pairing": _("pairings"),
        "charity_entry": _("charity shop entries"),
        "reception": _("reception log"),
        "sweep": _("sweeps"),
        "matter_hazard": _("hazards"),
        "order_escalated": _("orders reported upwards"),
        "return_visit": _("return visits"),
    }


def matter_kinds(_: Say) -> dict[str, str]:
    """The eight kinds of matters."""
    return {
        "dispute": _("Dispute"),
        "hazard": _("Hazard"),
        "request": _("Service request"),
        "complaint": _("Complaint"),
        "letter": _("Letter"),
        "petition": _("Petition matter"),
        "municipal": _("Municipal problem"),
        "patrol": _("Patrol finding"),
    }


def leads(_: Say) -> dict[str, str]:
    """Who takes the lead in a category."""
    return {
        "cell": _("the cell"),
        "area": _("the area"),
        "station": _("the station"),
        "street": _("the street"),
        "mediation": _("the people's mediator"),
        "police": _("the police"),
        "unit": _("the unit in charge"),
        "property": _("the property company"),
        "committee": _("the owners' committee, guided by the community"),
        "org": _("the organisation concerned"),
    }


def routes(_: Say) -> dict[str, str]:
    """What the community does with a category that it does not handle to the end."""
    return {
        "handle": _("passes on, follows up, tells the result"),
        "guide": _("tells the way and notes it"),
        "handoff": _("hands over, keeps no content"),
        "report": _("reports at once"),
    }


def grades(_: Say) -> dict[str, str]:
    """How hard a matter is."""
    return {"general": _("General"), "difficult": _("Difficult"), "major": _("Major")}


def meetings(_: Say) -> dict[str, str]:
    """Kinds of meetings."""
    return {
        "daily": _("Daily briefing"),
        "weekly": _("Weekly meeting"),
        "monthly": _("Monthly review"),
        "talk": _("Residents' talk"),
        "analysis": _("Analysis meeting"),
        "reception": _("Reception at the grid house"),
    }


def holidays(_: Say) -> dict[str, str]:
    """What happens to a meeting on a day off."""
    return {
        "skip": _("not held on days off"),
        "next_workday": _("on a day off: the next working day"),
        "previous_workday": _("on a day off: the working day before"),
    }


def kinds_of_cells(_: Say) -> dict[str, str]:
    """How people live in a cell."""
    return {
        "scattered": _("Scattered housing"),
        "gated": _("Gated compound"),
        "bungalow": _("Bungalows"),
    }


def directions(_: Say) -> dict[str, str]:
    """Where a neighbour lies."""
    return {
        "east": _("East"),
        "north_east": _("North-east"),
        "north": _("North side"),
        "north_west": _("North-west"),
        "west": _("West"),
        "south_west": _("South-west"),
        "south": _("South"),
        "south_east": _("South-east"),
    }


def when(rrule: str, _: Say) -> str:
    """A rule of meetings in words; empty for one that the plan does not use."""
    parts = dict(part.split("=", 1) for part in rrule.split(";") if "=" in part)
    days = parts.get("BYDAY", "").split(",")
    names = {
        "MO": _("Monday"),
        "TU": _("Tuesday"),
        "WE": _("Wednesday"),
        "TH": _("Thursday"),
        "FR": _("Friday"),
        "SA": _("Saturday"),
        "SU": _("Sunday"),
    }
    monthly = MONTHLY.fullmatch(days[0]) if len(days) == 1 else None
    if parts.get("FREQ") == "MONTHLY" and monthly and monthly[2] in names:
        count = {
            "1": _("the first %(day)s of the month"),
            "2": _("the second %(day)s of the month"),
            "3": _("the third %(day)s of the month"),
            "4": _("the fourth %(day)s of the month"),
            "-1": _("the last %(day)s of the month"),
        }.get(monthly[1], "")
        return count % {"day": names[monthly[2]]} if count else ""
    if parts.get("FREQ") != "WEEKLY" or not set(days) <= set(names):
        return ""
    if tuple(days) == WORKDAYS:
        return _("every working day")
    if tuple(days) == (*WORKDAYS, "SA"):
        return _("Monday to Saturday")
    return _("every %(day)s") % {"day": _(", ").join(names[day] for day in days)}
