"""The access table: role × route × action × expected, written down apart from the code it judges.

``RIGHTS`` says per list what each role may do there (domain.md, Roles): r read, w add and edit,
d delete, e export. ``ENTITY_ROUTES`` and ``API_ROUTES`` say which right a route of every list
needs; ``OTHERS`` says for each remaining route what a stranger and a signed-in person get. A route
of the application that none of them names fails ``test_every_route_is_in_the_table``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# role → (sign-in of the demo community, grid it acts in)
COMMUNITY = "420102002990"
SIGN_INS = {
    "GridWorker": ("worker07", "4201020029900102003"),
    "GridLeader": ("leader07", "4201020029900102003"),
    "BlockLeader": ("block03", "4201020029900103"),
    "AreaLeader": ("area1", "42010200299001"),
    "Clerk": ("clerk1", "42010200299001"),
    "Mediator": ("mediator", COMMUNITY),
    "Station": ("station", COMMUNITY),
    "Leader": ("leader", COMMUNITY),
    "Street": ("street", "420102002"),
    "CareOfficer": ("care", COMMUNITY),
    "Auditor": ("auditor", COMMUNITY),
    "Admin": ("admin", COMMUNITY),
}
EVERYWHERE = ("Admin", "Auditor")  # their roles have no grid
ROLES = tuple(SIGN_INS)

_TABLE = """
#              GridWorker GridLeader BlockLeader AreaLeader Clerk Mediator Station Leader Street CareOfficer Auditor Admin
grids          r          r          r           r          re    r        rwde    re     re     r           -       r
workers        r          r          r           r          rwe   r        rwde    r      r      -           -       r
posts          r          r          r           r          re    r        rwde    r      r      -           -       -
post-roles     r          r          r           r          re    r        re      r      r      r           r       r
duties         r          r          r           r          re    r        rwde    r      r      r           r       r
hotlines       r          r          r           r          re    r        rwde    r      r      r           r       rwd
regulations    r          r          r           r          re    r        rwde    r      r      r           r       r
leading-groups r          r          r           r          re    r        rwde    re     re     -           -       -
teams          r          r          r           rw         rwe   r        rwde    r      r      -           -       -
cards          r          r          r           r          rw    r        rwe     r      r      -           -       -
photos         rw         rw         rw          rw         rwd   r        rwd     r      r      -           -       -
boards         rw         rw         rw          rw         rwe   r        rwde    re     re     -           -       -
residents      rw         rw         r           r          rwe   -        rwde    -      -      -           -       -
households     rw         rw         r           r          rwe   -        rwde    -      -      -           -       -
dwellings      rw         rw         r           r          rwe   -        rwde    -      -      -           -       -
buildings      rw         rw         r           r          rwe   -        rwde    -      -      -           -       -
organisations  rw         rw         r           r          rwe   -        rwde    -      -      -           -       -
changes        rw         rw         r           r          rwe   -        rwe     -      -      -           -       -
visits         rw         rw         r           r          rwe   -        rwe     -      -      -           -       -
cross-checks   rw         rw         r           r          rwe   -        rwe     -      -      -           -       -
places         rw         rw         rw          rw         rwe   -        rwde    r      -      -           -       -
patrols        rw         rw         rw          rw         r     -        rwe     r      -      -           -       -
sweeps         r          r          r           r          re    -        rwde    r      -      -           -       -
service-rounds rw         rw         rw          rw         rwe   -        rwde    r      -      -           -       -
meetings       r          r          rw          rw         rwe   r        rwde    re     re     -           -       -
meeting-series r          r          r           r          rwe   r        rwde    r      r      -           -       -
matters        rw         rw         rw          rw         rwe   rw       rwe     r      r      -           -       -
work-orders    rw         rw         rw          rw         rwe   rw       rwe     rw     rw     -           -       -
supervision-orders -      -          r           rw         -     -        rwe     rw     -      -           -       -
mediation-files rw        rw         rw          rw         -     rw       rw      rw     -      -           -       -
municipal-units r         r          r           r          rwe   r        rwde    r      r      -           -       -
petitions      rw         rw         rw          rw         rw    rw       rw      rw     r      -           -       -
responsibility-drafts rw rw        rw          rw         -     rw       rw      rw     -      -           r       -
matter-categories r       r          r           r          re    r        rwe     r      r      -           -       -
calendar-days  r          r          r           r          re    r        rwde    r      r      -           -       r
documents      r          r          r           r          r     r        rwe     r      r      -           -       -
imports        -          -          -           -          rw    -        rw      -      -      -           r       -
users          -          -          -           -          -     -        -       -      -      -           -       rw
roles          -          -          -           -          -     -        -       -      -      -           r       r
grants         -          -          -           -          -     -        -       -      -      -           r       rwd
audit          -          -          -           -          -     -        -       -      -      -           re      -
settings       -          -          -           -          -     -        r       -      -      -           -       rw
jobs           -          -          -           -          -     -        -       -      -      -           -       rw
deliveries     -          -          -           -          -     -        -       -      -      -           -       rw
group-robots   -          -          -           -          -     -        rwd     -      -      -           -       rwd
"""  # noqa: E501 a table is read across
RIGHTS: dict[str, dict[str, str]] = {
    words[0]: dict(zip(ROLES, words[1:], strict=True))
    for words in (line.split() for line in _TABLE.strip().splitlines()[1:])
}
RESOURCES = {
    "grids": "Grid", "workers": "Worker", "posts": "Post", "post-roles": "PostRole",
    "duties": "Duty", "hotlines": "Hotline", "regulations": "Regulation",
    "leading-groups": "LeadingGroup", "teams": "Team", "boards": "Board",
    "documents": "IssuedDocument", "cards": "Card", "photos": "Photo",
    "meetings": "Meeting", "meeting-series": "MeetingSeries", "calendar-days": "CalendarDay",
    "matters": "Matter", "work-orders": "WorkOrder", "supervision-orders": "SupervisionOrder",
    "matter-categories": "MatterCategory", "mediation-files": "MediationFile",
    "petitions": "PetitionCase", "municipal-units": "MunicipalUnit",
    "responsibility-drafts": "ResponsibilityDraft",
    "residents": "Resident", "households": "Household", "dwellings": "Dwelling",
    "buildings": "Building", "organisations": "Organisation",
    "places": "Place", "patrols": "Patrol", "sweeps": "Sweep",
    "service-rounds": "ServiceRound",
    "changes": "PopulationChange", "visits": "HomeVisit",
    "cross-checks": "CrossCheck",
    "imports": "ImportBatch", "users": "User", "roles": "Role", "grants": "AccountGrant",
    "audit": "AuditEntry", "settings": "Setting", "jobs": "Job",
    "deliveries": "Delivery", "group-robots": "GroupRobot",
}  # fmt: skip
# Rows of these belong to a grid.
SCOPED = (
    "grids", "workers", "posts", "hotlines", "leading-groups", "teams", "boards", "documents",
    "imports", "cards", "photos", "meetings", "meeting-series",
    "residents", "households", "dwellings", "buildings", "organisations", "changes", "visits",
    "cross-checks", "matters", "work-orders", "supervision-orders", "mediation-files",
    "petitions", "municipal-units", "responsibility-drafts",
    "places", "patrols", "sweeps", "service-rounds", "group-robots",
)  # fmt: skip
# Pages of their own instead of an entity's: their routes stand in OTHERS.
PAGES = ("jobs",)
# Nothing of these is typed into a form, whoever asks (a right to write is for a later verb).
NO_FORM = (
    "documents",
    "imports",
    "roles",
    "audit",
    "post-roles",
    "cards",
    "photos",
    "changes",
    "visits",
    "cross-checks",
    "matters",
    "work-orders",
    "supervision-orders",
    "mediation-files",
    "petitions",
    "responsibility-drafts",
    "patrols",
    "deliveries",
)
NO_ADD = (*NO_FORM, "settings")
READ_ONLY_API = (*NO_FORM, "users", "settings", "group-robots")
SENSITIVE = {
    "workers": "phone", "users": "email", "residents": "id_number", "dwellings": "owner_phone",
    "organisations": "contact_phone", "matters": "reporter_contact",
    "municipal-units": "contact_phone",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One route and method, and the right it needs.

    ``right`` is a letter of RIGHTS for the list ``slug``; for routes of no list it is ``public``,
    ``signed-in`` or ``token``. ``of_row``: the address names a row, so the scope counts too.
    ``fine``: what a permitted request for a row of one's own is answered with.
    """

    rule: str
    method: str
    right: str
    slug: str = ""
    of_row: bool = False
    fine: tuple[int, ...] = (200,)
    values: tuple[tuple[str, str], ...] = ()


# suffix, method, right, names a row, answer where it is permitted
ENTITY_ROUTES: tuple[tuple[str, str, str, bool, tuple[int, ...]], ...] = (
    ("/list/", "GET", "r", False, (200,)),
    ("/show/<pk>", "GET", "r", True, (200,)),
    ("/lookup/", "GET", "r", False, (200,)),
    ("/mine", "GET", "r", False, (200,)),
    ("/mine", "POST", "r", False, (404,)),  # no button was pressed
    ("/add", "GET", "w", False, (200,)),
    ("/add", "POST", "w", False, (400,)),  # the form again: nothing was typed
    ("/edit/<pk>", "GET", "w", True, (200,)),
    ("/edit/<pk>", "POST", "w", True, (400,)),
    ("/delete/<pk>", "GET", "d", True, (200,)),
    ("/delete/<pk>", "POST", "d", True, (302, 409)),
    ("/export/<string:fmt>", "GET", "e", False, (200,)),
    ("/reveal/<pk>/<string:column>", "GET", "w", True, (200,)),
    ("/reveal/<pk>/<string:column>", "POST", "w", True, (400,)),  # no reason was given
    ("/action/<string:name>/<pk>", "POST", "d", True, (200,)),  # asks before it deletes
    ("/action_post", "POST", "d", True, (200,)),
)
API_ROUTES: tuple[tuple[str, str, str, bool, tuple[int, ...]], ...] = (
    ("/", "GET", "r", False, (200,)),
    ("/_info", "GET", "r", False, (200,)),
    ("/<int:pk>", "GET", "r", True, (200,)),
    ("/", "POST", "w", False, (422,)),
    ("/<pk>", "PUT", "w", True, (422,)),
    ("/<pk>", "DELETE", "d", True, (200, 409)),
)
OTHERS = (
    Row("/", "GET", "public"),
    Row("/directory/", "GET", "public"),
    Row("/directory/<code>", "GET", "public"),
    Row("/directory/<code>.json", "GET", "public"),
    Row("/directory/<code>/map.svg", "GET", "public"),
    # Asked for a size that no board has: without a worker a board would be waited for.
    Row("/directory/<code>/board.pdf", "GET", "public", fine=(400,)),
    Row("/directory/portraits/<int:seed>.svg", "GET", "public", fine=(200, 404)),
    Row("/directory/photos/<sha256>.jpg", "GET", "public", fine=(404,)),
    Row("/verify/", "GET", "public", fine=(404,)),
    Row("/verify/<path:token>", "GET", "public", fine=(404,)),
    Row("/robots.txt", "GET", "public"),
    Row("/matters/report-offline", "GET", "public"),
    Row("/matters/report-worker.js", "GET", "public"),
    Row("/sitemap.xml", "GET", "public"),
    Row("/map/", "GET", "public"),
    Row("/map/<code>.geojson", "GET", "public"),
    Row("/preferences/", "GET", "public", fine=(302,)),
    Row("/healthz", "GET", "public"),
    Row("/readyz", "GET", "public"),
    Row("/static/<path:filename>", "GET", "public"),
    Row("/static/appbuilder/<path:filename>", "GET", "public"),
    Row("/login/", "GET", "public", fine=(200, 302)),
    Row("/login/", "POST", "public", fine=(302, 400)),
    Row("/logout/", "GET", "public"),
    Row("/logout/", "POST", "public", fine=(302,)),
    Row("/desk/", "GET", "signed-in"),
    Row("/account/", "GET", "signed-in"),
    Row("/resetmypassword/form", "GET", "signed-in"),
    Row("/resetmypassword/form", "POST", "signed-in", fine=(400,)),
    Row("/inbox/", "GET", "signed-in"),
    Row("/inbox/open/<int:pk>", "POST", "signed-in", fine=(404,)),  # of others there is nothing
    Row("/inbox/read", "POST", "signed-in", fine=(400,)),
    Row("/account/messages/", "GET", "signed-in"),
    Row("/account/messages/", "POST", "signed-in", fine=(400,)),  # nothing was chosen
    Row("/account/messages/test", "POST", "signed-in", fine=(302,)),
    Row("/group-robots/test/<pk>", "POST", "w", "group-robots", of_row=True, fine=(302,)),
    Row("/tasks/", "GET", "signed-in"),
    Row("/tasks/<int:pk>", "GET", "signed-in", fine=(404,)),
    Row("/tasks/<int:pk>/cancel", "POST", "signed-in", fine=(404,)),
    Row("/tasks/<int:pk>/result", "GET", "signed-in", fine=(404,)),
    Row("/api/<version>/_openapi", "GET", "signed-in"),
    Row("/api/v1/security/login", "POST", "public", fine=(400,)),
    Row("/api/v1/security/refresh", "POST", "token", fine=(401,)),
    Row("/users/can/<pk>", "GET", "r", "users", of_row=True),
    Row("/users/password/<pk>", "GET", "w", "users", of_row=True),
    Row("/users/password/<pk>", "POST", "w", "users", of_row=True, fine=(400,)),
    Row("/grids/findings/<pk>", "GET", "r", "grids", of_row=True),
    Row("/boards/hung/<pk>", "GET", "w", "boards", of_row=True),
    Row("/boards/hung/<pk>", "POST", "w", "boards", of_row=True, fine=(400,)),  # which version?
    Row("/boards/pdf/<pk>", "GET", "r", "boards", of_row=True, fine=(404,)),  # nothing hangs
    Row("/meetings/cancel/<pk>", "GET", "w", "meetings", of_row=True),
    Row("/meetings/cancel/<pk>", "POST", "w", "meetings", of_row=True, fine=(302, 409)),
    Row("/meeting-series/defaults", "GET", "w", "meeting-series"),
    Row("/meeting-series/defaults", "POST", "w", "meeting-series", fine=(302,)),
    # The planted documents have no file.
    Row("/documents/file/<pk>", "GET", "r", "documents", of_row=True, fine=(404,)),
    Row("/documents/make", "POST", "w", "documents", fine=(404,)),  # of no grid
    Row("/documents/batch", "GET", "w", "documents"),
    Row("/documents/batch", "POST", "w", "documents", fine=(400,)),  # nothing was chosen
    Row("/households/card/<pk>", "GET", "r", "households", of_row=True),
    Row("/households/card/<pk>", "POST", "r", "households", of_row=True, fine=(302,)),
    Row("/households/papers", "GET", "e", "households"),
    Row("/households/papers", "POST", "e", "households", fine=(400,)),  # nothing was chosen
    Row("/changes/cancel/<pk>", "GET", "w", "changes", of_row=True),
    Row("/changes/cancel/<pk>", "POST", "w", "changes", of_row=True, fine=(400,)),  # no reason
    Row("/cross-checks/grids/", "GET", "w", "cross-checks"),
    Row("/cross-checks/ask", "GET", "w", "cross-checks"),
    Row("/cross-checks/ask", "POST", "w", "cross-checks", fine=(400,)),  # nothing was typed
    Row("/cross-checks/answer/<pk>", "GET", "w", "cross-checks", of_row=True),
    Row("/cross-checks/answer/<pk>", "POST", "w", "cross-checks", of_row=True, fine=(400,)),
    Row("/cross-checks/withdraw/<pk>", "GET", "w", "cross-checks", of_row=True),
    Row("/cross-checks/withdraw/<pk>", "POST", "w", "cross-checks", of_row=True, fine=(400,)),
    Row("/visits/", "GET", "r", "visits"),
    Row("/patrols/today", "GET", "r", "patrols"),
    Row("/patrols/nothing", "POST", "w", "patrols", fine=(400,)),  # no place is named
    Row("/sweeps/round/<pk>", "GET", "r", "sweeps", of_row=True),
    Row("/sweeps/nothing/<pk>", "POST", "r", "sweeps", of_row=True, fine=(400,)),  # no line
    Row("/service-rounds/came/<pk>", "POST", "w", "service-rounds", of_row=True, fine=(302,)),
    # Who may take which step a table says (tests/test_places.py).
    Row("/places/step/<string:verb>/<pk>", "GET", "w", "places", of_row=True, fine=(404,)),
    Row("/places/step/<string:verb>/<pk>", "POST", "w", "places", of_row=True, fine=(404,)),
    Row("/households/change/<string:change>/<pk>", "GET", "w", "households", of_row=True),
    Row(
        "/households/change/<string:change>/<pk>",
        "POST",
        "w",
        "households",
        of_row=True,
        fine=(400,),  # no child was named
    ),
    Row("/households/visit/<pk>", "GET", "w", "households", of_row=True),
    Row("/households/visit/<pk>", "POST", "w", "households", of_row=True, fine=(400,)),  # when?
    Row("/households/unchanged/<pk>", "POST", "w", "households", of_row=True, fine=(302,)),
    Row("/residents/change/<string:event>/<pk>", "GET", "w", "residents", of_row=True),
    Row(
        "/residents/change/<string:event>/<pk>",
        "POST",
        "w",
        "residents",
        of_row=True,
        fine=(400,),  # on which day?
    ),
    Row("/matters/report", "GET", "w", "matters"),
    Row("/matters/report", "POST", "w", "matters", fine=(400,)),  # nothing was typed
    Row("/matters/paste", "GET", "w", "matters"),
    Row("/matters/paste", "POST", "w", "matters", fine=(400,)),  # nothing was pasted
    Row("/matters/replies", "GET", "e", "matters"),
    Row("/matters/replies/<string:fmt>", "GET", "e", "matters"),
    Row("/work-orders/by-grid", "GET", "r", "work-orders"),
    # Nobody asks for more time there.
    Row("/work-orders/extension/<pk>", "GET", "w", "work-orders", of_row=True, fine=(404,)),
    Row("/work-orders/figures", "GET", "r", "work-orders"),
    Row("/ledgers/", "GET", "r", "work-orders"),
    Row("/ledgers/<string:code>/", "GET", "r", "work-orders"),
    Row("/ledgers/<string:code>/xlsx", "GET", "e", "work-orders"),
    Row("/ledgers/<string:code>/pdf", "POST", "e", "work-orders", fine=(302,)),
    Row("/work-orders/map", "GET", "r", "work-orders"),
    Row("/work-orders/map.svg", "GET", "r", "work-orders", fine=(200, 404)),  # a cell has no parts
    Row("/matters/photos/<pk>", "GET", "w", "matters", of_row=True),
    Row("/matters/photos/<pk>", "POST", "w", "matters", of_row=True, fine=(400,)),  # no file
    Row("/matters/cover/<pk>/<int:photo>", "GET", "w", "matters", of_row=True, fine=(404,)),
    Row("/matters/cover/<pk>/<int:photo>", "POST", "w", "matters", of_row=True, fine=(404,)),
    Row("/matters/photo/<pk>/<int:photo>.jpg", "GET", "r", "matters", of_row=True, fine=(404,)),
    # Who may make which move the table of moves says (tests/test_order_flow.py).
    Row(
        "/work-orders/move/<pk>/<string:move>",
        "GET",
        "w",
        "work-orders",
        of_row=True,
        fine=(404,),
    ),
    Row(
        "/work-orders/move/<pk>/<string:move>",
        "POST",
        "w",
        "work-orders",
        of_row=True,
        fine=(404,),
    ),
    Row(
        "/supervision-orders/act/<string:verb>/<pk>",
        "GET",
        "w",
        "supervision-orders",
        of_row=True,
        fine=(200, 403),  # a leader signs, an area answers
    ),
    Row(
        "/supervision-orders/act/<string:verb>/<pk>",
        "POST",
        "w",
        "supervision-orders",
        of_row=True,
        fine=(400, 403),
    ),
    # Who may answer and decide its own flow says (tests/test_responsibility.py).
    *(
        Row(
            "/responsibility-drafts/move/<pk>/<string:move>",
            method,
            "w",
            "responsibility-drafts",
            True,
            (404,),
        )
        for method in ("GET", "POST")
    ),
    # Who leads the order opens its file, of what was taken in (tests/test_mediation.py).
    Row("/work-orders/mediate/<pk>", "GET", "w", "work-orders", of_row=True, fine=(200, 403)),
    Row("/work-orders/mediate/<pk>", "POST", "w", "work-orders", of_row=True, fine=(400, 403)),
    Row(
        "/mediation-files/do/<string:verb>/<pk>",
        "GET",
        "w",
        "mediation-files",
        of_row=True,
        fine=(404,),  # no such thing is done
    ),
    Row(
        "/mediation-files/do/<string:verb>/<pk>",
        "POST",
        "w",
        "mediation-files",
        of_row=True,
        fine=(404,),
    ),
    Row(
        "/mediation-files/party/<pk>/<int:party>/<string:column>",
        "GET",
        "w",
        "mediation-files",
        of_row=True,
        fine=(404,),  # it has no parties
    ),
    Row(
        "/mediation-files/party/<pk>/<int:party>/<string:column>",
        "POST",
        "w",
        "mediation-files",
        of_row=True,
        fine=(404,),
    ),
    Row("/mediation-files/paper/<pk>", "GET", "r", "mediation-files", of_row=True),
    Row("/mediation-files/paper/<pk>", "POST", "r", "mediation-files", of_row=True, fine=(302,)),
    *(
        Row("/petitions/do/<string:verb>/<pk>", method, "w", "petitions", True, (404,))
        for method in ("GET", "POST")  # no such thing is written down (tests/test_petitions.py)
    ),
    Row("/petitions/mandate/<pk>", "GET", "w", "petitions", of_row=True, fine=(404,)),  # no photo
    Row("/petitions/accusation", "GET", "w", "petitions"),
    Row("/petitions/accusation", "POST", "w", "petitions", fine=(400,)),  # nothing was typed
    Row("/register-quality/", "GET", "r", "residents"),
    Row("/jobs/", "GET", "r", "jobs"),
    Row("/jobs/retry", "POST", "w", "jobs", fine=(400,)),  # no job is named
    Row("/jobs/drop", "POST", "w", "jobs", fine=(400,)),
    Row("/metrics", "GET", "token", fine=(401,)),
    Row("/imports/new", "GET", "w", "imports"),
    Row("/imports/new", "POST", "w", "imports", fine=(400,)),  # no file was chosen
    Row("/imports/template/<string:kind>", "GET", "w", "imports"),
    Row("/imports/preview/<int:task>", "GET", "w", "imports", fine=(404,)),  # there is none
    Row("/imports/preview/<int:task>", "POST", "w", "imports", fine=(404,)),
    Row("/imports/confirm/<int:task>", "POST", "w", "imports", fine=(404,)),
    Row("/imports/undo/<pk>", "GET", "w", "imports", of_row=True),
    Row("/imports/undo/<pk>", "POST", "w", "imports", of_row=True, fine=(302,)),
    Row("/workers/photo/<pk>", "GET", "w", "workers", of_row=True),
    Row("/workers/photo/<pk>", "POST", "w", "workers", of_row=True, fine=(400,)),
    Row("/workers/card/<pk>", "GET", "w", "workers", of_row=True),
    Row("/workers/card/<pk>", "POST", "w", "workers", of_row=True, fine=(400,)),
    Row("/cards/revoke/<pk>", "GET", "w", "cards", of_row=True),
    Row("/cards/revoke/<pk>", "POST", "w", "cards", of_row=True, fine=(400,)),
    Row("/cards/issue", "GET", "w", "cards"),
    Row("/cards/issue", "POST", "w", "cards", fine=(400,)),
    # Asked for a size that no card has: without a worker it would be waited for.
    Row("/cards/print/<pk>.pdf", "GET", "w", "cards", of_row=True, fine=(400,)),
    Row("/cards/sheet.pdf", "GET", "w", "cards", fine=(400,)),  # no grid is named
    Row("/photos/<int:pk>.jpg", "GET", "r", "photos", of_row=True),
    Row("/grids/map/<pk>", "GET", "r", "grids", of_row=True),
    Row("/grids/map/<pk>/shapes", "GET", "r", "grids", of_row=True),
    Row("/grids/boundary/<pk>", "GET", "w", "grids", of_row=True),
    Row("/grids/boundary/<pk>", "POST", "w", "grids", of_row=True, fine=(400,)),
    Row("/grids/boundary/<pk>/around", "GET", "w", "grids", of_row=True),
    Row("/grids/boundary/<pk>/check", "POST", "w", "grids", of_row=True, fine=(400,)),
    Row("/grids/bounds/<pk>", "GET", "w", "grids", of_row=True),
    Row("/grids/bounds/<pk>", "POST", "w", "grids", of_row=True),
    # The row of a test is a community: only cells and blocks are cut, joined and moved.
    Row("/grids/regrid/<pk>", "GET", "w", "grids", of_row=True),
    Row("/grids/regrid/<pk>/split", "GET", "w", "grids", of_row=True, fine=(404,)),
    Row("/grids/regrid/<pk>/split", "POST", "w", "grids", of_row=True, fine=(404,)),
    Row("/grids/regrid/<pk>/merge", "GET", "w", "grids", of_row=True, fine=(404,)),
    Row("/grids/regrid/<pk>/merge", "POST", "w", "grids", of_row=True, fine=(404,)),
    Row("/grids/regrid/<pk>/move", "GET", "w", "grids", of_row=True, fine=(404,)),
    Row("/grids/regrid/<pk>/move", "POST", "w", "grids", of_row=True, fine=(404,)),
    Row("/grids/regrid/<pk>/buildings", "GET", "w", "grids", of_row=True, fine=(404,)),
    Row("/grids/regrid/<pk>/buildings", "POST", "w", "grids", of_row=True, fine=(404,)),
    Row("/grids/regridded/<int:number>", "GET", "r", "grids", fine=(404,)),  # there is none
)
STATIC = {
    "/static/<path:filename>": "img/mark.svg",
    "/static/appbuilder/<path:filename>": "css/ab.css",
}


def rows() -> Iterator[Row]:
    """Every line of the table."""
    for slug in (slug for slug in RIGHTS if slug not in PAGES):
        for suffix, method, right, of_row, fine in ENTITY_ROUTES:
            yield Row(f"/{slug}{suffix}", method, right, slug, of_row, fine)
        for suffix, method, right, of_row, fine in API_ROUTES:
            if method == "GET" or slug not in READ_ONLY_API:
                yield Row(f"/api/v1/{slug}{suffix}", method, right, slug, of_row, fine)
    yield from OTHERS


def may(role: str, row: Row) -> bool:
    """Whether ``role`` may do what ``row`` is about, somewhere."""
    return row.right in RIGHTS[row.slug][role]


def expected(role: str | None, row: Row, where: str) -> tuple[int, ...]:
    """What a person in ``role`` (None: a stranger) gets for a row in their grid (``own``), outside
    it (``foreign``) or none at all (``missing``).
    """
    api = row.rule.startswith("/api/")
    if row.right in ("public", "token"):
        return row.fine
    if role is None:
        return (401,) if api else (302,)
    if row.right == "signed-in":
        return row.fine
    if "r" not in RIGHTS[row.slug][role]:
        return (403,)
    if row.of_row and where != "own":
        return (404,)
    if not may(role, row):
        return (403,)
    return (404,) if _formless(row) else row.fine


def _formless(row: Row) -> bool:
    """Routes that lead nowhere for anybody: no form, no private value."""
    if row.slug in NO_ADD and row.rule.endswith("/add"):
        return True
    if row.slug in NO_FORM and "/edit/" in row.rule:
        return True
    return "/reveal/" in row.rule and row.slug not in SENSITIVE


def address(row: Row, pk: Any) -> str:
    """The address of ``row`` for the row with key ``pk``."""
    filled = {
        "<pk>": str(pk),
        "<int:pk>": str(pk),
        "<string:fmt>": "csv",
        "<string:column>": SENSITIVE.get(row.slug, "phone"),
        "<string:name>": "remove",
        "<string:kind>": "workers",
        "<string:code>": "L09",
        "<string:change>": "birth",
        "<string:event>": "death",
        "<string:move>": "nothing",
        "<string:verb>": "answer",
        "<int:task>": "1",
        "<int:number>": "1",
        "<int:photo>": "1",
        "<int:party>": "1",
        "<version>": "v1",
        "<code>": COMMUNITY,
        "<int:seed>": "7",
        "<sha256>": "0" * 64,
        "<path:token>": "nobody",
        "<path:filename>": STATIC.get(row.rule, ""),
    }
    path = row.rule + ("?size=none" if row.rule.endswith(("/board.pdf", "/<pk>.pdf")) else "")
    for hole, value in filled.items():
        path = path.replace(hole, value)
    return path
