"""`rollbook request` and what people do about it: sign, refuse, comment, withdraw."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.moments import AsOf, moment
from rollbook.cli.sentences import clock
from rollbook.cli.serving import Environment, Name, Reason, tell
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import Registry

Number = Annotated[int, Parameter(help="Of the request.")]
Evidence = Annotated[
    str | None,
    Parameter(
        help="Digest of what you have seen, or its beginning, as `review` shows it: refused if the"
        " facts are others by now."
    ),
]
SHORTEST = 12
"""Characters of a digest after `sha256:` that are enough to say which one is meant."""


def request(
    name: Name,
    version: Annotated[int, Parameter(help="Its number.")],
    /,
    *,
    reason: Reason,
    environment: Environment = "production",
    rollback_plan: Annotated[
        str, Parameter(name=("--rollback-plan", "--plan"), help="What to do if it goes wrong.")
    ] = "",
    reviewer: Annotated[
        list[str] | None,
        Parameter(
            negative="", help="title or title=count, beside those of the rules; may be repeated."
        ),
    ] = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Ask that a version may serve, like a pull request: others look at it, and sign.

    ```console
    rollbook request churn 3 --reason "finds a fifth more" --plan "back to version 2"
    rollbook request churn 3 -e staging -r "try it" --reviewer product
    ```
    """
    model = arguments.key(name)
    reviewers = arguments.counts(reviewer or [], "reviewer")
    with target.registry() as registry:
        outcome = registry.request_promotion(
            model,
            version,
            reason,
            environment=environment,
            rollback_plan=rollback_plan,
            reviewers=reviewers or None,
        )
        tell(registry, model, outcome, as_json=target.json)
        if not target.json and (number := outcome.event["data"].get("request")):
            output.say(f"  to look at it: rollbook review {output.plain(name)} {number}")
    return Exit.DONE


def requests(
    name: Annotated[str | None, Parameter(help="Of a model; without, the inbox: all open.")] = None,
    /,
    *,
    namespace: Annotated[str | None, Parameter(help="Only of its models.")] = None,
    title: Annotated[str | None, Parameter(help="Only those that lack its signature.")] = None,
    as_of: AsOf = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """List the requests that wait for a signature, or all requests of a model.

    ```console
    rollbook requests
    rollbook requests --title ml-ops
    rollbook requests churn
    ```
    """
    if name is not None and (namespace or title):
        raise bad("--namespace and --title go without a NAME")
    if name is None and as_of:
        raise bad("--as-of needs a NAME", "rollbook requests churn --as-of …")
    with target.registry() as registry:
        if name is not None:
            found = list(registry.requests(arguments.key(name), as_of=moment(as_of)))
        else:
            found = list(registry.inbox(namespace, title=title))
    if target.json:
        output.document({"requests": [output.shaped(request) for request in found]})
    elif not found:
        output.say("Nobody waits for anything.")
    else:
        output.table(
            ("model", "#request", "#version", "into", "state", "still to sign", "expires", "by"),
            [
                (
                    r.model,
                    r.request,
                    r.version,
                    r.environment,
                    r.state + (", escalated" if r.escalated_at and r.state == "open" else ""),
                    people(r.missing if r.missing_now is None else r.missing_now)
                    if r.state == "open"
                    else "",
                    clock(r.expires_at)[:16] if r.state == "open" else "",
                    r.requested_by,
                )
                for r in found
            ],
        )
    return Exit.DONE


def approve(
    name: Name,
    number: Number,
    /,
    *,
    title: Annotated[
        str | None, Parameter(help="In whose name; one that you hold and is missing, if not.")
    ] = None,
    evidence: Evidence = None,
    comment: Annotated[str, Parameter(name=("--comment", "-m"), help="It stays.")] = "",
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Sign a request; not your own, and not for a version that you have registered.

    ```console
    rollbook review churn 2                       # look first
    rollbook approve churn 2 --title ml-ops --evidence sha256:0f9c1a2b3d4e
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        seen = _seen(registry, model, number, evidence)
        outcome = registry.approve(model, number, title=title, evidence=seen, comment=comment)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def reject(
    name: Name,
    number: Number,
    /,
    *,
    reason: Reason,
    evidence: Evidence = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Say no to a request; that closes it.

    ```console
    rollbook reject churn 2 --reason "no figures for customers under 25"
    rollbook reject churn 2 -r "the card is thin" --evidence sha256:0f9c1a2b3d4e
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        seen = _seen(registry, model, number, evidence)
        outcome = registry.reject(model, number, reason, evidence=seen)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def comment(
    name: Name,
    number: Number,
    text: Annotated[str, Parameter(help="What you say; it stays.")],
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Say something about a request.

    ```console
    rollbook comment churn 2 "What about Austria?"
    rollbook comment team-a/churn 2 "The latency is fine with us." --json
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.comment(model, number, text)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def withdraw(
    name: Name,
    number: Number,
    /,
    *,
    reason: Reason,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Take a request back.

    ```console
    rollbook withdraw churn 2 --reason "version 4 is better"
    rollbook withdraw team-a/churn 2 -r "asked too early"
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.withdraw(model, number, reason)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def people(quorum: Mapping[str, int]) -> str:
    """`ml-ops, 2 x product`."""
    return ", ".join(title if n == 1 else f"{n} x {title}" for title, n in quorum.items())


def _seen(registry: "Registry", model: str, number: int, said: str | None) -> str | None:
    """The whole digest that `said` begins; Failure when the facts of now have another one."""
    if said is None or len(said) == len("sha256:") + 64:
        return said
    digits = said.removeprefix("sha256:").rstrip("…")
    if len(digits) < SHORTEST:
        raise bad(f"give at least {SHORTEST} digits of the evidence")
    now = registry.review(model, number).now
    if now is not None and str(now["evidence"]).startswith(f"sha256:{digits}"):
        return str(now["evidence"])
    raise Failure(
        Exit.REFUSED,
        "the facts are others than those that you have seen",
        advice="look at them again: rollbook review NAME NUMBER",
        code="evidence_changed",
    )
