"""`rollbook notify …`: who is told what happens, and what was sent to them."""

import os
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit
from rollbook.cli.ruling import File, NamespaceName
from rollbook.cli.sentences import clock
from rollbook.cli.serving import Reason, tell
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rollbook.client.notifying import Delivery
    from rollbook.domain.endpointdocs import Endpoint

EndpointName = Annotated[str, Parameter(name="NAME", help="Of the endpoint, such as on-call.")]
VARIABLE = "ROLLBOOK_NOTIFIER_SECRET"


def set_(
    namespace: NamespaceName,
    name: EndpointName,
    file: File,
    /,
    *,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Say who is told of which events, how, and when not: YAML or JSON.

    ```console
    rollbook notify set team-a on-call endpoint.yaml
    rollbook notify test team-a on-call
    ```
    """
    space = arguments.namespace(namespace)
    document = _read(file)
    with target.registry() as registry:
        outcome = registry.set_endpoint(space, name, document)
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE


def drop(
    namespace: NamespaceName,
    name: EndpointName,
    /,
    *,
    reason: Reason,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Tell an endpoint of nothing any more; what waits for it is not sent.

    ```console
    rollbook notify drop team-a on-call --reason "the team has moved"
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        outcome = registry.drop_endpoint(space, name, reason)
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE


def list_(
    namespace: NamespaceName,
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """List the endpoints of a namespace.

    ```console
    rollbook notify list team-a
    rollbook notify list team-a --json
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = list(registry.endpoints(space))
    if target.json:
        output.document({"endpoints": [output.shaped(each) for each in found]})
    elif not found:
        output.say("Nobody is told of anything.")
    else:
        output.table(
            ("endpoint", "kind", "where", "events", "models", "set", "by"),
            [
                (
                    each.endpoint,
                    str(each.document["kind"]),
                    _where(each.document),
                    ", ".join(each.document.get("events") or ["*"]),
                    ", ".join(each.document.get("models") or ["*"]),
                    clock(each.time)[:16],
                    each.actor,
                )
                for each in found
            ],
        )
    return Exit.DONE


def show(
    namespace: NamespaceName,
    name: EndpointName,
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Show an endpoint as YAML, which `notify set` takes back.

    ```console
    rollbook notify show team-a on-call > endpoint.yaml
    rollbook notify show team-a on-call --json
    ```
    """
    from rollbook.cards.plain import write  # noqa: PLC0415

    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = registry.endpoint(space, name)
    if target.json:
        output.document(output.shaped(found))
        return Exit.DONE
    about = f"version {found.version}, {clock(found.time)[:16]} by {found.actor}"
    output.raw(f"# {space}/{name}: {about}; its secret is number {found.rotation}")
    output.raw(write(dict(found.document)))
    return Exit.DONE


def deliveries(
    namespace: NamespaceName,
    name: EndpointName,
    /,
    *,
    state: Annotated[
        Literal["waiting", "delivered", "given_up", "dropped"] | None,
        Parameter(help="Only of this state."),
    ] = None,
    last: Annotated[int, Parameter(help="How many back.")] = 20,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """List what was sent to an endpoint, or is to be; the newest at the top.

    ```console
    rollbook notify deliveries team-a on-call
    rollbook notify deliveries team-a on-call --state given_up --json
    ```
    """
    from itertools import islice  # noqa: PLC0415

    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = list(islice(registry.deliveries(space, name, state=state), last))
    if target.json:
        output.document({"deliveries": [output.shaped(each) for each in found]})
    elif not found:
        output.say("Nothing was sent to it.")
    else:
        output.table(
            ("#number", "event", "model", "since", "state", "#attempts", "said"),
            [
                (
                    each.number,
                    each.type,
                    each.model or "",
                    clock(each.created_at)[:16],
                    _state(each),
                    each.attempts,
                    each.said,
                )
                for each in found
            ],
        )
    return Exit.DONE


def try_(
    namespace: NamespaceName,
    name: EndpointName,
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Have a message sent that says that it is a test; `notify deliveries` shows what came of it.

    ```console
    rollbook notify test team-a on-call
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        outcome = registry.test_endpoint(space, name)
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE


def redrive(
    namespace: NamespaceName,
    name: EndpointName,
    /,
    *,
    since: Annotated[
        str | None, Parameter(help="Only what happened from then on: a time (RFC 3339).")
    ] = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Try anew to send what was given up.

    ```console
    rollbook notify redrive team-a on-call
    rollbook notify redrive team-a on-call --since 2026-03-02
    ```
    """
    space = arguments.namespace(namespace)
    moment: datetime | None = arguments.moment(since) if since is not None else None
    with target.registry() as registry:
        outcome = registry.redrive_endpoint(space, name, since=moment)
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE


def rotate(
    namespace: NamespaceName,
    name: EndpointName,
    /,
    *,
    reason: Reason,
    overlap: Annotated[
        str, Parameter(help="How long the old secret counts as well: 12h, 1d; 0h for not at all.")
    ] = "1d",
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Sign by another secret, which `notify secret` shows; for a while by the old one as well.

    ```console
    rollbook notify rotate team-a on-call --reason "it stood in a log"
    rollbook notify rotate team-a on-call -r "it is known" --overlap 0h
    ```
    """
    from rollbook.cli.retaining import SPANS  # noqa: PLC0415

    if not overlap[:-1].isdecimal() or overlap[-1] not in SPANS:
        raise bad(f"{overlap!r} is no span of time", "for example: 12h or 1d")
    span = int(overlap[:-1]) * SPANS[overlap[-1]]
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        outcome = registry.rotate_endpoint_secret(space, name, reason, overlap=span)
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE


def secret(
    namespace: NamespaceName,
    name: EndpointName,
    /,
    *,
    folder: Annotated[
        Path | None, Parameter(env_var="ROLLBOOK_DATA", help="Data folder of `rollbook up`.")
    ] = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Print the secret by which what an endpoint gets is signed, for whoever verifies it.

    It is made of ROLLBOOK_NOTIFIER_SECRET, which only the notifier has, or of the secret in the
    data folder of `rollbook up`. Nobody can ask the registry for it.

    ```console
    rollbook notify secret team-a on-call
    ```
    """
    from rollbook.cli.place import Place  # noqa: PLC0415
    from rollbook.notifier import keys  # noqa: PLC0415

    space = arguments.namespace(namespace)
    master = os.environ.get(VARIABLE) or Place.chosen(folder).kept_notifier_secret()
    if master is None:
        raise bad(f"{VARIABLE} is not set", "only where the notifier runs, this is known")
    with target.registry() as registry:
        found = registry.endpoint(space, name)
    made = keys.shown(keys.key(master, space, name, found.rotation))
    if target.json:
        output.document({"endpoint": name, "rotation": found.rotation, "secret": made})
    else:
        output.raw(made)
    return Exit.DONE


def _read(file: Path) -> "Endpoint":
    from pydantic import ValidationError  # noqa: PLC0415

    from rollbook.cards import plain  # noqa: PLC0415
    from rollbook.cards.problems import Unreadable, problems_of  # noqa: PLC0415
    from rollbook.cli.reading import text_of, unreadable  # noqa: PLC0415
    from rollbook.domain.endpointdocs import Endpoint  # noqa: PLC0415

    try:
        found = plain.read(text_of(file))
        return Endpoint.model_validate({} if found.value is None else found.value)
    except ValidationError as error:
        wrong = problems_of(error, found.line, list(Endpoint.model_fields))
        raise unreadable(file, wrong) from None
    except Unreadable as error:
        raise unreadable(file, error) from None


def _where(said: "Mapping[str, Any]") -> str:
    return str(said.get("url") or said.get("place") or ", ".join(said.get("to") or ()))


def _state(found: "Delivery") -> str:
    if found.state == "waiting" and found.attempts:
        return f"again {clock(found.next_at)[:16]}"
    return found.state
