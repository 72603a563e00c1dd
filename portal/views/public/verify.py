"""``/verify/<token>``: is the card of the person at the door valid?

Nothing is kept by anybody (``no-store``), so a card that was revoked a second ago says so. Whatever
is no token of ours (unknown, malformed, another portal's) gets the same bytes after the same
statement. A token has 256 random bits: at a thousand guesses a second it takes longer than the
universe has existed to hit one of a million cards. Guessing is slowed down nevertheless.
"""

import logging
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from flask import Response, abort, current_app, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from flask_babel import get_locale
from flask_babel import gettext as _
from limits import parse
from redis.exceptions import RedisError

from portal import clock
from portal.extensions import db
from portal.queries import cards as queries
from portal.queries import directory_grid
from portal.queries.boards import publisher
from portal.rules import photos
from portal.views.context import PRINT_COOKIE
from portal.views.public.answers import SECONDS, is_english, public_blueprint
from portal.views.public.words import grid_url, line_of, short

LOOKS = "60 per minute; 600 per hour"  # of one address
MISSES = "10 per minute; 60 per hour"  # tokens of one address that do not exist
# Many addresses may guess together: then each of them may miss only so often.
BRAKED, BRAKE = "3 per hour", parse("2000 per hour")
EVERYBODY = "verify-misses"
MISS_PATH = "/verify/-"  # any token that is none; links back to a miss lead here
HEX = 64
RETRY_AFTER = 60  # seconds

log = logging.getLogger(__name__)
blueprint = public_blueprint("verify")
pictures = public_blueprint("pictures")


@dataclass(frozen=True)
class Bearer:
    """Who carries the card, where they agreed to be shown."""

    name: str
    posts: list[str]
    picture_url: str
    is_photo: bool


def limit(builder: Any) -> None:
    """Limit looking per address, and misses per address and over all."""
    limiter = builder.sm.limiter

    def allowed_misses() -> str:
        return BRAKED if _braked(limiter) else MISSES

    limiter.limit(LOOKS)(blueprint)
    limiter.limit(allowed_misses, deduct_when=lambda answer: answer.status_code == 404)(blueprint)


def _braked(limiter: Any) -> bool:
    """Whether so many tokens missed within the hour that everybody gets fewer."""
    try:
        return not limiter.limiter.test(BRAKE, EVERYBODY)
    except RedisError:
        log.warning("the queue server is away: misses are counted in each process alone")
        return False


@blueprint.after_request
def _count_misses(answer: Response) -> Response:
    """Every miss counts for everybody."""
    limiter = current_app.appbuilder.sm.limiter  # type: ignore[attr-defined]
    if answer.status_code == 404 and limiter.enabled:
        try:
            limiter.limiter.hit(BRAKE, EVERYBODY)
        except RedisError:
            log.warning("the queue server is away: a miss is not counted for everybody")
    return answer


@blueprint.after_request
def _keep_nothing(answer: Response) -> Response:
    """Neither a cache nor the address of the next page keeps a token."""
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Referrer-Policy"] = "no-referrer"
    answer.headers["X-Robots-Tag"] = "noindex"
    return answer


@blueprint.errorhandler(429)
def _slow_down(_error: Exception) -> ResponseReturnValue:
    """Whoever guesses gets the same page again and again, at little cost."""
    large = request.cookies.get(PRINT_COOKIE) == "large"
    return _slow_page(str(get_locale()), large), 429, {"Retry-After": str(RETRY_AFTER)}


@lru_cache(maxsize=8)
def _slow_page(_language: str, _large: bool) -> str:
    """The page in a language and size of print; nothing else of a request stands on it."""
    return render_template("views/public/slow_down.html", title=_("One moment"), here=MISS_PATH)


@blueprint.get("/verify/", defaults={"token": ""})
@blueprint.get("/verify/<path:token>")
def card(token: str) -> ResponseReturnValue:
    """Valid, expired or revoked; who it is only with consent and a public post. Five statements."""
    found = queries.by_token(db.session, token)
    if found is None:
        page = render_template(
            "views/public/no_card.html",
            title=_("This is no card of ours"),
            here=MISS_PATH,
            lines=[line_of(line) for line in directory_grid.hotlines(db.session, None)][:4],
        )
        return page, 404
    held = queries.posts_held(db.session, found.worker_id, found.grid_code)
    state, day = _state(found, bool(held))
    lines = directory_grid.hotlines(db.session, found.grid_code)
    duty = [line for line in lines if line.scope == "community" and not line.supervision][:1]
    return render_template(
        "views/public/card.html",
        title={
            "valid": _("This card is valid"),
            "expired": _("This card has expired"),
            "revoked": _("This card is revoked"),
        }[state],
        state=state,
        day=day,
        card=found,
        bearer=_bearer(found, held),
        grid_url=grid_url(found.grid_code),
        office=publisher(db.session, found.grid_code),
        duty=[line_of(line) for line in duty],
        watch=[line_of(line) for line in lines if directory_grid.watches(line)],
    )


def _state(found: Any, serves: bool) -> tuple[str, date]:
    """The state of now, and since or until when. Whoever serves no more has no valid card, even
    before the card is marked so.
    """
    if found.revoked_on is not None:
        return "revoked", found.revoked_on
    if found.expires_on < clock.today():
        return "expired", found.expires_on
    return ("valid", found.expires_on) if serves else ("revoked", clock.today())


def _bearer(found: Any, held: list[Any]) -> Bearer | None:
    """Who it is; None without consent, or where none of the posts is shown in public."""
    shown = [post for post in held if post.public]
    if not (found.consented and shown):
        return None
    drawn = found.portrait is not None
    address = url_for("directory.portrait", seed=found.portrait) if drawn else ""
    if found.photo:
        address = url_for("pictures.photo", sha256=found.photo)
    posts = [post.name_en if is_english() else short(post.name_zh) for post in shown]
    return Bearer(found.name, posts, address, bool(found.photo))


@pictures.get("/directory/photos/<sha256>.jpg")
def photo(sha256: str) -> Response:
    """The upright photo of somebody who agreed to be shown, and holds a public post today.

    Found by its content, so an address cannot be guessed; gone as soon as the consent is.
    """
    if len(sha256) != HEX or not sha256.isalnum() or not sha256.isascii():
        abort(404)
    file = photos.face_file(sha256)
    if not queries.is_public_photo(db.session, sha256) or not file.is_file():
        abort(404)
    answer = current_app.make_response(send_file(file, "image/jpeg", etag=sha256))
    answer.headers["Cache-Control"] = f"public, max-age={SECONDS}"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer
