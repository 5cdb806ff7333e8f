"""What comes of a command that somebody sends: may they, have they seen what is, what does it do.

The command service asks so before it writes; who only wants to know what would come of it, too.
"""

from datetime import datetime

from rollbook.domain import access
from rollbook.domain.access import Principal
from rollbook.domain.context import Context
from rollbook.domain.messages import Refused, Unchanged
from rollbook.domain.requests import ApprovePromotion
from rollbook.domain.rollouts import ApproveRolloutStep
from rollbook.domain.streams import State, StreamCommand, StreamEvent, decide
from rollbook.domain.tenancy import Namespace


def hear(
    principal: Principal,
    command: StreamCommand,
    *,
    key: str,
    state: State,
    seq: int,
    expected_seq: int | None,
    governing: tuple[Namespace, Namespace],
    now: datetime,
) -> StreamEvent | Unchanged:
    """What comes of the command; `Refused` when the state or the rules forbid it.

    `seq` is how far the stream `key` has come, `governing` its namespace and the registry's own.
    """
    own, _ = governing
    name = key.rpartition("/")[2]
    if principal.everything and principal.limit is None:  # the hot path of an open registry
        _check_seq(seq, expected_seq)
        anybody = Context(now, principal.subject, own, name, titles=None, releaser=True)
        return decide(state, command, anybody)
    # First: whoever may do nothing here is not told how far the stream has come.
    access.check(principal, command, key, state, governing, now)
    _check_seq(seq, expected_seq)
    titles: frozenset[str] | None = frozenset()
    if isinstance(command, ApprovePromotion | ApproveRolloutStep):
        environment = access.environment_of(command, state)
        titles = access.titles(principal, key, environment, governing, now)
    releaser = access.is_releaser(principal, key, governing, now)
    return decide(state, command, Context(now, principal.subject, own, name, titles, releaser))


def _check_seq(seq: int, expected: int | None) -> None:
    if expected is not None and expected != seq:
        raise Refused(
            "conflict",
            f"expected_seq is {expected}, but the model is at {seq}: read it again and decide anew",
        )
