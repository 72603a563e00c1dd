"""The form of a batch of documents: which kinds, for which grids, how."""

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, SelectField

from portal.forms.base import PortalForm
from portal.forms.lookup import LookupField
from portal.models.choices import DOCUMENT_KINDS, DOCUMENT_LANGUAGES, DOCUMENT_SIZES
from portal.rules.batches import SELF, Order
from portal.rules.documents import SPECS

REACHES = {
    "": _l("none"),
    SELF: _l("For this grid only"),
    "community": _l("For every community in it"),
    "area": _l("For every area in it"),
    "block": _l("For every block in it"),
    "cell": _l("For every cell in it"),
}
OUTPUTS = {"pdf": _l("One PDF, ready to print"), "zip": _l("A ZIP with a PDF for each")}
PREFIX = "kind_"


def field_of(kind: str) -> str:
    """The field that says for which grids there is a document of this kind."""
    return PREFIX + kind.replace("-", "_")


def _reach(kind: str) -> SelectField:
    levels = SPECS[kind].levels
    offered = [(key, text) for key, text in REACHES.items() if key in ("", SELF, *levels)]
    return SelectField(DOCUMENT_KINDS[kind], choices=offered, default="")


class _Batch(PortalForm):
    """What a batch needs besides its kinds. ``grid`` is looked up by the view."""

    once = HiddenField()
    size = SelectField(
        _l("Size of the boards"),
        choices=[(key, DOCUMENT_SIZES[key]) for key in SPECS["notice-board"].sizes],
        default="a3",
    )
    lang = SelectField(
        _l("Language"), choices=list(DOCUMENT_LANGUAGES.items()), default="zh_Hans_CN"
    )
    output = SelectField(_l("Handed over as"), choices=list(OUTPUTS.items()), default="pdf")
    posts = BooleanField(_l("Manuals: one for every kind of post instead of one for the grid"))

    def order(self) -> Order:
        """What the form asks for."""
        wanted = {kind: self[field_of(kind)].data for kind in SPECS}
        return Order(
            self["grid"].data,
            {kind: reach for kind, reach in wanted.items() if reach},
            self.size.data,
            self.lang.data,
            self.output.data,
            self.posts.data,
        )


def batch_form(grid: LookupField) -> type[_Batch]:
    """The form class with its field for the grid."""
    fields = {"grid": grid, **{field_of(kind): _reach(kind) for kind in SPECS}}
    return type("BatchForm", (_Batch,), fields)


# In the order in which people decide.
SHOWN = ("grid", *(field_of(kind) for kind in SPECS), "posts", "size", "lang", "output")
