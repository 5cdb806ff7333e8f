"""What can go wrong with artifacts, by who can do something about it."""


class Unreachable(Exception):
    """The store does not answer, or lets us do nothing: try again, or see to its settings."""


class Missing(Exception):
    """The store has no such thing."""


class WrongDigest(Exception):
    """What was sent is not what it was called; nothing of it was kept."""


class TooLarge(Exception):
    """It is larger than was said, or than the store takes; nothing of it was kept."""


class BadListing(Exception):
    """A text is no listing of a folder, or one of its paths leads out of it."""
