"""The OpenAPI description of the REST interface, for everybody who may sign in."""

from typing import Any

from flask import current_app, request
from flask_appbuilder.api import BaseApi, expose, protect, safe
from flask_appbuilder.api.manager import OpenApi
from flask_babel import get_locale

from portal import roles
from portal.views.api.answers import AnswersMixin


class Description(AnswersMixin, OpenApi):
    """``/api/v1/_openapi``, under the right to read it."""

    class_permission_name = "OpenApi"
    method_permission_name = {"get": roles.READ}

    def __init__(self) -> None:
        super().__init__()
        self._written: dict[tuple[str, str], dict[str, Any]] = {}

    @expose("/<version>/_openapi")
    @protect()
    @safe
    def get(self, version: str) -> Any:
        """As FAB writes it, but once per language and process: it takes a second, and nothing of
        it but the address of the portal depends on who asks.
        """
        apis = [
            view
            for view in current_app.appbuilder.baseviews  # type: ignore[attr-defined]
            if isinstance(view, BaseApi) and view.version == version
        ]
        if not apis:
            return self.response_404()
        key = (version, str(get_locale()))
        if key not in self._written:
            spec = self._create_api_spec(version)
            for api in apis:
                api.add_api_spec(spec)
            self._written[key] = spec.to_dict()
        here = {"servers": [{"url": request.host_url}]}
        return self.response(200, **self._written[key] | here)

    get.__doc__ = OpenApi.get.__doc__  # part of the description
