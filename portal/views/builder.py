"""FAB's AppBuilder with the views this portal uses, and no session for visitors."""

from flask import current_app
from flask_appbuilder import AppBuilder

from portal.views.api.description import Description
from portal.views.context import select_language
from portal.views.desk import DeskView
from portal.views.security.manager import PortalSecurityManager


class PortalBuilder(AppBuilder):
    """Registers sign-in pages and the API description; entity views follow in ``registry``.

    Left out of FAB's own: its index, its ``/back``, its menu API, and its language view, which
    writes a session cookie for everybody who only looks.
    """

    def _add_admin_views(self) -> None:
        self._indexview = self.add_view_no_menu(self.indexview or DeskView)
        self.sm.register_views()
        self.add_api(Description)
        current_app.extensions["babel"].locale_selector = select_language


def build(session: object) -> PortalBuilder:
    """A builder for the application of the current context."""
    builder = PortalBuilder(
        update_perms=False,
        indexview=DeskView,
        security_manager_class=PortalSecurityManager,
        base_template="appbuilder/baselayout.html",
    )
    builder.init_app(current_app._get_current_object(), session)  # type: ignore[attr-defined]
    return builder
