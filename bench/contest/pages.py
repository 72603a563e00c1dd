"""The pages that are compared, and the rows that they have to show."""

import re
from dataclasses import dataclass
from html import unescape

from sqlalchemy import Connection, create_engine, text

from bench.contest.client import Client

WIDE, LEADER = "bench", "leader10"  # the whole register; the small old cell
NAME = "国强"
PER_PAGE, DEEP_PAGE, STEP = 25, 1_000, 200
NEAR_PAGE, PATIENCE = 41, 1.0  # seconds of a step, beyond which walking far makes no sense
LISTS = (
    "list",
    "list, deep page",
    "list, small old cell",
    "search",
    "by name",
    "by name, deep page",
)
FORMS = ("add", "edit", "show")
PAGES = (*LISTS, *FORMS)
NEXT = re.compile(r'rel="next" href="([^"]+)"')


@dataclass
class Rows:
    """What the register holds: how many people, one in the middle, numbers of the deep pages (in
    the usual order, by name), and whom each list begins with (where the order is the same for all).
    ``search``: two characters that fill a page, so that pages of different sizes of the register
    show as much.
    """

    total: int
    search: str
    middle: int
    page: int
    name_page: int
    first: dict[str, str]

    def deep(self, client: Client, order: str) -> str:
        """The address of the portal's deep page, found by walking there.

        Where one step takes too long, the deep page by name is a nearer one, for everybody.
        """
        left = (self.page - 1) * PER_PAGE
        sort = f"&order={order}" if order else ""
        path = f"/residents/list/?size={min(STEP, left)}{sort}"
        if order:
            client.ask(path)
            if client.ask(path).seconds > PATIENCE:
                self.name_page = min(self.page, NEAR_PAGE)
                left = (self.name_page - 1) * PER_PAGE
        while True:
            found = NEXT.search(client.ask(path).text)
            assert found is not None, path
            path, left = unescape(found[1]), left - min(STEP, left)
            if not left:
                return re.sub(r"&?size=\d+", "", path)
            path = re.sub(r"size=\d+", f"size={min(STEP, left)}", path)


def look(url: str) -> Rows:
    """What is in the register of the database at ``url`` (as PORTAL_DATABASE_URL takes it)."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    ordered = "SELECT name FROM residents {} ORDER BY grid_code, id LIMIT 1 OFFSET {}"
    with engine.connect() as connection:
        total = connection.scalar(text("SELECT count(*) FROM residents"))
        page = min(DEEP_PAGE, total // PER_PAGE - 1)
        deep = (page - 1) * PER_PAGE
        search = _search(connection)
        rows = Rows(
            total,
            search,
            total // 2,
            page,
            page,
            {
                "list": connection.scalar(text(ordered.format("", 0))),
                "list, deep page": connection.scalar(text(ordered.format("", deep))),
                "list, small old cell": connection.scalar(
                    text("SELECT name FROM residents WHERE id = 1")
                ),
                "search": search,
            },
        )
    engine.dispose()
    return rows


def _search(connection: Connection) -> str:
    """NAME where it fills a page, otherwise the given name that most people have."""
    named = "SELECT count(*) FROM residents WHERE name LIKE '%' || :name"
    if (connection.scalar(text(named), {"name": NAME}) or 0) >= PER_PAGE:
        return NAME
    given = (
        "SELECT substr(name, 2) FROM residents WHERE length(name) = 3"
        " GROUP BY substr(name, 2) ORDER BY count(*) DESC, substr(name, 2) LIMIT 1"
    )
    return str(connection.scalar(text(given)))
