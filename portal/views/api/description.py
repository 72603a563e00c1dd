"""The OpenAPI description of the REST interface, for everybody who may sign in."""

from flask_appbuilder.api.manager import OpenApi

from portal import roles
from portal.views.api.answers import AnswersMixin


class Description(AnswersMixin, OpenApi):
    """``/api/v1/_openapi``, under the right to read it."""

    class_permission_name = "OpenApi"
    method_permission_name = {"get": roles.READ}
