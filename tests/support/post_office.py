"""Servers that messages are sent to, in the test's own process: mail, and group robots."""

import base64
import json
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class PostOffice:
    """A mail server: what it was given, and how it behaves. ``refused``: addresses it does not
    take (empty: all others too), with the code it answers; ``mute``: it accepts a connection and
    says nothing; ``shuts``: it hangs up, or answers so, before it takes a message; ``breaks``: it
    takes one and hangs up without a word; ``password``: the only one it takes.
    """

    port: int = 0
    given: list[tuple[str, bytes]] = field(default_factory=list)
    refused: dict[str, int | str] = field(default_factory=dict)
    mute: bool = False
    shuts: bool | str = False
    breaks: bool = False
    slow: float = 0.0
    password: str = ""
    signed_in: list[str] = field(default_factory=list)
    connections: int = 0

    @property
    def url(self) -> str:
        """For PORTAL_MAIL_URL."""
        return f"smtp://127.0.0.1:{self.port}"

    def mails(self) -> list[EmailMessage]:
        """What it was given, read."""
        found = [message_from_bytes(data, policy=policy.default) for _to, data in self.given]
        return [mail for mail in found if isinstance(mail, EmailMessage)]

    def to(self) -> list[str]:
        """To whom, in order."""
        return [address for address, _data in self.given]


class _Smtp(socketserver.StreamRequestHandler):
    office: PostOffice

    def handle(self) -> None:
        """One connection."""
        office = self.office
        office.connections += 1
        if office.mute:
            self.rfile.readline()  # until the client gives up
            return
        self.say("220 here")
        to: list[str] = []
        while line := self.rfile.readline().decode().strip():
            verb, _blank, rest = line.partition(" ")
            match verb.upper():
                case "EHLO":
                    self.say("250-here", *(["250-AUTH PLAIN"] if office.password else []), "250 OK")
                case "AUTH":
                    good = office.password in _plain(rest.split()[-1])
                    office.signed_in.append(_plain(rest.split()[-1])[1] if good else "")
                    self.say("235 OK" if good else "535 no")
                case "RCPT":
                    address = rest.partition("<")[2].partition(">")[0]
                    code = office.refused.get(address, office.refused.get(""))
                    to = to if code else [*to, address]
                    self.say(f"{code} {address} is not known here" if code else "250 OK")
                case "DATA":
                    if not self.take(to):
                        return
                    to = []
                case "RSET":
                    to = []
                    self.say("250 OK")
                case "QUIT":
                    self.say("221 bye")
                    return
                case _:
                    self.say("250 OK")

    def say(self, *lines: str) -> None:
        """Answer."""
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def take(self, to: list[str]) -> bool:
        """A message for these; whether the connection stays."""
        office = self.office
        if office.shuts:
            self.say(*([office.shuts] if isinstance(office.shuts, str) else []))
            return office.shuts is not True
        self.say("354 go on")
        data = self.body()
        time.sleep(office.slow)
        if office.breaks:
            return False
        office.given += [(address, data) for address in to]
        self.say("250 taken")
        return True

    def body(self) -> bytes:
        """A message up to its dot."""
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b"..") else line)
        return b"".join(lines)


def _plain(text: str) -> list[str]:
    return base64.b64decode(text).decode().split("\0")


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def post_office(port: int = 0, context: ssl.SSLContext | None = None) -> Iterator[PostOffice]:
    """A mail server on loopback while the block runs; ``context``: TLS from the first byte."""
    office = PostOffice()
    handler = type("Handler", (_Smtp,), {"office": office})
    with _Server(("127.0.0.1", port), handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        office.port = server.server_address[1]
        with _serving(server):
            yield office


@dataclass
class Group:
    """A group robot's server: what it was told, and what it answers."""

    port: int = 0
    told: list[dict[str, Any]] = field(default_factory=list)
    knocks: int = 0
    paths: list[str] = field(default_factory=list)
    status: int = 200
    answer: dict[str, Any] = field(default_factory=lambda: {"errcode": 0})
    location: str = ""
    mute: bool = False

    @property
    def url(self) -> str:
        """Its address, with a token as robots have."""
        return f"http://127.0.0.1:{self.port}/robot/send?access_token=geheim-0815"

    def texts(self) -> list[str]:
        """What the group reads."""
        return [str(one.get("text") or one.get("content")) for one in self.told]


@contextmanager
def group() -> Iterator[Group]:
    """A robot's server on loopback while the block runs."""
    state = Group()

    class Handler(BaseHTTPRequestHandler):
        """Keeps what is posted."""

        def do_POST(self) -> None:
            """One message."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            state.knocks += 1
            if state.mute:
                return  # hangs up without a word
            state.paths.append(self.path)
            state.told.append(json.loads(body))
            self.send_response(state.status)
            if state.location:
                self.send_header("Location", state.location)
            self.end_headers()
            self.wfile.write(json.dumps(state.answer).encode())

        def log_message(self, *_args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        state.port = server.server_address[1]
        with _serving(server):
            yield state


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
