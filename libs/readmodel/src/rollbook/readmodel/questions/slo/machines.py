"""How an actor of the log is known to be a machine."""

from typing import Final

BY_MACHINE: Final = "starts_with({}, 'account:')"
"""Only machines act under accounts; where nobody is asked who they are, all count as people."""
