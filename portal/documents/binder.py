"""Several documents bound into one PDF, with everything that makes them accessible.

Common tools that join PDF files lose the structure tree. Here the structure of each document
becomes a part of the whole, its bookmarks stand among those of the whole, and the pages are those
that were issued, byte for byte. Only what ``portal.documents.pdf`` wrote can be bound: its files
have no encryption, no older versions inside, generation 0 throughout, no comments.
"""

import io
import re
from dataclasses import dataclass
from datetime import date

import pydyf
from weasyprint.pdf.metadata import DocumentMetadata

from portal.documents.binder_source import NotOurs, Source, read

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

    def add(self, source: Source) -> None:
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
        source: Source,
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

    def _bookmarks(self, source: Source, outlines: int, made: dict[int, pydyf.Object]) -> None:
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


def _names(source: Source) -> dict[bytes, bytes]:
    """Destinations by name: two documents may use one name for different places."""
    found = re.search(rb"/Dests <</Names \[(.*)\]>>", source.objects[source.root][0], re.DOTALL)
    return dict(NAMED.findall(found[1])) if found else {}


def _with(dictionary: bytes, key: bytes, target: pydyf.Object) -> bytes:
    return b"%s/%s %s>>" % (dictionary.removesuffix(b">>"), key, target.reference)
