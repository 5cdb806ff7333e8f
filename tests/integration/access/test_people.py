"""How people are called: noted beside the log when they prove who they are, and erased for good."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from rollbook.domain.erasure import person as reference_to
from rollbook.eventlog.topics import LogAddress
from rollbook.projector.replay import rebuild
from rollbook.readmodel import database
from tests.integration.access.secured import ADMIN, Secured, person, secured
from tests.integration.query.system import until
from tests.support.stack import Cluster

NAME, MAIL = "Ada Q. Lovelace", "ada.lovelace@example.org"
SUBJECT = "248289761001"


@pytest.fixture
def guarded(cluster: Cluster, tmp_path: Path) -> Iterator[Secured]:
    with secured(cluster, tmp_path) as started:
        yield started


def known(guarded: Secured, token: str, subject: str = SUBJECT) -> tuple[object, object] | None:
    with guarded.client(token) as client:
        response = client.get(f"/api/v1/people/{subject}")
    if response.status_code == 404:
        assert response.json()["code"] == "unknown_person"
        return None
    assert response.headers["cache-control"] == "no-store"
    found = response.json()
    return found["name"], found["mail"]


def visit(guarded: Secured, subject: str = SUBJECT, **claims: Any) -> None:
    with guarded.client(person(subject, **claims)) as client:
        assert client.get("/api/v1/me").status_code == 200


async def everything(guarded: Secured, dsn: str, schema: str) -> str:
    """All that stands in the tables, the vault, and every topic of the log."""
    found: list[str] = []
    db = await asyncpg.connect(dsn)
    try:
        for space in (schema, database.vault(schema)):
            for row in await db.fetch(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = $1", space
            ):
                rows = await db.fetch(f'SELECT t::text AS row FROM {space}."{row[0]}" t')
                found += [one["row"] for one in rows]
    finally:
        await db.close()
    return "\n".join(found + [part async for part in logged(guarded.system.log)])


async def logged(log: LogAddress) -> AsyncIterator[str]:
    """Every record of every topic of a log, with its key and headers."""
    admin = AIOKafkaAdminClient(bootstrap_servers=log.kafka)
    consumer = AIOKafkaConsumer(bootstrap_servers=log.kafka)
    await admin.start()
    await consumer.start()
    try:
        names = [name for name in await admin.list_topics() if name.startswith(f"{log.app}.")]
        parts = [
            TopicPartition(topic["topic"], part["partition"])
            for topic in await admin.describe_topics(names)
            for part in topic["partitions"]
        ]
        assert len({part.topic for part in parts}) >= 3
        consumer.assign(parts)
        await consumer.seek_to_beginning(*parts)
        for part, end in (await consumer.end_offsets(parts)).items():
            while await consumer.position(part) < end:
                for record in (await consumer.getmany(part, timeout_ms=1000)).get(part, ()):
                    yield repr((record.key, record.value, record.headers))
    finally:
        await consumer.stop()
        await admin.close()


def test_who_proves_who_they_are_is_noted_for_those_who_may_see_it(guarded: Secured) -> None:
    admin = ADMIN.reveal()
    visit(guarded, name=NAME, email=MAIL)
    until(lambda: known(guarded, admin) == (NAME, MAIL))
    assert known(guarded, person(SUBJECT)) == (NAME, MAIL)
    guarded.grant("rollbook", "ann", "auditor")
    guarded.grant("team", "bob", "admin")
    until(lambda: known(guarded, person("ann")) == (NAME, MAIL))
    assert known(guarded, person("bob")) is None


def test_a_mail_address_that_nobody_verified_is_not_noted(guarded: Secured) -> None:
    visit(guarded, name=NAME, email=MAIL, email_verified=False)
    until(lambda: known(guarded, ADMIN.reveal()) == (NAME, None))


def test_who_was_noted_is_not_noted_again_at_once(guarded: Secured) -> None:
    visit(guarded, name=NAME)
    until(lambda: known(guarded, ADMIN.reveal()) == (NAME, None))
    visit(guarded, name="Another")
    visit(guarded, "other", name="Other")
    until(lambda: known(guarded, ADMIN.reveal(), "other") == ("Other", None))  # the queue is empty
    assert known(guarded, ADMIN.reveal()) == (NAME, None)


def test_after_erasure_neither_log_nor_tables_hold_name_or_mail_and_all_still_verifies(
    guarded: Secured, cluster: Cluster, capfd: pytest.CaptureFixture[str]
) -> None:
    admin = ADMIN.reveal()
    guarded.grant("team", SUBJECT, "publisher")
    visit(guarded, name=NAME, email=MAIL)
    until(lambda: known(guarded, admin) == (NAME, MAIL))
    with guarded.client(person(SUBJECT, name=NAME, email=MAIL)) as ada:
        sent = ada.post("/api/v1/models/team/churn/commands/RegisterModel", json={})
        assert sent.status_code == 200
    read = everything(guarded, cluster.postgres, guarded.schema)
    assert MAIL in guarded.system.run(read)

    wish = {"references": [reference_to(SUBJECT)], "reason": "she left"}
    refused = guarded.send(admin, "team", "ErasePersonalData", wish)
    assert refused.json()["code"] == "wrong_stream"
    assert known(guarded, admin) == (NAME, MAIL)
    erased = guarded.done("rollbook", "ErasePersonalData", wish)
    assert SUBJECT not in str(erased["event"]["data"])
    until(lambda: known(guarded, admin) is None)

    left = guarded.system.run(everything(guarded, cluster.postgres, guarded.schema))
    assert SUBJECT in left  # who did it stands in the log, for ever
    for told in (NAME, MAIL):
        assert told not in left
        assert told not in "".join(capfd.readouterr())
    again = rebuild(guarded.system.log, cluster.postgres, guarded.schema, report=lambda _: None)
    assert guarded.system.run(again).identical
