"""Addresses of mail servers and robots, the night, the words of robots: without any server."""

import datetime
import ipaddress
import json
import ssl
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from portal.rules.messages import TEXTS
from portal.rules.outside import addresses, post, robots, wording
from portal.rules.outside.addresses import Unusable, hooks_of, mail_server, read_hook
from portal.rules.outside.letters import Letter, topic_of
from portal.rules.outside.night import Night
from tests.support.outside import at
from tests.support.post_office import post_office

pytestmark = pytest.mark.one_engine
PUBLIC = "https://grid.example.org"


def test_a_mail_server_is_read_from_its_address():
    found = mail_server("smtp://po%40x:p%3Aw@mail.example.org:2525?from=grid@example.org", PUBLIC)
    assert (found.host, found.port, found.tls) == ("mail.example.org", 2525, "starttls")
    assert (found.user, found.password, found.sender) == ("po@x", "p:w", "grid@example.org")
    assert "p:w" not in repr(found)
    wrapped = mail_server("smtps://grid@example.org@mail.example.org", PUBLIC)
    assert (wrapped.port, wrapped.tls) == (465, "tls")
    near = mail_server("smtp://127.0.0.1", PUBLIC)
    assert (near.port, near.tls, near.sender) == (25, "none", "portal@grid.example.org")
    assert mail_server("smtp://mail.example.org?tls=none", PUBLIC).tls == "none"


@pytest.mark.parametrize(
    "url",
    [
        "http://mail.example.org",
        "smtp://",
        "smtp://mail.example.org:mail",
        "smtp://mail.example.org?tls=perhaps",
        "smtp://u:p@mail.example.org?tls=none",  # a password in clear
        "smtp://mail.example.org?from=a@b%0d%0aBcc:%20c@d",
    ],
)
def test_what_is_no_mail_server_is_refused_without_its_password(url):
    with pytest.raises(Unusable) as refused:
        mail_server(url, PUBLIC)
    assert ":p@" not in str(refused.value)


def test_robots_are_told_by_their_host_or_by_what_stands_in_front():
    found = hooks_of(
        "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k1,"
        " dingtalk=https://relay.example.org/ding?access_token=a#SECx,"
        "https://open.feishu.cn/open-apis/bot/v2/hook/f,https://relay.example.org/any"
    )
    assert [(hook.kind, hook.host, hook.secret) for hook in found] == [
        ("wecom", "qyapi.weixin.qq.com", ""),
        ("dingtalk", "relay.example.org", "SECx"),
        ("feishu", "open.feishu.cn", ""),
        ("wecom", "relay.example.org", ""),
    ]
    assert "k1" not in repr(found[0]) and len({hook.key for hook in found}) == 4
    assert hooks_of(None) == hooks_of(" , ") == []
    for wrong in ("ftp://x/y", "https://", "https://x/ y", "dingtalk="):
        with pytest.raises(Unusable) as refused:
            hooks_of(wrong)
        assert "x/" not in str(refused.value)


def test_requests_are_what_the_robots_of_each_kind_want():
    def made(address, now=1_700_000_000):
        hook = read_hook(address)
        return robots._request(hook, urlsplit(hook.url), "一 <at>", now)

    path, body = made("https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=k")
    assert path == "/cgi-bin/webhook/send?key=k"
    assert json.loads(body) == {"msgtype": "text", "text": {"content": "一 <at>"}}
    path, body = made("https://oapi.dingtalk.com/robot/send?access_token=t#SEC1")
    asked = parse_qs(urlsplit(path).query)
    assert asked["timestamp"] == ["1700000000000"] and asked["access_token"] == ["t"]
    assert asked["sign"] == [robots.signed("SEC1", "1700000000000\nSEC1")]
    path, body = made("https://open.feishu.cn/open-apis/bot/v2/hook/f#s")
    told = json.loads(body)
    assert told["content"] == {"text": "一 ＜at>"}  # no mention of anybody
    assert told["sign"] == robots.signed("1700000000\ns", "")


def test_answers_of_robots():
    assert robots._judged(200, b'{"errcode":0,"errmsg":"ok"}') is None
    assert robots._judged(200, b'{"StatusCode":0,"code":0}') is None
    assert robots._judged(204, b"") is None
    assert robots._judged(200, b'{"errcode":93000}').answer == 93000
    assert robots._judged(200, b'{"code":19024}').answer == 19024
    assert robots._judged(500, b"x").answer == 500


@pytest.mark.parametrize(
    ("night", "moment", "expected"),
    [
        (Night(22, 7), "2026-03-03T21:59:59", "2026-03-03T21:59:59"),
        (Night(22, 7), "2026-03-03T22:00", "2026-03-04T07:00"),
        (Night(22, 7), "2026-03-04T00:00", "2026-03-04T07:00"),
        (Night(22, 7), "2026-03-04T06:59:59", "2026-03-04T07:00"),
        (Night(22, 7), "2026-03-04T07:00", "2026-03-04T07:00"),
        (Night(24, 6), "2026-03-03T23:59", "2026-03-03T23:59"),
        (Night(24, 6), "2026-03-04T00:00", "2026-03-04T06:00"),
        (Night(1, 5), "2026-03-04T04:59", "2026-03-04T05:00"),
        (Night(7, 7), "2026-03-04T07:00", "2026-03-04T07:00"),
    ],
)
def test_the_night(night, moment, expected):
    assert night.earliest(at(moment), urgent=False) == at(expected)
    assert night.earliest(at(moment), urgent=True) == at(moment)


def test_kinds_of_messages_have_their_topic():
    told = {kind: topic_of(kind) for kind in TEXTS}
    assert told["order_red"] == "warnings" and told["order_moved"] == "orders"
    assert told["meeting_late"] == "meetings" and told["board_stale"] == "documents"
    assert told["task_failed"] == "work" and told["case_term"] == "orders"
    assert Letter(1, "case_term", {}).bare and Letter(1, "order_red", {}).bare
    assert not Letter(1, "order_red", {}, place="420102").bare
    assert topic_of("of_a_later_version") == "other"


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("12-3-2105室漏水，2026-03-05前修好", None),
        ("3月2日 10:30-11:00，5-6栋", None),
        ("找王师傅13812345678", "找王师傅…"),
        ("138 1234 5678或138-1234-5678", "…或…"),
        ("证件42010219490307123X", "证件…"),
        ("座机8765-4321、027-87654321", "座机…、…"),
        ("请写信到zhang.san@example.org谢谢大家", "请写信到…谢谢大家"),
    ],
)
def test_what_is_left_out_of_what_was_typed(typed, told):
    expected = typed if told is None else told
    assert wording._fit("summary", typed, False) == expected
    assert wording._fit("title", typed, False) == expected
    assert wording._fit("number", typed, False) == typed
    assert (wording._fit("summary", typed, True), wording._fit("title", typed, True)) == ("", "…")


@dataclass
class Paper:
    """A certificate that nobody vouches for, and a context that shows it."""

    context: ssl.SSLContext
    file: str


@pytest.fixture
def paper(tmp_path):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    loopback = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([loopback]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "both.pem"
    plain = serialization.NoEncryption()
    pem = serialization.Encoding.PEM
    file.write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain) + made.public_bytes(pem)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return Paper(context, str(file))


def test_a_certificate_that_nobody_vouches_for_is_refused(paper, monkeypatch):
    with post_office(context=paper.context) as office:
        server = mail_server(f"smtps://127.0.0.1:{office.port}", PUBLIC)
        with pytest.raises(post.Refused) as refused:
            post.Line(server)
        assert refused.value.failure.code == "tls"
        monkeypatch.setenv("SSL_CERT_FILE", paper.file)  # an authority of the house
        line = post.Line(server)
        line.ask()
        line.close()


def test_a_server_without_starttls_gets_no_password():
    with post_office() as office:
        office.password = "geheim"
        server = addresses.mail_server(f"smtp://u:geheim@127.0.0.1:{office.port}?tls=starttls", "")
        with pytest.raises(post.Refused) as refused:
            post.Line(server)
        assert refused.value.failure.code == "tls" and office.signed_in == []


def test_signing_in():
    with post_office() as office:
        office.password = "geheim"
        post.Line(mail_server(f"smtp://u:geheim@127.0.0.1:{office.port}", PUBLIC)).close()
        with pytest.raises(post.Refused) as refused:
            post.Line(mail_server(f"smtp://u:falsch@127.0.0.1:{office.port}", PUBLIC))
        assert (refused.value.failure.code, refused.value.failure.answer) == ("login", 535)
        assert office.signed_in == ["u", ""]
