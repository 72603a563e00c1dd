"""How private values are sealed and found again: ciphers by a scheme byte, keys by an id byte.

A sealed value is scheme byte, key-id byte, 12-byte nonce, ciphertext with a tag of 16 bytes.
Scheme 1 is AES-256-GCM, scheme 2 SM4-GCM (RFC 8998) with a 128-bit key that HKDF with SM3 makes of
the same data key. Both are readable side by side; ``PORTAL_CIPHER`` chooses what is written. The
keyed hash that finds a value is HMAC with SHA-256 or, with SM4, with SM3 (GB/T 32905).
"""

import hashlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

AES_256_GCM, SM4_GCM = 1, 2
SCHEMES = {"aes": AES_256_GCM, "sm4": SM4_GCM}
NAMES = {AES_256_GCM: "AES-256-GCM", SM4_GCM: "SM4-GCM"}
HASHES = {"aes": "HMAC-SHA256", "sm4": "HMAC-SM3"}
NONCE, TAG = 12, 16  # bytes
SM4_LABEL = b"grid portal: SM4-GCM key of a data key"
NO_SM4 = (
    "PORTAL_CIPHER=sm4: the cryptography library here has no SM4 and SM3;"
    " use one built with them, or PORTAL_CIPHER=aes"
)

# nonce, text, associated data -> the other text
Turn = Callable[[bytes, bytes, bytes], bytes]


class Unopened(ValueError):
    """A sealed value that was altered, or whose key is not there. Tells its place, no content."""


def key_id(key: bytes) -> int:
    """One byte that tells keys apart without telling anything of them."""
    return hashlib.sha256(b"portal key id" + key).digest()[0]


def head_name(head: bytes) -> str:
    """Cipher and key of a sealed value for people: AES-256-GCM key 3f."""
    return f"{NAMES.get(head[0], f'cipher {head[0]}')} key {head[1]:02x}"


class Sm4Gcm:
    """SM4-GCM of RFC 8998 with the interface of ``AESGCM``; the key has 16 bytes."""

    def __init__(self, key: bytes) -> None:
        self._algorithm = algorithms.SM4(key)

    def encrypt(self, nonce: bytes, text: bytes, bound: bytes) -> bytes:
        """Ciphertext with the tag behind it."""
        turn = Cipher(self._algorithm, modes.GCM(nonce)).encryptor()
        turn.authenticate_additional_data(bound)
        return turn.update(text) + turn.finalize() + turn.tag

    def decrypt(self, nonce: bytes, sealed: bytes, bound: bytes) -> bytes:
        """The text again; raises InvalidTag."""
        if len(sealed) < TAG:
            raise InvalidTag
        mode = modes.GCM(nonce, sealed[-TAG:])
        turn = Cipher(self._algorithm, mode).decryptor()
        turn.authenticate_additional_data(bound)
        return turn.update(sealed[:-TAG]) + turn.finalize()


def sm4_key(key: bytes) -> bytes:
    """The 128-bit SM4 key of a data key: HKDF with SM3 and a fixed label."""
    return HKDF(hashes.SM3(), 16, salt=None, info=SM4_LABEL).derive(key)


def has_sm4() -> bool:
    """Whether the library here can do SM4-GCM and SM3."""
    try:
        sealed = Sm4Gcm(sm4_key(bytes(32))).encrypt(bytes(NONCE), b"", b"")
    except UnsupportedAlgorithm:
        return False
    return len(sealed) == TAG


class Ring:
    """All data keys under all schemes; the first key under ``scheme`` seals."""

    def __init__(self, keys: Sequence[bytes], scheme: int) -> None:
        schemes = [AES_256_GCM, *([SM4_GCM] if has_sm4() else [])]
        self.head = bytes([scheme, key_id(keys[0])])
        self.name = head_name(self.head)
        self._ways: dict[bytes, list[AESGCM | Sm4Gcm]] = {}
        for key in keys:
            for known in schemes:
                way = AESGCM(key) if known == AES_256_GCM else Sm4Gcm(sm4_key(key))
                self._ways.setdefault(bytes([known, key_id(key)]), []).append(way)
        self._seal = self._ways[self.head][0].encrypt

    def knows(self, head: bytes) -> bool:
        """Whether a value that begins with ``head`` can be opened."""
        return head in self._ways

    def seal(self, place: bytes, value: bytes) -> bytes:
        """``value`` under the first key; it opens at ``place`` only."""
        nonce = os.urandom(NONCE)
        return self.head + nonce + self._seal(nonce, value, place)

    def open(self, place: bytes, raw: bytes) -> bytes:
        """The value again; raises Unopened."""
        for way in self._ways.get(raw[:2], ()):
            try:
                return way.decrypt(raw[2:14], raw[14:], place)
            except (InvalidTag, ValueError):  # altered, or too short for its parts
                continue
        raise Unopened(f"{place.decode()}: no key of PORTAL_DATA_KEYS opens this value")


@lru_cache(maxsize=16)
def ring_of(keys: tuple[bytes, ...], scheme: int) -> Ring:
    """The ring of these keys: made once, because a cipher per value costs as much as its work."""
    return Ring(keys, scheme)


def ring() -> Ring:
    """The ring of the application's settings."""
    config = current_app.config
    scheme = SCHEMES[config.get("PORTAL_CIPHER", ("aes",))[0]]
    return ring_of(tuple(config["PORTAL_DATA_KEYS"]), scheme)


# finding ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Blind:
    """What an index column holds (in its ``info``): the keyed hash of column ``source`` of the same
    table, or of its last ``tail`` characters, at ``place``.
    """

    source: str
    place: str
    tail: int = 0

    def of(self, value: str | None) -> str | None:
        """The index of ``value`` as it is written now."""
        return blind_index(self.place, self._part(value))

    def ways(self, value: str | None) -> list[str]:
        """All indexes that ``value`` may have now."""
        return blind_indexes(self.place, self._part(value))

    def _part(self, value: str | None) -> str | None:
        return value[-self.tail :] if value and self.tail else value


BLIND = "blind"  # the name in a column's ``info``


def indexed(source: str, place: str, tail: int = 0) -> dict[str, Blind]:
    """The ``info`` of an index column, so that a new index key finds it."""
    return {BLIND: Blind(source, place, tail)}


@lru_cache(maxsize=16)
def _keyed(cipher: str, key: bytes) -> HMAC:
    return HMAC(key, hashes.SM3() if cipher == "sm4" else hashes.SHA256())


def keyed_hash(cipher: str, key: bytes, message: bytes) -> str:
    """HMAC of ``message`` in hex: with SM3 for ``sm4``, otherwise with SHA-256."""
    state = _keyed(cipher, key).copy()
    state.update(message)
    return state.finalize().hex()


def blind_index(place: str, value: str | None) -> str | None:
    """A keyed hash for exact search of an encrypted value; None for no value."""
    if not value:
        return None
    cipher, key = _index_ways()[0]
    return keyed_hash(cipher, key, f"{place}:{value}".encode())


def hasher(place: str) -> Callable[[str | None], str | None]:
    """``blind_index`` of one place for many values: keys and place are worked in once."""
    return hashers(place)[0]


def hashers(place: str) -> list[Callable[[str | None], str | None]]:
    """``blind_indexes`` of one place for many values: one for each way, the one that is written
    first.
    """
    return [_hasher(place, cipher, key) for cipher, key in _index_ways()]


def _hasher(place: str, cipher: str, key: bytes) -> Callable[[str | None], str | None]:
    begun = _keyed(cipher, key).copy()
    begun.update(f"{place}:".encode())

    def index(value: str | None) -> str | None:
        if not value:
            return None
        state = begun.copy()
        state.update(value.encode())
        return state.finalize().hex()

    return index


def blind_indexes(place: str, value: str | None) -> list[str]:
    """The hashes under which a value may be stored, the one that is written first: more than one
    only while an index key or the cipher is exchanged. None for no value.
    """
    if not value:
        return []
    message = f"{place}:{value}".encode()
    return [keyed_hash(cipher, key, message) for cipher, key in _index_ways()]


def index_name() -> str:
    """How indexes are written now, for people."""
    return HASHES[_index_ways()[0][0]]


def index_ways() -> int:
    """Under how many ways a number is looked for."""
    return len(_index_ways())


def _index_ways() -> list[tuple[str, bytes]]:
    config = current_app.config
    ciphers = config.get("PORTAL_CIPHER", ("aes",))
    return [(cipher, key) for key in config["PORTAL_INDEX_KEYS"] for cipher in ciphers]


# settings -----------------------------------------------------------------------------------------


def refusal(keys: Sequence[bytes], ciphers: Sequence[str]) -> str | None:
    """Why the portal must not start with these settings; None where it may."""
    if "sm4" in ciphers and not has_sm4():
        return NO_SM4
    if len({key_id(key) for key in keys}) < len(keys):
        return (
            "PORTAL_DATA_KEYS: two keys are the same or have the same id byte, so that nobody could"
            " tell when the older one is no longer needed; make the newer one again"
        )
    return None
