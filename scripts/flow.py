"""The diagram of the work orders in docs/work-orders.md, drawn from the table of moves.

flow.py update   write it
flow.py check    exit 1 if it is another one
"""

import re
import sys
from pathlib import Path

from flask import Flask
from flask_babel import Babel

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from portal.rules.work_orders import FLOW  # noqa: E402 - found once the folder is known

FILE = ROOT / "docs" / "work-orders.md"
BLOCK = re.compile(r"(<!-- flow -->\n```mermaid\n).*?(```\n<!-- /flow -->)", re.DOTALL)


def drawn() -> str:
    """The document with the diagram of now, in English."""
    app = Flask("flow")
    Babel(app, locale_selector=lambda: "en")
    with app.test_request_context():
        diagram = FLOW.diagram(str)
    return BLOCK.sub(lambda found: f"{found[1]}{diagram}\n{found[2]}", FILE.read_text("utf-8"))


def main() -> int:
    """Write or check."""
    text = drawn()
    if sys.argv[1:] == ["update"]:
        FILE.write_text(text, "utf-8")
    elif text != FILE.read_text("utf-8"):
        print("docs/work-orders.md: another diagram; run scripts/flow.py update")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
