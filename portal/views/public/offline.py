"""The report form without a connection: an empty shell with nothing of anybody, and the service
worker that keeps it (static/js/report-worker.js). Both are the same for everybody.
"""

import hashlib
import json
import re
from pathlib import Path

from flask import Response, current_app, render_template
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from portal.views.public.answers import public_blueprint

SHELL = "/matters/report-offline"
WORKER = Path("js", "report-worker.js")
OURS = re.compile(r'"(/static/[^"#]+)')

blueprint = public_blueprint("offline")


@blueprint.get(SHELL)
def shell() -> ResponseReturnValue:
    """The form, filled in by a script from what the browser keeps."""
    return _shell()


@blueprint.get("/matters/report-worker.js")
def worker() -> ResponseReturnValue:
    """The service worker: what it keeps is the shell and what that names; another version of either
    is another script, which the browser notices.
    """
    page = _shell()
    kept = {
        "shell": SHELL,
        "files": sorted(set(OURS.findall(page))),
        "version": hashlib.sha256(page.encode()).hexdigest()[:12],
    }
    script = Path(current_app.static_folder or "", WORKER).read_text("utf-8")
    answer = Response(f"const KEPT = {json.dumps(kept)};\n{script}", mimetype="text/javascript")
    answer.headers["Cache-Control"] = "no-cache"
    return answer


def _shell() -> str:
    return render_template("views/public/report_offline.html", title=_("Report a matter"))
