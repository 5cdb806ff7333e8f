"""Which addresses are plain enough for every reader of a BOM."""

import re
from typing import Final

_PART: Final = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*"
_PLAIN: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:"
    r"(?://[A-Za-z0-9._~-]*(?::[0-9]{1,5})?(?=[/?#]|$))?"
    rf"(?!//){_PART}(?:\?{_PART})?(?:#{_PART})?"
)


def is_plain(uri: str) -> bool:
    """Whether it is a URI by RFC 3986, in the narrow sense; others are told as plain text."""
    return _PLAIN.fullmatch(uri) is not None
