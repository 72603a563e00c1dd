"""``/healthz``: the process answers. ``/readyz``: database and queue do too."""

from flask import Blueprint, g, jsonify
from flask.typing import ResponseReturnValue
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal import queue
from portal.extensions import db

health = Blueprint("health", __name__)


@health.before_request
def _public() -> None:
    g.public = True


@health.get("/healthz")
def process() -> ResponseReturnValue:
    """The process runs."""
    return jsonify(status="ok"), 200, {"Cache-Control": "no-store"}


@health.get("/readyz")
def ready() -> ResponseReturnValue:
    """200 when database and queue answer, 503 with the part that does not."""
    parts = {"database": _database(), "queue": _queue()}
    good = all(parts.values())
    words = {name: "ok" if fine else "away" for name, fine in parts.items()}
    answer = {"status": "ok" if good else "away", **words}
    return jsonify(answer), 200 if good else 503, {"Cache-Control": "no-store"}


def _database() -> bool:
    try:
        db.session.execute(text("SELECT 1"))
        return True
    except SQLAlchemyError:
        db.session.rollback()
        return False


def _queue() -> bool:
    try:
        return bool(queue.connection().ping())
    except RedisError:
        return False
