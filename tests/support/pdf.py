"""The PDF checks: what must hold for every document the portal issues.

Lang, Title, DisplayDocTitle, a structure tree, PDF/UA identification in the metadata, every font
embedded, a text alternative on every figure, bookmarks, all text tagged, and extracted text equal
to the text that was set. A document that passes "passes these checks"; that is all it means.

Text is what the structure holds: running heads and page numbers are not part of it, and the head
of a table that goes on over several pages counts once. The page numbers of the contents are
expected to be those of the pages where the parts begin.
"""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html.parser import HTMLParser
from io import BytesIO
from typing import Any

from pypdf import PdfReader
from pypdf.generic import (
    ArrayObject,
    ContentStream,
    DictionaryObject,
    IndirectObject,
    NameObject,
)
from pypdf.generic._font import Font

SHOW_TEXT = {b"Tj", b"TJ", b"'", b'"'}
DRAWING = "data:image/svg+xml;base64,"
NEVER_SET = {"head", "title", "desc", "style", "script"}


@dataclass(frozen=True)
class Facts:
    """What a PDF says of itself. ``fonts``: name to "is embedded"; sizes in millimetres;
    ``running``: all text, running heads included; ``anchors``: name to number of the page."""

    lang: str
    title: str
    shows_title: bool
    marked: bool
    metadata: str
    tags: tuple[str, ...]
    figures: tuple[str, ...]
    fonts: dict[str, bool]
    bookmarks: tuple[str, ...]
    untagged: int
    text: str
    running: str
    sizes: tuple[tuple[int, int], ...]
    created: str
    anchors: dict[str, int]


def read_pdf(data: bytes) -> Facts:
    """The facts of a PDF's bytes."""
    reader = PdfReader(BytesIO(data))
    catalog = reader.trailer["/Root"]
    elements = list(_structure(catalog.get("/StructTreeRoot", {})))
    kept = _kept(catalog.get("/StructTreeRoot", {}))
    with _fonts_read_once():
        pages = [_read(reader, page, kept) for page in reader.pages]
    return Facts(
        lang=str(catalog.get("/Lang", "")),
        title=str(reader.metadata.title if reader.metadata else ""),
        shows_title=bool(_get(catalog, "/ViewerPreferences", "/DisplayDocTitle")),
        marked=bool(_get(catalog, "/MarkInfo", "/Marked")),
        metadata=catalog["/Metadata"].get_object().get_data().decode(),
        tags=tuple(str(element["/S"]).lstrip("/") for element in elements),
        figures=tuple(str(e.get("/Alt", "")) for e in elements if e["/S"] == "/Figure"),
        fonts=dict(_fonts(reader)),
        bookmarks=tuple(_bookmarks(reader.outline)),
        untagged=sum(page.untagged for page in pages),
        text="\n".join(page.text for page in pages),
        running="\n".join(page.running for page in pages),
        sizes=tuple(
            (
                round(float(p.mediabox.width) / 72 * 25.4),
                round(float(p.mediabox.height) / 72 * 25.4),
            )
            for p in reader.pages
        ),
        created=str((reader.metadata or {}).get("/CreationDate", "")),
        anchors={
            str(name): reader.get_destination_page_number(place) + 1
            for name, place in reader.named_destinations.items()
        },
    )


@contextmanager
def _fonts_read_once() -> Iterator[None]:
    """In this block pypdf takes a font apart once, not again for each page and drawing that uses
    it: that takes several times as long as all the rest.
    """
    original = Font.__dict__["from_font_resource"]
    known: dict[
        int, tuple[DictionaryObject, Font]
    ] = {}  # the resource too: so its id stays its own

    def once(resource: DictionaryObject) -> Font:
        if id(resource) not in known:
            known[id(resource)] = (resource, original.__get__(None, Font)(resource))
        return known[id(resource)][1]

    Font.from_font_resource = staticmethod(once)  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        Font.from_font_resource = original  # type: ignore[method-assign]


def check_pdf(data: bytes, html: str, lang: str, *, drawn: bool = True) -> Facts:
    """Assert the PDF checks against the page it was made from; returns the facts. ``drawn``: it has
    figures.
    """
    facts = read_pdf(data)
    assert facts.lang == lang
    assert facts.title
    assert facts.shows_title
    assert facts.marked
    assert 'pdfuaid:part="1"' in facts.metadata or "<pdfuaid:part>1<" in facts.metadata
    assert facts.tags[0] == "Document"
    assert facts.tags.count("H1") == 1
    assert bool(facts.figures) == drawn
    assert all(facts.figures), "a figure without a text alternative"
    assert facts.fonts
    assert all(facts.fonts.values()), f"not embedded: {facts.fonts}"
    assert facts.bookmarks
    assert facts.untagged == 0, "text outside the structure"
    assert squeezed(facts.text) == squeezed(text_of(html, facts.anchors))
    return facts


def squeezed(text: str) -> str:
    """``text`` without any white space: how it is broken into lines does not count."""
    return "".join(text.split())


def text_of(html: str, anchors: dict[str, int] | None = None) -> str:
    """The text that a page sets, drawings included, in the order of its source; ``anchors`` (name
    to page) are the numbers that the contents show.
    """
    reader = _TextReader(anchors or {})
    reader.feed(html)
    return "".join(reader.parts)


class _TextReader(HTMLParser):
    def __init__(self, anchors: dict[str, int]) -> None:
        super().__init__()
        self.anchors = anchors
        self.parts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in NEVER_SET
        if tag == "a" and dict(attrs).get("class") == "page":
            self.parts.append(str(self.anchors[str(dict(attrs)["href"]).removeprefix("#")]))
        source = dict(attrs).get("src") or ""
        if tag == "img" and source.startswith(DRAWING):
            self.parts.append(text_of(b64decode(source.removeprefix(DRAWING)).decode()))

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in NEVER_SET

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        pass

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            self.parts.append(data)


def _get(holder: Any, *keys: str) -> Any:
    for key in keys:
        holder = holder.get(key)
        if holder is None:
            return None
        holder = holder.get_object()
    return getattr(holder, "value", holder)


def _structure(node: Any) -> Iterator[DictionaryObject]:
    """Every structure element below ``node``, in reading order."""
    node = node.get_object() if isinstance(node, IndirectObject) else node
    if isinstance(node, ArrayObject):
        for child in node:
            yield from _structure(child)
    elif isinstance(node, DictionaryObject):
        if "/S" in node:
            yield node
        if "/K" in node:
            yield from _structure(node["/K"])


@dataclass(frozen=True)
class _Leaf:
    """A marked content of the structure: object number of its page, mark, table, in its head."""

    page: int
    mark: int
    table: int
    head: bool


def _kept(root: Any) -> dict[int, set[int]]:
    """Object number of a page to the marks of its text, without repeated heads of tables."""
    leaves = list(_leaves(root, 0, 0, False, [0]))
    kept: dict[int, set[int]] = {}
    firsts = {leaf.table: at for at, leaf in reversed(list(enumerate(leaves))) if leaf.table}
    for leaf in leaves:
        before = leaves[firsts[leaf.table] - 1] if leaf.table and firsts[leaf.table] else None
        goes_on = before is not None and before.table and before.page != leaf.page
        if not (leaf.head and goes_on):
            kept.setdefault(leaf.page, set()).add(leaf.mark)
    return kept


def _leaves(node: Any, page: int, table: int, head: bool, count: list[int]) -> Iterator[_Leaf]:
    if isinstance(node, DictionaryObject) and "/Pg" in node:
        page = node.raw_get("/Pg").idnum
    if isinstance(node, DictionaryObject):
        if node.get("/S") == "/Table":
            count[0] += 1
            table = count[0]
        head = head or node.get("/S") == "/THead"
    below = node.get("/K", ArrayObject()) if isinstance(node, DictionaryObject) else node
    for child in below if isinstance(below, ArrayObject) else [below]:
        if isinstance(child, int):
            yield _Leaf(page, int(child), table, head)
        else:
            yield from _leaves(child.get_object(), page, table, head, count)


@dataclass(frozen=True)
class _Read:
    """A page: its text as far as the structure holds it, all of it, and how many texts are painted
    outside marked content."""

    text: str
    running: str
    untagged: int


def _read(reader: PdfReader, page: Any, kept: dict[int, set[int]]) -> _Read:
    """What is painted on a page; ``text`` as far as its mark is in ``kept``. Taking the paint
    apart is what takes long, so it is done once.
    """
    number = page.indirect_reference.idnum if page.indirect_reference else 0
    content = ContentStream(page.get_contents(), reader, "bytes")
    painted = content.operations
    page[NameObject("/Contents")] = content
    running = page.extract_text()
    marks: list[int | None] = []
    chosen, untagged = [], 0
    for operands, operator in painted:
        if operator in (b"BDC", b"BMC"):
            properties = operands[1] if operator == b"BDC" else {}
            mark = properties.get("/MCID") if isinstance(properties, dict) else None
            marks.append(mark if mark is not None or not marks else marks[-1])
        elif operator == b"EMC":
            marks.pop()
        untagged += operator in SHOW_TEXT and not marks
        shown = operator in SHOW_TEXT or operator == b"Do"
        if not shown or (marks and marks[-1] in kept.get(number, ())):
            chosen.append((operands, operator))
    content.operations = chosen
    return _Read(page.extract_text(), running, untagged)


def _fonts(reader: PdfReader) -> Iterator[tuple[str, bool]]:
    """Every font of the file: a descendant font's name, and whether its file is inside."""
    for number in range(1, int(reader.trailer["/Size"])):
        thing = reader.get_object(number)
        if isinstance(thing, DictionaryObject) and thing.get("/Type") == "/Font":
            if thing.get("/Subtype") == "/Type0":
                continue  # only names the font below it
            descriptor = thing.get("/FontDescriptor")
            inside = descriptor.get_object() if descriptor is not None else {}
            yield str(thing.get("/BaseFont")), any(key.startswith("/FontFile") for key in inside)


def _bookmarks(outline: Any) -> Iterator[str]:
    for entry in outline:
        if isinstance(entry, list):
            yield from _bookmarks(entry)
        else:
            yield str(entry.title)
