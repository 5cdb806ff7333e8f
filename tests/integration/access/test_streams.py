"""A stream of events shows what its reader may see now, and ends with their right to read."""

import asyncio
from uuid import uuid4

import pytest

from rollbook.client import Received, Refused, Subscription, subscribe
from rollbook.identity.accounts import AccountToken
from tests.integration.access.secured import ADMIN, Secured
from tests.support.service import until


@pytest.fixture(scope="module")
def tenants(registry: Secured) -> tuple[tuple[str, AccountToken], tuple[str, AccountToken]]:
    """Two namespaces, each with a machine that publishes there."""

    def tenant(name: str) -> tuple[str, AccountToken]:
        namespace = f"{name}{uuid4().hex[:8]}"
        registry.grant(namespace, f"account:{namespace}/ci", "publisher")
        return namespace, registry.account(namespace, "ci")

    return tenant("a"), tenant("b")


def register(registry: Secured, model: str) -> str:
    return str(registry.done(model, "RegisterModel", {})["position"])


async def models(subscription: Subscription, last: str) -> list[str | None]:
    """Of which models it tells, until that one."""
    found: list[Received] = []
    async with asyncio.timeout(20):
        while not found or found[-1].model != last:
            found.append(await anext(subscription))
    return [event.model for event in found]


async def test_a_tenant_sees_nothing_of_another(
    registry: Secured, tenants: tuple[tuple[str, AccountToken], tuple[str, AccountToken]]
) -> None:
    (a, _), (b, token) = tenants
    for number in range(3):
        register(registry, f"{a}/m{number}")
        register(registry, f"{b}/m{number}")
    url = registry.system.url
    async with subscribe(url, from_="start", token=token.reveal()) as events:
        past = await models(events, f"{b}/m2")
        register(registry, f"{a}/live")
        register(registry, f"{b}/live")
        live = await models(events, f"{b}/live")
    assert {model for model in past + live if model} == {
        *(f"{b}/m{number}" for number in range(3)),
        f"{b}/live",
    }
    async with subscribe(url, from_="start", namespace=a, token=token.reveal()) as none:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await anext(none)


async def test_a_grant_counts_from_its_event_on_and_ends_with_it(
    registry: Secured, tenants: tuple[tuple[str, AccountToken], tuple[str, AccountToken]]
) -> None:
    (a, _), (b, token) = tenants
    seen: list[str | None] = []

    async def follow() -> None:
        async with subscribe(registry.system.url, from_="now", token=token.reveal()) as events:
            async for event in events:
                seen.append(event.model)  # noqa: PERF401  # looked at meanwhile

    task = asyncio.create_task(follow())
    try:
        await until(lambda: registry.system.query.streams.number > 0)
        await asyncio.sleep(0.2)
        role = {"subject": f"account:{b}/ci", "role": "publisher", "reason": "test"}
        granted = await asyncio.to_thread(registry.done, a, "GrantRole", role)
        await asyncio.sleep(1)
        await asyncio.to_thread(register, registry, f"{a}/shown")
        await until(lambda: f"{a}/shown" in seen)
        ended = {"grant": granted["event"]["data"]["grant"], "reason": "test"}
        await asyncio.to_thread(registry.done, a, "RevokeRole", ended)
        await asyncio.sleep(1)
        await asyncio.to_thread(register, registry, f"{a}/hidden")
        await asyncio.to_thread(register, registry, f"{b}/last")
        await until(lambda: f"{b}/last" in seen)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0.2)
    assert f"{a}/hidden" not in seen


async def test_a_stream_ends_when_its_reader_s_key_is_revoked(registry: Secured) -> None:
    namespace = f"k{uuid4().hex[:8]}"
    registry.grant(namespace, f"account:{namespace}/ci", "publisher")
    token = registry.account(namespace, "ci")
    async with subscribe(registry.system.url, from_="start", token=token.reveal()) as events:
        register(registry, f"{namespace}/m")
        await models(events, f"{namespace}/m")
        (key,) = registry.http.get(
            f"/api/v1/namespaces/{namespace}/keys",
            headers={"Authorization": f"Bearer {ADMIN.reveal()}"},
        ).json()["items"]
        registry.done(namespace, "RevokeKey", {"key": key["key"], "reason": "test"})
        with pytest.raises(Refused, match="unauthenticated"):
            async with asyncio.timeout(20):
                await anext(events)


async def test_nobody_listens_without_a_token(registry: Secured) -> None:
    with pytest.raises(Refused, match="unauthenticated"):
        await anext(subscribe(registry.system.url, token=""))


def test_there_are_only_so_many_streams_for_each(registry: Secured) -> None:
    streams = registry.system.query.streams
    before = streams.each
    streams.each = 0
    try:
        with registry.client(ADMIN.reveal()) as client:
            answer = client.get("/api/v1/events/stream")
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many_streams")
    finally:
        streams.each = before
