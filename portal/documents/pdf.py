"""HTML to tagged PDF with WeasyPrint: fenced, repeatable, without request or session.

The same HTML gives the same bytes: the creation date comes from the document's
``<meta name="dcterms.created">``, never from a clock. Output is PDF/UA-1 tagged; what of that is
proved stands in the tests ("the PDF checks"), so say "passes these checks", not "conforms".
"""

import logging
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pydyf
import weasyprint.css
from weasyprint import CSS, HTML
from weasyprint.document import Document
from weasyprint.formatting_structure.boxes import Box, LineBox, ParentBox, TextBox
from weasyprint.layout.absolute import AbsolutePlaceholder
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from portal.collector import uncollected
from portal.documents.fonts import Fonts

PACKAGE = Path(__file__).resolve().parents[1]
STATIC = PACKAGE / "static"
VARIANT = "pdf/ua-1"
SLACK = 1.0  # CSS pixels (0.26 mm) that rounding may push text over an edge


class _Compression:
    """The module ``zlib`` as pydyf sees it: it asks for level 9, which takes three times as long as
    the usual level 6 and saves 2 % of the bytes.
    """

    compress = staticmethod(zlib.compress)

    @staticmethod
    def compressobj(level: int) -> Any:
        """A compressor of the usual level."""
        return zlib.compressobj(level=min(level, 6))


pydyf.zlib = _Compression
logging.getLogger("fontTools.subset").setLevel(logging.WARNING)


class FetchRefused(Exception):
    """A document asked for something that is neither ours nor inside itself."""


class FencedFetcher(URLFetcher):
    """Opens our own static files and data URIs; raises FetchRefused for anything else."""

    def __init__(self, root: Path = STATIC) -> None:
        super().__init__(
            allowed_protocols=("file", "data"), allow_redirects=False, fail_on_errors=True
        )
        self.root = root.resolve()
        self.refused: list[str] = []

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        """The content behind ``url``; a refusal stops the whole document."""
        scheme = url.partition(":")[0].lower()
        if scheme == "data":
            return super().fetch(url, headers)
        if scheme == "file":
            parts = urlsplit(url)
            path = Path(unquote(parts.path)).resolve()
            if not parts.netloc and path.is_relative_to(self.root) and path.is_file():
                return super().fetch(path.as_uri(), headers)
        self.refused.append(url[:200])
        raise FetchRefused(f"documents may not open {url[:200]}")


@lru_cache(maxsize=1)
def fonts() -> Fonts:
    """One font configuration per process: finding the fonts is the slow part."""
    return Fonts(STATIC, FencedFetcher())


@lru_cache(maxsize=1)
def _browser_sheet() -> CSS:
    """WeasyPrint's own style sheet without what no document of ours has.

    Its rules for footnotes and notes, and for markers of whatever is no list, match every element:
    half of the time of the cascade goes into pseudo-elements that nobody sees.
    """
    lines = Path(weasyprint.css.__file__).with_name("html5_ua.css").read_text().splitlines()
    kept = [line for line in lines if not line.startswith(("::footnote", "::note"))]
    text = "\n".join(kept).replace("\n::marker {", "\nli::marker, summary::marker {")
    return CSS(string=text, url_fetcher=FencedFetcher(), base_url=_base())


class _Page(HTML):
    """A page of ours under the shorter style sheet."""

    def _ua_stylesheets(self, forms: bool = False) -> list[CSS]:
        return [_browser_sheet()]


@lru_cache(maxsize=32)
def style_sheet(text: str) -> CSS:
    """A parsed style sheet, kept for the life of the process."""
    return CSS(string=text, font_config=fonts(), url_fetcher=FencedFetcher(), base_url=_base())


def lay_out(html: str, css: str) -> Document:
    """Pages of ``html`` under the style sheet ``css``, not written yet.

    Relative addresses are those of ``portal/static``. Raises FetchRefused when the document
    refers to anything but our own static files and data URIs.
    """
    try:
        with uncollected():
            page = _Page(string=html, url_fetcher=FencedFetcher(), base_url=_base())
            document = page.render(
                font_config=fonts(), stylesheets=[style_sheet(css)], pdf_variant=VARIANT
            )
    except FatalURLFetchingError as error:
        raise FetchRefused(str(error.__cause__ or error)) from error
    _check_fence(document)
    return document


def write(document: Document, zoom: float = 1.0) -> bytes:
    """PDF bytes of laid-out pages, every length multiplied by ``zoom``. Raises FetchRefused."""
    with uncollected():
        pdf: bytes = document.write_pdf(zoom=zoom, pdf_variant=VARIANT)
    _check_fence(document)
    return pdf


def _check_fence(document: Document) -> None:
    """WeasyPrint swallows every error inside an SVG image and goes on without it."""
    refused = document.url_fetcher.refused
    if refused:
        raise FetchRefused(f"documents may not open {refused[0]}")


def overfull(document: Document, mark: str = "data-zone") -> list[str]:
    """Names of the boxes whose text does not fit into them, in document order.

    Looks at every element that carries the attribute ``mark`` (its value is the name). A fixed
    box does not grow in print: what does not fit would cover its neighbour or be cut off.
    """
    found: dict[str, None] = {}
    for page in document.pages:
        # The layout tree has no public name in WeasyPrint (pinned); the alternative is to guess.
        _look(page._page_box, mark, (), found)
    return list(found)


@dataclass(frozen=True)
class _Fence:
    element: object
    name: str
    left: float
    right: float
    bottom: float


def _look(box: Box, mark: str, fences: tuple[_Fence, ...], found: dict[str, None]) -> None:
    if isinstance(box, AbsolutePlaceholder):
        box = box._box
    fences += _fence(box, mark, fences)
    # A line's height is what the style sheet asks for; a text's is that of its font.
    if isinstance(box, LineBox):
        low = box.position_y + box.height
        found.update({fence.name: None for fence in fences if low > fence.bottom})
    if isinstance(box, TextBox):
        start, end = box.position_x, box.position_x + box.width
        found.update({f.name: None for f in fences if start < f.left or end > f.right})
    elif isinstance(box, ParentBox):
        for child in box.children:
            _look(child, mark, fences, found)


def _fence(box: Box, mark: str, fences: tuple[_Fence, ...]) -> tuple[_Fence, ...]:
    """The edges of a marked box; anonymous boxes inside it belong to the same element."""
    element = box.element
    if element is None or not element.get(mark) or isinstance(box, TextBox | LineBox):
        return ()
    if any(fence.element is element for fence in fences):
        return ()
    left = box.content_box_x()
    bottom = box.content_box_y() + box.height
    name = element.get(mark)
    return (_Fence(element, name, left - SLACK, left + box.width + SLACK, bottom + SLACK),)


def _base() -> str:
    return STATIC.as_uri() + "/"
