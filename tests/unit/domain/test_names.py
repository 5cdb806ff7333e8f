from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from rollbook.domain import names
from rollbook.domain.catalog import DescribeModel, RegisterModel, TagModel, UntagModel
from rollbook.domain.environments import PromoteVersion
from rollbook.domain.versions import RegisterVersion

DIGEST = "sha256:" + "a1" * 32
ARTIFACT = f'{{"uri": "s3:x", "digest": "{DIGEST}"}}'


def accepts(kind: Any, value: object) -> object:
    return TypeAdapter(kind).validate_python(value)


def refuses(kind: Any, value: object) -> str:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)
    return str(caught.value)


@pytest.mark.parametrize(
    "key",
    ["a/b", "team-1/churn model", "0/Übersetzer", "n/...", "n/a.b_c~d", f"{'n' * 63}/x", "a/漢"],
)
def test_a_model_key_is_a_namespace_and_a_readable_name(key: str) -> None:
    assert accepts(names.ModelKey, key) == key


@pytest.mark.parametrize(
    "key",
    [
        *("", "a", "a/", "/b", "A/b", "-a/b", "a_b/c", f"{'n' * 64}/x", "ä/b"),
        *(
            "a/b/c",
            "a/.",
            "a/..",
            "a/b:c",
            "a/ b",
            "a/b ",
            "a/b\n",
            "a/\x00",
            "a/b\u200bc",
            "a/\ud800",
        ),
        f"a/{'x' * 257}",
    ],
)
def test_other_model_keys_are_refused(key: str) -> None:
    refuses(names.ModelKey, key)


def test_names_are_brought_to_one_unicode_form() -> None:
    assert accepts(names.ModelKey, "a/e\u0301") == "a/\u00e9"
    assert accepts(names.ModelName, "e\u0301") == "\u00e9"
    assert accepts(names.TagKey, "e\u0301") == "\u00e9"


@pytest.mark.parametrize("name", ["", ".", "..", " x", "x ", "a/b", "a:b", "a\tb", "x" * 257])
def test_a_model_name_follows_the_rules_of_the_key(name: str) -> None:
    refuses(names.ModelName, name)


@pytest.mark.parametrize("alias", ["champion", "Champion-2", "größte", "_", "v", "v1a", "x" * 255])
def test_an_alias_is_one_word(alias: str) -> None:
    assert accepts(names.AliasName, alias) == alias


@pytest.mark.parametrize(
    "alias", ["", "a b", "a/b", "a.b", "a\n", "latest", "Latest", "v1", "V23", "x" * 256]
)
def test_other_aliases_are_refused(alias: str) -> None:
    refuses(names.AliasName, alias)


def test_a_reserved_alias_says_which_names_are_reserved() -> None:
    assert "'latest' and names like 'v1' are reserved" in refuses(names.AliasName, "latest")


@pytest.mark.parametrize("environment", ["production", "eu-west.1_b", "1", "x" * 63])
def test_an_environment_is_a_plain_lower_case_name(environment: str) -> None:
    assert accepts(names.EnvironmentName, environment) == environment


@pytest.mark.parametrize("environment", ["", "Production", "-a", ".a", "a b", "a\n", "x" * 64])
def test_other_environments_are_refused(environment: str) -> None:
    refuses(names.EnvironmentName, environment)


@pytest.mark.parametrize("uri", ["s3://bucket/key", "file:/x", "models+v2:x", "https://h/a?b#c"])
def test_a_uri_has_a_scheme(uri: str) -> None:
    assert accepts(names.Uri, uri) == uri


@pytest.mark.parametrize("uri", ["", "/local", "1s:x", "s3:", "s3://a b", "s3://a\x00", "s3:a\n"])
def test_other_uris_are_refused(uri: str) -> None:
    refuses(names.Uri, uri)


@pytest.mark.parametrize(
    "digest", ["a1" * 32, "md5:" + "a1" * 16, DIGEST[:-1], DIGEST + "0", DIGEST.upper(), ""]
)
def test_a_digest_is_sha256_in_lower_case(digest: str) -> None:
    assert accepts(names.Digest, DIGEST) == DIGEST
    refuses(names.Digest, digest)


@pytest.mark.parametrize("number", ["0", "-1", "1.0", "true", '"1"', "null"])
def test_a_version_is_a_whole_number_from_1(number: str) -> None:
    with pytest.raises(ValidationError, match="version"):
        PromoteVersion.model_validate_json(f'{{"version": {number}}}')


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", '"much"', "null"])
def test_a_metric_is_a_finite_number(number: str) -> None:
    with pytest.raises(ValidationError, match=r"metrics\.auc"):
        RegisterVersion.model_validate_json(
            f'{{"artifact": {ARTIFACT}, "metrics": {{"auc": {number}}}}}'
        )


@pytest.mark.parametrize(
    "part",
    [
        *('"description": "a\\u0000b"', '"params": {"a": "\\u0000"}', '"metrics": {"\\u0000": 1}'),
        *('"tags": {"\\u0000": "b"}', '"tags": {"a": "\\u0000"}', '"idempotency_key": "\\u0000"'),
        *('"lineage": {"run_id": "\\u0000"}', '"lineage": {"environment": {"a": "\\u0000"}}'),
        *('"signature": {"inputs": [{"a": ["\\u0000"]}]}', '"signature": {"inputs": [{"a": NaN}]}'),
        *('"signature": {"outputs": [{"\\u0000": 1}]}', '"signature": {"outputs": [{"a": 1e999}]}'),
    ],
)
def test_what_no_standard_json_and_no_postgres_can_hold_is_refused(part: str) -> None:
    with pytest.raises(ValidationError, match=part[1:5]):
        RegisterVersion.model_validate_json(f'{{"artifact": {ARTIFACT}, {part}}}')


def test_a_signature_may_be_any_other_json() -> None:
    part = '{"name": "x", "shape": [null, 3, -1.5], "nested": {"a": [true, {"b": "\\n"}]}}'
    command = RegisterVersion.model_validate_json(
        f'{{"artifact": {ARTIFACT}, "signature": {{"inputs": [{part}]}}}}'
    )
    assert command.signature is not None
    assert command.signature.inputs[0]["shape"] == [None, 3, -1.5]


def test_unknown_fields_are_refused_by_name() -> None:
    with pytest.raises(ValidationError, match="descripton"):
        RegisterModel.model_validate_json('{"descripton": "typo"}')


@pytest.mark.parametrize(
    ("command", "body"),
    [
        (TagModel, {"tags": {}}),
        (UntagModel, {"keys": ()}),
        (TagModel, {"tags": {"": "x"}}),
        (TagModel, {"tags": {"a": "x" * 5001}}),
        (TagModel, {"tags": {str(n): "" for n in range(501)}}),
        (DescribeModel, {"description": "x" * 100_001}),
    ],
)
def test_nothing_and_too_much_are_refused(command: type[Any], body: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        command(**body)


def test_messages_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        DescribeModel(description="x").description = "y"  # type: ignore[misc]
