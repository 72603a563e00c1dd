"""The closed lists of the model, with the words users see."""

from flask_babel import lazy_gettext as _l

LEVELS = {
    "district": _l("District"),
    "street": _l("Street"),
    "community": _l("Community"),
    "area": _l("Area"),
    "block": _l("Block"),
    "cell": _l("Cell"),
}
CELL_KINDS = {
    "scattered": _l("Scattered housing"),
    "gated": _l("Gated compound"),
    "bungalow": _l("Bungalows"),
}
DIFFICULTIES = {1: _l("Easy"), 2: _l("Ordinary"), 3: _l("Hard")}
ORIGINS = {
    "community_worker": _l("Community worker"),
    "police": _l("Community police"),
    "property_staff": _l("Property staff"),
    "owners_committee": _l("Owners' committee"),
    "retired_party_member": _l("Retired party member"),
    "building_liaison": _l("Building liaison"),
    "security_assistant": _l("Security assistant"),
    "caring_helper": _l("Caring helper"),
    "mediator": _l("People's mediator"),
    "college_club": _l("College club"),
    "volunteer": _l("Volunteer"),
    "other": _l("Other"),
}
BASES = {
    "elected": _l("Elected"),
    "selected": _l("Selected"),
    "appointed": _l("Appointed"),
    "volunteer": _l("Voluntary"),
}
POST_LEVELS = {
    "leading": _l("Leading group"),
    "community": _l("Community"),
    "area": _l("Area"),
    "block": _l("Block"),
    "cell": _l("Cell"),
    "any": _l("Any level"),
}
HOTLINE_SCOPES = {
    "national": _l("National"),
    "local": _l("Local"),
    "street": _l("Street"),
    "community": _l("Community"),
    "grid": _l("Grid"),
}
DUTY_GROUPS = {
    1: _l("Registering, listening, patrols, emergencies, mediation"),
    2: _l("Helping other services"),
    3: _l("Supervising services and organisations"),
    4: _l("Home service, pairing and activities"),
    5: _l("Finding, sorting and reporting"),
}
FREQUENCIES = {
    "workday": _l("Every working day"),
    "weekly": _l("Weekly"),
    "monthly": _l("Monthly"),
    "quarterly": _l("Quarterly"),
    "half_year": _l("Half-yearly"),
    "yearly": _l("Yearly"),
    "on_change": _l("On change"),
    "on_event": _l("On event"),
    "by_plan": _l("By plan"),
    "by_campaign": _l("By campaign"),
}
TEAM_KINDS = {
    "patrol": _l("Patrol team"),
    "harmony": _l("Safety and harmony service team"),
    "volunteers": _l("Grid volunteers"),
}
ROLES = {
    "GridWorker": _l("Grid worker"),
    "GridLeader": _l("Grid leader"),
    "BlockLeader": _l("Block leader"),
    "AreaLeader": _l("Area leader"),
    "Clerk": _l("Data clerk"),
    "Mediator": _l("Mediator"),
    "Station": _l("Station"),
    "Leader": _l("Leader"),
    "Street": _l("Street office"),
    "CareOfficer": _l("Care officer"),
    "Auditor": _l("Auditor"),
    "Admin": _l("Administrator"),
    "Public": _l("Public"),
}
AUDIT_ACTIONS = {
    "insert": _l("Added"),
    "update": _l("Changed"),
    "delete": _l("Deleted"),
    "reveal": _l("Opened"),
    "export": _l("Exported"),
    "sign_in": _l("Signed in"),
    "sign_in_failed": _l("Sign-in failed"),
    "sign_out": _l("Signed out"),
    "rotate": _l("Keys exchanged"),
    "retry": _l("Tried again"),
    "drop": _l("Dropped"),
}
ACTIONS = {
    "read": _l("see"),
    "write": _l("add and change"),
    "remove": _l("delete"),
    "export": _l("export"),
}
FINDING_KINDS = {
    "invalid_ring": _l("Boundary not valid"),
    "outside_parent": _l("Reaches outside"),
    "overlap": _l("Overlap"),
    "gap": _l("Gap"),
    "no_boundary": _l("No boundary"),
    "household_standard": _l("Households off the standard"),
    "staffing": _l("Posts vacant"),
}
IMPORT_KINDS = {
    "residents": _l("Residents"),
    "households": _l("Households"),
    "dwellings": _l("Dwellings"),
    "buildings": _l("Buildings"),
    "grids": _l("Grids"),
    "divisions": _l("Divisions"),
    "boundaries": _l("Boundaries"),
    "workers": _l("Workers"),
    "posts": _l("Posts"),
    "duties": _l("Duties"),
    "workdays": _l("Working days"),
    "matters": _l("Matters"),
}
BOARD_SIZES = {"a3": "A3", "a4": "A4", "a2": "A2"}
DOCUMENT_SIZES = {"a1": "A1", **BOARD_SIZES, "card": _l("Single cards"), "xlsx": _l("Spreadsheet")}
DOCUMENT_LANGUAGES = {"zh_Hans_CN": _l("Chinese"), "en": _l("English")}
DOCUMENT_KINDS = {
    "notice-board": _l("Notice board"),
    "service-sign": _l("Service sign"),
    "site-plan": _l("Site plan"),
    "grid-archive": _l("Grid archive"),
    "work-manual": _l("Work manual"),
    "worker-cards": _l("Worker cards"),
    "population-report": _l("Population report"),
}
CARD_STATES = {
    "valid": _l("Valid"),
    "expired": _l("Expired"),
    "revoked": _l("Revoked"),
}
# Why a card was revoked; anything else is what the clerk typed.
CARD_REASONS = {
    "lost": _l("Lost or stolen"),
    "left": _l("The person left"),
    "replaced": _l("Replaced by a new card"),
    "no_post": _l("The post ended"),
}
STALE_REASONS = {
    "people": _l("People or telephones changed"),
    "boundary": _l("The boundary changed"),
    "hotlines": _l("Hotlines changed"),
    "content": _l("Other content changed"),
    "age": _l("Older than the board may be"),
}
TASK_KINDS = {
    "documents": _l("Batch of documents"),
    "import_check": _l("Check of a file to import"),
    "import": _l("Import of a file"),
    "import_undo": _l("Taking back an import"),
    "home_papers": _l("Forms of the register"),
    "mediation_paper": _l("Mediation file on paper"),
    "ledger": _l("Electronic ledger"),
}
# What the queue and the timetable do, by dotted name of the job.
JOBS = {
    "jobs.boards.refresh": _l("Look at the boards that a change reaches"),
    "jobs.boards.review": _l("Look at every board"),
    "jobs.boards.render_board": _l("Draw a notice board"),
    "jobs.cards.forget_photo": _l("Remove the file of a photo"),
    "jobs.cards.nightly": _l("Revoke cards whose posts ended"),
    "jobs.deliveries.send": _l("Send e-mails and tell group robots"),
    "jobs.quality.nightly": _l("Check the numbers of the register again"),
    "jobs.render.document": _l("Draw a document"),
    "jobs.population.monthly": _l("Make the population reports of the month"),
    "jobs.tasks.run": _l("Long work"),
    "jobs.meetings.plan": _l("Write down the meetings to come"),
    "jobs.meetings.remind": _l("Remind people of meetings"),
    "jobs.orders.tick": _l("Watch the clocks of work orders"),
    "jobs.cases.remind": _l("Remind people of the days of their files"),
    "jobs.tasks.resume": _l("Look after long work that nobody works on"),
    "jobs.rounds.morning": _l("Remind people of sweeps that end soon"),
    "jobs.tidy.hourly": _l("Forget uploaded files that nobody imported"),
    "jobs.tidy.nightly": _l("Forget what is past its time"),
}
TASK_STATES = {
    "queued": _l("Waiting"),
    "running": _l("Running"),
    "done": _l("Done"),
    "failed": _l("Failed"),
    "cancelled": _l("Cancelled"),
}
MEETING_KINDS = {
    "daily": _l("Daily briefing"),
    "weekly": _l("Weekly meeting"),
    "monthly": _l("Monthly review"),
    "talk": _l("Residents' talk"),
    "analysis": _l("Analysis meeting"),
    "reception": _l("Reception at the grid house"),
}
MEETING_MODES = {"online": _l("Online"), "onsite": _l("On site")}
MEETING_STATES = {
    "planned": _l("Planned"),
    "held": _l("Held"),
    "cancelled": _l("Cancelled"),
}
HOLIDAY_RULES = {
    "skip": _l("Not held on days off"),
    "next_workday": _l("Moved to the next working day"),
    "previous_workday": _l("Moved to the working day before"),
}
REMINDER_STATES = {
    "sent": _l("Sent"),
    "missed": _l("Too late"),
    "unreachable": _l("No account"),
    "failed": _l("Failed"),
}
# What a regridding is, and what the residents said to it (征求意见, P1).
REGRIDDINGS = {
    "split": _l("Split of a cell"),
    "merge": _l("Merge of cells"),
    "move": _l("Move to another grid"),
    "buildings": _l("Move of buildings"),
}
ACCEPTANCES = {
    "accepted": _l("They agreed"),
    "partly": _l("Some have other opinions"),
    "objected": _l("Most object"),
    "not_asked": _l("They were not asked"),
}
