"""Copies the third-party styles and scripts that pages use out of frontend/node_modules.

The target folder is ignored by git. Beside the files lies `manifest.json`: for each file its
package, version, licence and SHA-256, so that anyone can see what a page loads. Standard library
only: it runs before the portal's own packages are needed.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "frontend" / "node_modules"
TARGET = ROOT / "portal" / "static" / "vendor"
ICON_LIST = ROOT / "frontend" / "icons.txt"
SPRITE = "icons.svg"

# package -> {file in the package: file under portal/static/vendor}
WANTED = {
    "@tabler/core": {
        "dist/css/tabler.min.css": "tabler/tabler.min.css",
        "dist/css/tabler-vendors.min.css": "tabler/tabler-vendors.min.css",
        "dist/js/tabler.min.js": "tabler/tabler.min.js",
    },
    "tom-select": {
        "dist/css/tom-select.bootstrap5.min.css": "tom-select/tom-select.bootstrap5.min.css",
        "dist/js/tom-select.complete.min.js": "tom-select/tom-select.complete.min.js",
    },
    "htmx.org": {"dist/htmx.min.js": "htmx/htmx.min.js"},
    "leaflet": {
        "dist/leaflet.js": "leaflet/leaflet.js",
        "dist/leaflet.css": "leaflet/leaflet.css",
        "dist/images/layers.png": "leaflet/images/layers.png",
        "dist/images/layers-2x.png": "leaflet/images/layers-2x.png",
        "dist/images/marker-icon.png": "leaflet/images/marker-icon.png",
        "dist/images/marker-icon-2x.png": "leaflet/images/marker-icon-2x.png",
        "dist/images/marker-shadow.png": "leaflet/images/marker-shadow.png",
    },
}
# A map file is not copied, so the browser must not be told to look for one.
SOURCE_MAP = re.compile(rb"\n?(/\*|//)# sourceMappingURL=[^\s*]*(\s*\*/)?")
TEXT = {".css", ".js"}


def package_facts(package: str) -> dict[str, str]:
    """Name, version and licence of an installed package; FileNotFoundError if it is missing."""
    facts = json.loads((MODULES / package / "package.json").read_text("utf-8"))
    return {"name": package, "version": facts["version"], "licence": facts["license"]}


def copy_files(target: Path) -> list[dict[str, str]]:
    """Copies every wanted file to `target`; returns one manifest entry per file."""
    entries = []
    for package, files in WANTED.items():
        facts = package_facts(package)
        for source, name in files.items():
            content = (MODULES / package / source).read_bytes()
            if Path(name).suffix in TEXT:
                content = SOURCE_MAP.sub(b"", content)
            entries.append({**facts, **write(target, name, content)})
    return entries


def icon_names() -> list[str]:
    """The names of frontend/icons.txt, in order, without comments."""
    lines = (line.strip() for line in ICON_LIST.read_text("utf-8").splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def make_sprite(target: Path) -> dict[str, str]:
    """One SVG file with a <symbol id="NAME"> per icon; SystemExit names an icon that the package
    lacks.
    """
    symbols = []
    for name in icon_names():
        path = MODULES / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg"
        if not path.exists():
            raise SystemExit(f"frontend/icons.txt: the package has no outline icon named {name}")
        drawing = (
            path.read_text("utf-8").split("<svg", 1)[1].split(">", 1)[1].rsplit("</svg>", 1)[0]
        )
        drawing = "".join(part.strip() for part in drawing.splitlines())
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
            f'stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{drawing}</symbol>'
        )
    sprite = '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"
    return {**package_facts("@tabler/icons"), **write(target, SPRITE, sprite.encode())}


def copy_licences(target: Path) -> None:
    """Licence texts travel with the files, as each licence asks."""
    for package in [*WANTED, "@tabler/icons"]:
        for source in sorted((MODULES / package).glob("LICEN[CS]E*")):
            write(
                target, f"licences/{package.strip('@').replace('/', '-')}.txt", source.read_bytes()
            )


def write(target: Path, name: str, content: bytes) -> dict[str, str]:
    """Writes one file under `target`; returns its manifest fields."""
    path = target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return {"file": name, "sha256": hashlib.sha256(content).hexdigest()}


def main() -> int:
    """Builds the folder beside the old one and swaps them, so that an interrupted run leaves no
    half.
    """
    fresh = TARGET.with_name("vendor.new")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        entries = [*copy_files(fresh), make_sprite(fresh)]
    except FileNotFoundError as error:
        print(
            f"front-end packages are missing ({error.filename}); run: make assets", file=sys.stderr
        )
        return 1
    copy_licences(fresh)
    manifest = json.dumps({"files": entries}, indent=1, sort_keys=True) + "\n"
    (fresh / "manifest.json").write_text(manifest, "utf-8")
    shutil.rmtree(TARGET, ignore_errors=True)
    fresh.rename(TARGET)
    print(f"{len(entries)} front-end files in {TARGET.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
