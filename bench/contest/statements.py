"""How many statements the portal's pages take, counted in a process of its own.

``python -m bench.contest.statements URL ACCOUNT=PATH …`` prints one number for each path.
"""

import os
import sys
import tempfile

from flask import Flask
from flask.testing import FlaskClient

from bench.contest.client import TOKEN
from bench.register import store
from portal.app import create_app
from tests.support.counting import count_statements


def main() -> int:
    """Sign in, ask for every page twice, count the second time."""
    url, *asked = sys.argv[1:]
    with tempfile.TemporaryDirectory() as folder:
        os.environ.update({**store.keys(), "PORTAL_VAR": folder, "PORTAL_DATABASE_URL": url})
        app = create_app({"RATELIMIT_ENABLED": False, "AUTH_RATE_LIMITED": False})
        clients: dict[str, FlaskClient] = {}
        for pair in asked:
            account, _, path = pair.partition("=")
            if account not in clients:
                clients[account] = _signed_in(app, account)
            assert clients[account].get(path).status_code == 200, path
            with count_statements(app) as statements:
                clients[account].get(path)
            print(len(statements))
    return 0


def _signed_in(app: Flask, account: str) -> FlaskClient:
    client = app.test_client()
    found = TOKEN.search(client.get("/login/").get_data(as_text=True))
    assert found is not None
    form = {"username": account, "password": store.keys()["PORTAL_DEMO_PASSWORD"]}
    assert client.post("/login/", data={**form, found[1]: found[2]}).status_code == 302
    return client


if __name__ == "__main__":
    sys.exit(main())
