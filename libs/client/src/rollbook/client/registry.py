"""The registry, as a pipeline or a service sees it."""

from rollbook.client.alarming import Alarming
from rollbook.client.commands import Commands
from rollbook.client.explaining import Explaining
from rollbook.client.keeping import Keeping
from rollbook.client.notifying import Notifying
from rollbook.client.planning import Planning
from rollbook.client.policing import Policing
from rollbook.client.questioning import Questioning
from rollbook.client.reads import Reads
from rollbook.client.retraining import Retrainings
from rollbook.client.rolling import Rolling
from rollbook.client.sealing import Sealing
from rollbook.client.storing import Storing
from rollbook.client.tracing import Tracing


class Registry(
    Commands,
    Reads,
    Explaining,
    Questioning,
    Tracing,
    Policing,
    Storing,
    Keeping,
    Planning,
    Sealing,
    Retrainings,
    Notifying,
    Alarming,
    Rolling,
):
    """A registry at `url`; use it in a `with` statement, or call `close`. Not for several threads.

    `token` proves who asks: a person's from the identity provider, or a machine's `rbk_…`; if it is
    not given, ROLLBOOK_TOKEN. `actor` says who asks, which only an open registry believes.

    `timeout`, in seconds, holds for a whole call with all its attempts: while the registry is away,
    or has no outcome yet, a call is sent again under the same command id, so that nothing happens
    twice.
    """
