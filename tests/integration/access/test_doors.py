"""Who did not prove who they are is refused on both doors, and it stands in the log."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from rollbook.domain.access import Principal
from rollbook.domain.catalog import ModelRegistered, RegisterModel
from rollbook.domain.tenancy import Role
from rollbook.eventlog.commands import Signer, encode_command
from rollbook.eventlog.envelope import CommandEnvelope, EventEnvelope
from rollbook.eventlog.kafka import read
from rollbook.eventlog.outcomes import CommandRefused
from rollbook.eventlog.routing import partition_for
from rollbook.eventlog.topics import TOPICS
from rollbook.identity.accounts import AccountToken, mint
from rollbook.identity.statement import About, Gateway, by_account
from tests.integration.access.secured import ADMIN, SECRET, Secured, part, person
from tests.integration.query.system import until

REGISTER = RegisterModel()


@pytest.fixture(scope="module")
def ci(registry: Secured) -> AccountToken:
    registry.grant("doors", "account:doors/ci", "publisher")
    return registry.account("doors", "ci")


def model() -> str:
    return f"doors/m{uuid4().hex[:12]}"


def refused(outcome: EventEnvelope) -> tuple[str, str]:
    assert isinstance(outcome.message, CommandRefused), outcome
    return outcome.message.code, outcome.message.message


def test_a_machine_signs_its_own_commands(registry: Secured, ci: AccountToken) -> None:
    outcome = registry.asked(model(), REGISTER, registry.signer(ci), actor="somebody else")
    assert isinstance(outcome.message, ModelRegistered)
    assert outcome.actor == "account:doors/ci"


def test_the_administrator_s_key_signs_too(registry: Secured) -> None:
    outcome = registry.asked(model(), REGISTER, registry.signer(ADMIN))
    assert outcome.actor == "account:rollbook/admin"


def _forgeries(registry: Secured, ci: AccountToken) -> dict[str, Signer | None]:
    now = datetime.now(UTC)
    app = registry.app
    other = mint("doors", "ci")
    gateway = Gateway("another secret that is also long enough")

    def claims(id_: str, digest: str) -> dict[str, object]:
        at = int(now.timestamp())
        return {
            "iss": "gateway",
            "sub": "root",
            "everything": True,
            "aud": app,
            "cmd": id_,
            "dig": digest,
            "iat": at,
            "exp": at + 60,
        }

    def unsigned(id_: str, digest: str) -> str:
        return f"{part({'alg': 'none', 'typ': 'statement+jwt'})}.{part(claims(id_, digest))}."

    def late(id_: str, digest: str) -> str:
        return by_account(ci, About(app, id_, digest), now - timedelta(hours=1))

    return {
        "no statement": None,
        "a bare account token": lambda *_: ci.reveal(),
        "a person's token": lambda *_: person(),
        "alg none": unsigned,
        "expired": late,
        "another audience": registry.signer(ci, app="elsewhere"),
        "another command": registry.signer(ci, command_id=str(uuid4())),
        "another content": registry.signer(ci, digest="0" * 64),
        "a key that nobody issued": registry.signer(other),
        "another namespace": registry.signer(_as(ci, "other", "ci")),
        "another account": registry.signer(_as(ci, "doors", "release")),
        "another secret": lambda i, d: gateway.speak(
            Principal("root", everything=True), About(app, i, d), now
        ),
        "noise": lambda *_: "x" * 500,
    }


def _as(token: AccountToken, namespace: str, account: str) -> AccountToken:
    return AccountToken(namespace, account, token.reveal().split("_", 3)[3])


NAMES = (
    "no statement",
    "a bare account token",
    "a person's token",
    "alg none",
    "expired",
    "another audience",
    "another command",
    "another content",
    "a key that nobody issued",
    "another namespace",
    "another account",
    "another secret",
    "noise",
)


@pytest.mark.parametrize("name", NAMES)
def test_a_forged_statement_is_refused_in_the_log(
    registry: Secured, ci: AccountToken, name: str
) -> None:
    outcome = registry.asked(model(), REGISTER, _forgeries(registry, ci)[name], actor="root")
    assert refused(outcome)[0] == "unauthenticated"
    assert outcome.actor == "unknown"


def test_a_statement_that_is_sent_again_does_nothing_again(
    registry: Secured, ci: AccountToken
) -> None:
    """Whoever reads the topic can copy a command with its statement, and nothing else."""
    stream, id_ = model(), str(uuid4())
    kept: list[str] = []

    def keeping(command_id: str, digest: str) -> str:
        kept.append(registry.signer(ci)(command_id, digest))
        return kept[0]

    first = registry.asked(stream, REGISTER, keeping, id=id_)
    again = registry.asked(stream, REGISTER, lambda *_: kept[0], id=id_)
    assert again.position == first.position  # a repeat is answered by the first outcome
    moved = registry.asked(model(), REGISTER, lambda *_: kept[0], id=id_)
    assert refused(moved)[0] == "unauthenticated"
    changed = RegisterModel(description="mine")
    assert refused(registry.asked(stream, changed, lambda *_: kept[0], id=id_))[0] == (
        "unauthenticated"
    )


def test_a_key_is_not_more_than_its_roles(registry: Secured) -> None:
    registry.grant("doors", "account:doors/narrow", "publisher")
    narrow = registry.account("doors", "narrow", roles=[Role.VIEWER])
    stream = model()
    code, _ = refused(registry.asked(stream, REGISTER, registry.signer(narrow)))
    assert code == "forbidden"
    response = registry.send(narrow.reveal(), stream, "RegisterModel", {})
    assert (response.status_code, response.json()["code"]) == (403, "forbidden")
    assert response.json()["position"]


def test_a_revoked_key_signs_nothing_more(registry: Secured) -> None:
    registry.grant("doors", "account:doors/lost", "publisher")
    lost = registry.account("doors", "lost")
    assert registry.asked(model(), REGISTER, registry.signer(lost)).actor == lost.subject
    registry.done("doors", "RevokeKey", {"key": lost.key_id, "reason": "lost"})
    until(
        lambda: isinstance(
            registry.asked(model(), REGISTER, registry.signer(lost)).message, CommandRefused
        )
    )


def test_a_grant_ends_with_its_time(registry: Secured) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=3)
    registry.grant("doors", "guest", "publisher", until=soon.isoformat())
    until(lambda: registry.send(person("guest"), model(), "RegisterModel", {}).status_code == 200)
    until(lambda: registry.send(person("guest"), model(), "RegisterModel", {}).status_code == 403)


def test_nobody_raises_themselves(registry: Secured, ci: AccountToken) -> None:
    me = {"subject": ci.subject, "role": "admin", "reason": "why not"}
    for namespace in ("doors", "rollbook", "elsewhere"):
        response = registry.send(ci.reveal(), namespace, "GrantRole", me)
        assert (response.status_code, response.json()["code"]) == (403, "forbidden")


def test_an_administrator_of_one_namespace_is_none_of_another(registry: Secured) -> None:
    registry.grant("mine", "mia", "admin")
    grant = {"subject": "mia", "role": "admin", "reason": "why not"}
    until(lambda: registry.send(person("mia"), "mine", "GrantRole", grant).status_code == 200)
    for namespace in ("doors", "rollbook"):
        assert registry.send(person("mia"), namespace, "GrantRole", grant).status_code == 403


def test_no_secret_stands_in_any_topic(
    registry: Secured, ci: AccountToken, capfd: pytest.CaptureFixture[str]
) -> None:
    """Statements stand there, which are of no use; what could be used again does not."""
    registry.grant("doors", "account:doors/secret", "publisher")
    account = registry.account("doors", "secret")
    seed = account.reveal().split("_", 3)[3]
    good, bad = person("topic-reader"), person("topic-reader", lives=-3600)
    for token in (good, bad, account.reveal(), mint("doors", "ci").reveal()):
        registry.send(token, model(), "RegisterModel", {})
        registry.send(token, model(), "RegisterModel", {"nonsense": 1})
        with registry.client(token) as client:
            client.get("/api/v1/models")
    poison = CommandEnvelope(str(uuid4()), model(), REGISTER, token=None)
    key, _, headers = encode_command(poison, registry.signer(ci))
    registry.system.run(_publish(registry, key, b"{", headers))
    secrets = [good, good.rpartition(".")[2], bad.rpartition(".")[2], SECRET, seed]
    found = registry.system.run(_everything(registry))
    assert b"Bearer" not in found[registry.system.log.dead_letters]
    assert b"Bearer" in found[registry.system.log.commands]
    for topic, content in found.items():
        for secret in secrets:
            assert secret.encode() not in content, topic
    out, err = capfd.readouterr()
    for secret in (*secrets, account.reveal()):
        assert secret not in out + err


async def _publish(registry: Secured, key: bytes, value: bytes, headers: Any) -> None:
    log = registry.system.log
    async with AIOKafkaProducer(bootstrap_servers=log.kafka) as producer:
        number = partition_for(key, len(await producer.partitions_for(log.commands)))
        await producer.send_and_wait(log.commands, value, key, partition=number, headers=headers)


async def _everything(registry: Secured) -> dict[str, bytes]:
    """All bytes of all topics."""
    log = registry.system.log
    found: dict[str, bytes] = {}
    async with AIOKafkaConsumer(bootstrap_servers=log.kafka) as consumer:
        for topic in TOPICS:
            name = log.name(topic)
            found[name] = b""
            for number in range(4 if topic.partitioned else 1):
                place = TopicPartition(name, number)
                end = (await consumer.end_offsets([place]))[place]
                async for records in read(log.kafka, name, number, 0, end):
                    for record in records:
                        parts = [record.key or b"", record.value or b""]
                        parts += [header.encode() + (v or b"") for header, v in record.headers]
                        found[name] += b"\n".join(parts)
    return found
