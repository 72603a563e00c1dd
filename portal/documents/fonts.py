"""The font of documents: Noto Sans CJK SC, first of all in the cut that ``scripts/fonts.py`` made.

Style sheets, and drawings by ``fitting.FONT``, name "Grid Sans" (the cut) and after it the whole
font, which supplies rare characters, and everything where the cut was not made.
"""

import os
from pathlib import Path

from weasyprint import CSS
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher

CUT = "Grid Sans"
FILES = {400: "vendor/fonts/grid-sans-regular.otf", 700: "vendor/fonts/grid-sans-bold.otf"}
"""Weight → file of the cut, under ``portal/static``."""


class Fonts(FontConfiguration):
    """The system's fonts and the cut; ``folder`` is ``portal/static``.

    WeasyPrint keeps a copy of the files for as long as this object lives; the copy belongs to the
    process that made it, not to those forked from it.
    """

    def __init__(self, folder: Path, fetcher: URLFetcher) -> None:
        super().__init__()
        self._made_by = os.getpid()
        if all((folder / file).is_file() for file in FILES.values()):
            faces = "".join(
                f'@font-face {{ font-family: "{CUT}"; font-weight: {weight}; src: url({file}) }}'
                for weight, file in FILES.items()
            )
            CSS(string=faces, font_config=self, url_fetcher=fetcher, base_url=f"{folder.as_uri()}/")

    def __del__(self) -> None:
        if os.getpid() == self._made_by:
            super().__del__()
