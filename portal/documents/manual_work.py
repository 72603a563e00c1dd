"""Chapters 4 to 6 of the manual: duties, the plan of day, week and month, rules, clocks."""

from collections.abc import Iterable
from typing import Any

from portal.documents.manual_parts import Context, head, para, table
from portal.documents.manual_text import Block, english, read_yaml
from portal.documents.manual_words import (
    duty_groups,
    evidence,
    grades,
    holidays,
    matter_kinds,
    meetings,
    when,
)
from portal.queries.manual_record import ManualMeeting

# Where the plan sets duties: heading → frequencies, in the order of the chapter's title.
PLAN = (
    ("day", ("workday",)),
    ("week", ("weekly",)),
    ("month", ("monthly",)),
    ("year", ("quarterly", "half_year", "yearly")),
    ("event", ("on_change", "on_event", "by_plan", "by_campaign")),
)
DAY_KINDS = {"day": ("daily", "reception"), "week": ("weekly",), "month": ("monthly", "analysis")}


def duties(ctx: Context, _arg: str) -> Iterable[Block]:
    """The catalogue by group: what, how often, what shows it, which paper it replaces."""
    _ = ctx.say
    words, proofs = duty_groups(_), evidence(_)
    chosen = ctx.duties()
    if not chosen:
        yield para(_("The catalogue has no duty for this post; what it does stands above."))
    single = ctx.record.edition == "post"
    titles = (_("Duty"), _("What is done"), _("How often"), _("Shown by"), _("Replaces"))
    for group, name in words.items():
        rows = []
        for duty in chosen:
            if duty.group == group:
                detail, times, paper = ctx.duty_text(duty)
                shown = _(", ").join(proofs.get(code, code) for code in duty.evidence)
                rows.append((f"{duty.code} {ctx.title(duty)}", detail, times, shown, paper))
        if rows:
            yield head(f"{group} {name}")
            yield table(titles, rows, (20, 36, 17, 13, 14), "", "dense")
    if not single:
        yield para(_("Whose duty it is stands in the plan of each post."))


def plan(ctx: Context, _arg: str) -> Iterable[Block]:
    """Day, week and month: meetings of the edition's posts, and their duties by frequency."""
    _ = ctx.say
    names = {
        "day": _("Day"),
        "week": _("Week"),
        "month": _("Month"),
        "year": _("Quarter and year"),
        "event": _("When it happens"),
    }
    rows = []
    for part, often in PLAN:
        held = [m for m in attended(ctx) if m.kind in DAY_KINDS.get(part, ())]
        spoken = _("; ").join(_meeting(ctx, meeting) for meeting in held)
        done = [d for d in ctx.duties() if d.frequency in often]
        listed = _("; ").join(f"{d.code} {ctx.title(d)}" for d in done)
        if spoken or listed:
            rows.append((names[part], spoken, listed))
    yield table((_("When"), _("Meetings"), _("Duties")), rows, (14, 38, 48))
    held = attended(ctx)
    if held:
        yield head(_("What the meetings are about"))
        lines = [(called(ctx, meeting), _agenda(ctx, meeting)) for meeting in held]
        yield table((_("Meeting"), _("What is talked about")), dict.fromkeys(lines), (28, 72))


def attended(ctx: Context) -> list[ManualMeeting]:
    """The meetings that one of the edition's posts attends."""
    roles = {post.role for post in ctx.posts()}
    whole = ctx.record.edition == "community"
    levels = ("community", ctx.record.level)
    return [
        m
        for m in ctx.record.meetings
        if m.rrule and (whole or roles & set(m.attendees))
        and (whole or m.level in (*levels, "area", "block", "cell"))
    ]  # fmt: skip


def called(ctx: Context, meeting: ManualMeeting) -> str:
    level = {
        "cell": ctx.say("Cell"),
        "block": ctx.say("Block"),
        "area": ctx.say("Area"),
        "community": ctx.say("Community"),
    }[meeting.level]
    return f"{meetings(ctx.say)[meeting.kind]}{ctx.say(' (')}{level}{ctx.say(')')}"


def _meeting(ctx: Context, meeting: ManualMeeting) -> str:
    """Name, level, when it is and how long."""
    _ = ctx.say
    length = _("%(count)s minutes") % {"count": meeting.minutes}
    if meeting.minutes % 60 == 0 and meeting.minutes >= 120:
        length = _("%(count)s hours") % {"count": meeting.minutes // 60}
    days = when(meeting.rrule, _)
    moved = holidays(_)[meeting.holiday]
    parts = [part for part in (days, meeting.start, length, moved) if part]
    return called(ctx, meeting) + ctx.say(": ") + _(", ").join(parts)


def _agenda(ctx: Context, meeting: ManualMeeting) -> str:
    _, text = ctx.say, meeting.agenda
    if not text:
        return _("By the roster: hear, note, do what can be done at once")
    return english()["meetings"].get(text, text) if ctx.english else text


def regulations(ctx: Context, _arg: str) -> Iterable[Block]:
    """定章: each rule by itself, with number and issue."""
    _ = ctx.say
    for rule in ctx.record.regulations:
        issue = _("Issue %(number)s") % {"number": rule.issue_no}
        since = _("in force from %(day)s") % {"day": rule.since} if rule.since else ""
        facts = tuple(part for part in (issue, since) if part)
        yield Block("rule", f"{rule.code} {ctx.title(rule)}", ctx.clauses(rule), head=facts)


def urgency(ctx: Context, _arg: str) -> Iterable[Block]:
    """How fast somebody must be there."""
    _ = ctx.say
    clocks = read_yaml("time_limits.yaml")["urgency"]
    now, soon = clocks["immediate"], clocks["urgent"]
    minutes = round(now["report"]["hours"] * 60)
    rows = (
        (
            _("Immediate"),
            _("Call 110, 119, 120 or the repair line first"),
            _("told within %(count)s minutes") % {"count": minutes},
            _hours(ctx, now["control"]),
        ),
        (
            _("Urgent"),
            _("Go there"),
            _("there within %(count)s hours") % {"count": soon["on_site"]["hours"]},
            _hours(ctx, soon["control"]),
        ),
        (_("Normal"), _("By the limit of its kind"), "", ""),
    )
    titles = (_("Urgency"), _("First"), _("How soon"), _("Under control within"))
    yield table(titles, rows, (16, 40, 24, 20), _("How fast: day and night"))


def _hours(ctx: Context, clock: dict[str, Any]) -> str:
    return ctx.say("%(count)s hours") % {"count": clock["hours"]}


def limits(ctx: Context, _arg: str) -> Iterable[Block]:
    """How long a matter may take, from acceptance to answer."""
    _ = ctx.say
    kinds, notes = matter_kinds(_), english()["limits"]
    rows = []
    for kind, clock in read_yaml("time_limits.yaml")["limits"].items():
        if kind != "petition":
            note = notes.get(kind, "") if ctx.english else clock.get("note") or clock.get("basis")
            days = (str(clock[grade]) for grade in ("general", "difficult", "major"))
            rows.append((kinds[kind], *days, note or ""))
    titles = (_("Kind"), *grades(_).values(), _("Mind"))
    yield table(titles, rows, (18, 10, 12, 10, 50), _("How long: working days from acceptance"))


def petition(ctx: Context, _arg: str) -> Iterable[Block]:
    """The clocks of a petition matter: the community's, and the authority's."""
    _ = ctx.say
    clock = read_yaml("time_limits.yaml")["limits"]["petition"]
    ours, theirs = clock["community"], clock["authority"]
    days = _("%(count)s days")
    work = _("%(count)s working days")
    review = theirs["review"]
    rows = (
        (_("Community: enter and hand over"), work % _count(ours["register_and_hand_over"]), ""),
        (_("Named person: report how far it is"),
         _("every %(count)s working days") % _count(ours["report_on_named_case"]), ""),
        (_("Authority: tell receipt and route"), days % _count(theirs["notice"]), "22–23"),
        (_("Objection to a transfer"), work % _count(theirs["objection_to_transfer"]), "23"),
        (_("Authority: answer a claim (art. 31 (6)), from acceptance"),
         days % _count(theirs["answer"]), "34"),
        (_("Extension, approved and told"), days % _count(theirs["extension"]), "34"),
        (_("Review: ask within"), days % _count(review["request"]), "35"),
        (_("Review: answered within"), days % _count(review["answer"]), "35"),
        (_("Second review: ask within, answered within, each"),
         days % _count(theirs["second_review"]["request"]), "36"),
    )  # fmt: skip
    titles = (_("What"), _("How long"), _("Petition regulation, article"))
    yield table(titles, rows, (54, 24, 22))
    yield para(_("The clocks of the authority bind the authority. They know no pause."))


def _count(clock: dict[str, Any]) -> dict[str, int]:
    return {"count": clock.get("workdays") or clock["calendar"]}


def rules(ctx: Context, _arg: str) -> Iterable[Block]:
    """What may change a deadline."""
    _ = ctx.say
    rule = read_yaml("time_limits.yaml")["rules"]
    pause, group = rule["suspend"]["max_days"], rule["group"]
    merged, again = rule["merge"]["within_days"], rule["repeat"]
    rows = (
        (_("More time"), _("once, at most as long again, approved by the level above")),
        (_("Pause"), _("with a reason, at most %(count)s days") % {"count": pause}),
        (_("Merge"), _("same kind, category and place within %(count)s days") % {"count": merged}),
        (_("Upwards"), _("at half of the level's time without progress; the clock goes on")),
        (_("Not ours"), _("told within %(count)s working days, with ground and destination")
         % {"count": rule["not_ours"]["notice_workdays"]}),
        (_("Many people"), _("%(people)s people or %(households)s households: major")
         % {"people": group["people"], "households": group["households"]}),
        (_("Repeat"), _("%(times)s times at one place in %(days)s days: propose an analysis")
         % {"times": again["same_place_and_category"], "days": again["within_days"]}),
    )  # fmt: skip
    yield para(_("What changes a deadline:"))
    yield table((_("Case"), _("How")), rows, (20, 80))


def warnings(ctx: Context, _arg: str) -> Iterable[Block]:
    """Yellow, orange, red: when, and who is told."""
    _ = ctx.say
    rows = (
        (_("Yellow: a reminder"), _("a quarter of the limit, or one working day, is left"),
         _("the person named")),
        (_("Nudge"), _("whoever dispatched it wants to"), _("the person named")),
        (_("Orange: late"), _("the limit is over"),
         _("the person named, who dispatched it, the next head")),
        (_("Red: supervision order"), _("half the limit over"),
         _("head and sponsoring leader of the area, station")),
    )  # fmt: skip
    yield table((_("Lamp"), _("When"), _("Who is told")), rows, (24, 40, 36))
    yield para(_("Responsibility is decided by people: the person is heard first."))
