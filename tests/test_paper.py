"""The frame of documents of several pages: contents, numbers of pages, heads that are repeated."""

from datetime import date
from typing import Any

import pytest
from jinja2 import ChoiceLoader, DictLoader

from portal.documents.paper import Frame, paper_html, render_paper
from portal.documents.template import HTML_LANG, environment
from portal.errors import RuleError
from portal.queries.board_record import Edition
from tests.support.pdf import check_pdf, read_pdf, squeezed

pytestmark = pytest.mark.one_engine

EDITION = Edition("DA-4201020029900103003-A4-001", 1, date(2026, 4, 1))
SOURCE = """{% extends "paper.html" %}{% import "paper_parts.html" as paper %}
{% block parts %}
{% call paper.part(outline, "概况", fresh=false) %}
{{ paper.facts([("东至", "海棠路"), ("西至", "")]) }}
{% call paper.section(outline, "名册") %}
{{ paper.rows(["姓名", ("电话", "tight"), ("户数", "num")], lines, caption="现任") }}
{% endcall %}
{% call paper.section(outline, "往年") %}{{ paper.rows(["姓名"], [["赵"]]) }}{% endcall %}
{% endcall %}
{% call paper.part(outline, "队伍 & <组>") %}<p>{{ words }}</p>{{ paper.note("尚未登记") }}
{% endcall %}
{% endblock %}"""


@pytest.fixture(autouse=True)
def _template(monkeypatch: pytest.MonkeyPatch) -> None:
    for lang in HTML_LANG:
        made = environment(lang)
        loader = ChoiceLoader([made.loader, DictLoader({"sample.html": SOURCE})])
        monkeypatch.setattr(made, "loader", loader)


def _frame(lang: str = "zh_Hans_CN") -> Frame:
    return Frame(
        lang,
        title="网格档案",
        name="三多大院",
        url="https://grid.example/directory/4201020029900103003",
        publisher="幸福里社区网格化服务管理办公室",
        above=("幸福里社区", "第一片格"),
        facts=(("网格编码", "4201020029900103003"),),
    )


def _context(count: int = 70, words: str = "一段文字。") -> dict[str, Any]:
    return {
        "lines": [(f"张三{at}", f"027-0010{at:04d}", str(at)) for at in range(count)],
        "words": words,
    }


@pytest.mark.parametrize("lang", list(HTML_LANG))
@pytest.mark.parametrize("count", [0, 5, 70, 300])
def test_a_paper_passes_the_pdf_checks(lang: str, count: int) -> None:
    data, pages = render_paper("sample.html", _frame(lang), EDITION, **_context(count))
    html = paper_html("sample.html", _frame(lang), EDITION, **_context(count))
    facts = check_pdf(data, html, HTML_LANG[lang])
    assert set(facts.sizes) == {(210, 297)}
    assert len(facts.sizes) == pages
    assert facts.title == "三多大院 网格档案"
    assert facts.created.startswith("D:20260401")
    assert facts.bookmarks == (
        "三多大院 网格档案", "1 概况", "1.1 名册", "1.2 往年", "2 队伍 & <组>"
    )  # fmt: skip


def test_the_contents_name_the_page_where_a_part_begins() -> None:
    data, pages = render_paper("sample.html", _frame(), EDITION, **_context(200))
    facts = read_pdf(data)
    assert pages > 4
    assert facts.anchors == {"part-1": 1, "part-1-1": 1, "part-1-2": pages - 1, "part-2": pages}
    front = squeezed(facts.text.partition("一段")[0])
    assert f"2队伍&<组>{pages}" in front


def test_every_page_says_which_it_is_and_repeats_the_heads_of_a_table() -> None:
    data, pages = render_paper("sample.html", _frame(), EDITION, **_context(200))
    facts = read_pdf(data)
    told = squeezed(facts.running)
    assert [at for at in range(1, pages + 1) if f"第{at}页，共{pages}页" not in told] == []
    assert told.count(squeezed(EDITION.number)) == pages + 1  # in the foot of each, and in front
    assert pages - 2 <= told.count("电话户数") <= pages - 1  # all but the last, or the one before
    assert squeezed(facts.text).count("电话户数") == 1
    english = read_pdf(render_paper("sample.html", _frame("en"), EDITION, **_context())[0])
    assert f"Page 1 of {len(english.sizes)}" in english.running


def test_the_same_paper_gives_the_same_bytes() -> None:
    first, second = (
        render_paper("sample.html", _frame(), EDITION, **_context(40)) for _run in range(2)
    )
    assert first == second


def test_long_words_break_and_what_cannot_is_refused() -> None:
    render_paper("sample.html", _frame(), EDITION, **_context(1, "A" * 400))
    wide = "甲" * 80  # in a column that does not break
    lines = {"lines": [("张三", wide, "1")], "words": ""}
    with pytest.raises(RuleError, match="text"):
        render_paper("sample.html", _frame(), EDITION, **lines)


def test_text_is_escaped() -> None:
    words = _context(1, "<b>甲</b>&乙")
    text = squeezed(read_pdf(render_paper("sample.html", _frame(), EDITION, **words)[0]).text)
    assert "<b>甲</b>&乙" in text
