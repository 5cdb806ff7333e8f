"""A verdict by webhook, asked of a real server that may do anything."""

import asyncio
import base64
import hmac
import ipaddress
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from rollbook.domain.gates import WebhookGate
from rollbook.probes.measured import Measured
from rollbook.probes.webhook import LONGEST, webhook

HERE = [ipaddress.ip_network("127.0.0.0/8")]
SECRET = b"secret"
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def answering(answer: Answer, heard: "list[bytes] | None" = None) -> AsyncIterator[str]:
    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
        body = await reader.readexactly(size)
        if heard is not None:
            heard.extend((head, body))
        await answer(writer)
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/gate"


def says(body: bytes, status: str = "200 OK", more: str = "") -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 {status}\r\n{more}content-length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()

    return answer


async def asked(url: str, timeout: timedelta = timedelta(seconds=60)) -> Measured:
    gate = WebhookGate(kind="webhook", gate="ethics", url=url, timeout=timeout)
    now = datetime(2026, 1, 2, tzinfo=UTC)
    facts = {"model": "insured/claims"}
    return await webhook(gate, facts, secret=SECRET, id_="v-1", now=now, allowed=HERE)


async def test_a_verdict_is_asked_for_with_a_signature_and_taken_over() -> None:
    heard: list[bytes] = []
    body = b'{"outcome": "failed", "reason": "no review", "measured": {"score": 0.3}}'
    async with answering(says(body), heard) as url:
        measured = await asked(url)
    assert measured == Measured({"webhook.ethics": 0, "webhook.ethics.score": 0.3}, "no review")
    head, sent = heard
    assert sent == b'{"gate":"ethics","model":"insured/claims"}'
    signed = b"v-1." + str(int(datetime(2026, 1, 2, tzinfo=UTC).timestamp())).encode() + b"." + sent
    mac = base64.b64encode(hmac.new(SECRET, signed, sha256).digest())
    assert b"webhook-signature: v1," + mac in head


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (says(b"", "302 Found", "location: http://127.0.0.1:1/\r\n"), "leads elsewhere with 302"),
        (says(b"", "500 Oops"), "answers with 500, not 200"),
        (says(b"x" * (LONGEST + 1)), "answers with more than 64,000 bytes"),
        (says(b'{"outcome": "maybe"}'), "answers with something else than"),
        (says(b'{"outcome": "passed", "measured": {"a": NaN}}'), "answers with something else"),
        (says(b"", "nonsense"), "cannot be reached"),
    ],
)
async def test_any_other_answer_is_told_and_decides_nothing(answer: Answer, said: str) -> None:
    async with answering(answer) as url:
        measured = await asked(url)
    assert measured.numbers == {}
    assert said in measured.said


async def test_who_does_not_answer_in_time_is_not_waited_for() -> None:
    done = asyncio.Event()

    async def never(_: asyncio.StreamWriter) -> None:
        await done.wait()

    async with answering(never) as url:
        measured = await asked(url, timedelta(milliseconds=300))
        done.set()
    assert measured == Measured({}, "the webhook did not answer within 0.3 seconds")


async def test_an_address_within_is_not_asked() -> None:
    gate = WebhookGate(kind="webhook", gate="ethics", url="http://127.0.0.1:1/")
    now = datetime(2026, 1, 2, tzinfo=UTC)
    measured = await webhook(gate, {}, secret=SECRET, id_="v-1", now=now)
    assert measured.said == (
        "the webhook cannot be asked: 127.0.0.1 is a private address,"
        " which is not allowed to be asked"
    )
