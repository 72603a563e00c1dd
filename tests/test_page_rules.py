"""The page rules find what they are there to find."""

import pytest

from tests.support.pages import faults

POLICY = "default-src 'self'; script-src 'self' 'nonce-abc'"
GOOD = """<!doctype html><html lang="zh-Hans"><head><title>网格</title>
<script nonce="abc">let a = 1;</script><link rel="stylesheet" href="/static/a.css"></head>
<body><main><h1>网格</h1><form method="post"><input type="hidden" name="csrf_token" value="t">
<label for="a">名称</label><input id="a" name="a"><button>保存</button></form>
<p>138****5678 420102002990010001001</p></main></body></html>"""

pytestmark = pytest.mark.one_engine


def test_a_good_page_has_no_fault() -> None:
    assert faults(GOOD, "/grids/list/", POLICY) == []


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("<h1>网格</h1>", "", "0 h1"),
        ("<h1>网格</h1>", "<h1>网格</h1><h1>2</h1>", "2 h1"),
        ("<title>网格</title>", "<title> </title>", "no title"),
        ('lang="zh-Hans"', 'lang="zh"', "no lang"),
        ("main>", "div>", "no main"),
        ('<p>', '<p id="a">', "id 'a' twice"),
        ('<label for="a">名称</label>', "", "no label: a"),
        ('value="t"', 'value=""', "POST form without a token"),
        ('nonce="abc"', 'nonce="abd"', "inline script without the nonce"),
        ("<p>", "<style>p{}</style><p>", "inline style without the nonce"),
        ("<p>", '<p style="color:red">', "<p style=…>"),
        ("<p>", '<p onclick="a()">', "<p onclick=…>"),
        ('href="/static/a.css"', 'href="https://example.org/a.css"', "loads from elsewhere"),
        ("138****5678", "13812345678", "a telephone number in full"),
    ],
)  # fmt: skip
def test_each_fault_is_found(old: str, new: str, expected: str) -> None:
    assert old in GOOD
    found = faults(GOOD.replace(old, new), "/grids/list/", POLICY)
    assert len([fault for fault in found if expected in fault]) == 1, found


def test_policies_that_allow_too_much_or_are_missing() -> None:
    assert "no Content-Security-Policy" in faults(GOOD, "/", None)
    loose = f"{POLICY}; style-src 'self' 'unsafe-inline'"
    assert any("allows what it should forbid" in fault for fault in faults(GOOD, "/", loose))


@pytest.mark.parametrize("path", ["/", "/directory/420102002990", "/workers/reveal/3"])
def test_numbers_in_full_stand_where_they_may(path: str) -> None:
    assert faults(GOOD.replace("138****5678", "13812345678"), path, POLICY) == []
