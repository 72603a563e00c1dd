"""Documents bound into one: structure, bookmarks, links and text stay what they were."""

from datetime import date
from io import BytesIO

import pytest
from pypdf import PdfReader

from portal.documents import pdf
from portal.documents.binder import bind
from portal.documents.binder_source import NotOurs
from portal.documents.figure import figure
from portal.documents.qr import draw_qr
from tests.support.pdf import read_pdf, squeezed

pytestmark = pytest.mark.one_engine

CSS = (
    "@page { size: 200mm 150mm } body { font-family: 'Noto Sans CJK SC' } h2 { break-before: page }"
)
ON = date(2026, 4, 1)


def leaf(title):
    """Three pages: a table with heads, links inside and to elsewhere, a figure, odd texts."""
    return pdf.write(
        pdf.lay_out(
            f"<html lang=zh-Hans><title>{title}</title><h1 id=top>{title}</h1>"
            "<p><a href='#second'>第二页 5 0 R (x\\) /Dest (second)</a>"
            "<a href='http://127.0.0.1/a?b=(1)'>elsewhere</a></p>"
            "<table><thead><tr><th>甲</th><th>乙</th></tr></thead>"
            "<tbody><tr><td>1</td><td>2 /StructParent 0</td></tr></tbody></table>"
            f"<h2 id=second>{title}二</h2><p>{figure(draw_qr('x', ''), 'a (b) 3 0 R')}</p>",
            CSS,
        )
    )


@pytest.fixture(scope="module")
def leaves():
    return [leaf("一"), leaf("two"), leaf("三")]


@pytest.fixture(scope="module")
def whole(leaves):
    return bind(leaves, "全部（3）", "zh-Hans", ON)


def test_the_whole_passes_the_pdf_checks(leaves, whole):
    facts, parts = read_pdf(whole), [read_pdf(part) for part in leaves]
    assert (facts.lang, facts.title, facts.created) == ("zh-Hans", "全部（3）", "D:20260401")
    assert facts.shows_title
    assert facts.marked
    assert 'pdfuaid:part="1"' in facts.metadata
    assert "全部（3）" in facts.metadata
    assert facts.untagged == 0
    assert facts.tags[:2] == ("Document", "Part")
    assert facts.tags.count("Document") == 1
    assert facts.tags.count("Part") == 3
    assert list(facts.tags[1:]) == [
        tag for part in parts for tag in ("Part", *part.tags[1:])
    ]  # nothing of the structure is lost, and nothing is out of order
    assert facts.figures == tuple(alt for part in parts for alt in part.figures)
    assert all(facts.fonts.values())
    assert facts.bookmarks == tuple(mark for part in parts for mark in part.bookmarks)
    assert squeezed(facts.text) == squeezed("".join(part.text for part in parts))


def test_it_is_the_same_each_time(leaves, whole):
    assert bind(leaves, "全部（3）", "zh-Hans", ON) == whole


def test_links_lead_to_the_page_of_their_own_document(whole):
    reader = PdfReader(BytesIO(whole))
    led = {}
    for number, page in enumerate(reader.pages):
        for link in (entry.get_object() for entry in page.get("/Annots", ())):
            if "/Dest" in link:
                target = link["/Dest"][0].get_object()
                led[number] = next(n for n, p in enumerate(reader.pages) if p == target)
            else:
                assert link["/A"]["/URI"] == "http://127.0.0.1/a?b=(1)"
    assert led == {0: 1, 3: 4, 6: 7}
    marks = [reader.get_destination_page_number(mark) for mark in flat(reader.outline)]
    assert marks == [0, 1, 3, 4, 6, 7]


def flat(outline):
    for entry in outline:
        if isinstance(entry, list):
            yield from flat(entry)
        else:
            yield entry


def test_every_mark_of_every_page_finds_its_place_in_the_structure(whole):
    reader = PdfReader(BytesIO(whole))
    numbers = reader.trailer["/Root"]["/StructTreeRoot"]["/ParentTree"]["/Nums"]
    tree = dict(zip(numbers[::2], numbers[1::2], strict=True))
    assert list(tree) == list(range(len(tree)))
    keys = [page["/StructParents"] for page in reader.pages]
    links = [
        entry.get_object()["/StructParent"]
        for page in reader.pages
        for entry in page.get("/Annots", ())
    ]
    assert sorted(keys + links) == list(tree)
    for key, page in zip(keys, reader.pages, strict=True):
        for element in tree[key]:
            assert element["/Pg"] == page


def test_names_within_the_structure_stay_apart(whole):
    reader = PdfReader(BytesIO(whole))
    ids, heads = [], set()
    for number in range(1, int(reader.trailer["/Size"])):
        thing = reader.get_object(number)
        if isinstance(thing, dict) and thing.get("/Type") == "/StructElem":
            ids += [str(thing["/ID"])] if "/ID" in thing else []
            for kind in [thing["/A"]] if isinstance(thing.get("/A"), dict) else thing.get("/A", ()):
                heads |= {str(name) for name in kind.get("/Headers", ())}
    assert len(ids) == len(set(ids)) == 6
    assert heads == set(ids)


@pytest.mark.parametrize("damage", [b"", b"%PDF-1.4 startxref\n0\n%%EOF", None])
def test_other_files_are_refused(leaves, damage):
    broken = leaves[0][:-400] + leaves[0][-64:] if damage is None else damage
    with pytest.raises(NotOurs):
        bind([leaves[1], broken], "x", "en", ON)
