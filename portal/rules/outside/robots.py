"""Group robots of WeCom, DingTalk and Feishu: one POST of plain text.

Certificates are verified and no redirect is followed. The address is a secret: no error names it.
"""

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import ssl
import time
from typing import Any
from urllib.parse import quote, urlsplit

from portal.rules.outside.addresses import Hook
from portal.rules.outside.claims import Failure

PATIENCE = 10.0  # seconds to connect, and for every answer
MOST = 64 * 1024  # bytes of an answer that are read
LONGEST = {"wecom": 2000, "dingtalk": 15_000, "feishu": 15_000}  # bytes; WeCom takes 2,048
SAYS = ("errcode", "code", "StatusCode")  # 0 means that it was taken


def post(hook: Hook, text: str) -> Failure | None:
    """Tell a group; why not, if not."""
    parts = urlsplit(hook.url)
    try:
        connection = _connected(parts)
    except ssl.SSLError:
        return Failure("tls")
    except TimeoutError:
        return Failure("timeout")
    except (OSError, ValueError):
        return Failure("unreachable")
    with contextlib.closing(connection):
        try:
            path, body = _request(hook, parts, text, int(time.time()))
            headers = {"Content-Type": "application/json; charset=utf-8"}
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            said = answer.read(MOST)
        except (OSError, http.client.HTTPException):
            return Failure("unsure", final=True)
    return _judged(answer.status, said)


def _connected(parts: Any) -> http.client.HTTPConnection:
    host, port = parts.hostname or "", parts.port
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
    connection.connect()
    return connection


def _request(hook: Hook, parts: Any, text: str, now: int) -> tuple[str, bytes]:
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    body: dict[str, Any] = {"msgtype": "text", "text": {"content": text}}
    if hook.kind == "feishu":
        # There "<" begins the mention of a person.
        body = {"msg_type": "text", "content": {"text": text.replace("<", "＜")}}
        if hook.secret:
            body |= {"timestamp": str(now), "sign": signed(f"{now}\n{hook.secret}", "")}
    elif hook.kind == "dingtalk" and hook.secret:
        stamp = str(now * 1000)
        sign = quote(signed(hook.secret, f"{stamp}\n{hook.secret}"), safe="")
        path += f"{'&' if parts.query else '?'}timestamp={stamp}&sign={sign}"
    return path, json.dumps(body, ensure_ascii=False).encode()


def signed(key: str, text: str) -> str:
    """HMAC-SHA256 in base64, as the robots of DingTalk and Feishu want it."""
    return base64.b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _judged(status: int, said: bytes) -> Failure | None:
    if not 200 <= status < 300:
        return Failure("refused", status)
    try:
        told = json.loads(said)
    except ValueError:
        return None  # a server of the house that says nothing
    if not isinstance(told, dict):
        return None
    for name in SAYS:
        code = told.get(name)
        if isinstance(code, int) and code != 0:
            return Failure("refused", min(abs(code), 2**31 - 1))
    return None
