"""What leaves the portal: its log, the group robots, and what each account wants."""

from collections.abc import Mapping
from dataclasses import dataclass
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
    TRY_AGAIN,
)
from portal.rules.outside import claims, wishes
from portal.rules.outside.addresses import ENV
from portal.views import wording
from portal.views.entity.access import account, allowed
from portal.views.entity.base import READ_ONLY, EntityView
from portal.views.page import Record, Row, Tone

TONES: dict[str, Tone] = {
    "sent": "good",
    "failed": "warn",
    "given_up": "late",
    "missed": "muted",
    "skipped": "muted",
}


def _failing(found: Select[Any]) -> Select[Any]:
    return found.where(Delivery.state.in_(TRY_AGAIN))


def _to_come(found: Select[Any]) -> Select[Any]:
    return found.where(Delivery.state.in_(("waiting", "held", "sending")))


@dataclass(frozen=True)
class Listed(Row):
    """A delivery of the list, and what can be done with it."""

    again: bool = False
    leave: bool = False


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
        people = select(User.id).where(User.username.icontains(text, autoescape=True))
        groups = select(GroupRobot.id).where(GroupRobot.name.icontains(text, autoescape=True))
        return or_(Delivery.user_id.in_(people), Delivery.robot_id.in_(groups))

    def worded_robot(self, row: Delivery) -> str:
        """The group; one of the settings of the server has no name."""
        if row.channel != "webhook":
            return ""
        if row.robot is not None:
            return str(row.robot.name)
        return _("of the settings") if row.target.startswith(ENV) else _("deleted")

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
        """None: what can be done is a form."""
        return []

    def _row(self, row: Delivery, labels: Mapping[str, str]) -> Row:
        made = super()._row(row, labels)
        return Listed(**vars(made), again=row.can_try_again, leave=row.can_be_left)

    def extras(self, row: Delivery) -> list[tuple[str, dict[str, Any]]]:
        """Try again, or leave it, where it can be."""
        if not self.may(roles.WRITE, row):
            return []
        again, leave = ([row.id] if can else [] for can in (row.can_try_again, row.can_be_left))
        return [("views/deliveries/_failed.html", {"again": again, "leave": leave})]

    @action("again", _l("Try again"), single=False)
    def try_again(self, rows: list[Any]) -> ResponseReturnValue:
        """Show which and how many, then try them again."""
        chosen = [row for row in rows if row.can_try_again]
        if asked := self._ask("again", chosen):
            return asked
        done = claims.again(self.datamodel.session, [row.id for row in chosen])
        told = ngettext(
            "%(num)s message is tried again.", "%(num)s messages are tried again.", done
        )
        return self._failing_again(done, told)

    @action("leave", _l("Leave it"), single=False)
    def leave(self, rows: list[Any]) -> ResponseReturnValue:
        """Show which and how many, then leave them unsent."""
        chosen = [row for row in rows if row.can_be_left]
        if asked := self._ask("leave", chosen):
            return asked
        done = claims.leave(self.datamodel.session, [row.id for row in chosen])
        told = ngettext(
            "%(num)s message is left unsent.", "%(num)s messages are left unsent.", done
        )
        return self._failing_again(done, told)

    def _ask(self, name: str, chosen: list[Any]) -> ResponseReturnValue | None:
        """The page that asks first; None once somebody has said yes, or nothing can be done."""
        if not chosen or request.form.get("confirmed"):
            return None
        return render_template(
            "views/deliveries/ask.html",
            view=self,
            action=name,
            records=[Record(row.id, self.title_of(row)) for row in chosen],
            cancel_url=f"{self.route_base}/list/?preset=failing",
        )

    def _failing_again(self, done: int, told: str) -> ResponseReturnValue:
        """The list of what did not go out, with what was done."""
        if done:
            flash(told, "success")
        else:
            flash(_("Nothing was changed: it is too late for it, or it was seen to."), "warning")
        return redirect(f"{self.route_base}/list/?preset=failing")


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

    def blockers(self, rows: list[Any]) -> list[tuple[str, int, str | None]]:
        """Nothing: the log outlives the group that it tells of."""
        return []

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
