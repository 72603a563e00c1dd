"""Cuts the system's Noto Sans CJK down to the characters of everyday Chinese, for documents.

A PDF holds the glyphs that it uses; finding and numbering them among 65,000 takes a quarter of the
time of a notice board and half of its bytes. The cut has the characters of GB 2312 with the signs
around them; whatever else a name needs comes from the whole font as before. Target folder:
``portal/static/vendor/fonts`` (ignored by git), two files of 1.9 MB, made in 0.2 s by hb-subset.

Without hb-subset or the font nothing is made, and documents use what the system has. Standard
library only. Licence of the font: SIL OFL 1.1, laid beside the others where Debian keeps it.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "portal" / "static" / "vendor"
TARGET = VENDOR / "fonts"
LICENCE = Path("/usr/share/doc/fonts-noto-cjk/copyright")
FAMILY = "Noto Sans CJK SC"
WEIGHTS = ("regular", "bold")
# Latin, punctuation, letterlike signs, arrows, mathematics, enclosed and geometric signs, units.
SIGNS = ((0x20, 0x7E), (0xA0, 0xFF), (0x2000, 0x22FF), (0x2460, 0x27BF), (0x3000, 0x30FF))
MORE_SIGNS = ((0x3200, 0x33FF), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF))
# Features that only a style sheet asks for, or a language other than Chinese.
UNUSED = (
    "aalt trad jp78 jp83 jp90 nlck hwid fwid pwid palt halt vert vrt2 vpal valt vhal vkna hkna "
    "ruby dlig locl ital"
)


def characters() -> set[int]:
    """Code points of the cut: GB 2312 (6,763 ideographs) and the signs."""
    found = {code for first, last in (*SIGNS, *MORE_SIGNS) for code in range(first, last + 1)}
    return found | set(_gb2312())


def _gb2312() -> Iterator[int]:
    for high in range(0xA1, 0xF8):
        for low in range(0xA1, 0xFF):
            try:
                yield ord(bytes((high, low)).decode("gb2312"))
            except UnicodeDecodeError:
                continue


def whole_font(weight: str) -> tuple[str, int] | None:
    """File and index in it of the system's font, if it is the expected one and of one weight."""
    query = ["fc-match", "-f", "%{family}|%{variable}|%{file}|%{index}", f"{FAMILY}:{weight}"]
    family, variable, file, index = subprocess.run(
        query, capture_output=True, text=True, check=True
    ).stdout.split("|")
    if FAMILY not in family.split(",") or variable == "True":
        return None
    return file, int(index)


def cut(file: str, index: int, codes: set[int], target: Path) -> None:
    """Write the cut of a font to ``target``. Raises CalledProcessError."""
    part = target.with_suffix(".part")
    command = [
        *("hb-subset", f"--face-index={index}", "--name-IDs=*"),
        *("--unicodes-file=-", f"--layout-features-={','.join(UNUSED.split())}"),
        *(f"--output-file={part}", file),
    ]
    listed = "\n".join(f"{code:X}" for code in sorted(codes))
    subprocess.run(command, input=listed, text=True, check=True)
    part.replace(target)


def main() -> int:
    """Make both weights, or say why not; 0 either way: documents only take longer without."""
    if not all(shutil.which(tool) for tool in ("hb-subset", "fc-match")):
        print("fonts: without hb-subset and fc-match documents use the whole font")
        return 0
    codes = characters()
    TARGET.mkdir(parents=True, exist_ok=True)
    for weight in WEIGHTS:
        found = whole_font(weight)
        if found is None:
            print(f"fonts: no {FAMILY} with a {weight} of its own; documents use what there is")
            return 0
        cut(*found, codes, TARGET / f"grid-sans-{weight}.otf")
    if LICENCE.is_file():
        shutil.copyfile(LICENCE, VENDOR / "licences" / "noto-cjk.txt")
    return 0


if __name__ == "__main__":
    sys.exit(main())
