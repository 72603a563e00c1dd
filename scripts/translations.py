"""Message catalogues: gather and update them, or check that nothing is missing.

    translations.py update   gather messages, update the catalogues, compile them
    translations.py check    exit 1 and name every message that Chinese lacks or breaks

English stands in the source. A catalogue also holds words of the framework that we translate
ourselves; they stand in `translations/framework.txt`, one a line (singular | plural), and are
gathered like our own.
"""

import ast
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "translations"
LANGUAGES = ("zh_Hans_CN", "en")
COMPLETE = ("zh_Hans_CN",)  # English is its own source
CALLS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None}
KEYWORDS = {**CALLS, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "lazy_pgettext": ((1, "c"), 2)}
PLACEHOLDER = re.compile(r"%\((\w+)\)[sdf]|\{(\w*)\}")


def gather() -> Catalog:
    """All messages of the source, with the files they stand in."""
    catalogue = Catalog(project="Grid Portal", charset="utf-8")
    with (FOLDER / "babel.cfg").open() as settings:
        methods, options = parse_mapping_cfg(settings)
    for place in extract_from_dir(ROOT, methods, options, keywords=KEYWORDS):
        file, _line, message, comments, context = place
        catalogue.add(message, None, [(file, 0)], auto_comments=comments, context=context)
    for file, message in in_formatted_strings():
        catalogue.add(message, None, [(file, 0)])
    framework = FOLDER / "framework.txt"
    if framework.exists():
        for line in framework.read_text("utf-8").splitlines():
            if line and not line.startswith("# "):
                words = tuple(line.split(" | "))  # singular and plural, or one text
                message = words if len(words) > 1 else line
                catalogue.add(message, None, [("translations/framework.txt", 0)])
    return catalogue


def in_formatted_strings() -> Iterator[tuple[str, str]]:
    """File and text of messages inside f-strings, which Babel does not see before Python 3.12."""
    for folder in ("portal", "jobs"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            for outer in ast.walk(ast.parse(file.read_bytes())):
                if isinstance(outer, ast.FormattedValue):
                    for message in called_with(outer):
                        yield str(file.relative_to(ROOT)), message


def called_with(tree: ast.AST) -> Iterator[str]:
    """Texts that a part of a program gives to one of the functions of CALLS."""
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.args:
            text = call.args[0]
            if call.func.id in CALLS and isinstance(text, ast.Constant):
                yield str(text.value)


def path_of(language: str) -> Path:
    """The catalogue file of a language."""
    return FOLDER / language / "LC_MESSAGES" / "messages.po"


def read(language: str) -> Catalog:
    """A catalogue as it is on disk; an empty one if there is none."""
    if not path_of(language).exists():
        return Catalog(locale=language, charset="utf-8")
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language)


def update() -> None:
    """Brings every catalogue to the messages of the source, guessing nothing from similar ones."""
    fresh = gather()
    for language in LANGUAGES:
        catalogue = read(language)
        catalogue.update(
            fresh, no_fuzzy_matching=True, update_header_comment=False, update_creation_date=False
        )
        catalogue.obsolete.clear()
        path_of(language).parent.mkdir(parents=True, exist_ok=True)
        with path_of(language).open("wb") as file:
            write_po(file, catalogue, width=100, sort_output=True, include_lineno=False)
        with path_of(language).with_suffix(".mo").open("wb") as file:
            write_mo(file, catalogue)
        empty = sum(1 for message in catalogue if message.id and not all(strings(message)))
        print(f"{language}: {len(catalogue)} messages, {empty} without a translation")


def strings(message: Message) -> list[str]:
    """All strings of a message, singular and plural."""
    return list(message.string) if isinstance(message.string, tuple | list) else [message.string]


def ids(message: Message) -> list[str]:
    """All source strings of a message."""
    return list(message.id) if isinstance(message.id, tuple | list) else [message.id]


def placeholders(text: str) -> set[str]:
    """Names that a text wants filled in."""
    return {named or braced for named, braced in PLACEHOLDER.findall(text)}


def faults(fresh: Catalog, catalogue: Catalog) -> list[str]:
    """What is missing or broken in a catalogue that has to be complete."""
    found = []
    for message in fresh:
        if not message.id:
            continue
        known = catalogue.get(ids(message)[0], message.context)
        where = message.locations[0][0]
        if known is None or not all(strings(known)):
            found.append(f"{where}: no translation of {ids(message)[0]!r}")
        elif known.fuzzy:
            found.append(f"{where}: only a guess for {ids(message)[0]!r}")
        elif any(placeholders(text) - placeholders(ids(message)[-1]) for text in strings(known)):
            found.append(f"{where}: the translation of {ids(message)[0]!r} wants other values")
    return found


def compiled(language: str) -> bool:
    """Whether the compiled catalogue says what its source says; English may do without both."""
    if not path_of(language).exists():
        return language not in COMPLETE
    target = path_of(language).with_suffix(".mo")
    expected = BytesIO()
    write_mo(expected, read(language))
    return target.exists() and target.read_bytes() == expected.getvalue()


def check() -> int:
    """Prints every fault; 1 if there is any."""
    fresh = gather()
    if len(fresh) == 0:
        print("no message was found in the source: translations/babel.cfg is wrong")
        return 1
    found = [fault for language in COMPLETE for fault in faults(fresh, read(language))]
    found += [f"{language} is not compiled" for language in LANGUAGES if not compiled(language)]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


def main(arguments: list[str]) -> int:
    """See the module's own text."""
    if arguments == ["update"]:
        update()
        return 0
    if arguments == ["check"]:
        return check()
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
