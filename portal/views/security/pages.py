"""The pages around one's own account: sign in, sign out, change the password, my rights."""

from flask import flash, g, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_appbuilder.baseviews import BaseView, expose
from flask_appbuilder.security.decorators import no_cache
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.security import check_password_hash

from portal import scope
from portal.errors import RuleError
from portal.extensions import db
from portal.forms.security import LoginForm, OwnPasswordForm
from portal.queries.identity import explain
from portal.rules import audit, passwords
from portal.views.security import session as sessions
from portal.views.targets import is_ours


class AuthView(BaseView):
    """Sign in and out."""

    route_base = ""
    default_view = "login"
    login_template = "appbuilder/general/security/login_db.html"

    @expose("/login/", methods=["GET", "POST"])
    @no_cache
    def login(self) -> ResponseReturnValue:
        """The sign-in form; a wrong answer shows it again with the name kept."""
        if g.user is not None and g.user.is_authenticated:
            return redirect(self._next())
        form = LoginForm()
        status = 200
        if form.validate_on_submit():
            user = self.appbuilder.sm.auth_user_db(form.username.data, form.password.data)
            if user is not None:
                must = passwords.state_of(db.session, user).must_change_password
                sessions.begin(user, must_change=must)
                return redirect(url_for("PasswordView.change") if must else self._next())
            status = 400
            form.password.errors = [
                _(
                    "Name and password do not fit, or the account is locked for 15 minutes after"
                    " five wrong passwords. Try again, or ask your administrator for a new one."
                )
            ]
        elif request.method == "POST":
            status = 400
        return render_template(
            self.login_template, form=form, title=_("Sign in"), appbuilder=self.appbuilder
        ), status

    @staticmethod
    def _next() -> str:
        target = request.args.get("next") or request.form.get("next")
        return str(target) if is_ours(target) else url_for("DeskView.desk")

    @expose("/logout/", methods=["GET", "POST"])
    @no_cache
    def logout(self) -> ResponseReturnValue:
        """Ask (GET), then end the session (POST)."""
        if request.method == "GET":
            return render_template("views/security/logout.html", title=_("Sign out"))
        if g.user.is_authenticated:
            audit.record(db.session, "sign_out", g.user._get_current_object())
            db.session.commit()
        sessions.end()
        return redirect(url_for("AuthView.login"))


class PasswordView(BaseView):
    """Change one's own password."""

    route_base = "/resetmypassword"
    default_view = "change"
    title = _l("Change password")

    @expose("/form", methods=["GET", "POST"])
    @no_cache
    def change(self) -> ResponseReturnValue:
        """The form; after it the other sessions of this account end."""
        if not g.user.is_authenticated:
            return redirect(url_for("AuthView.login", next=request.path))
        form = OwnPasswordForm()
        if form.validate_on_submit() and self._changed(form):
            flash(_("Your password is changed. Other devices have to sign in again."), "success")
            return redirect(url_for("DeskView.desk"))
        return render_template(
            "views/entity/form.html",
            view=self,
            form=form,
            title=_("Change password"),
            intro=_("Choose a password of your own before you go on.")
            if session.get(sessions.MUST_CHANGE)
            else "",
            action_url=request.path,
            cancel_url=url_for("AccountView.me"),
            submit_label=_("Change password"),
        ), (400 if request.method == "POST" else 200)

    @staticmethod
    def _changed(form: OwnPasswordForm) -> bool:
        user = g.user._get_current_object()
        current, fresh = form.current.data or "", form.password.data or ""
        if not check_password_hash(user.password, current):
            form.current.errors = [_("This is not the password in use.")]
            return False
        if current == fresh:
            form.password.errors = [_("Choose another password than the one in use.")]
            return False
        try:
            with scope.acting(scope.SYSTEM):
                passwords.change_password(db.session, user, fresh, by_owner=True)
                db.session.commit()
        except RuleError as refusal:
            form.password.errors = [str(refusal)]
            return False
        sessions.begin(user, must_change=False)
        return True


class AccountView(BaseView):
    """What I am here: my roles, where and until when they hold, and why."""

    route_base = "/account"
    default_view = "me"

    @expose("/")
    def me(self) -> ResponseReturnValue:
        """My roles and scope, with the rule behind each."""
        if not g.user.is_authenticated:
            return redirect(url_for("AuthView.login", next=request.path))
        identity = scope.current()
        return render_template(
            "views/security/account.html",
            title=_("My account"),
            reasons=explain(db.session, identity),
        )
