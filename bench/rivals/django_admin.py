"""Django admin over residents. Runs in ``.venv-bench``; ``DATABASE``: a libpq address.

Tuned: related rows by ``list_select_related``, relations chosen by ``autocomplete_fields``, no
count of the whole table, connections kept, templates cached, English only. Its own tables
(accounts, sessions) stand in a schema of their own.
``bench`` sees everything; ``leader10`` its cell.
"""

import os
from typing import Any

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from psycopg.conninfo import conninfo_to_dict

SMALL_CELL = os.environ.get("SMALL_CELL", "")
_address = conninfo_to_dict(os.environ["DATABASE"])

settings.configure(
    DEBUG=False,
    SECRET_KEY=os.environ["SECRET_KEY"],
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    USE_I18N=False,
    STATIC_URL="/static/",
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": _address["dbname"],
            "USER": _address.get("user", ""),
            "HOST": _address.get("host", ""),
            "PORT": _address.get("port", ""),
            "CONN_MAX_AGE": None,
            "OPTIONS": {"options": "-c search_path=django,public"},
        }
    },
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
    MIDDLEWARE=[
        f"{__name__}.counting",
        "django.middleware.security.SecurityMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "django.middleware.clickjacking.XFrameOptionsMiddleware",
    ],
    TEMPLATES=[
        {
            "BACKEND": "django.template.backends.django.DjangoTemplates",
            "APP_DIRS": True,
            "OPTIONS": {
                "context_processors": [
                    "django.template.context_processors.request",
                    "django.contrib.auth.context_processors.auth",
                    "django.contrib.messages.context_processors.messages",
                ]
            },
        }
    ],
)
django.setup()

from django.contrib import admin  # noqa: E402 - after the settings
from django.contrib.auth.models import User  # noqa: E402
from django.contrib.contenttypes.models import ContentType  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.urls import path  # noqa: E402

SEXES = [("male", "Male"), ("female", "Female")]
ID_TYPES = [
    ("resident_id", "Resident identity card"),
    ("residence_permit", "Residence permit for Hong Kong, Macao and Taiwan"),
    ("travel_permit", "Mainland travel permit"),
    ("foreign_permit", "Permanent residence card of a foreigner"),
    ("passport", "Passport"),
    ("other", "Other paper"),
    ("temporary", "No papers: temporary number"),
]
REGISTRATIONS = [
    ("permanent", "Registered here"),
    ("floating", "Floating population"),
    ("overseas", "From overseas"),
]
RELATIONS = [
    (word, word.replace("_", " ").capitalize())
    for word in (
        *("head", "spouse", "son", "daughter", "father", "mother", "parent_in_law"),
        *("child_in_law", "grandparent", "grandchild", "sibling", "relative", "unrelated"),
    )
]


def counting(get_response: Any) -> Any:
    """Middleware: with ``X-Bench-Count`` the answer tells how many statements it took."""

    def respond(request: Any) -> Any:
        if "X-Bench-Count" not in request.headers:
            return get_response(request)
        seen: list[str] = []

        def note(execute: Any, sql: str, *rest: Any) -> Any:
            seen.append(sql)
            return execute(sql, *rest)

        with connection.execute_wrapper(note):
            answer = get_response(request)
        answer.headers["X-Bench-Statements"] = str(len(seen))
        return answer

    return respond


class Table(models.Model):
    """A table of the portal, with the columns that its form does not show."""

    version = models.IntegerField(default=1, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
        app_label = "admin"
        managed = False


class Grid(Table):
    code = models.CharField(max_length=24, unique=True)
    name = models.CharField(max_length=80)

    class Meta(Table.Meta):
        db_table = "grids"

    def __str__(self) -> str:
        return self.name


class Household(Table):
    name = models.CharField(max_length=160)
    grid = models.ForeignKey(Grid, models.PROTECT, to_field="code", db_column="grid_code")

    class Meta(Table.Meta):
        db_table = "households"

    def __str__(self) -> str:
        return self.name


class Resident(Table):
    household = models.ForeignKey(Household, models.PROTECT)
    grid = models.ForeignKey(Grid, models.PROTECT, to_field="code", db_column="grid_code")
    name = models.CharField(max_length=60)
    name_sort = models.CharField(max_length=200, blank=True, editable=False)
    relation_to_head = models.CharField(max_length=16, null=True, blank=True, choices=RELATIONS)
    id_type = models.CharField(max_length=20, choices=ID_TYPES)
    id_number = models.CharField(max_length=200, null=True)
    sex = models.CharField(max_length=8, null=True, blank=True, choices=SEXES)
    birth_date = models.DateField(null=True, blank=True)
    phone = models.CharField(max_length=200, null=True, blank=True)
    registration = models.CharField(max_length=12, choices=REGISTRATIONS)
    away = models.BooleanField(default=False)
    registered_address = models.CharField(max_length=200, null=True, blank=True)
    nation = models.CharField(max_length=20, null=True, blank=True)
    education = models.CharField(max_length=20, null=True, blank=True)
    occupation = models.CharField(max_length=60, null=True, blank=True)
    employer = models.CharField(max_length=80, null=True, blank=True)
    moved_in_on = models.DateField(null=True, blank=True)
    moved_out_on = models.DateField(null=True, blank=True)
    died_on = models.DateField(null=True, blank=True)

    class Meta(Table.Meta):
        db_table = "residents"

    def __str__(self) -> str:
        return self.name


class Lookup(admin.ModelAdmin):  # type: ignore[type-arg]
    """What the selects of the form look things up with."""

    search_fields = ("name",)
    ordering = ("id",)
    show_full_result_count = False


class ResidentAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """The same columns, order and filters as the portal's list."""

    list_display = (
        *("name", "sex", "birth_date", "grid", "household", "relation_to_head", "id_number"),
        "registration",
    )
    list_select_related = ("grid", "household")
    list_filter = ("registration", "sex", "id_type")
    list_per_page = 25
    ordering = ("grid", "id")
    sortable_by = list_display
    search_fields = ("name",)
    autocomplete_fields = ("household", "grid")
    show_full_result_count = False

    def get_ordering(self, request: Any) -> tuple[str, ...]:
        """By the code on the row itself: by the related grid it would be a join."""
        return ("grid_id", "id")

    def get_queryset(self, request: Any) -> Any:
        """Everything, or the cell of a leader."""
        found = super().get_queryset(request).defer("grid__version", "household__version")
        return found if request.user.is_superuser else found.filter(grid_id=SMALL_CELL)


site = admin.AdminSite()
site.register(Grid, Lookup)
site.register(Household, Lookup)
site.register(Resident, ResidentAdmin)
urlpatterns = [path("admin/", site.urls)]


def prepare() -> None:
    """Its own schema with accounts, once."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS django")
    call_command("migrate", verbosity=0)
    password = os.environ["PASSWORD"]
    User.objects.create_superuser("bench", "", password)
    leader = User.objects.create_user("leader10", "", password, is_staff=True)
    kind = ContentType.objects.get_for_model(Resident)
    for action in ("view", "add", "change", "delete"):
        leader.user_permissions.create(codename=f"{action}_resident", content_type=kind)
    connection.close()


if os.environ.get("PREPARE"):
    prepare()
    raise SystemExit(0)
application = get_wsgi_application()
