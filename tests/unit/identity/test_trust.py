from rollbook.domain.access import Principal
from rollbook.domain.tenancy import Role
from rollbook.identity.accounts import mint, present
from rollbook.identity.trust import Trust
from tests.unit.identity.forging import NOW, Keys, issued

ADMIN = mint("rollbook", "admin")
NOTHING = Keys({})


def test_who_settings_name_may_do_everything() -> None:
    trust = Trust(["anna", "account:ops/root"])
    assert trust.raised(Principal("anna")).everything
    assert trust.raised(Principal("account:ops/root")).everything


def test_nobody_else_may() -> None:
    trust = Trust(["anna"], ADMIN.public_key)
    for subject in ("Anna", "anna ", "group:anna", "account:rollbook/other", ""):
        assert not trust.raised(Principal(subject, groups=("anna",))).everything


def test_a_key_for_some_roles_is_no_administrator_whoever_its_account_is() -> None:
    trust = Trust(["account:ops/root"])
    limited = Principal("account:ops/root", limit=frozenset({Role.VIEWER}))
    assert trust.raised(limited) == limited


def test_the_administrator_s_key_needs_no_issuing() -> None:
    trust = Trust((), ADMIN.public_key)
    who = trust.raised(present(ADMIN.reveal(), trust.keys(NOTHING), NOW))
    assert who == Principal("account:rollbook/admin", everything=True)


def test_a_key_that_was_issued_for_that_account_does_not_make_its_holder_administrator() -> None:
    planted = mint("rollbook", "admin")
    keys = Trust((), ADMIN.public_key).keys(Keys(issued(planted)))
    assert keys("rollbook", planted.key_id) is None
    assert Trust().raised(Principal("account:rollbook/admin")).everything is False


def test_other_keys_are_found_as_before() -> None:
    other = mint("team", "ci")
    found = issued(other)
    keys = Trust((), ADMIN.public_key).keys(Keys(found))
    assert keys("team", other.key_id) == found["team", other.key_id]
    assert keys("team", ADMIN.key_id) is None
