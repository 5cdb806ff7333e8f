"""A webhook of your own, signed as Standard Webhooks are: its `webhook-id` is our key."""

import json
from datetime import UTC, datetime, timedelta
from typing import Literal

from rollbook.outbound.asking import Way
from rollbook.outbound.secret import Secret
from rollbook.probes.webhook import signed
from rollbook.retrain.starters.shape import Order, Run, Shape, Standing, State, link, sure, text


class WebhookTarget(Shape):
    """An address that starts a training, and one only for each `webhook-id`."""

    kind: Literal["webhook"]
    url: str
    secret: Secret


class Webhook:
    """Asks by POST; the candidate's lineage, or `EndRetraining`, says what it brought."""

    settle = timedelta(seconds=30)

    def __init__(self, target: WebhookTarget, way: Way) -> None:
        self._target = target
        self._way = way

    async def find(self, order: Order) -> Run | None:
        """Nobody can be asked; who is told again knows the `webhook-id`."""
        del order
        return None

    async def start(self, order: Order) -> Run:
        """An answer may name the run: `{"run": …, "url": …}`."""
        body = json.dumps(letter(order), separators=(",", ":")).encode()
        secret = self._target.secret.read().encode()
        headers = signed(body, secret, order.key, datetime.now(UTC))
        headers["content-type"] = "application/json"
        answer = sure(await self._way.ask("POST", self._target.url, headers=headers, body=body))
        said = answer.json()
        return Run(text(said, "run") if "run" in said else order.key, link(said, "url"))

    async def look(self, order: Order, run: str) -> State:
        """It says by itself what it brought."""
        del order, run
        return State(Standing.UNTOLD)

    async def stop(self, order: Order, run: str) -> None:
        """Nobody said how."""


def letter(order: Order) -> dict[str, object]:
    """What the pipeline is told, as JSON has it."""
    return {
        "type": "rollbook.retraining",
        "run": order.key,
        "model": order.model,
        "retraining": order.retraining,
        "reason": order.reason,
        "alarm": order.alarm,
        "version": order.version,
        "environment": order.environment,
        "parameters": dict(order.parameters),
        "policy": order.policy,
        "requested_at": order.requested_at.isoformat(),
    }
