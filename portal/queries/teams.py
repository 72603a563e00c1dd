"""Named conditions on workers and posts."""

from datetime import timedelta
from typing import Any

from sqlalchemy import Select, exists, or_

from portal import clock
from portal.extensions import db
from portal.models import Post, Worker
from portal.queries.settings import numbers
from portal.queries.staffing import consented, in_force


def held_today(found: Select[Any]) -> Select[Any]:
    """Posts held today."""
    return found.where(in_force())


def ending_soon(found: Select[Any]) -> Select[Any]:
    """Posts held today that end within the days the settings say."""
    last = clock.today() + timedelta(days=numbers(db.session)["posts.ending_soon_days"])
    return found.where(in_force(), Post.until <= last)


def ended(found: Select[Any]) -> Select[Any]:
    """Posts of the past."""
    return found.where(Post.until < clock.today())


def without_post(found: Select[Any]) -> Select[Any]:
    """Workers who hold no post today."""
    return found.where(~exists().where(Post.worker_id == Worker.id, in_force()))


def without_consent(found: Select[Any]) -> Select[Any]:
    """Workers in a post that is shown in public who have not agreed to be shown."""
    held = exists().where(Post.worker_id == Worker.id, Post.public.is_(True), in_force())
    return found.where(held, or_(Worker.public_consent_on.is_(None), ~consented()))
