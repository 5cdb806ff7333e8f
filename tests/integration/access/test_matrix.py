"""Every command and every read, for every role, in one's own namespace and in another's."""

import asyncio
from datetime import UTC, datetime, timedelta
from re import sub
from typing import Any
from uuid import uuid4

import httpx
import pytest

from rollbook.domain import access
from rollbook.domain.access import Read
from rollbook.domain.tenancy import Role
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.commands import COMMANDS, NAMESPACE_COMMANDS
from rollbook.eventlog.envelope import CommandEnvelope
from rollbook.eventlog.outcomes import CommandRefused
from rollbook.identity.accounts import AccountToken, mint
from rollbook.query.examples import EXAMPLES
from rollbook.query.sight import READS
from tests.integration.access.secured import ADMIN, Secured, command
from tests.integration.query.system import until

OWN, OTHER = "own", "other"
MODEL = "model"

HARMLESS: dict[str, dict[str, Any]] = {
    # The examples of these would take away what the other rows of the table need.
    "GrantRole": {"subject": "nobody", "role": "viewer", "reason": "matrix"},
    "RevokeRole": {"grant": 9999, "reason": "matrix"},
    "RevokeKey": {"key": "0" * 16, "reason": "matrix"},
    "IssueKey": {
        "account": "nobody",
        "public_key": mint("own", "nobody").public_key,
        "until": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
    },
}

# Written by hand, from the sentence on each role, so that a slip in the table is found.
ONLY = {
    "GrantRole": {"admin"},
    "RevokeRole": {"admin"},
    "IssueKey": {"admin"},
    "SetRules": {"admin"},
    "SetMetadataSchema": {"admin"},
    "ErasePersonalData": {"admin"},
    "PromoteVersion": {"releaser"},
    "ApprovePromotion": {"approver"},
    "RejectPromotion": {"approver"},
    "RegisterVersion": {"publisher"},
    "WriteCard": {"publisher"},
    "StartRollout": {"releaser"},
    "AdvanceRollout": {"operator"},
    "PromoteRollout": {"releaser"},
    "ApproveRolloutStep": {"approver"},
    "StartValidation": {"validator"},
    "RecordValidation": {"validator"},
    "BreakGlass": {"operator", "admin"},
}
NEVER = {
    "viewer": set(COMMANDS),
    "auditor": set(COMMANDS) - {"ReviewBreakGlass", "CommentOnPromotion"},
    "publisher": {"PromoteVersion", "ApprovePromotion", "BreakGlass", "RollBackVersion"},
    "validator": {"PromoteVersion", "ApprovePromotion", "RegisterVersion", "GrantRole"},
    "admin": {"PromoteVersion", "ApprovePromotion", "RecordValidation", "RegisterVersion"},
}


def test_the_table_is_what_people_were_promised() -> None:
    table = {cls.__name__: set(map(str, roles)) for cls, roles in access.WHO_MAY.items()}
    assert table.keys() == COMMANDS.keys()
    for name, roles in ONLY.items():
        assert table[name] == roles, name
    for role, names in NEVER.items():
        assert not {name for name in names if role in table[name]}, role


def test_who_may_read_what() -> None:
    assert access.WHO_SEES.keys() == set(Read)
    assert access.WHO_SEES[Read.ACCESS] == {Role.AUDITOR, Role.ADMIN}
    assert access.WHO_SEES[Read.PERSONAL] == {Role.APPROVER, Role.AUDITOR, Role.ADMIN}


class World:
    """Two tenants with a model each, and in the one a machine for every role."""

    def __init__(self, registry: Secured) -> None:
        self.registry = registry
        self.tokens = {role: self._machine(role) for role in Role}
        self.stranger = registry.account(OTHER, "stranger")
        for namespace in (OWN, OTHER):
            registry.done(f"{namespace}/{MODEL}", "RegisterModel", {})
            answer = registry.done(f"{namespace}/{MODEL}", "RegisterVersion", VERSION)
            self.last = str(answer["position"])
            setattr(self, namespace, answer)
        self.own: dict[str, Any]
        self.other: dict[str, Any]

    def _machine(self, role: Role) -> AccountToken:
        made = self.registry.account(OWN, str(role))
        self.registry.grant(OWN, made.subject, role)
        return made


VERSION = {"artifact": {"uri": "s3://b/m", "digest": "sha256:" + "a" * 64}}


@pytest.fixture(scope="module")
def world(registry: Secured) -> World:
    return World(registry)


def stream(name: str, namespace: str) -> str:
    return namespace if name in NAMESPACE_COMMANDS else f"{namespace}/{MODEL}"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_for_those_whom_the_table_names(world: World, name: str) -> None:
    body = HARMLESS.get(name, EXAMPLES[name])
    allowed = access.WHO_MAY[COMMANDS[name]]
    for namespace in (OTHER, OWN):
        for role, token in world.tokens.items():
            response = world.registry.send(token.reveal(), stream(name, namespace), name, body)
            forbidden = response.json().get("code") == "forbidden"
            let = role in allowed and namespace == OWN
            assert forbidden is not let, (role, namespace, response.text)
            assert not forbidden or (response.status_code, "position" in response.json()) == (
                403,
                True,
            )
    for nobody in (world.stranger.reveal(), None):
        response = world.registry.send(nobody, stream(name, OWN), name, body)
        assert response.status_code in (401, 403)


def test_on_kafka_the_same_table_holds(world: World) -> None:
    registry = world.registry

    async def ask_all() -> dict[tuple[str, Role, str], bool]:
        found: dict[tuple[str, Role, str], bool] = {}
        async with Asker(registry.system.log) as asker:

            async def ask(name: str, role: Role, namespace: str) -> None:
                made = command(name, **HARMLESS.get(name, EXAMPLES[name]))
                envelope = CommandEnvelope(str(uuid4()), stream(name, namespace), made)
                outcome = await asker.ask(envelope, sign=registry.signer(world.tokens[role]))
                message = outcome.message
                refused = isinstance(message, CommandRefused) and message.code
                assert refused != "unauthenticated"
                found[name, role, namespace] = refused != "forbidden"

            for name in COMMANDS:
                each = [(role, where) for role in world.tokens for where in (OTHER, OWN)]
                await asyncio.gather(*(ask(name, role, where) for role, where in each))
        return found

    for (name, role, namespace), let in registry.system.run(ask_all()).items():
        expected = role in access.WHO_MAY[COMMANDS[name]] and namespace == OWN
        assert let is expected, (name, role, namespace)


# Reads


def reads(world: World) -> list[tuple[str, str, str]]:
    """Name, method and path of every route that shows something."""
    document = world.registry.http.get("/openapi.json").json()
    found = [
        (operation["operationId"].partition("_api_v1_")[0], method.upper(), path)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    shown = [one for one in found if one[0] in READS]
    assert {name for name, _, _ in shown} == READS.keys()
    return shown


KNOWN = {"name": MODEL, "version": "1", "number": "1", "alias": "champion", "card": "1"}


def path_to(template: str, namespace: str, answer: dict[str, Any]) -> str:
    """A path that leads to something, where there is something of that kind."""
    values = {
        **KNOWN,
        "namespace": namespace,
        "position": answer["position"],
        "command_id": answer["command_id"],
    }
    return sub(r"\{(\w+)[^}]*\}", lambda m: str(values.get(m[1], "1")), template)


def test_every_read_is_for_those_whom_the_table_names(world: World) -> None:
    clients = {role: world.registry.client(t.reveal()) for role, t in world.tokens.items()}
    until(lambda: clients[Role.VIEWER].get(f"/api/v1/models/{OWN}/{MODEL}").status_code == 200)
    for name, method, template in reads(world):
        if "{namespace}" not in template:
            continue
        hidden = "unknown_model" if "{name}" in template else "unknown_namespace"
        for role, client in clients.items():
            own = client.request(method, path_to(template, OWN, world.own))
            seen = role in access.WHO_SEES[READS[name]]
            assert (own.status_code == 404 and own.json()["code"] == hidden) is not seen, (
                name,
                role,
                own.text,
            )
            other = client.request(method, path_to(template, OTHER, world.other))
            assert (other.status_code, other.json()["code"]) == (404, hidden), (name, role)
            # Exactly as if it did not exist.
            none = client.request(method, path_to(template, "nowhere", world.other))
            assert other.text.replace(OTHER, "nowhere") == none.text, (name, role)
    for client in clients.values():
        client.close()


def test_what_names_no_namespace_shows_only_what_may_be_seen(world: World) -> None:
    with world.registry.client(world.tokens[Role.VIEWER].reveal()) as client:
        until(lambda: bool(client.get("/api/v1/models").json()["items"]))
        assert {m["namespace"] for m in client.get("/api/v1/models").json()["items"]} == {OWN}
        found = client.get("/api/v1/models", params={"namespace": OTHER}).json()
        assert found == client.get("/api/v1/models", params={"namespace": "nowhere"}).json()
        for field, kind in (("position", "events"), ("command_id", "outcomes")):
            path = f"/api/v1/{kind}/"
            assert client.get(path + world.own[field]).status_code == 200
            other = client.get(path + world.other[field])
            assert other.status_code == 404
            missing = {"position": "0:999999999", "command_id": str(uuid4())}[field]
            none = client.get(path + missing)
            assert other.text.replace(world.other[field], missing) == none.text


def test_who_was_granted_nothing_sees_nothing(world: World) -> None:
    with world.registry.client(world.stranger.reveal()) as client:
        assert client.get("/api/v1/models").json()["items"] == []
        assert client.get(f"/api/v1/models/{OTHER}/{MODEL}").status_code == 404


def test_a_grant_of_the_registry_s_own_namespace_holds_everywhere(world: World) -> None:
    world.registry.grant("rollbook", world.stranger.subject, "viewer", models="mod*")
    with world.registry.client(world.stranger.reveal()) as client:
        until(
            lambda: (
                {m["namespace"] for m in client.get("/api/v1/models").json()["items"]}
                >= {OWN, OTHER}
            )
        )
        assert client.get(f"/api/v1/models/{OWN}/{MODEL}").status_code == 200


def test_nothing_of_the_record_is_shown_to_whom_nobody_knows(world: World) -> None:
    with httpx.Client(base_url=world.registry.system.url) as client:
        for name, method, template in reads(world):
            response = client.request(method, path_to(template, OWN, world.own))
            assert (response.status_code, response.json()["code"]) == (401, "unauthenticated"), name
        for path in ("/healthz", "/readyz", "/metrics", "/docs", "/openapi.json"):
            assert client.get(path).status_code == 200, path


def test_the_administrator_sees_all(world: World) -> None:
    with world.registry.client(ADMIN.reveal()) as client:
        for _, method, template in reads(world):
            hidden = ("unknown_model", "forbidden", "unauthenticated")
            path = path_to(template, OTHER, world.other)
            with client.stream(method, path) as response:  # one of them has no end
                if response.status_code >= 300:
                    response.read()
                    assert response.json()["code"] not in hidden
