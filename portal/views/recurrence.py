"""Rules of meetings in words: every working day; the last Friday of the month."""

from babel.dates import get_day_names
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.rules.recurrence import WEEKDAYS, WORKWEEK, every_working_day, parse
from portal.views.wording import listed

NTH = {
    "1": _l("The first %(day)s of the month"),
    "2": _l("The second %(day)s of the month"),
    "3": _l("The third %(day)s of the month"),
    "4": _l("The fourth %(day)s of the month"),
    "5": _l("The fifth %(day)s of the month"),
    "-1": _l("The last %(day)s of the month"),
}


def worded_rule(rrule: str | None) -> str:
    """The rule as people say it; the RRULE itself where there are no words for it."""
    if not rrule:
        return _("As needed")
    try:
        parts = parse(rrule)
    except ValueError:
        return rrule
    if set(parts) & {"COUNT", "UNTIL", "BYSETPOS", "BYMONTH"}:
        return rrule
    if every_working_day(parts):
        days = [code for code in parts.get("BYDAY", "").split(",") if code not in WORKWEEK]
        return listed([_("Every working day"), *(day_name(code) for code in days if code)])
    words = {"WEEKLY": _weekly, "MONTHLY": _monthly}.get(parts["FREQ"])
    return (words(parts) if words else None) or rrule


def suggestions() -> dict[str, str]:
    """Rules that people choose by their words: daily, weekly, once a month."""
    workweek = WEEKDAYS[:5]
    rules = [f"FREQ=WEEKLY;BYDAY={','.join(days)}" for days in (workweek, WEEKDAYS[:6])]
    rules += [f"FREQ=WEEKLY;BYDAY={day}" for day in WEEKDAYS]
    numbers = ("1", "2", "3", "4", "-1")
    rules += [f"FREQ=MONTHLY;BYDAY={number}{day}" for number in numbers for day in workweek]
    return {rule: worded_rule(rule) for rule in rules}


def day_name(code: str) -> str:
    """周五, Friday."""
    locale = get_locale()
    chinese = str(locale).startswith("zh")
    names = get_day_names("abbreviated" if chinese else "wide", locale=locale)
    return str(names[WEEKDAYS.index(code)])


def _weekly(parts: dict[str, str]) -> str | None:
    days = parts.get("BYDAY", "").split(",")
    if not set(days) <= set(WEEKDAYS):
        return None
    named, weeks = listed(day_name(code) for code in days), parts.get("INTERVAL", "1")
    if weeks != "1":
        return _("Every %(weeks)s weeks, %(days)s", weeks=weeks, days=named)
    return _("Every %(days)s", days=named)


def _monthly(parts: dict[str, str]) -> str | None:
    if parts.get("INTERVAL", "1") != "1" or len({"BYDAY", "BYMONTHDAY"} & set(parts)) != 1:
        return None
    if "BYMONTHDAY" in parts:
        days = parts["BYMONTHDAY"].split(",")
        if days == ["-1"]:
            return _("The last day of the month")
        if any(day.startswith("-") for day in days):
            return None
        return _("Day %(days)s of the month", days=listed(days))
    return _nth(parts["BYDAY"])


def _nth(code: str) -> str | None:
    number, day = code[:-2].removeprefix("+"), code[-2:]
    if day not in WEEKDAYS or not number:
        return None
    nth = NTH.get(number)
    return str(nth) % {"day": day_name(day)} if nth else None
