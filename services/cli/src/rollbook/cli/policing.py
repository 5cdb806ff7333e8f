"""`rollbook policy save|drop|list|show|diff|history`: the policies that are in force."""

from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.exits import Exit
from rollbook.cli.moments import AsOf, moment
from rollbook.cli.ruling import File, NamespaceName, changes
from rollbook.cli.sentences import clock, short
from rollbook.cli.serving import Expected, tell
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import Policy as Saved
    from rollbook.client import Registry

PolicyName = Annotated[str, Parameter(name="NAME", help="Of the policy, such as release.")]
EVENTS = ("PolicySaved", "PolicyDropped")


def save(
    namespace: NamespaceName,
    name: PolicyName,
    file: File,
    /,
    *,
    expected_seq: Expected = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Put a policy in force; its gates look at every version that is registered from then on.

    ```console
    rollbook policy diff team-a release policy.yaml      # look first
    rollbook policy save team-a release policy.yaml
    rollbook policy save rollbook base policy.yaml       # for all namespaces
    ```
    """
    from rollbook.cli.policyfile import policy  # noqa: PLC0415

    space = arguments.namespace(namespace)
    document = policy(file)
    with target.registry() as registry:
        outcome = registry.save_policy(space, name, document, expected_seq=expected_seq)
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE


def drop(
    namespace: NamespaceName,
    name: PolicyName,
    /,
    *,
    reason: Annotated[str, Parameter(name=("--reason", "-r"), help="It stands in the log.")],
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Take a policy out of force; verdicts that were given by it stay.

    ```console
    rollbook policy drop team-a release --reason "the gates of the platform do it"
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        outcome = registry.drop_policy(space, name, reason)
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE


def list_(
    namespace: NamespaceName,
    /,
    *,
    as_of: AsOf = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """List the policies that are in force in a namespace; those of `rollbook` hold there too.

    ```console
    rollbook policy list team-a
    rollbook policy list team-a --as-of 2026-03-01 --json
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = list(registry.policies(space, as_of=moment(as_of)))
    if target.json:
        output.document({"policies": [output.shaped(policy) for policy in found]})
    elif not found:
        output.say("No policy is in force.")
    else:
        output.table(
            ("policy", "#version", "models", "gates", "saved", "by"),
            [(f"{p.policy}", p.version, *_about(p), clock(p.time)[:16], p.actor) for p in found],
        )
    return Exit.DONE


def _about(saved: "Saved") -> tuple[str, str]:
    models, gates = saved.document.get("models") or ["*"], saved.document.get("gates") or []
    return ", ".join(models), ", ".join(str(gate.get("gate")) for gate in gates)


def show(
    namespace: NamespaceName,
    name: PolicyName,
    /,
    *,
    version: Annotated[int | None, Parameter(help="One that it had before.")] = None,
    as_of: AsOf = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Show a policy as YAML, which `policy save` takes back.

    ```console
    rollbook policy show team-a release > policy.yaml
    rollbook policy show team-a release --version 2
    ```
    """
    from rollbook.cards.plain import write  # noqa: PLC0415

    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = registry.policy(space, name, version=version, as_of=moment(as_of))
    if target.json:
        output.document(output.shaped(found))
        return Exit.DONE
    by = f"saved {clock(found.time)[:16]} by {found.actor}"
    output.raw(f"# {space}/{name}: version {found.version}, {short(found.digest)}, {by}")
    output.raw(write(dict(found.document)))
    return Exit.DONE


def diff(
    namespace: NamespaceName,
    name: PolicyName,
    file: File,
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Show what a file would change of a policy. Exit code 1 when it would change something.

    ```console
    rollbook policy diff team-a release policy.yaml
    rollbook policy diff team-a release policy.yaml --json
    ```
    """
    from rollbook.cli.policyfile import policy  # noqa: PLC0415

    after = policy(file).model_dump(mode="json", exclude_defaults=True)
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        before = _document(registry, space, name)
    return changes(before, after, as_json=target.json)


def _document(registry: "Registry", namespace: str, name: str) -> dict[str, Any]:
    """What the policy says; nothing where there is none."""
    from rollbook.client import Refused  # noqa: PLC0415

    try:
        return dict(registry.policy(namespace, name).document)
    except Refused as refusal:
        if refusal.code != "unknown_policy":
            raise
        return {}


def history(
    namespace: NamespaceName,
    name: PolicyName,
    /,
    *,
    last: Annotated[int, Parameter(help="How many records back.")] = 20,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Show who saved and dropped a policy, and when; the newest at the end.

    ```console
    rollbook policy history team-a release
    rollbook policy history team-a release --json
    ```
    """
    from itertools import islice  # noqa: PLC0415

    space = arguments.namespace(namespace)
    with target.registry() as registry:
        own = (
            record
            for record in registry.governance(space)
            if record.type in EVENTS and record.data.get("policy") == name
        )
        found = list(islice(own, last))[::-1]
    if target.json:
        records = [output.shaped(record) for record in found]
        output.document({"namespace": space, "policy": name, "records": records})
    elif not found:
        output.say(f"{output.plain(space)} never had a policy {output.plain(name)}.")
    else:
        output.records(found)
    return Exit.DONE
