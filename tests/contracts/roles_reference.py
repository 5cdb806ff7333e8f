"""The generated page about roles: the tables of `rollbook.domain.access`, as one reads them."""

from collections.abc import Mapping

from rollbook.domain.access import WHO_KEEPS, WHO_MAY, WHO_SEES, Read
from rollbook.domain.messages import Message
from rollbook.domain.tenancy import REGISTRY, Role
from rollbook.eventlog.commands import MODEL_COMMANDS, NAMESPACE_COMMANDS
from rollbook.query.sight import OPEN, READS
from tests.contracts.markdown import table
from tests.contracts.settings_reference import attribute_docs

HEAD = f"""\
# Roles

Who may do what, where the registry is secured. In an open one, anybody may do everything and is
believed to be whoever they say.

A role is granted to a person, to `group:NAME` or to `account:NAMESPACE/NAME`, in one namespace, for
the models and the environments whose names match, maybe until a moment. What is granted in the
namespace `{REGISTRY}` holds in every namespace. What is not granted is refused as `forbidden`, and
the refusal stands in the log. Somebody without any role in a namespace cannot see that its models
exist.

A grant for some environments holds for commands about one of these, and for no others. A command
that goes to a namespace, and not to one of its models, needs a grant for all models.

Beyond the table:

- An approver signs in the name of `approver`, or of a title that was granted with the role.
- Nobody signs for a version that they registered, or for a request that is theirs; nobody reviews
  a glass that they broke. No role lifts that.
- Aliases that the rules protect need the role `releaser` as well.
- A publisher takes back their own requests only; who releases or administers, anybody's.
- A machine's key may be limited to some of its account's roles.
"""


def roles_page() -> str:
    """The page as Markdown."""
    return "\n\n".join(
        [
            HEAD.strip(),
            "## Commands to a model",
            _commands(MODEL_COMMANDS),
            "## Commands to a namespace",
            _commands(NAMESPACE_COMMANDS),
            "## Personal data",
            _keeps(),
            "## Reads",
            _reads(),
            *_routes(),
            f"Who is not asked: {', '.join(f'`{route}`' for route in sorted(OPEN))}.",
        ]
    )


def _commands(wanted: Mapping[str, type[Message]]) -> str:
    rows = ([f"`{name}`", *_marks(WHO_MAY[command])] for name, command in wanted.items())
    return table(["command", *Role], rows)


def _keeps() -> str:
    rows = [["**keep**: Put personal data behind a reference, in the vault.", *_marks(WHO_KEEPS)]]
    return table(["may", *Role], rows)


def _reads() -> str:
    says = attribute_docs(Read)
    rows = [[f"**{read}**: {says[read.name]}", *_marks(roles)] for read, roles in WHO_SEES.items()]
    return table(["shows", *Role], rows)


def _routes() -> list[str]:
    """A line for each kind of read: the routes over HTTP that show it."""
    named = {read: [f"`{route}`" for route, of in READS.items() if of is read] for read in Read}
    return [f"- **{read}**: {', '.join(routes)}" for read, routes in named.items() if routes]


def _marks(roles: frozenset[Role]) -> list[str]:
    return ["yes" if role in roles else "" for role in Role]
