"""How somebody likes to see a list: chosen columns, lists saved under a name, jumps to a letter."""

import base64
import json
import re
import string
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs

from flask import abort, flash, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_appbuilder import expose
from flask_babel import gettext as _
from sqlalchemy.exc import IntegrityError

from portal import roles
from portal.errors import RuleError
from portal.rules import saved_lists as rules
from portal.rules.masking import hide_numbers
from portal.views.entity import cells, query
from portal.views.entity.access import account, allowed
from portal.views.labels import LABELS
from portal.views.page import ListPage, Preset

MOST_COLUMNS = 12


class SavedListsMixin:
    """The route ``/mine``, and what of it shows in a list."""

    def offered_columns(self: Any) -> list[str]:
        """Columns that a list may show: its own, and what stands in the row itself."""
        told = sorted(self.told_columns() - set(self.list_columns))
        mapper = self.entity.__mapper__
        more = [
            name
            for name in told
            if name in mapper.columns
            and not mapper.attrs[name].deferred
            and not self.datamodel.is_text(name)
            and (name in self.labels or name in LABELS)
        ]
        return [*self.list_columns, *more]

    def columns_in(self: Any, text: str) -> tuple[str, ...]:
        """The columns that ``text`` (``a,b``) names, as the list has them; the first one always."""
        wanted = set(text.split(","))
        found = [name for name in self.offered_columns() if name in wanted]
        if not found:
            return ()
        first = self.list_columns[0]
        return tuple(dict.fromkeys([first, *found]))[:MOST_COLUMNS]

    def personal(self: Any, asked: query.Query) -> ListPage:
        """The page that ``asked`` describes, as the account likes to see it."""
        kept, g.unread = rules.with_unread(self.datamodel.session, account(), self.slug)
        page = self.list_page(asked, asked.columns or self._opening(kept) or self.list_columns)
        here = dict(asked.params())
        saved = [
            Preset(row.name, row.name, f"{self.route_base}/list/?{row.address}", active)
            for row in kept
            if row.name
            for active in [{n: v[0] for n, v in parse_qs(row.address).items()} == here]
        ]
        presets = page.presets or ([Preset("", _("All"), page.reset_url, False)] if saved else [])
        if any(tab.active for tab in saved):
            presets = [replace(tab, active=False) for tab in presets]
        mine = f"{self.route_base}/mine?{query.urlencode(asked.params())}"
        return replace(
            page, presets=[*presets, *saved], mine_url=mine, letters=self._letters(asked)
        )

    def _opening(self: Any, kept: Sequence[Any]) -> tuple[str, ...]:
        found = next((row.address for row in kept if not row.name), "")
        return self.columns_in(found)

    def _letters(self: Any, asked: query.Query) -> list[tuple[str, str]]:
        """(letter, address) of the places in an order by pinyin; none in another order."""
        sorted_by = getattr(self.entity, "sorted_by", {})
        if asked.part.column not in sorted_by or asked.part.descending:
            return []
        return [
            (letter, query.link(self, asked, after=_place(letter.lower())))
            for letter in string.ascii_uppercase
        ]

    @expose("/mine", methods=["GET", "POST"])
    @allowed(roles.READ)
    def mine(self: Any) -> ResponseReturnValue:
        """Choose the columns of the list, save it under a name, open or delete a saved one."""
        asked = self.asked()
        if self._is_private(asked.q):
            asked = replace(asked, q="")  # a number that was searched for is kept nowhere
        errors: dict[str, str] = {}
        if request.method == "POST":
            try:
                target = self._follow_button(asked)
                self.datamodel.session.commit()
                return redirect(target)
            except RuleError as refusal:
                self.datamodel.session.rollback()
                errors = {str(refusal.field): str(refusal)}
            except IntegrityError:  # saved twice at the same moment: the first one stands
                self.datamodel.session.rollback()
                return redirect(query.link(self, asked))
        kept = rules.saved_lists(self.datamodel.session, account(), self.slug)
        shown = asked.columns or self._opening(kept) or self.list_columns
        return render_template(
            "views/entity/mine.html",
            view=self,
            back_url=query.link(self, asked),
            action_url=f"{self.route_base}/mine?{query.urlencode(asked.params())}",
            chips=query.chips(self, asked),
            columns=[(n, cells.label_of(self, n), n in shown) for n in self.offered_columns()],
            saved=[
                (row.id, row.name, f"{self.route_base}/list/?{row.address}")
                for row in kept
                if row.name
            ],
            opens=any(not row.name for row in kept),
            name=request.form.get("name", ""),
            errors=errors,
        ), (400 if errors else 200)

    def _is_private(self: Any, text: str) -> bool:
        """Whether it is a number of a person, or holds one: with blanks, on any list."""
        plain = re.sub(r"[\s-]", "", text)
        hidden = hide_numbers(plain) != plain or hide_numbers(text) != text
        return hidden or self.worded_search(text) != text or self.sealed_search(text) != text

    def sealed_search(self, text: str) -> str:
        """What stands in an address for ``text``."""
        return text

    def _follow_button(self: Any, asked: query.Query) -> str:
        """Do what the button says; the address to go on to. Raises RuleError."""
        session, user, wanted = self.datamodel.session, account(), request.form.get("do", "")
        columns = self.columns_in(",".join(request.form.getlist("column")))
        if wanted == "save":
            name = request.form.get("name", "").strip()
            if not name:
                raise RuleError(_("Give the list a name."), "name")
            rules.keep_list(session, user, self.slug, name, query.urlencode(asked.params()))
            flash(_("%(name)s is saved.", name=name), "success")
        elif wanted in ("show", "always"):
            if not columns:
                raise RuleError(_("Choose at least one column."), "column")
            if wanted == "always":
                rules.keep_list(session, user, self.slug, "", ",".join(columns))
                columns = ()
            return query.link(self, replace(asked, columns=columns))
        elif wanted == "reset":
            rules.drop_list(session, user, self.slug, None)
            return query.link(self, replace(asked, columns=()))
        else:
            key = wanted.removeprefix("drop-")
            known = key.isascii() and key.isdigit() and len(key) < 10
            if not known or not rules.drop_list(session, user, self.slug, int(key)):
                abort(404)
            flash(_("The saved list is deleted."), "success")
            return f"{self.route_base}/mine?{query.urlencode(asked.params())}"
        return query.link(self, asked)


def _place(letter: str) -> str:
    """The place before every name that starts like ``letter``."""
    return base64.urlsafe_b64encode(json.dumps([letter, 0]).encode()).decode().rstrip("=")
