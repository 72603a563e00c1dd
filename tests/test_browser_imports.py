"""Inbox, long work and imports in a real browser, with a real worker behind it."""

import pytest

from tests.support.uploads import CELL_1, WORKERS

pytestmark = pytest.mark.browser


def given(text):
    """A CSV file as the browser takes it."""
    return {"name": "名单.csv", "mimeType": "text/csv", "buffer": text.encode()}


def choose(page, file):
    """Choose a file with workers on the page."""
    page.goto("/imports/new")
    page.select_option("#kind", "workers")
    page.set_input_files("#file", file)
    page.click("main form [type=submit]")


def test_a_file_is_checked_and_imported_while_one_watches(visit, live_worker):
    clerk = visit("clerk1")
    page = clerk.page
    choose(page, given(f"{WORKERS}甲,外星,{CELL_1}\n"))
    page.wait_for_selector(".checked")  # the script asks until it is there
    assert page.locator(".checked b").all_inner_texts() == ["2", "0", "0", "1"]
    assert clerk.axe() == []
    page.click("form[action^='/imports/confirm'] button")
    page.wait_for_url("**/imports/show/*")
    assert clerk.axe() == []
    page.click(".head a[href*='/undo/']")
    page.wait_for_url("**/imports/undo/*")
    assert clerk.axe() == []
    page.click("main form [type=submit]")
    page.wait_for_url("**/imports/show/*")
    page.goto("/inbox/")
    assert page.locator(".letters .new").count() >= 2
    assert clerk.axe() == []
    page.locator(".letters button").first.click()
    page.wait_for_url("**/imports/show/*")
    page.goto("/tasks/")
    assert clerk.axe() == []


def test_the_same_on_a_telephone_without_scripts(visit, live_worker):
    clerk = visit("clerk1", phone=True, scripts=False)
    page = clerk.page
    choose(page, given(f"Wer,Wo\n秦岭,{CELL_1}\n"))
    page.wait_for_selector(".assign", timeout=30_000)  # the page loads itself again
    assert "缺少必需的列" in page.locator(".note.late").inner_text()
    page.select_option("select[name=c0]", "name")
    page.select_option("select[name=c1]", "grid_code")
    page.click(".assign [type=submit]")
    page.wait_for_selector(".checked", timeout=30_000)
    button = page.locator("form[action^='/imports/confirm'] button")
    box = button.bounding_box()
    assert box is not None and box["width"] > 300 and box["height"] >= 44  # under the thumb
    button.click()
    page.wait_for_url("**/imports/show/*", timeout=30_000)
    assert page.locator("h1").inner_text() == "名单.csv"


def test_a_file_of_too_much_is_told(visit, tmp_path):
    clerk = visit("clerk1")
    page = clerk.page
    file = tmp_path / "big.csv"
    file.write_bytes(b"x" * (33 * 1024 * 1024))
    choose(page, file)
    page.wait_for_selector("text=32")
    assert "413" in page.locator("main").inner_text()
