"""Mail over SMTP: one connection for many messages, certificates verified, nothing for ever."""

import contextlib
import smtplib
import ssl
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any, TypeVar

from portal.rules.outside.addresses import MailServer
from portal.rules.outside.claims import Failure

PATIENCE = 10.0  # seconds to connect, and for every answer
LAST_PATIENCE = 60.0  # seconds for the last word on a message: many servers look for viruses first
NOBODY = 0  # answer where the server gave no number
UNKNOWN = (550, 551, 553)  # the address is not known there
T = TypeVar("T")


class Refused(Exception):
    """The server cannot be used now; ``failure`` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.code)
        self.failure = failure


class _Unsure(Exception):
    """The connection broke while the message was handed over."""


class _Careful:
    """Tells a refusal of a message from a connection that broke while it was handed over."""

    sock: Any
    said = 0  # what was sent since the command DATA was begun: that, then the message

    def send(self, s: Any) -> None:
        """As smtplib's."""
        self.said += 1
        super().send(s)  # type: ignore[misc]

    def data(self, msg: Any) -> tuple[int, bytes]:
        """As smtplib's."""
        self.said = 0
        if self.sock is not None:
            self.sock.settimeout(LAST_PATIENCE)
        try:
            return super().data(msg)  # type: ignore[misc]
        except smtplib.SMTPDataError:
            raise
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            if self.said < 2:
                raise
            raise _Unsure from error
        finally:
            if self.sock is not None:
                self.sock.settimeout(PATIENCE)


class _Plain(_Careful, smtplib.SMTP):
    pass


class _Wrapped(_Careful, smtplib.SMTP_SSL):
    pass


class Line:
    """An open connection to the mail server. ``broken``: it is of no more use."""

    def __init__(self, server: MailServer, patience: float | None = None) -> None:
        """Connect, encrypt, sign in; raises Refused."""
        self.broken = False
        self.sender = server.sender
        self._smtp = _reached(lambda: _connected(server, patience or PATIENCE))
        try:
            _reached(lambda: _ready(self._smtp, server))
        except Refused:
            self._smtp.close()
            raise

    def send(self, message: EmailMessage, to: str) -> Failure | None:
        """Hand over one message; why not, if not."""
        try:
            self._smtp.sendmail(self.sender, [to], message.as_bytes())
        except _Unsure:
            self.broken = True
            return Failure("unsure", final=True)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()), (NOBODY, b""))
            self._rest()
            # Many servers hold back whatever is a matter of the settings (who may send, who has
            # signed in) until an address is named, and then refuse every one: 554, or 550 5.7.1.
            known_bad = code in UNKNOWN and not text.startswith(b"5.7")
            return Failure("address" if known_bad else "refused", code, final=known_bad)
        except smtplib.SMTPResponseException as error:
            self._rest()
            return Failure("refused", int(error.smtp_code))
        except (OSError, smtplib.SMTPException) as error:
            self.broken = True
            return _lost(error)
        except (UnicodeError, ValueError):  # an address that no server can be told
            self._rest()
            return Failure("address", final=True)
        return None

    def _rest(self) -> None:
        """Ready for the next message; some servers hang up after a refusal."""
        try:
            self._smtp.rset()
        except (OSError, smtplib.SMTPException):
            self.broken = True

    def ask(self) -> None:
        """Whether the server still answers; raises Refused."""
        _reached(self._smtp.noop)

    def close(self) -> None:
        """Hang up."""
        with contextlib.suppress(OSError, smtplib.SMTPException):
            self._smtp.quit()
        self._smtp.close()


def _connected(server: MailServer, patience: float) -> smtplib.SMTP:
    if server.tls == "tls":
        context = ssl.create_default_context()
        return _Wrapped(server.host, server.port, timeout=patience, context=context)
    return _Plain(server.host, server.port, timeout=patience)


def _ready(smtp: smtplib.SMTP, server: MailServer) -> None:
    smtp.ehlo_or_helo_if_needed()
    if server.tls == "starttls":
        smtp.starttls(context=ssl.create_default_context())
        smtp.ehlo()
    if server.user:
        try:
            smtp.login(server.user, server.password)
        except smtplib.SMTPNotSupportedError as error:
            raise Refused(Failure("login")) from error


def _reached(do: Callable[[], T]) -> T:
    try:
        return do()
    except smtplib.SMTPAuthenticationError as error:
        raise Refused(Failure("login", int(error.smtp_code))) from error
    except smtplib.SMTPNotSupportedError as error:  # no STARTTLS
        raise Refused(Failure("tls")) from error
    except smtplib.SMTPResponseException as error:
        raise Refused(Failure("unreachable", int(error.smtp_code))) from error
    except ssl.SSLError as error:
        raise Refused(Failure("tls")) from error
    except (OSError, smtplib.SMTPException) as error:
        raise Refused(_lost(error)) from error


def _lost(error: BaseException) -> Failure:
    """Why a connection is of no use; smtplib tells of silence as of a hang-up."""
    slow = isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)
    return Failure("timeout" if slow else "unreachable")
