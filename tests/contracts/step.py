"""One step of the scenario: who sends which command to which stream, and when."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from rollbook.domain.sealing import MEDIA, PREDICATE, STATEMENT
from rollbook.domain.streams import StreamCommand

BEGAN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

NAMESPACE = "fraud"
MODEL = f"{NAMESPACE}/card-approval"

ADA = "ada@example.com"
"""Trains the model."""


class Step(NamedTuple):
    """A command as a pipeline would send it; some say more than they must."""

    command: StreamCommand
    actor: str = ADA
    stream: str = MODEL
    wait: timedelta = timedelta(minutes=7)
    """How long after the step before it is decided."""
    repeats: int | None = None
    """The step whose command id it has."""
    expected_seq: int | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None
    origin: str | None = None
    origin_time: datetime | None = None


def bundle(digest: str) -> str:
    """A bundle over these bytes that says whose key it is, and whose signature is none."""
    bare = digest.removeprefix("sha256:")
    root = sha256(bytes.fromhex(bare)).hexdigest()
    statement = {
        "_type": STATEMENT,
        "subject": [{"name": "model", "digest": {"sha256": root}}],
        "predicateType": PREDICATE,
        "predicate": {
            "serialization": {"method": "files", "hash_type": "sha256"},
            "resources": [{"name": ".", "algorithm": "sha256", "digest": bare}],
        },
    }
    document = {
        "mediaType": MEDIA,
        "verificationMaterial": {"publicKey": {"hint": "5" * 64}},
        "dsseEnvelope": {
            "payload": b64encode(json.dumps(statement).encode()).decode(),
            "payloadType": "application/vnd.in-toto+json",
            "signatures": [{"sig": "bm9uZQ=="}],
        },
    }
    return json.dumps(document)


def digest(digit: str) -> str:
    """A digest that nobody takes for a real one."""
    return "sha256:" + digit * 64
