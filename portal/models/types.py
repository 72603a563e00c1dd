"""Column types: encrypted text, byte-ordered codes, instants."""

from binascii import a2b_base64, b2a_base64
from collections.abc import Callable

from sqlalchemy import DateTime, String, Text
from sqlalchemy.types import TypeDecorator

from portal.models.sealing import AES_256_GCM as AES_256_GCM
from portal.models.sealing import blind_index as blind_index
from portal.models.sealing import blind_indexes as blind_indexes
from portal.models.sealing import hasher as hasher
from portal.models.sealing import hashers as hashers
from portal.models.sealing import indexed as indexed
from portal.models.sealing import key_id as key_id
from portal.models.sealing import ring

# Codes compare by byte on both engines, so that a prefix range finds a subtree.
CODE = String(24).with_variant(String(24, collation="C"), "postgresql")
INSTANT = DateTime(timezone=True)


class Sealed(str):
    """A value that was sealed before it came to its column, for ``EncryptedText.sealer``."""

    __slots__ = ()


class EncryptedText(TypeDecorator[str]):
    """Text sealed with the first data key (``models/sealing.py``); ``table.column`` is bound to it.

    Stored as base64. The first of ``PORTAL_DATA_KEYS`` encrypts, all of them decrypt. Raises
    Unopened (a ValueError) when no key fits.
    """

    impl = Text
    cache_ok = True

    def __init__(self, place: str) -> None:
        super().__init__()
        self.place = place
        self._bound = place.encode()

    def process_bind_param(self, value: str | None, dialect: object) -> str | None:
        """Encrypt ``value``; None and the empty text stay absent."""
        if not value:
            return None
        return b2a_base64(ring().seal(self._bound, value.encode()), newline=False).decode()

    def sealer(self) -> Callable[[str | None], str | None]:
        """``process_bind_param`` for many values: the ring is looked up once. ``Sealed`` ones are
        stored as they are.
        """
        seal, bound = ring().seal, self._bound

        def turn(value: str | None) -> str | None:
            if not value:
                return None
            if type(value) is Sealed:
                return str(value)
            return b2a_base64(seal(bound, value.encode()), newline=False).decode()

        return turn

    def process_result_value(self, value: str | None, dialect: object) -> str | None:
        """Decrypt ``value``; raises Unopened when it was altered or its key is missing."""
        if value is None:
            return None
        return ring().open(self._bound, a2b_base64(value)).decode()
