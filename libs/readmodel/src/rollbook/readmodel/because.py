"""Why an event is part of the chain behind what serves."""

from enum import StrEnum


class Because(StrEnum):
    """Who did it follows."""

    SERVES = "put there by"
    EMPTIED = "taken away by"
    FIRST = "first put there by"
    REPLACED = "in place of what was put there by"
    ASKED = "asked for by"
    SIGNED = "signed by"
    SIGNED_IN_VAIN = "signed, on other facts or once more, by"
    SAID = "talked about by"
    ESCALATED = "escalated by"
    REVIEWED = "looked at afterwards by"
    RULED = "by the rules of"
    JUDGED = "judged by"
    MEASURED = "measured by"
    CARD = "described in a card by"
    CARD_CHECKED = "its card checked by"
    DOCUMENTED = "documented by"
    PROPERTIES = "given properties by"
    RISK = "its risk found by"
    ELSEWHERE = "let in elsewhere before by"
    REGISTERED = "registered by"
    CAUSED = "caused by"
    SINCE = "since then by"
