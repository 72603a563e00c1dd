"""What leaves the portal: its log, the group robots, and what each account wants."""

from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.actions import action
from flask_appbuilder.baseviews import BaseView
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, or_, select
from wtforms import BooleanField

from portal import roles
from portal.errors import RuleError
from portal.extensions import db
from portal.forms.deliveries import ChoicesForm, hook_field
from portal.models import Delivery, GroupRobot, User
from portal.models.choices import DOCUMENT_LANGUAGES
from portal.models.message_choices import (
    CHANNELS,
    DELIVERY_ERRORS,
    DELIVERY_STATES,
    DELIVERY_TOPICS,
    ROBOT_KINDS,
    ROBOT_TOPICS,
)
from portal.rules.outside import claims, wishes
from portal.views import wording
from portal.views.entity.access import account, allowed
from portal.views.entity.base import READ_ONLY, EntityView
from portal.views.page import Record, Tone

TONES: dict[str, Tone] = {
    "sent": "good",
    "failed": "warn",
    "given_up": "late",
    "missed": "muted",
    "skipped": "muted",
}


def _failing(found: Select[Any]) -> Select[Any]:
    return found.where(Delivery.state.in_(claims.AGAIN))


def _to_come(found: Select[Any]) -> Select[Any]:
    return found.where(Delivery.state.in_(("waiting", "held", "sending")))


class DeliveryView(EntityView):
    """To whom something went, of what kind, and how it went; never what it said."""

    api_methods = READ_ONLY
    entity = Delivery
    slug = "deliveries"
    list_title = _l("Sent messages")
    one_title = _l("Sent message")
    list_template = "views/deliveries/list.html"
    search_in = ("user",)
    list_columns = [
        "created_at", "user", "robot", "topic", "state", "error", "attempts", "next_try_at",
    ]  # fmt: skip
    show_groups = [
        ("", ["created_at", "channel", "user", "robot", "topic", "urgent"]),
        (_l("How it went"), ["state", "error", "answer", "attempts", "next_try_at", "sent_at"]),
    ]
    filter_columns = ["state", "channel", "topic", "error"]
    choices = {
        "state": DELIVERY_STATES,
        "channel": CHANNELS,
        "topic": DELIVERY_TOPICS,
        "error": DELIVERY_ERRORS,
    }
    labels = {
        "created_at": _l("When"),
        "user": _l("Account"),
        "robot": _l("Group robot"),
        "channel": _l("Sent by"),
        "topic": _l("Kind of message"),
        "error": _l("Cause"),
        "answer": _l("Answer of the server"),
        "attempts": _l("Tries"),
        "urgent": _l("Urgent"),
        "sent_at": _l("Sent at"),
        "next_try_at": _l("Next try"),
    }
    presets = {
        "failing": (_l("Did not go out"), _failing),
        "to_come": (_l("Still to be sent"), _to_come),
    }
    order = ("id",)
    orders = ("id", "created_at")
    newest_first = True

    def found_by(self, text: str) -> Any:
        """By the name of the account or of the group."""
        names = (
            Delivery.user.has(User.username.icontains(text, autoescape=True)),
            Delivery.robot.has(GroupRobot.name.icontains(text, autoescape=True)),
        )
        return or_(*names)

    def worded_robot(self, row: Delivery) -> str:
        """The group; one of the settings of the server has no name."""
        if row.channel != "webhook":
            return ""
        return row.robot.name if row.robot is not None else _("of the settings")

    def worded_topic(self, row: Delivery) -> str:
        """What it was about, as one kind of several."""
        return str(DELIVERY_TOPICS[row.topic])

    def worded_error(self, row: Delivery) -> str:
        """Why it did not go out."""
        return str(DELIVERY_ERRORS.get(row.error or "", ""))

    def tone_state(self, row: Delivery) -> Tone:
        """How it went."""
        return TONES.get(row.state, "")

    def title_of(self, row: Delivery) -> str:
        """A delivery is called by its kind and number."""
        return f"{DELIVERY_TOPICS[row.topic]} · {row.id}"

    def links(self, row: Delivery) -> list[tuple[str, str, str]]:
        """None: trying again is a form."""
        return []

    def extras(self, row: Delivery) -> list[tuple[str, dict[str, Any]]]:
        """Try again, where it can be."""
        can = row.state in claims.AGAIN and self.may(roles.WRITE, row)
        return [("views/deliveries/_again.html", {"keys": [row.id]})] if can else []

    @action("again", _l("Try again"), single=False)
    def try_again(self, rows: list[Any]) -> ResponseReturnValue:
        """Show which and how many, then try them again."""
        session = self.datamodel.session
        chosen = [row for row in rows if row.state in claims.AGAIN]
        if request.form.get("confirmed") or not chosen:
            done = claims.again(session, [row.id for row in chosen])
            told = ngettext(
                "%(num)s message is tried again.", "%(num)s messages are tried again.", done
            )
            flash(told, "success")
            return redirect(f"{self.route_base}/list/?preset=failing")
        return render_template(
            "views/deliveries/again.html",
            view=self,
            records=[Record(row.id, self.title_of(row)) for row in chosen],
            cancel_url=f"{self.route_base}/list/?preset=failing",
        )


class GroupRobotView(EntityView):
    """Groups in WeCom, DingTalk and Feishu that are told what happens in a grid."""

    api_methods = READ_ONLY
    entity = GroupRobot
    slug = "group-robots"
    list_title = _l("Group robots")
    one_title = _l("Group robot")
    search_in = ("name", "grid")
    list_columns = ["name", "kind", "grid", "topics", "active"]
    show_groups = [("", ["name", "kind", "grid", "topics", "lang", "active"])]
    form_columns = ["name", "kind", "grid", "topics", "lang", "active"]
    filter_columns = ["kind", "active", "grid_code"]
    choices = {"kind": ROBOT_KINDS, "lang": DOCUMENT_LANGUAGES}
    codes = {"topics": lambda _view: ROBOT_TOPICS}
    labels = {"topics": _l("Is told of"), "kind": _l("Kind of robot")}
    help_texts = {
        "topics": _l(
            "Of what lies in the grid and below it; of meetings only those of the grid itself. What"
            " is restricted, and complaints, are never told to a group."
        ),
    }
    order = ("grid_code", "id")

    def extra_fields(self, new: bool) -> dict[str, Any]:
        """The address, which is typed and never shown; a new robot is meant to be on."""
        on = {"active": BooleanField(_l("Switched on"), default=True)} if new else {}
        return {"new_hook": hook_field(new=new), **on}

    def judge(self, row: GroupRobot, form: Any, *, new: bool) -> None:
        """Only addresses of robots."""
        wishes.prepare_robot(row, form.new_hook.data)

    def worded_topics(self, row: GroupRobot) -> str:
        """What the group is told of."""
        return wording.coded(row.topics, ROBOT_TOPICS)

    def extras(self, row: GroupRobot) -> list[tuple[str, dict[str, Any]]]:
        """Where it leads, and a test message."""
        if not self.may(roles.WRITE, row):
            return []
        hook = wishes.hook_of(row)
        told = {"host": hook.host if hook else "", "key": row.id, "active": row.active}
        return [("views/deliveries/_robot.html", told)]

    @expose("/test/<pk>", methods=["POST"])
    @allowed(roles.WRITE)
    def test(self, pk: str) -> ResponseReturnValue:
        """Send a test message to the group."""
        row = self.row_for(pk, roles.WRITE)
        session = self.datamodel.session
        try:
            wishes.try_robot(session, row, account())
            session.commit()
            flash(_("A test message is on its way to the group."), "success")
        except RuleError as refusal:
            session.rollback()
            flash(str(refusal), "danger")
        return redirect(f"{self.route_base}/show/{pk}")


class ChoicesView(BaseView):
    """What the account that asks wants beside its inbox."""

    route_base = "/account/messages"
    default_view = "choose"

    @expose("/", methods=["GET", "POST"])
    def choose(self) -> ResponseReturnValue:
        """The form; then the form with what was kept."""
        user_id, here = account(), f"{self.route_base}/"
        form = ChoicesForm(data=wishes.choice_of(db.session, user_id))
        if form.validate_on_submit():
            wishes.choose(db.session, user_id, form.data)
            db.session.commit()
            flash(_("Your choice is kept."), "success")
            return redirect(here)
        email = db.session.scalar(select(User.email).where(User.id == user_id))
        return render_template(
            "views/deliveries/choices.html",
            title=_("Messages by e-mail"),
            form=form,
            email=email,
            works=wishes.mail_works(),
            night=wishes.night(db.session),
        ), (400 if request.method == "POST" else 200)

    @expose("/test", methods=["POST"])
    def test(self) -> ResponseReturnValue:
        """Send a test message to oneself."""
        user_id = account()
        try:
            wishes.try_email(db.session, user_id)
            db.session.commit()
            flash(_("A test message is on its way to you."), "success")
        except RuleError as refusal:
            db.session.rollback()
            flash(str(refusal), "danger")
        return redirect(f"{self.route_base}/")
