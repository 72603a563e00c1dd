"""Workers, posts, the catalogue of posts, teams."""

from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import roles, scope
from portal.errors import RuleError
from portal.forms.cards import PhotoForm
from portal.models import Photo, Post, PostRole, Team, Worker
from portal.models.choices import BASES, ORIGINS, POST_LEVELS, ROLES, TEAM_KINDS
from portal.queries import cards as card_queries
from portal.queries import teams as team_queries
from portal.rules import cards, photos, teams
from portal.views.entity import cells
from portal.views.entity.access import allowed, require
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
        "no_card": (_l("Without a card"), card_queries.without_card),
    }
    related = (("Post", "worker"), ("Card", "worker"))

    def prepare(self, row: Worker, *, new: bool) -> None:
        """Consent before publication."""
        teams.prepare_worker(self.datamodel.session, row)

    def links(self, row: Worker) -> list[tuple[str, str, str]]:
        """Photo and card."""
        if not self.may(roles.WRITE, row):
            return []
        found = [(_("Photo"), f"{self.route_base}/photo/{row.id}", "camera")]
        if scope.current().can(roles.WRITE, "Card"):
            found.append((_("Issue a card"), f"{self.route_base}/card/{row.id}", "id-badge-2"))
        return found

    def extras(self, row: Worker) -> list[tuple[str, dict[str, Any]]]:
        """The photo, for those who may see it."""
        photo = row.photo
        identity = scope.current()
        within = identity.prefixes(roles.READ, "Photo")
        if photo is None or not scope.covers(within, photo.grid_code):
            return []
        return [("views/cards/photo.html", {"photo": photo})]

    @expose("/photo/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def photo(self, pk: str) -> ResponseReturnValue:
        """The photo of a worker: keep another one, or none."""
        row = self.row_for(pk, roles.WRITE)
        form, session = PhotoForm(), self.datamodel.session
        back = f"{self.route_base}/show/{row.id}"
        if request.method == "POST" and request.form.get("remove") and row.photo_id:
            photos.remove_photo(session, row)
            session.commit()
            flash(_("The photo of %(name)s is removed.", name=row.name), "success")
            return redirect(back)
        if form.validate_on_submit():
            try:
                photos.set_photo(session, row, *form.sent())
                session.commit()
                flash(_("The photo of %(name)s is kept.", name=row.name), "success")
                return redirect(back)
            except RuleError as refusal:
                session.rollback()
                form.photo.errors = [str(refusal)]
        return render_template(
            "views/workers/photo.html",
            worker=row,
            photo=session.get(Photo, row.photo_id) if row.photo_id else None,
            form=form,
            title=_("Photo of %(name)s", name=row.name),
            back_url=back,
        ), (400 if request.method == "POST" else 200)

    @expose("/card/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def card(self, pk: str) -> ResponseReturnValue:
        """A new card for one of the grids that the worker serves today."""
        row = self.row_for(pk, roles.WRITE)
        require(roles.WRITE, "Card")
        session, back = self.datamodel.session, f"{self.route_base}/show/{row.id}"
        within = scope.current().prefixes(roles.WRITE, "Card")
        places = card_queries.places_of(session, row.id, within)
        wrong = ""
        if request.method == "POST":
            chosen = request.form.get("place", "")
            if chosen in {place.code for place in places}:
                card = cards.issue(session, row, chosen)
                session.commit()
                flash(_("The card %(number)s is issued.", number=card.number), "success")
                return redirect(f"/cards/show/{card.id}")
            wrong = _("Choose the grid by its button.")
        return render_template(
            "views/workers/card.html",
            worker=row,
            places=places,
            wrong=wrong,
            title=_("Issue a card to %(name)s", name=row.name),
            back_url=back,
        ), (400 if wrong else 200)


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
