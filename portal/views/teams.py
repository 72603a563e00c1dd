"""Workers, posts, the catalogue of posts, teams."""

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.models import Post, PostRole, Team, Worker
from portal.models.choices import BASES, ORIGINS, POST_LEVELS, ROLES, TEAM_KINDS
from portal.queries import teams as team_queries
from portal.rules import teams
from portal.views.entity import cells
from portal.views.entity.base import READ_ONLY, EntityView


class WorkerView(EntityView):
    """People who serve a grid."""

    entity = Worker
    slug = "workers"
    list_title = _l("Workers")
    one_title = _l("Worker")
    list_columns = ["name", "grid", "origin", "public_phone", "phone", "number"]
    form_columns = ["name", "grid", "origin", "phone", "public_phone", "public_consent_on"]
    filter_columns = ["origin", "grid_code"]
    choices = {"origin": ORIGINS}
    labels = {"name": _l("Full name"), "number": _l("Card number")}
    help_texts = {
        "phone": _l("Kept encrypted, shown masked, never published."),
        "public_phone": _l("A duty telephone for the notice board and the directory."),
        "public_consent_on": _l("Name, portrait and number appear in public only with it."),
    }
    presets = {
        "no_post": (_l("Without a post"), team_queries.without_post),
        "no_consent": (_l("Public post, no consent"), team_queries.without_consent),
    }
    related = (("Post", "worker"),)

    def prepare(self, row: Worker, *, new: bool) -> None:
        """Consent before publication."""
        teams.prepare_worker(self.datamodel.session, row)


class PostView(EntityView):
    """Who serves which grid in which role, from when to when."""

    entity = Post
    slug = "posts"
    list_title = _l("Posts")
    one_title = _l("Post")
    search_in = ("worker", "grid")
    list_columns = ["worker", "grid", "post_role", "basis", "since", "until", "public"]
    form_columns = ["worker", "grid", "post_role", "basis", "since", "until", "public"]
    filter_columns = ["basis", "public", "grid_code"]
    choices = {"basis": BASES}
    presets = {
        "current": (_l("In force"), team_queries.held_today),
        "ending": (_l("Ending soon"), team_queries.ending_soon),
        "ended": (_l("Ended"), team_queries.ended),
    }

    def prepare(self, row: Post, *, new: bool) -> None:
        """Level, numbers, dates; nobody posts themselves."""
        teams.prepare_post(self.datamodel.session, row)

    def title_of(self, row: Post) -> str:
        """A post is called by who holds it."""
        return f"{row.worker.name} · {cells.name_of(row.post_role)}"

    def row_options(self) -> tuple[Any, ...]:
        """The names in the title come with the row."""
        return (Post.worker, Post.post_role)


class PostRoleView(EntityView):
    """The catalogue of posts; it gives account roles and is therefore not edited here."""

    api_methods = READ_ONLY
    entity = PostRole
    slug = "post-roles"
    list_title = _l("Catalogue of posts")
    one_title = _l("Kind of post")
    search_in = ("name_zh", "name_en", "code")
    list_columns = ["name_zh", "level", "account_role", "min_count", "responsibility"]
    show_groups = [
        ("", ["code", "name_zh", "name_en", "level", "account_role", "min_count", "max_count"]),
        (_l("Tasks"), ["responsibility", "main_duties", "decides"]),
    ]
    filter_columns = ["level"]
    choices = {"level": POST_LEVELS, "account_role": {**ROLES, "none": _l("none")}}
    order = ("position",)


class TeamView(EntityView):
    """Patrol, harmony and volunteer teams."""

    entity = Team
    slug = "teams"
    list_title = _l("Teams")
    one_title = _l("Team")
    search_in = ("name", "grid")
    list_columns = ["name", "kind", "grid", "captain"]
    form_columns = ["name", "kind", "grid", "captain", "members"]
    filter_columns = ["kind", "grid_code"]
    choices = {"kind": TEAM_KINDS}
    help_texts = {"members": _l("Several names or numbers, separated by a semicolon.")}
