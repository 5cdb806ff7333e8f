"""What governs each namespace, known to everybody who decides or reads: followed from its topic.

The truth is the namespaces' streams in the log. The command service that writes one of them copies
its state to a compacted topic, so that who follows need not read the whole log.
"""

from pydantic_core import from_json, to_json

from rollbook.domain import snapshot
from rollbook.domain.tenancy import REGISTRY, Key, Namespace
from rollbook.eventlog import following, topics
from rollbook.eventlog.envelope import Outgoing, Record
from rollbook.eventlog.topics import LogAddress
from rollbook.observability.logs import logger

log = logger(__name__)

NOTHING = Namespace()
SCHEMA = 2
"""Of a copy. Whoever raises it must go on reading the one before: what cannot be read does not
govern, and while services are replaced one by one the older ones still write theirs."""


class Governance:
    """The newest known state of every namespace."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[int, Namespace]] = {}
        self.registry = NOTHING
        """The namespace whose grants hold everywhere."""

    def of(self, key: str) -> Namespace:
        """What governs a model, `namespace/name`, or a namespace by itself."""
        found = self._known.get(key.partition("/")[0])
        return found[1] if found is not None else NOTHING

    def position(self, namespace: str) -> int:
        """The offset of the event that the namespace's state includes; -1 where none is known."""
        found = self._known.get(namespace)
        return found[0] if found is not None else -1

    def both(self, key: str) -> tuple[Namespace, Namespace]:
        """What governs a model, and the registry's own: whose grants hold there."""
        return self.of(key), self.registry

    def key(self, namespace: str, name: str) -> Key | None:
        """A machine's key that the namespace issued and has not revoked."""
        return self.of(namespace).keys.get(name)

    @property
    def namespaces(self) -> dict[str, Namespace]:
        """Every namespace about which something was decided."""
        return {name: state for name, (_, state) in self._known.items()}

    def apply(self, namespace: str, state: Namespace, offset: int) -> None:
        """Take in a namespace's state as of an offset of its partition; an older one is ignored."""
        if offset < self.position(namespace):
            return
        self._known[namespace] = offset, state
        if namespace == REGISTRY:
            self.registry = state

    def begin(self) -> None:
        """The topic is read from its beginning: nothing to do, since no namespace ever goes."""

    def take(self, record: Record) -> None:
        """Take in a record of the topic; one that cannot be read is passed over, and said."""
        if record.key is None or record.value is None:
            return
        try:
            found = from_json(record.value)
            if found is None:
                return  # a claim's mark
            if found["schema"] != SCHEMA:
                raise ValueError(f"it is of schema {found['schema']}, not {SCHEMA}")
            state = snapshot.restore_namespace(found["namespace"])
            self.apply(record.key.decode(), state, int(found["offset"]))
        except (ValueError, KeyError, TypeError) as error:
            key = repr(record.key)
            log.error("a record of governance cannot be read", key=key, reason=repr(error))

    def caught_up(self) -> None:
        """All that stood in the topic was taken."""


def as_record(namespace: str, state: Namespace, offset: int) -> Outgoing:
    """A namespace's state for the topic."""
    value = {
        "schema": SCHEMA,
        "offset": offset,
        "namespace": snapshot.namespace_head(state),
    }
    return Outgoing(namespace.encode(), to_json(value), [], 0)


class Follower(following.Follower):
    """Keeps a `Governance` up with the topic; while Kafka is away, what was known holds."""

    def __init__(self, address: LogAddress, governance: Governance) -> None:
        super().__init__(address, topics.GOVERNANCE, governance)
        self.governance = governance
