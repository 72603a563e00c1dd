"""Messages that leave the portal: e-mails and group robots."""

from portal import clock
from portal.extensions import db
from portal.rules.outside import sending


def send(_slot: str) -> str:
    """Send what is due now, asked for after a message was planned and every minute; what it did."""
    return str(sending.send_due(db.session, clock.now()))
