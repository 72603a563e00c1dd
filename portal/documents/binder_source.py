"""The objects of a PDF as ``portal.documents.pdf`` writes it, still as they are written."""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field


class NotOurs(ValueError):
    """The bytes are not a PDF as ``portal.documents.pdf`` writes it."""


@dataclass
class Source:
    """The objects of a file by number: dictionary, and what follows it (empty: no stream)."""

    root: int
    info: int
    objects: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)

    def reference(self, number: int, key: bytes) -> int:
        """The object that ``key`` of object ``number`` refers to; 0 where there is none."""
        found = re.search(rb"/%s (\d+) 0 R" % key, self.objects[number][0])
        return int(found[1]) if found else 0


def read(data: bytes) -> Source:
    """The objects of a PDF. Raises NotOurs."""
    end = re.search(rb"startxref\n(\d+)\n%%EOF\s*$", data[-64:])
    if end is None:
        raise NotOurs("no cross-reference")
    table, rest = _object(data, int(end[1]))
    widths = re.search(rb"/W \[(\d+) (\d+) (\d+)\]", table)
    ends = [re.search(rb"/%s (\d+) 0 R" % key, table) for key in (b"Root", b"Info")]
    if widths is None or ends[0] is None:
        raise NotOurs("no cross-reference stream")
    source = Source(int(ends[0][1]), int(ends[1][1]) if ends[1] else 0)
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
