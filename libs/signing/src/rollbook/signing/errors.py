"""What can go wrong with a signature, by who can do something about it."""


class CannotSign(Exception):
    """The key, the certificate or what is to be signed will not do."""


class BadTrust(Exception):
    """A file of the trusted keys and certificates is neither."""


class BadSignature(Exception):
    """The signature is not right, or not of anybody who is trusted, or of other bytes."""
