"""Real Kafka and real Postgres, started from wheels and jars, with all their data in one folder."""

from rollbook.embedded.installation import prepare
from rollbook.embedded.kafka import Kafka
from rollbook.embedded.postgres import Postgres
from rollbook.embedded.report import Progress, Report, StackError, Unavailable
from rollbook.embedded.stack import Endpoints, Stack

__all__ = [
    "Endpoints",
    "Kafka",
    "Postgres",
    "Progress",
    "Report",
    "Stack",
    "StackError",
    "Unavailable",
    "prepare",
]
