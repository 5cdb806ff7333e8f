"""The demo's chapter about rules: who enters a model cannot let it serve where people must sign."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from rollbook.cli.exits import Exit, Failure
from rollbook.cli.output import plain

if TYPE_CHECKING:
    from rollbook.client import Registry

RULES = {
    "environments": [
        {"name": "production"},
        {
            "name": "clinic",
            "description": "Where real people are told what it says.",
            "protected": True,
            "card": ["intended_use", "limitations"],
            "approvals": {"limited": {"physician": 1}},
        },
    ]
}
CARD = {
    "summary": "A random forest on 30 measurements of cell nuclei.",
    "intended_use": "A second opinion on a fine-needle aspirate, for a physician.",
    "limitations": "569 patients of one hospital. Never the only ground of a diagnosis.",
}
REASON = "finds more of the malignant tumours"


def sign(
    registry: "Registry",
    physician: "Registry",
    model: str,
    version: int,
    say: Callable[[str], None],
) -> int:
    """Ask, be refused, have it signed and promote; the number of the request."""
    namespace = model.partition("/")[0]
    registry.set_rules(namespace, RULES)
    say(
        f"In the namespace {namespace} a version enters the clinic only with a card, and when a"
        " physician has signed."
    )
    tried = _refused(lambda: registry.promote(model, version, "clinic"))
    say(f"Version {version}, tried at once: {tried}")
    registry.write_card(model, version, CARD)
    asked = registry.request_promotion(model, version, REASON, environment="clinic")
    request = int(asked.event["data"]["request"])
    say(f"A card was written, and request {request} asks for it: {REASON}.")
    own = _refused(lambda: registry.approve(model, request, title="physician"))
    say(f"Signed by who asked: {own}")
    physician.wait(asked.position)  # hers is another session than that which asked
    facts = physician.review(model, request).now or {}
    signed = physician.approve(
        model,
        request,
        title="physician",
        evidence=facts["evidence"],
        comment="As a second opinion.",
    )
    say(f"Signed by dr-grey, on the facts that she saw, at {signed.position}.")
    promoted = registry.promote(model, version, "clinic")
    approved = ", ".join(promoted.event["data"]["approved_by"])
    say(
        f"[bold]Version {version}[/] serves in the clinic, at {promoted.position}: the event names"
        f" {approved}, the rules (version {promoted.event['data']['rules']}) and the evidence."
    )
    return request


def _refused(attempt: Callable[[], object]) -> str:
    from rollbook.client import Refused  # noqa: PLC0415

    try:
        attempt()
    except Refused as refusal:
        return f"[yellow]refused ({refusal.code})[/], {plain(refusal.message)}."
    raise Failure(Exit.ERROR, "what the rules forbid was done", code="demo")
