"""The cut of the documents' font: enough for everyday, and never a missing character."""

import shutil
from importlib import util
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from portal.documents import pdf
from portal.documents.fonts import FILES, Fonts
from portal.documents.template import TEMPLATES, TRANSLATIONS
from tests.support.pdf import read_pdf

pytestmark = pytest.mark.one_engine

ROOT = Path(__file__).resolve().parents[1]
CSS = 'html { font-family: "Grid Sans", "Noto Sans CJK SC", sans-serif }'
PAGE = '<html lang="zh-Hans"><title>-</title><body><p>{0}<p><b>{0}</b>'


def fonts_of(text: str) -> set[str]:
    """Names of the fonts in a document of ``text``, regular and bold."""
    made = read_pdf(pdf.write(pdf.lay_out(PAGE.format(text), CSS)))
    assert made.text.replace("\n", "").count(text) == 2
    return {name.partition("+")[2] for name in made.fonts}


def test_the_cut_holds_every_character_that_the_portal_says() -> None:
    found = util.spec_from_file_location("fonts", ROOT / "scripts" / "fonts.py")
    assert found is not None and found.loader is not None
    script = util.module_from_spec(found)
    found.loader.exec_module(script)
    cut = script.characters()
    with (TRANSLATIONS / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po").open("rb") as file:
        said = "".join(str(message.string) for message in read_po(file))
    own = (path.read_text() for path in TEMPLATES.glob("*.html"))
    defaults = (ROOT / "portal" / "defaults").rglob("*.*")
    texts = [said, *own, *(path.read_text() for path in defaults)]
    missing = {sign for text in texts for sign in text if ord(sign) not in cut and sign >= " "}
    assert missing == set()


def test_everyday_text_takes_the_cut_alone() -> None:
    assert fonts_of("网格员：张三（12 号）→ 500 ㎡") == {"Grid-Sans", "Grid-Sans-Bold"}


@pytest.mark.parametrize("name", ["李喆", "王䶮", "陈𠮷"])
def test_a_rare_name_comes_from_the_whole_font(name: str) -> None:
    whole = {"Noto-Sans-CJK-SC", "Noto-Sans-CJK-SC-Bold"}
    assert fonts_of(name) == {"Grid-Sans", "Grid-Sans-Bold"} | whole


def test_without_the_cut_there_is_still_a_font(tmp_path: Path) -> None:
    assert Fonts(tmp_path, pdf.FencedFetcher(tmp_path))._folder is None


def test_a_forked_process_leaves_the_files_alone(tmp_path: Path) -> None:
    for file in FILES.values():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(pdf.STATIC / file, tmp_path / file)
    made = Fonts(tmp_path, pdf.FencedFetcher(tmp_path))
    folder, maker = made._folder, made._made_by
    assert folder is not None
    made._made_by = maker + 1  # as a forked process sees it
    made.__del__()
    assert len(list(folder.iterdir())) == len(FILES)
    made._made_by = maker
    del made
    assert not folder.exists()
