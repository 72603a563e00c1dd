"""Several documents bound into one PDF, with everything that makes them accessible.

Common tools that join PDF files lose the structure tree. Here the structure of each document
becomes a part of the whole, its bookmarks stand among those of the whole, and the pages are those
that were issued, byte for byte. Only what ``portal.documents.pdf`` wrote can be bound: its files
have no encryption, no older versions inside, generation 0 throughout, no comments.
"""

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import pydyf
from weasyprint.pdf.metadata import DocumentMetadata

REFERENCE = re.compile(rb"(\d+) 0 R")
# What may be rewritten in a dictionary; the first two are texts, passed over as a whole.
TOKEN = re.compile(
    rb"\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f]+>"
    rb"|/Dest (?P<dest>\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f]*>)"
    rb"|/ID \((?P<id>[^()\\]*)\)|/Headers \[(?P<heads>[^\]]*)\]"
    rb"|/StructParent(?P<many>s?) (?P<key>\d+)"
    rb"|(?P<ref>\d+) 0 R",
    re.DOTALL,
)
NAMED = re.compile(rb"(\((?:[^()\\]|\\.)*\)|<[0-9A-Fa-f]*>) (\[[^\]]*\])", re.DOTALL)
NUMBERED = re.compile(rb"(\d+) (\[[^\]]*\]|\d+ 0 R)")


class NotOurs(ValueError):
    """The bytes are not a PDF as ``portal.documents.pdf`` writes it."""


class _Raw(pydyf.Object):
    """A dictionary or array as it will be written."""

    def __init__(self, content: bytes = b"") -> None:
        super().__init__()
        self.content = content

    @property
    def data(self) -> bytes:
        return self.content


class _RawStream(pydyf.Stream):
    """A stream, still compressed, with its dictionary."""

    def __init__(self, content: bytes, rest: bytes) -> None:
        super().__init__()
        self.content, self.rest = content, rest

    @property
    def data(self) -> bytes:
        return self.content + self.rest


@dataclass
class _Source:
    """The objects of a file by number: dictionary, and what follows it (empty: no stream)."""

    root: int
    info: int
    objects: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)

    def reference(self, number: int, key: bytes) -> int:
        """The object that ``key`` of object ``number`` refers to; 0 where there is none."""
        found = re.search(rb"/%s (\d+) 0 R" % key, self.objects[number][0])
        return int(found[1]) if found else 0


def bind(parts: list[bytes], title: str, lang: str, created: date) -> bytes:
    """One PDF of all ``parts`` in order, ``lang`` as in HTML. Raises NotOurs."""
    pdf = pydyf.PDF()
    whole = _Whole(pdf)
    for part in parts:
        whole.add(read(part))
    whole.close()
    pdf.catalog["Lang"] = pydyf.String(lang)
    pdf.info["Title"] = pydyf.String(title)
    pdf.info["CreationDate"] = pydyf.String(f"D:{created:%Y%m%d}")
    metadata = DocumentMetadata(title=title, created=created.isoformat(), lang=lang)
    metadata.include_in_pdf(pdf, "ua", 1, conformance=None, compress=True)
    output = io.BytesIO()
    pdf.write(output, b"1.7", compress=True)
    return output.getvalue()


class _Whole:
    """The book while it grows: its structure, its bookmarks, its pages."""

    def __init__(self, pdf: pydyf.PDF) -> None:
        self.pdf = pdf
        self.tree, self.root, self.document = (pydyf.Dictionary() for _each in range(3))
        self.outlines = pydyf.Dictionary()
        for thing in (self.tree, self.root, self.document, self.outlines):
            pdf.add_object(thing)
        self.parts = pydyf.Array()
        self.numbers: list[bytes] = []  # of the parent tree, flat
        self.next_key = 0
        self.heads: list[_Raw] = []  # bookmarks of the first level

    def add(self, source: _Source) -> None:
        """Append a document."""
        pages, outlines = (source.reference(source.root, key) for key in (b"Pages", b"Outlines"))
        root = source.reference(source.root, b"StructTreeRoot")
        tree, metadata = (
            source.reference(root, b"ParentTree"),
            source.reference(source.root, b"Metadata"),
        )
        if not (pages and root and tree):
            raise NotOurs("no pages or no structure")
        taken = {pages: self.pdf.pages, root: self.document, outlines: self.outlines}
        gone = {source.root, source.info, tree, metadata}
        kept = [n for n in source.objects if n not in taken and n not in gone]
        made: dict[int, pydyf.Object] = dict(taken)
        for number in kept:
            made[number] = _RawStream(b"", b"") if source.objects[number][1] else _Raw()
            self.pdf.add_object(made[number])
        rewrite = _Rewriting({n: o.number for n, o in made.items()}, self.next_key, _names(source))
        for number in kept:
            content, rest = source.objects[number]
            one = made[number]
            one.content = rewrite(content)
            if rest:
                one.rest = rest
        self._pages(source.objects[pages][0], made)
        self._structure(source, root, tree, made, rewrite)
        if outlines:
            self._bookmarks(source, outlines, made)

    def _pages(self, dictionary: bytes, made: dict[int, pydyf.Object]) -> None:
        kids = re.search(rb"/Kids \[([^\]]*)\]", dictionary)
        if kids is None:
            raise NotOurs("no list of pages")
        for number in REFERENCE.findall(kids[1]):
            self.pdf.pages["Kids"].extend([made[int(number)].number, 0, "R"])
            self.pdf.pages["Count"] += 1

    def _structure(
        self,
        source: _Source,
        root: int,
        tree: int,
        made: dict[int, pydyf.Object],
        rewrite: "_Rewriting",
    ) -> None:
        found = re.search(rb"/K \[(\d+) 0 R\]", source.objects[root][0])
        numbers = re.search(rb"/Nums \[(.*)\]", source.objects[tree][0], re.DOTALL)
        if found is None or numbers is None:
            raise NotOurs("no structure")
        part = made[int(found[1])]
        assert isinstance(part, _Raw)
        part.content = part.content.replace(b"/S /Document", b"/S /Part", 1)
        self.parts.append(part.reference)
        keys = [-1]
        for key, value in NUMBERED.findall(numbers[1]):
            keys.append(int(key))
            self.numbers.append(b"%d %s" % (self.next_key + int(key), rewrite(value)))
        self.next_key += max(keys) + 1

    def _bookmarks(self, source: _Source, outlines: int, made: dict[int, pydyf.Object]) -> None:
        number = source.reference(outlines, b"First")
        while number:
            one = made[number]
            assert isinstance(one, _Raw)
            one.content = re.sub(rb"/Count ([1-9])", rb"/Count -\1", one.content)  # closed
            if self.heads and not re.search(rb"/Prev ", one.content):
                one.content = _with(one.content, b"Prev", self.heads[-1])
                self.heads[-1].content = _with(self.heads[-1].content, b"Next", one)
            self.heads.append(one)
            number = source.reference(number, b"Next")

    def close(self) -> None:
        """Fill in what is known only now."""
        self.tree["Nums"] = b"[" + b" ".join(self.numbers) + b"]"
        self.root.update(
            Type="/StructTreeRoot",
            ParentTree=self.tree.reference,
            K=pydyf.Array([self.document.reference]),
        )
        self.document.update(Type="/StructElem", S="/Document", K=self.parts, P=self.root.reference)
        self.outlines["Count"] = len(self.heads)
        if self.heads:
            self.outlines["First"] = self.heads[0].reference
            self.outlines["Last"] = self.heads[-1].reference
            self.pdf.catalog["Outlines"] = self.outlines.reference
        self.pdf.catalog["StructTreeRoot"] = self.root.reference
        self.pdf.catalog["ViewerPreferences"] = pydyf.Dictionary({"DisplayDocTitle": "true"})
        self.pdf.catalog["MarkInfo"] = pydyf.Dictionary({"Marked": "true"})


@dataclass(frozen=True)
class _Rewriting:
    """Gives a dictionary of a document its numbers in the book."""

    numbers: dict[int, int]
    first_key: int
    names: dict[bytes, bytes]  # of destinations

    def __call__(self, content: bytes) -> bytes:
        return TOKEN.sub(self._token, content)

    def _token(self, found: re.Match[bytes]) -> bytes:
        if found["ref"]:
            return b"%d 0 R" % self.numbers.get(int(found["ref"]), 0)
        if found["key"]:
            return b"/StructParent%s %d" % (found["many"], self.first_key + int(found["key"]))
        if found["id"]:
            return b"/ID (%s)" % (b"%d.%s" % (self.first_key, found["id"]))
        if found["heads"]:
            return b"/Headers [%s]" % found["heads"].replace(b"(", b"(%d." % self.first_key)
        if found["dest"]:
            place = self.names.get(found["dest"])
            return found[0] if place is None else b"/Dest " + self(place)
        return found[0]


def _names(source: _Source) -> dict[bytes, bytes]:
    """Destinations by name: two documents may use one name for different places."""
    found = re.search(rb"/Dests <</Names \[(.*)\]>>", source.objects[source.root][0], re.DOTALL)
    return dict(NAMED.findall(found[1])) if found else {}


def _with(dictionary: bytes, key: bytes, target: pydyf.Object) -> bytes:
    return b"%s/%s %s>>" % (dictionary.removesuffix(b">>"), key, target.reference)


def read(data: bytes) -> _Source:
    """The objects of a PDF. Raises NotOurs."""
    end = re.search(rb"startxref\n(\d+)\n%%EOF\s*$", data[-64:])
    if end is None:
        raise NotOurs("no cross-reference")
    table, rest = _object(data, int(end[1]))
    widths = re.search(rb"/W \[(\d+) (\d+) (\d+)\]", table)
    ends = [re.search(rb"/%s (\d+) 0 R" % key, table) for key in (b"Root", b"Info")]
    if widths is None or ends[0] is None:
        raise NotOurs("no cross-reference stream")
    source = _Source(int(ends[0][1]), int(ends[1][1]) if ends[1] else 0)
    inside: set[int] = set()
    places = _places(_inflated(rest), [int(width) for width in widths.groups()])
    for number, (kind, where, _index) in enumerate(places):
        if kind == 1:
            source.objects[number] = _object(data, where)
        elif kind == 2:
            inside.add(where)
    for number in inside:
        source.objects.update(_unpacked(*source.objects.pop(number)))
    for number in [n for n, (d, _r) in source.objects.items() if b"/Type /XRef" in d]:
        del source.objects[number]
    return source


def _places(table: bytes, widths: list[int]) -> Iterator[tuple[int, int, int]]:
    step = sum(widths)
    for start in range(0, len(table) - step + 1, step):
        values, at = [], start
        for width in widths:
            values.append(int.from_bytes(table[at : at + width], "big"))
            at += width
        yield values[0], values[1], values[2]


def _object(data: bytes, offset: int) -> tuple[bytes, bytes]:
    """Dictionary and, of a stream, all that follows it."""
    head = data.find(b" obj\n", offset, offset + 32)
    if head < 0:
        raise NotOurs("no object where one should be")
    start = head + len(b" obj\n")
    stream, end = data.find(b">>\nstream\n", start), data.find(b"\nendobj", start)
    if end < 0:
        raise NotOurs("an object without an end")
    if not start <= stream < end:
        return data[start:end], b""
    content = data[start : stream + 2]
    length = re.search(rb"/Length (\d+)", content)
    if length is None:
        raise NotOurs("a stream without a length")
    first = stream + len(b">>\nstream\n")
    return content, b"\nstream\n" + data[first : first + int(length[1])] + b"\nendstream"


def _inflated(rest: bytes) -> bytes:
    try:
        body = rest.removeprefix(b"\nstream\n").removesuffix(b"\nendstream")
        return zlib.decompress(body)
    except zlib.error as error:
        raise NotOurs("a damaged stream") from error


def _unpacked(dictionary: bytes, rest: bytes) -> dict[int, tuple[bytes, bytes]]:
    """The objects of an object stream."""
    first = re.search(rb"/First (\d+)", dictionary)
    if first is None or b"/Type /ObjStm" not in dictionary:
        raise NotOurs("no object stream where one should be")
    body = _inflated(rest)
    start = int(first[1])
    heads = [int(word) for word in body[:start].split()]
    numbers, offsets = heads[::2], [start + offset for offset in heads[1::2]]
    ends = [offset - 1 for offset in offsets[1:]] + [len(body)]
    return {
        number: (body[begin:end], b"")
        for number, begin, end in zip(numbers, offsets, ends, strict=True)
    }
