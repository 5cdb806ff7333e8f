from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest

from rollbook.artifacts.signed import BadSignature, Expired, Urls, mark

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
URLS = Urls(b"a key")
PATH = "/api/v1/artifacts/x/content"


def query(url: str, **changes: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query)) | changes


def test_a_url_allows_what_it_was_signed_for() -> None:
    url = URLS.sign("PUT", PATH, LATER, 5)
    grant = URLS.check("PUT", PATH, query(url), NOW)
    assert (grant.expires, grant.size, grant.mark) == (LATER, 5, mark(url))
    assert len(grant.mark) == 12


def test_a_url_expires() -> None:
    found = query(URLS.sign("GET", PATH, LATER))
    URLS.check("GET", PATH, found, LATER - timedelta(seconds=1))
    with pytest.raises(Expired, match="2026-03-01T13:00:00"):
        URLS.check("GET", PATH, found, LATER)


@pytest.mark.parametrize(
    ("method", "path", "changes"),
    [
        ("GET", PATH, {}),
        ("PUT", PATH + "x", {}),
        ("PUT", PATH, {"size": "6"}),
        ("PUT", PATH, {"expires": str(int(LATER.timestamp()) + 1)}),
        ("PUT", PATH, {"signature": "0" * 64}),
        ("PUT", PATH, {"signature": ""}),
        ("PUT", PATH, {"signature": "é"}),
        ("PUT", PATH, {"expires": "never"}),
        ("PUT", PATH, {"size": "-1"}),
        ("PUT", PATH, {"expires": "9" * 40}),
    ],
)
def test_a_url_that_was_changed_allows_nothing(
    method: str, path: str, changes: dict[str, str]
) -> None:
    found = query(URLS.sign("PUT", PATH, LATER, 5), **changes)
    with pytest.raises(BadSignature):
        URLS.check(method, path, found, NOW)


@pytest.mark.parametrize("missing", ["expires", "size", "signature"])
def test_a_url_that_lacks_something_allows_nothing(missing: str) -> None:
    found = query(URLS.sign("PUT", PATH, LATER, 5))
    del found[missing]
    with pytest.raises(BadSignature):
        URLS.check("PUT", PATH, found, NOW)


def test_another_key_signs_other_urls() -> None:
    found = query(Urls(b"another").sign("GET", PATH, LATER))
    with pytest.raises(BadSignature):
        URLS.check("GET", PATH, found, NOW)
