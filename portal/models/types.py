"""Column types: encrypted text, a keyed index for exact search, byte-ordered codes."""

import base64
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import current_app
from sqlalchemy import DateTime, String, Text
from sqlalchemy.types import TypeDecorator

AES_256_GCM = 1  # scheme byte; other numbers are free for SM4-GCM with HMAC-SM3

# Codes compare by byte on both engines, so that a prefix range finds a subtree.
CODE = String(24).with_variant(String(24, collation="C"), "postgresql")
INSTANT = DateTime(timezone=True)


class EncryptedText(TypeDecorator[str]):
    """Text encrypted with AES-256-GCM; ``table.column`` is its associated data.

    Stored as base64 of scheme byte, key-id byte, 12-byte nonce, ciphertext with tag. The first of
    ``PORTAL_DATA_KEYS`` encrypts, all of them decrypt. Raises ValueError when no key fits.
    """

    impl = Text
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place

    def process_bind_param(self, value: str | None, dialect: object) -> str | None:
        """Encrypt ``value``; None and the empty text stay absent."""
        if not value:
            return None
        key = current_app.config["PORTAL_DATA_KEYS"][0]
        nonce = os.urandom(12)
        sealed = AESGCM(key).encrypt(nonce, value.encode(), self.place.encode())
        return base64.b64encode(bytes([AES_256_GCM, key_id(key)]) + nonce + sealed).decode()

    def process_result_value(self, value: str | None, dialect: object) -> str | None:
        """Decrypt ``value``; raises ValueError when it was altered or its key is missing."""
        if value is None:
            return None
        raw = base64.b64decode(value)
        for key in current_app.config["PORTAL_DATA_KEYS"]:
            if raw[0] == AES_256_GCM and raw[1] == key_id(key):
                try:
                    return AESGCM(key).decrypt(raw[2:14], raw[14:], self.place.encode()).decode()
                except InvalidTag:
                    continue
        raise ValueError(f"{self.place}: no key of PORTAL_DATA_KEYS opens this value")


def key_id(key: bytes) -> int:
    """One byte that tells keys apart without telling anything of them."""
    return hashlib.sha256(b"portal key id" + key).digest()[0]


def blind_index(place: str, value: str | None) -> str | None:
    """A keyed hash for exact search of an encrypted value; None for no value."""
    if not value:
        return None
    key = current_app.config["PORTAL_INDEX_KEY"]
    return hmac.new(key, f"{place}:{value}".encode(), hashlib.sha256).hexdigest()
