"""What the application answers while neither Kafka nor Postgres was ever seen."""

from collections.abc import AsyncIterator

import httpx
import pytest
from pydantic import SecretStr

from rollbook.eventlog.commands import COMMANDS, NAMESPACE_COMMANDS
from rollbook.eventlog.topics import LogAddress
from rollbook.query.app import application
from rollbook.query.door import Door
from rollbook.query.examples import EXAMPLES
from rollbook.query.settings import QuerySettings
from rollbook.query.tables import Tables

SETTINGS = QuerySettings(kafka="localhost:1", postgres=SecretStr("postgresql://localhost:1/x"))
PATH = "/api/v1/models/a/b"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    address = LogAddress(SETTINGS.kafka)
    door = Door(address, SETTINGS.answer_within)
    tables = Tables(SETTINGS.postgres, "x", within=SETTINGS.read_within, connections=1)
    app = application(address, door, tables, SETTINGS)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as made:
        yield made


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_command_is_unavailable_and_not_published(
    client: httpx.AsyncClient, name: str
) -> None:
    body = EXAMPLES[name]
    path = "/api/v1/namespaces/a" if name in NAMESPACE_COMMANDS else PATH
    response = await client.post(f"{path}/commands/{name}", json=body)
    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert response.json()["detail"].startswith("nothing was published")
    assert response.json()["command_id"]


async def test_a_bad_field_is_named_although_kafka_is_away(client: httpx.AsyncClient) -> None:
    response = await client.post(f"{PATH}/commands/PromoteVersion", json={"version": 0})
    assert response.status_code == 422
    assert response.json()["errors"] == [
        {"field": "version", "rule": "Input should be greater than or equal to 1"}
    ]


async def test_reads_are_unavailable(client: httpx.AsyncClient) -> None:
    for path in ("/api/v1/models", PATH, f"{PATH}/history", "/api/v1/events/1:1"):
        response = await client.get(path)
        assert (response.status_code, response.json()["code"]) == (503, "unavailable")
        assert response.headers["retry-after"]


async def test_it_lives_but_is_not_ready_and_says_why(client: httpx.AsyncClient) -> None:
    assert (await client.get("/healthz")).status_code == 200
    ready = await client.get("/readyz")
    assert ready.status_code == 503
    assert ready.json()["reasons"].keys() == {"kafka", "postgres"}


async def test_the_topics_are_told_without_their_partitions(client: httpx.AsyncClient) -> None:
    items = (await client.get("/api/v1/topics")).json()["items"]
    assert {t["name"] for t in items} >= {"rollbook.commands", "rollbook.events"}
    assert {t["partitions"] for t in items} == {None, 1}


async def test_the_document_names_every_schema_that_it_refers_to(client: httpx.AsyncClient) -> None:
    response = await client.get("/openapi.json")
    schemas = response.json()["components"]["schemas"]
    referred = {part.partition('"')[0] for part in response.text.split("#/components/schemas/")[1:]}
    assert referred <= schemas.keys()
    assert COMMANDS.keys() <= referred


async def test_the_page_of_the_api_needs_nothing_from_elsewhere(client: httpx.AsyncClient) -> None:
    response = await client.get("/docs")
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "/openapi.json" in response.text
    assert "://" not in response.text
    assert "default-src 'none'" in response.headers["content-security-policy"]


async def test_the_settings_do_not_show_the_password() -> None:
    settings = QuerySettings(kafka="k:1", postgres=SecretStr("postgresql://u:hidden@h/d"))
    assert "hidden" not in repr(settings)
