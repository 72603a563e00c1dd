"""One attacker on the newcomer's application and on ours, and what a leak would show."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import text

from portal.extensions import db
from tests.support.client import Page, PageClient
from tests.support.stock import StockClient, stock_db

ATTACKER = "clerk1"
OTHER_AREA = "42010200299002"


@dataclass(frozen=True)
class Person:
    """A row of workers as an attack needs it."""

    id: int
    name: str
    number: str
    grid_code: str


@dataclass(frozen=True)
class Attack:
    """One account on both applications, over copies of the same data.

    Its scope is AREA. ``stock`` is the newcomer's application, ``ours`` the portal, where the
    account holds the station's rights within AREA so that only the scope stands in its way.
    """

    stock: StockClient
    ours: PageClient

    def stock_value(self, sql: str, **values: Any) -> Any:
        """One value of the newcomer's database."""
        with self.stock.app.app_context():
            return stock_db.session.execute(text(sql), values).scalar_one_or_none()

    def our_value(self, sql: str, **values: Any) -> Any:
        """One value of the portal's database."""
        with self.ours.app.app_context():
            return db.session.execute(text(sql), values).scalar_one_or_none()

    def people(self, area: str) -> list[Person]:
        """Workers of an area without a post that others depend on, the same in both databases."""
        found = (
            "SELECT id, name, number, grid_code FROM workers WHERE grid_code LIKE :area"
            " ORDER BY id DESC LIMIT 20"
        )
        with self.ours.app.app_context():
            rows = db.session.execute(text(found), {"area": f"{area}%"}).all()
        return [Person(*row) for row in rows]

    def grid_id(self, code: str) -> int:
        """The key of a grid, the same in both databases."""
        number: int = self.our_value("SELECT id FROM grids WHERE code = :code", code=code)
        return number


def shows(page: Page, person: Person) -> bool:
    """Whether anything of a person stands in an answer."""
    return person.name in page.text or person.number in page.text
