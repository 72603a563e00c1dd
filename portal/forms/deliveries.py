"""What an account wants beside its inbox; the address of a group robot."""

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length, Optional

from portal.forms.base import PortalForm
from portal.models.choices import DOCUMENT_LANGUAGES
from portal.models.message_choices import TOPICS, WISHES

# Nothing of these presses at night or at any other time.
NEVER_URGENT = ("meetings", "documents", "work", "other")


def _offered(topic: str) -> list[tuple[str, Any]]:
    return [
        (key, words)
        for key, words in WISHES.items()
        if topic not in NEVER_URGENT or key != "urgent"
    ]


# One line for each topic, and the language.
ChoicesForm: Any = type(
    "ChoicesForm",
    (PortalForm,),
    {
        topic: SelectField(label, [InputRequired()], choices=_offered(topic))
        for topic, label in TOPICS.items()
    }
    | {
        "lang": SelectField(
            _l("Language of e-mails"), [InputRequired()], choices=list(DOCUMENT_LANGUAGES.items())
        )
    },
)


def hook_field(*, new: bool) -> Any:
    """The field for a robot's address, which is typed and never shown."""
    told = _l(
        "As the group shows it. If the robot wants signatures, put # and its key behind it. It is"
        " kept sealed and never shown again."
    )
    if not new:
        told = _l("Leave empty to keep what is on record.")
    needed = InputRequired(_l("Paste the whole address that the group shows."))
    return StringField(
        _l("Address of the robot"),
        [needed if new else Optional(), Length(max=500)],
        description=told,
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
