"""Fixtures of what leaves the portal: a mail server, a group, the portal that knows them."""

import pytest

from tests.support.outside import world
from tests.support.post_office import group, post_office


@pytest.fixture
def office():
    """A mail server."""
    with post_office() as running:
        yield running


@pytest.fixture
def here(portal, session, office, tmp_path):
    """The portal with that mail server and no robots, on a Tuesday at ten."""
    with world(portal, session, tmp_path / "clock.json", PORTAL_MAIL_URL=office.url) as made:
        yield made


@pytest.fixture
def crowd():
    """The server of a group robot."""
    with group() as running:
        yield running
