"""The application factory: the only place where things are wired."""

import logging
import os
import sys
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from config import ROOT, ConfigError, load_settings
from portal import scope
from portal.cli import portal_cli
from portal.extensions import csrf, db, migrate
from portal.models import sealing
from portal.rules import audit, cards, guard, stale
from portal.views import assets, builder, context, errors, hooks, registry
from portal.views.api.entities import check_cookie_write
from portal.views.security.manager import request_identity


def create_app(config: dict[str, Any] | None = None) -> Flask:
    """The portal as a WSGI application.

    ``config`` overrides settings of the environment (tests). Exits with 2 and one line where the
    environment is unsafe or unreadable.
    """
    app = Flask("portal", root_path=str(ROOT / "portal"))
    try:
        app.config.from_mapping(load_settings(os.environ))
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from error
    app.config.update(config or {})
    refusal = sealing.refusal(app.config["PORTAL_DATA_KEYS"], app.config["PORTAL_CIPHER"])
    if refusal is not None:
        sys.stderr.write(f"{refusal}\n")
        raise SystemExit(2)
    _set_up_logs(app)
    if proxies := app.config["PORTAL_PROXIES"]:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=proxies, x_proto=proxies
        )
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "portal/migrations"), render_as_batch=True)
    csrf.init_app(app)
    scope.set_provider(request_identity)
    app.before_request(check_cookie_write)
    with app.app_context():
        audit.install(db.session)
        guard.install(db.session)
        cards.install(db.session)
        stale.install(db.session)
        hooks.install(app)
        built = builder.build(db.session)
        context.install(app)
        assets.install(app)
        registry.register(app, built)
        errors.install(app)
    app.cli.add_command(portal_cli)
    return app


def _set_up_logs(app: Flask) -> None:
    logger = logging.getLogger("portal")
    if not logger.handlers:
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
    logging.getLogger("flask_appbuilder").setLevel(logging.WARNING)
