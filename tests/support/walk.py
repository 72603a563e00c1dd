"""A walk over every kind of page, and what a person reads on a page."""

from collections.abc import Iterator

from bs4 import NavigableString, Tag

from tests.support.client import Page, PageClient

SPOKEN = ("placeholder", "aria-label", "title", "alt", "data-l", "data-none", "data-wait")
UNREAD = {"style", "template", "meta", "link"}
ONE_ACCOUNT = ("/account/", "/resetmypassword/form", "/logout/", "/inbox/", "/tasks/")
FORMS = ("/imports/new",)
REFUSED = ("/nowhere", "/grids/show/999999")
COMMUNITY, AREA, BLOCK = "420102002990", "42010200299001", "4201020029900103"
CELL = "4201020029900103001"
PUBLIC = (
    "/",
    "/directory/",
    f"/directory/{COMMUNITY}",
    f"/directory/{AREA}",
    f"/directory/{BLOCK}",
    f"/directory/{CELL}",
    "/directory/420102002",
    "/directory/?q=幸福里社区",
    "/directory/?q=81999",
    "/verify/nobody",
    "/directory/420102/board.pdf",  # cannot be issued: says what is missing
    "/map/",
    f"/map/?grid={COMMUNITY}&level=cell",
    "/map/?q=81999",
    "/login/",
    "/nowhere",
)


def spoken(page: Page) -> Iterator[tuple[str, Tag]]:
    """Every text that a person reads or hears on a page, with its element.

    Not what is said in another language on purpose (an own ``lang``), nor what is hidden from
    everybody's ears (a letter instead of a portrait).
    """
    yield from _below(page.soup)


def _below(holder: Tag) -> Iterator[tuple[str, Tag]]:
    for tag in holder.children:
        if isinstance(tag, Tag) and not _foreign(tag):
            if tag.name not in UNREAD:
                yield from _own(tag)
            yield from _below(tag)


def _own(tag: Tag) -> Iterator[tuple[str, Tag]]:
    """What an element says itself, without those inside it."""
    for name in SPOKEN:
        if tag.get(name):
            yield str(tag[name]), tag
    if tag.name == "script":
        return
    if tag.name == "input" and tag.get("type") == "submit":
        yield str(tag.get("value", "")), tag
    for text in tag.find_all(string=True, recursive=False):
        if type(text) is NavigableString and text.strip():
            yield " ".join(text.split()), tag


def _foreign(tag: Tag) -> bool:
    """Said in another language on purpose, or hidden from everybody's ears."""
    return bool(tag.get("lang") and tag.name != "html") or tag.get("aria-hidden") == "true"


def visitor_pages(client: PageClient) -> Iterator[Page]:
    """What somebody sees who is not signed in."""
    for path in PUBLIC:
        yield client.get(path)
    yield client.post("/login/", client.get("/login/").form())
    yield client.submit("/login/", {"username": "station", "password": "wrong"})
    yield client.post("/login/", {})  # without a token


def staff_pages(client: PageClient, known: set[str]) -> Iterator[Page]:
    """What the account of ``client`` sees: its desk, each list of its menu with the pages of one
    record, the pages of one's own account, refusals. Of a list in ``known`` (added to) somebody
    else has seen the rest: the first page alone.
    """
    desk = client.get("/desk/")
    yield desk
    for address in desk.links(".side a[href]"):
        if address.endswith("/list/"):
            yield from [client.get(address)] if address in known else _register(client, address)
            known.add(address)
    for path in (*ONE_ACCOUNT, *FORMS, *REFUSED, "/jobs/"):
        yield client.get(path)
    form = client.get("/resetmypassword/form").form()
    yield client.post("/resetmypassword/form", form)
    yield client.post("/logout/", {})  # without a token


def _register(client: PageClient, address: str) -> Iterator[Page]:
    """A list as it is, filtered, without hits; then the pages of its first rows."""
    page = client.get(address)
    assert page.status == 200, address
    yield page
    yield client.get(f"{address}?q=81999")
    for select in page.soup.select("form.filters select"):
        value = select.find_all("option")[1]["value"]
        yield client.get(f"{address}?{select['name']}={value}")
    base = address.removesuffix("list/")
    known = page.links("main a[href]")
    for part in ("show/", "edit/", "delete/", "add"):
        found = next((link for link in known if link.startswith(base + part)), None)
        if found:
            yield from _one(client, found, part)


def _one(client: PageClient, address: str, part: str) -> Iterator[Page]:
    page = client.get(address)
    yield page
    if part == "show/":
        for link in page.links(".head a[href], a.reveal[href]"):
            if "/list/" not in link and "/directory/" not in link:
                yield from _one(client, link, "reveal" if "/reveal/" in link else "")
    if part in ("edit/", "add", "reveal") and page.status == 200:
        kept = ("csrf_token", "row_version", "once")
        empty = {name: value for name, value in page.form().items() if name in kept}
        yield client.post(address, empty)
        wrong = {name: "x" for name in WRONG if name in page.form()}
        if wrong:
            yield client.post(address, {**page.form(), **wrong})


# A value that no date, number, choice or code takes.
WRONG = ("since", "until", "grid", "worker", "post_role", "level", "households_declared", "reason")
