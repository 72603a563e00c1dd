"""The portal in a real browser: signing in with and without scripts, on a desk and a telephone."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Error

from tests.conftest import PASSWORD
from tests.support.browser import Visitor

pytestmark = pytest.mark.browser


# Everybody on a desk and on a telephone, with and without scripts.
@pytest.mark.parametrize(
    ("username", "phone", "scripts"),
    [
        ("station", False, True),
        ("station", True, False),
        ("leader07", True, True),
        ("leader07", False, False),
        ("clerk1", True, True),
        ("clerk1", False, False),
    ],
)
def test_each_signs_in_and_sees_a_desk_in_chinese(
    visit: Callable[..., Visitor], username: str, phone: bool, scripts: bool
) -> None:
    visitor = visit(phone=phone, scripts=scripts)
    visitor.sign_in(username, PASSWORD)
    page = visitor.page
    page.goto("/desk/")
    assert page.url.endswith("/desk/")
    assert page.locator("html").get_attribute("lang") == "zh-Hans"
    heading = page.locator("h1").inner_text()
    assert any("\u4e00" <= letter <= "\u9fff" for letter in heading), heading
    # Nothing may stick out sideways: a telephone has no room for it.
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    if scripts:
        assert page.evaluate(overflow) <= 0


def test_the_watch_sees_what_it_is_there_for(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    visitor.page.goto("/")
    visitor.page.evaluate(
        """() => {
            const style = document.createElement('style');
            style.textContent = 'p { color: red }';
            document.head.append(style);
            setTimeout(() => { throw new Error('of a script'); });
        }"""
    )
    visitor.page.wait_for_timeout(300)
    with pytest.raises(Error):
        visitor.page.goto("https://example.org/")
    found = "\n".join(visitor.problems)
    visitor.problems.clear()
    assert "Content Security Policy" in found
    assert "script error: of a script" in found
    assert "another host: example.org" in found
