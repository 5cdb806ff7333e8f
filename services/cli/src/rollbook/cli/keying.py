"""`rollbook key`: keys of machines; the private half is made here, shown once and kept nowhere."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.exits import Exit
from rollbook.cli.granting import Role
from rollbook.cli.ruling import NamespaceName
from rollbook.cli.sentences import clock
from rollbook.cli.serving import Reason, tell
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.identity.accounts import AccountToken

Account = Annotated[str, Parameter(help="Of the machine, such as nightly.")]
Until = Annotated[str, Parameter(help="When it ends: a day, a time, or 90d from now.")]
Roles = Annotated[
    list[Role] | None,
    Parameter(
        name="--role", negative="", help="What it may be used as, if not all; may be repeated."
    ),
]


def new(
    namespace: NamespaceName,
    account: Account,
    /,
    *,
    until: Until = "90d",
    role: Roles = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Make a token for a machine and issue its key. The token is shown once, and stored nowhere.

    ```console
    rollbook key new team-a nightly --until 90d --role publisher
    rollbook key new team-a nightly --json | jq -r .token | vault kv put secret/nightly token=-
    ```

    Give the account its roles as well: `rollbook access grant team-a account:team-a/nightly …`.
    """
    space = arguments.namespace(namespace)
    token = _minted(space, account)
    moment = arguments.moment(until)
    with target.registry() as registry:
        outcome = registry.issue_key(space, account, token.public_key, moment, roles=role or ())
        # First of all: whatever goes wrong from here on, the token must not be lost.
        if target.json:
            output.document(
                {**output.shaped(outcome), "key": token.key_id, "token": token.reveal()}
            )
            return Exit.DONE
        output.raw(token.reveal())
        output.console(stderr=True).print(
            "[bold]This token is shown once.[/] Whoever has it is "
            f"{output.plain(token.subject)}; the registry knows only its key's public half,"
            f" {token.key_id}."
        )
    return Exit.DONE


def make(
    namespace: NamespaceName,
    account: Account,
    /,
    *,
    json: Annotated[
        bool, Parameter(negative="", show_default=False, help="One JSON document.")
    ] = False,
) -> Exit:
    """Make a token without telling any registry: for the first administrator, or to issue later.

    ```console
    rollbook key make rollbook admin      # its public half becomes ROLLBOOK_ADMIN_PUBLIC_KEY
    rollbook key make team-a nightly --json
    ```
    """
    token = _minted(arguments.namespace(namespace), account)
    if json:
        output.document({"token": token.reveal(), "public_key": token.public_key})
        return Exit.DONE
    output.raw(token.reveal())
    output.console(stderr=True).print(
        f"[bold]This token is shown once.[/] Its key's public half is {token.public_key}"
    )
    return Exit.DONE


def issue(
    namespace: NamespaceName,
    account: Account,
    public_key: Annotated[str, Parameter(help="Ed25519, base64url without padding.")],
    /,
    *,
    until: Until = "90d",
    role: Roles = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Issue a key that was made elsewhere, of which you have the public half; or prolong one.

    ```console
    rollbook key issue team-a nightly 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo --until 30d
    rollbook key issue team-a nightly 11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo --role publisher
    ```
    """
    space = arguments.namespace(namespace)
    moment = arguments.moment(until)
    with target.registry() as registry:
        outcome = registry.issue_key(space, account, public_key, moment, roles=role or ())
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE


def list_(namespace: NamespaceName, /, *, target: Target = Target()) -> Exit:  # noqa: B008
    """List the keys of a namespace's machines.

    ```console
    rollbook key list team-a
    rollbook key list team-a --json
    ```
    """
    now = datetime.now(UTC)
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = list(registry.keys(space))
    if target.json:
        output.document({"keys": [output.shaped(key) for key in found]})
    elif not found:
        output.say("No key was issued here.")
    else:
        output.table(
            ("key", "account", "used as", "until", "state", "by"),
            [
                (
                    k.key,
                    k.account,
                    ", ".join(k.roles) or "all that it is granted",
                    clock(k.until)[:16],
                    f"revoked: {k.revoked_reason}"
                    if k.revoked_at
                    else "may be used"
                    if k.until > now
                    else "ended",
                    k.issued_by,
                )
                for k in found
            ],
        )
    return Exit.DONE


def revoke(
    namespace: NamespaceName,
    key: Annotated[str, Parameter(help="Its name, 16 digits, as `key list` shows it.")],
    /,
    *,
    reason: Reason,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Take a key out of use, for ever.

    ```console
    rollbook key revoke team-a 0f9c1a2b3d4e5f60 --reason "it was printed into a build's log"
    rollbook key revoke team-a 0f9c1a2b3d4e5f60 -r "the machine is gone"
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        outcome = registry.revoke_key(space, key, reason)
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE


def _minted(namespace: str, account: str) -> "AccountToken":
    from rollbook.identity.accounts import mint  # noqa: PLC0415

    try:
        return mint(namespace, account)
    except ValueError as error:
        raise arguments.bad(str(error)) from error
