"""Every command has its line in the table of rights, and the page about roles shows it."""

from rollbook.domain.access import WHO_MAY, WHO_SEES, Read
from rollbook.domain.tenancy import Role
from rollbook.eventlog.commands import COMMANDS
from rollbook.query.sight import READS
from tests.contracts.roles_reference import roles_page


def test_every_command_says_who_may_send_it() -> None:
    assert WHO_MAY.keys() == set(COMMANDS.values())
    assert all(roles for roles in WHO_MAY.values()), "a command that nobody may send"


def test_everything_that_is_read_says_who_may_see_it() -> None:
    assert WHO_SEES.keys() == set(Read)
    assert set(READS.values()) <= WHO_SEES.keys()


def test_every_role_may_do_or_see_something() -> None:
    assert {role for roles in (*WHO_MAY.values(), *WHO_SEES.values()) for role in roles} == set(
        Role
    )


def test_the_page_shows_every_command_and_every_route() -> None:
    page = roles_page()
    assert {name for name in (*COMMANDS, *READS) if f"`{name}`" not in page} == set()
