"""Accounts, roles and grants: the administrator's lists."""

from typing import Any

from flask import flash, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_appbuilder.security.sqla.models import Role, User
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, PasswordField
from wtforms.validators import InputRequired, Optional

from portal import clock, roles, scope
from portal.errors import RuleError
from portal.forms.lookup import LookupField
from portal.forms.security import NewPasswordForm
from portal.models import AccountGrant, Worker
from portal.models.choices import ROLES
from portal.queries.identity import explain, load_identity
from portal.rules import accounts, passwords
from portal.views import wording
from portal.views.context import action_name, resource_name, role_name
from portal.views.entity import forms
from portal.views.entity.access import allowed
from portal.views.entity.base import READ_ONLY, EntityView


class UserView(EntityView):
    """Sign-in accounts. They are switched off, never deleted: the log refers to them."""

    api_methods = READ_ONLY
    entity = User
    slug = "users"
    list_title = _l("Accounts")
    one_title = _l("Account")
    search_in = ("username", "last_name", "first_name")
    list_columns = ["username", "full_name", "active", "last_login"]
    show_groups = [("", ["username", "full_name", "active", "last_login", "locked_until", "roles"])]
    form_columns = ["last_name", "first_name", "username", "email", "active"]
    filter_columns = ["active"]
    order = ("username",)

    def worded_full_name(self, row: User) -> str:
        """Family name first."""
        return f"{row.last_name}{row.first_name}"

    def worded_locked_until(self, row: User) -> str:
        """Until when five wrong passwords keep the account out."""
        state = passwords.state_of(self.datamodel.session, row)
        return str(clock.local(state.locked_until)) if state.locked_until else ""

    def worded_roles(self, row: User) -> str:
        """The roles in force today."""
        identity = load_identity(self.datamodel.session, row)
        return wording.listed(role_name(role) for role in identity.roles)

    def title_of(self, row: User) -> str:
        """Accounts are called by their sign-in name."""
        return row.username

    def extra_fields(self, new: bool) -> dict[str, Field]:
        """The worker whose posts count, and a first password."""
        worker = LookupField(
            _l("Worker"),
            [Optional()],
            description=_l("The account gets the roles of this worker's posts."),
            url="/workers/lookup/?for=User",
            resolve=lambda key: forms.resolve(Worker, key, "User"),
            search=lambda text: forms.search(Worker, text, "User", 4),
        )
        if not new:
            return {"worker": worker}
        checks = [InputRequired(_l("Type a first password."))]
        told = _l("It has to be changed at the first sign-in.")
        first = PasswordField(_l("First password"), checks, description=told)
        return {"worker": worker, "first_password": first}

    def _values(self, row: User, columns: list[str]) -> dict[str, Any]:
        session = self.datamodel.session
        worker = accounts.worker_of(session, row)
        return super()._values(row, columns) | {"worker": worker}

    def judge(self, row: User, form: Any, *, new: bool) -> None:
        """Names are unique in either case; the first password is strong."""
        accounts.check_unique(self.datamodel.session, row)
        if row.id is not None and row.id == scope.current().user_id and not row.active:
            raise RuleError(_l("Somebody else has to switch your account off."), "active")
        if new:
            password = form.first_password.data
            try:
                passwords.check_strength(password, row.username, row.last_name, row.email)
            except RuleError as refusal:
                raise RuleError(refusal.message, "first_password") from refusal

    def saved(self, row: User, form: Any, *, new: bool) -> None:
        """Tie the account to its worker and give it the first password."""
        session = self.datamodel.session
        with scope.acting(scope.SYSTEM):
            accounts.tie_to_worker(session, row, form.worker.data)
            if new:
                passwords.change_password(session, row, form.first_password.data, by_owner=False)
            accounts.synchronise_account(session, row)
            session.flush()

    def links(self, row: User) -> list[tuple[str, str, str]]:
        """New password; what the account can do."""
        return [
            (str(_l("New password")), f"{self.route_base}/password/{row.id}", "key"),
            (str(_l("What can this account do?")), f"{self.route_base}/can/{row.id}", "eye"),
        ]

    @expose("/password/<pk>", methods=["GET", "POST"])
    @allowed(roles.WRITE)
    def password(self, pk: str) -> ResponseReturnValue:
        """Set a new password for somebody else; they change it at the next sign-in."""
        row = self.row_for(pk, roles.WRITE)
        form = NewPasswordForm()
        if form.validate_on_submit():
            try:
                with scope.acting(scope.SYSTEM):
                    session = self.datamodel.session
                    fresh = form.password.data or ""
                    passwords.change_password(session, row, fresh, by_owner=False)
                    session.commit()
                flash(_("%(name)s has a new password.", name=row.username), "success")
                return redirect(f"{self.route_base}/show/{row.id}")
            except RuleError as refusal:
                form.password.errors = [str(refusal)]
        return render_template(
            "views/entity/form.html",
            view=self,
            form=form,
            title=_("New password for %(name)s", name=row.username),
            action_url=request.path,
            cancel_url=f"{self.route_base}/show/{row.id}",
            submit_label=_("Save"),
        ), (400 if request.method == "POST" else 200)

    @expose("/can/<pk>")
    @allowed(roles.READ)
    def can(self, pk: str) -> ResponseReturnValue:
        """What the account sees and may do, with the rule behind each line."""
        row = self.row_for(pk, roles.READ)
        session = self.datamodel.session
        identity = load_identity(session, row)
        return render_template(
            "views/security/can.html",
            title=_("What can %(name)s do?", name=row.username),
            back_url=f"{self.route_base}/show/{row.id}",
            reasons=explain(session, identity),
            rights=accounts.rights_of(session, identity),
        )


class RoleView(EntityView):
    """Roles as the roles table says; read only."""

    api_methods = READ_ONLY
    entity = Role
    slug = "roles"
    list_title = _l("Roles")
    one_title = _l("Role")
    search_in = ("name",)
    list_columns = ["label"]
    show_groups = [("", ["label", "rights"])]
    labels = {"label": _l("Role"), "rights": _l("May")}
    order = ("id",)

    def worded_label(self, row: Role) -> str:
        """What people call the role."""
        return role_name(row.name)

    def worded_rights(self, row: Role) -> str:
        """What it may do, register by register."""
        found: dict[str, list[str]] = {}
        for pair in row.permissions:
            action = pair.permission.name.removeprefix("can_")
            found.setdefault(resource_name(pair.view_menu.name), []).append(action_name(action))
        lines = (f"{name}{_(': ')}{wording.listed(found[name])}" for name in sorted(found))
        return "\n".join(lines)

    def title_of(self, row: Role) -> str:
        """Roles are called as people call them."""
        return role_name(row.name)


class GrantView(EntityView):
    """Roles given to an account directly; posts give the others."""

    entity = AccountGrant
    slug = "grants"
    list_title = _l("Grants")
    one_title = _l("Grant")
    search_in = ("role", "reason")
    list_columns = ["user", "role", "grid", "since", "until", "reason"]
    form_columns = ["user", "role", "grid", "since", "until", "reason"]
    fixed_columns = ("user",)  # somebody else's grant is another grant
    filter_columns = ["role"]
    choices = {"role": {name: ROLES[name] for name in roles.GRANTABLE}}
    order = ("id",)
    help_texts = {"grid": _l("Empty: everywhere (administrator and auditor).")}

    def worded_role(self, row: AccountGrant) -> str:
        """What people call the role, also one that is granted elsewhere."""
        return role_name(row.role)

    def title_of(self, row: AccountGrant) -> str:
        """A grant is called by account and role."""
        return f"{row.user.username} · {role_name(row.role)}"

    def prepare(self, row: AccountGrant, *, new: bool) -> None:
        """Nobody grants to themselves; only two roles reach everywhere."""
        accounts.prepare_grant(row)

    def saved(self, row: AccountGrant, form: Any, *, new: bool) -> None:
        """FAB's list of roles follows."""
        self._mirror(row)

    def erased(self, row: AccountGrant) -> None:
        """FAB's list of roles follows."""
        self._mirror(row)

    def _mirror(self, row: AccountGrant) -> None:
        session = self.datamodel.session
        with scope.acting(scope.SYSTEM):
            accounts.synchronise_account(session, session.get_one(User, row.user_id))
            session.flush()
