"""Lists as somebody likes to see them: columns, lists under a name; nobody else's."""

from collections.abc import Callable
from urllib.parse import unquote

from sqlalchemy import select

from portal.extensions import db
from portal.models import SavedList
from tests.support.client import PageClient

Client = Callable[..., PageClient]


def tabs(client: PageClient, path: str) -> list[str]:
    """Labels of the tabs of a list."""
    return [tab.get_text(strip=True) for tab in client.get(path).soup.select("ul.tabs a")]


def press(client: PageClient, path: str, button: str, **typed: object) -> object:
    """Press ``button`` of the page of one's own view."""
    token = client.get(path).soup.select_one("main input[name=csrf_token]")
    return client.post(path, {"csrf_token": token["value"], "do": button, **typed})


def test_a_list_is_kept_under_a_name_and_only_by_its_owner(client_as: Client) -> None:
    mine, other = client_as("station"), client_as("clerk1")
    kept = press(mine, "/workers/mine?q=王&order=-name", "save", name=" 王 家 ")
    assert (kept.status, unquote(kept.headers["Location"])) == (
        302, "/workers/list/?q=王&order=-name",
    )  # fmt: skip
    assert "王 家" in tabs(mine, "/workers/list/")
    assert "王 家" not in tabs(other, "/workers/list/")
    assert press(mine, "/workers/mine", "save", name="").status == 400
    with mine.app.app_context():
        key = db.session.scalars(select(SavedList.id)).one()
    assert press(other, "/workers/mine", f"drop-{key}").status == 404
    assert press(mine, "/workers/mine", f"drop-{key}").status == 302
    assert "王 家" not in tabs(mine, "/workers/list/")


def test_a_number_that_was_searched_for_is_kept_nowhere(client_as: Client) -> None:
    client = client_as("station")
    press(client, "/residents/mine?q=42010219800101001X", "save", name="x")
    with client.app.app_context():
        assert "q=" not in db.session.scalars(select(SavedList.address)).one()


def test_columns_are_chosen_for_now_and_for_always(client_as: Client) -> None:
    client = client_as("station")

    def heads(path: str) -> int:
        return len(client.get(path).soup.select("main table thead th[scope=col]:not(.x)"))

    whole = heads("/workers/list/")
    assert heads("/workers/list/?columns=name,number") == 2
    assert press(client, "/workers/mine", "always", column=["number"]).status == 302
    assert heads("/workers/list/") == 2
    assert press(client, "/workers/mine", "reset").status == 302
    assert heads("/workers/list/") == whole
    # Nothing private, and nothing that is no column.
    assert heads("/workers/list/?columns=name,phone_index,search_terms,password") == 1
