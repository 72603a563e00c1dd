"""Sealing of private values: published vectors, both ciphers side by side, what is refused."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from flask import Flask

from config import ConfigError, load_settings
from portal.app import create_app
from portal.models import sealing
from portal.models.base import Model
from portal.models.types import EncryptedText, blind_index, blind_indexes

pytestmark = pytest.mark.one_engine
PLACE = EncryptedText("residents.id_number")


@contextmanager
def using(app: Flask, **settings: Any) -> Iterator[None]:
    """Other keys or ciphers, as after a restart with other settings."""
    kept = {name: app.config[name] for name in settings}
    app.config.update(settings)
    try:
        yield
    finally:
        app.config.update(kept)


def test_the_published_vectors_of_sm4_and_sm3() -> None:
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    block = Cipher(algorithms.SM4(key), modes.ECB()).encryptor()  # GB/T 32907, A.1
    assert block.update(key).hex() == "681edf34d206965e86b3e94f536e4246"
    digest = hashes.Hash(hashes.SM3())  # GB/T 32905, A.1
    digest.update(b"abc")
    expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert digest.finalize().hex() == expected
    # RFC 8998, A.1
    plain = bytes.fromhex("".join(sign * 16 for sign in "ABCDEFEA"))
    bound = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    nonce = bytes.fromhex("00001234567800000000ABCD")
    sealed = bytes.fromhex(
        "17F399F08C67D5EE19D0DC9969C4BB7D5FD46FD3756489069157B282BB200735"
        "D82710CA5C22F0CCFA7CBF93D496AC15A56834CBCF98C397B4024A2691233B8D"
        "83DE3541E4C2B58177E065A9BF7B62EC"
    )
    assert sealing.Sm4Gcm(key).encrypt(nonce, plain, bound) == sealed
    assert sealing.Sm4Gcm(key).decrypt(nonce, sealed, bound) == plain


def test_both_ciphers_are_read_side_by_side_and_bound_to_their_place(app: Flask) -> None:
    with app.app_context():
        first = PLACE.process_bind_param("11010519491231002X", None)
        with using(app, PORTAL_CIPHER=("sm4",)):
            second = PLACE.process_bind_param("11010519491231002X", None)
            assert PLACE.process_result_value(first, None) == "11010519491231002X"
            assert len(blind_indexes("a.b", "1")) == 1
            other_hash = blind_index("a.b", "1")
        assert PLACE.process_result_value(second, None) == "11010519491231002X"
        assert first is not None
        assert second is not None
        assert (first[:2], second[:2]) == ("A" + first[1], "A" + second[1])
        assert first[:2] != second[:2]
        for value in (first, second):
            with pytest.raises(sealing.Unopened) as refused:
                EncryptedText("workers.phone").process_result_value(value, None)
            assert "110105" not in str(refused.value)
        assert other_hash != blind_index("a.b", "1")
        with using(app, PORTAL_CIPHER=("sm4", "aes")):
            assert blind_indexes("a.b", "1") == [other_hash, _aes_index(app)]


def _aes_index(app: Flask) -> str | None:
    with using(app, PORTAL_CIPHER=("aes",)):
        return blind_index("a.b", "1")


def test_every_index_of_an_encrypted_column_can_be_made_again() -> None:
    for table in Model.metadata.tables.values():
        sealed = {c.name for c in table.c if isinstance(c.type, EncryptedText)}
        for column in table.c:
            if sealed and column.name.endswith("_index"):
                assert column.info[sealing.BLIND].source in sealed, column


def test_settings_that_would_lose_something_are_refused(
    app: Flask, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="PORTAL_CIPHER"):
        load_settings({**os.environ, "PORTAL_CIPHER": "des"})
    key = bytes(32)
    twin = next(
        other
        for n in count(1)
        if sealing.key_id(other := n.to_bytes(32, "big")) == sealing.key_id(key)
    )
    with pytest.raises(SystemExit):
        create_app({"TESTING": True, "PORTAL_DATA_KEYS": [twin, key]})
    assert "same id byte" in capsys.readouterr().err
    with app.app_context():  # nothing to be had without SM4: said at the start
        monkeypatch.setattr(sealing, "has_sm4", lambda: False)
        with pytest.raises(SystemExit):
            create_app({"TESTING": True, "PORTAL_CIPHER": ("sm4",)})
    assert "PORTAL_CIPHER=sm4" in capsys.readouterr().err
