"""The closed lists of what leaves the portal: kinds of messages, ways, states, reasons."""

from flask_babel import lazy_gettext as _l

# What messages are about; each account chooses for each of them.
TOPICS = {
    "orders": _l("Matters and work orders"),
    "warnings": _l("Warnings and supervision orders"),
    "meetings": _l("Meetings"),
    "documents": _l("Documents and boards"),
    "work": _l("Long work that I asked for"),
    "other": _l("Everything else"),
}
TEST = "test"
DELIVERY_TOPICS = {**TOPICS, TEST: _l("Test message")}
WISHES = {
    "none": _l("Inbox only"),
    "urgent": _l("E-mail too, if it is urgent"),
    "all": _l("E-mail too"),
}
CHANNELS = {"email": _l("Mail"), "webhook": _l("Group robot")}
ROBOT_KINDS = {"wecom": _l("WeCom"), "dingtalk": _l("DingTalk"), "feishu": _l("Feishu")}
# What a group can be told of: nothing that is for one person only.
ROBOT_TOPICS = {name: TOPICS[name] for name in ("orders", "warnings", "meetings", "documents")}
DELIVERY_STATES = {
    "waiting": _l("Waiting"),
    "held": _l("Held until the morning"),
    "sending": _l("Being sent"),
    "failed": _l("Failed, will be tried again"),
    "sent": _l("Sent"),
    "given_up": _l("Given up"),
    "missed": _l("Too late"),
    "skipped": _l("Not to be sent"),
}
# States with a next try; one of them, or none, is what a row is in besides.
OPEN_STATES = ("waiting", "held", "failed")
# What did not go out, and may do so yet.
TRY_AGAIN = ("failed", "given_up")
DELIVERY_ERRORS = {
    "settings": _l("The address in the settings cannot be used"),
    "unreachable": _l("The server cannot be reached"),
    "timeout": _l("The server did not answer in time"),
    "tls": _l("The certificate of the server is not valid"),
    "login": _l("The server refuses name and password"),
    "address": _l("The server refuses the address"),
    "refused": _l("The server refuses the message"),
    "unsure": _l("It broke off while it was sent: it may have arrived"),
    "gone": _l("The message was deleted"),
    "no_address": _l("The account is switched off or has no e-mail address"),
    "unwanted": _l("No longer wanted"),
    "read": _l("Read in the portal meanwhile"),
    "off": _l("The group robot is switched off or deleted, or its address may not be used"),
    "fault": _l("The portal made a mistake; its log has the whole of it"),
}
