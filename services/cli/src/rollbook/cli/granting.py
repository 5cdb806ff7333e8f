"""`rollbook access` and `rollbook whoami`: who may do what."""

from datetime import UTC, datetime
from typing import Annotated, Literal

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.exits import Exit
from rollbook.cli.moments import AsOf, moment
from rollbook.cli.ruling import NamespaceName
from rollbook.cli.sentences import clock
from rollbook.cli.serving import Reason, tell
from rollbook.cli.target import Target

Role = Literal[
    "viewer", "publisher", "validator", "approver", "releaser", "operator", "auditor", "admin"
]


def list_(
    namespace: NamespaceName,
    /,
    *,
    all_: Annotated[
        bool,
        Parameter(name="--all", negative="", show_default=False, help="Also what holds no longer."),
    ] = False,
    as_of: AsOf = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """List who holds which role in a namespace. `rollbook` stands for the registry itself.

    ```console
    rollbook access list team-a
    rollbook access list rollbook --all --json
    ```
    """
    at = moment(as_of)
    now = at if isinstance(at, datetime) else datetime.now(UTC)
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = [
            grant
            for grant in registry.grants(space, as_of=at)
            if all_ or (grant.revoked_at is None and (grant.until is None or grant.until > now))
        ]
    if target.json:
        output.document({"grants": [output.shaped(grant) for grant in found]})
    elif not found:
        output.say("Nobody was granted anything here.")
    else:
        output.table(
            ("#grant", "who", "role", "signs as", "models", "in", "until", "why", "by"),
            [
                (
                    g.number,
                    g.subject,
                    g.role if g.revoked_at is None else f"{g.role} (revoked: {g.revoked_reason})",
                    g.title,
                    g.models,
                    g.environments,
                    clock(g.until)[:16] if g.until else "",
                    g.reason,
                    g.granted_by,
                )
                for g in found
            ],
        )
    return Exit.DONE


def grant(
    namespace: NamespaceName,
    subject: Annotated[
        str, Parameter(help="A person, group:NAME, or account:NAMESPACE/NAME for a machine.")
    ],
    role: Annotated[Role, Parameter(help="What they may be.")],
    /,
    *,
    reason: Reason,
    models: Annotated[str, Parameter(help="Pattern of the names of models.")] = "*",
    environments: Annotated[str, Parameter(help="Pattern of environments.")] = "*",
    title: Annotated[str | None, Parameter(help="In whose name an approver signs.")] = None,
    until: Annotated[str | None, Parameter(help="A day, a time, or 90d from now.")] = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Give somebody a role, for some models and environments, maybe for a time.

    ```console
    rollbook access grant team-a ada@example.org approver --title ml-ops -r "she answers for it"
    rollbook access grant team-a group:risk viewer --models "loan-*" --until 90d -r "the audit"
    rollbook access grant team-a account:team-a/nightly publisher -r "trains every night"
    ```
    """
    space = arguments.namespace(namespace)
    moment = arguments.moment(until) if until else None
    with target.registry() as registry:
        outcome = registry.grant(
            space,
            subject,
            role,
            reason,
            models=models,
            environments=environments,
            title=title,
            until=moment,
        )
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE


def revoke(
    namespace: NamespaceName,
    number: Annotated[int, Parameter(help="Of the grant, as `access list` shows it.")],
    /,
    *,
    reason: Reason,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Take back a grant.

    ```console
    rollbook access revoke team-a 4 --reason "they moved on"
    rollbook access revoke rollbook 1 -r "set up by mistake"
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        outcome = registry.revoke(space, number, reason)
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE


def who(
    command: Annotated[
        str | None, Parameter(help="Such as PromoteVersion; without, the whole table.")
    ] = None,
    /,
    *,
    json: Annotated[
        bool, Parameter(negative="", show_default=False, help="One JSON document.")
    ] = False,
) -> Exit:
    """Say which roles may send which command; asks no registry.

    ```console
    rollbook access who
    rollbook access who PromoteVersion
    ```
    """
    from rollbook.domain.access import WHO_MAY, WHO_SEES  # noqa: PLC0415

    may = {cls.__name__: sorted(roles) for cls, roles in WHO_MAY.items()}
    sees = {f"see the {read}": sorted(roles) for read, roles in WHO_SEES.items()}
    if command is not None:
        if command not in may:
            raise arguments.bad(f"there is no command {command!r}", "see: rollbook access who")
        may, sees = {command: may[command]}, {}
    if json:
        output.document(may | sees)
    else:
        output.table(("to", "be one of"), [(k, ", ".join(v)) for k, v in (may | sees).items()])
    return Exit.DONE


def whoami(*, target: Target = Target()) -> Exit:  # noqa: B008
    """Say who the registry takes you for, and what you may be.

    ```console
    rollbook whoami
    ROLLBOOK_TOKEN=rbk_… rollbook whoami --json
    ```
    """
    with target.registry() as registry:
        found = registry.me()
    if target.json:
        output.document(output.shaped(found))
        return Exit.DONE
    output.say(f"[bold]{output.plain(found.subject)}[/]")
    if found.everything:
        output.say("You may do everything: the registry is open, or its settings say so of you.")
    if found.groups:
        output.say(f"groups: {output.plain(', '.join(found.groups))}")
    if found.limit is not None:
        output.say(f"this key is only for: {output.plain(', '.join(found.limit))}")
    if found.roles:
        output.table(
            ("in", "role", "signs as", "models", "environments", "by"),
            [
                (r["namespace"], r["role"], r["title"], r["models"], r["environments"], r["by"])
                for r in found.roles
            ],
        )
    elif not found.everything:
        output.say("You hold no role.")
    return Exit.DONE
