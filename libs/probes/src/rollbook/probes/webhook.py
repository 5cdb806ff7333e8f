"""The probe `webhook`: somebody else's verdict, asked for as Standard Webhooks do."""

import asyncio
import base64
import hmac
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Final, Literal

import httpx
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    FiniteFloat,
    JsonValue,
    ValidationError,
)

from rollbook.domain.gates import WebhookGate
from rollbook.probes.addresses import Forbidden, Network, target
from rollbook.probes.jobs import Name, clean
from rollbook.probes.measured import Measured

LONGEST: Final = 64_000
"""Bytes of an answer."""


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)

    outcome: Literal["passed", "failed"]
    reason: Annotated[str, AfterValidator(lambda text: clean(text, 2000))] = ""
    measured: Annotated[dict[Name, FiniteFloat], Field(max_length=100)] = Field(
        default_factory=dict
    )


async def webhook(
    gate: WebhookGate,
    facts: Mapping[str, JsonValue],
    *,
    secret: bytes,
    id_: str,
    now: datetime,
    allowed: Collection[Network] = (),
) -> Measured:
    """`webhook.<gate>`: 1 where it passed; and `webhook.<gate>.<name>`, what was measured.

    `id_` stays the same when it is asked again: whoever answers may know it by that.
    """
    body = json.dumps({"gate": gate.gate, **facts}, separators=(",", ":")).encode()
    try:
        async with asyncio.timeout(gate.timeout.total_seconds()):
            return await _asked(gate, body, signed(body, secret, id_, now), allowed)
    except Forbidden as forbidden:
        return Measured(said=f"the webhook cannot be asked: {forbidden}")
    except TimeoutError:
        seconds = gate.timeout.total_seconds()
        return Measured(said=f"the webhook did not answer within {seconds:g} seconds")
    except httpx.HTTPError as error:
        return Measured(said=f"the webhook cannot be reached: {clean(str(error) or repr(error))}")


def signed(body: bytes, secret: bytes, id_: str, now: datetime) -> dict[str, str]:
    """The headers of Standard Webhooks."""
    time = str(int(now.timestamp()))
    mac = hmac.new(secret, b".".join((id_.encode(), time.encode(), body)), sha256).digest()
    return {
        "webhook-id": id_,
        "webhook-timestamp": time,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }


async def _asked(
    gate: WebhookGate, body: bytes, headers: dict[str, str], allowed: Collection[Network]
) -> Measured:
    to = await target(gate.url, allowed)
    headers = {
        **headers,
        "host": to.host,
        "content-type": "application/json",
        "accept-encoding": "identity",
    }
    # Proxies and credentials of this machine are not for somebody else's URL.
    async with (
        httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=None) as client,  # noqa: S113 - the deadline is the gate's
        client.stream(
            "POST", to.url, content=body, headers=headers, extensions={"sni_hostname": to.name}
        ) as response,
    ):
        if response.status_code != 200:
            what = "leads elsewhere" if response.is_redirect else "answers"
            return Measured(said=f"the webhook {what} with {response.status_code}, not 200")
        answer = bytearray()
        async for piece in response.aiter_raw(8192):
            answer += piece
            if len(answer) > LONGEST:
                return Measured(said=f"the webhook answers with more than {LONGEST:,} bytes")
    try:
        said = _Answer.model_validate_json(bytes(answer))
    except ValidationError:
        return Measured(
            said='the webhook answers with something else than {"outcome": "passed" or "failed"}'
        )
    name = f"webhook.{gate.gate}"
    numbers = {f"{name}.{key}": value for key, value in said.measured.items()}
    return Measured({**numbers, name: float(said.outcome == "passed")}, said.reason)
