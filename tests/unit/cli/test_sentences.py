import json
from collections.abc import Mapping
from typing import Any

import pytest

from rollbook.cli.sentences import sentence, short
from rollbook.eventlog.codec import LOG_MESSAGES

EXAMPLES: Mapping[str, tuple[dict[str, Any], str]] = {
    "ModelRegistered": ({}, "model registered"),
    "ModelDescribed": ({"description": "new"}, "model described anew"),
    "ModelTagged": ({"tags": {"a": "b"}}, "model tagged a=b"),
    "ModelUntagged": ({"keys": ["a", "b"]}, "model lost the tags a, b"),
    "VersionRegistered": (
        {"version": 3, "artifact": {"digest": "sha256:" + "a" * 64}, "metrics": {"auc": 0.9}},
        "version 3 registered, sha256:aaaaaaaaaaaa…, auc=0.9",
    ),
    "VersionDescribed": ({"version": 3, "description": ""}, "version 3 described anew"),
    "VersionTagged": ({"version": 3, "tags": {"a": "b"}}, "version 3 tagged a=b"),
    "VersionUntagged": ({"version": 3, "keys": ["a"]}, "version 3 lost the tags a"),
    "VersionArchived": ({"version": 3, "reason": "old"}, "version 3 archived: old"),
    "AliasSet": (
        {"alias": "champion", "version": 3, "replaced": 2},
        "champion points at version 3, in place of 2",
    ),
    "AliasRemoved": (
        {"alias": "champion", "version": 3},
        "champion removed; it pointed at version 3",
    ),
    "VersionPromoted": (
        {"version": 3, "environment": "production"},
        "version 3 serves in production",
    ),
    "VersionRolledBack": (
        {"version": 3, "environment": "production", "restored": 2, "reason": "slow"},
        "version 2 serves in production again, not 3: slow",
    ),
    "CommandRefused": (
        {"command": "PromoteVersion", "code": "archived", "message": "version 3 is archived"},
        "PromoteVersion refused (archived): version 3 is archived",
    ),
    "CommandConfirmed": (
        {"command": "SetAlias", "version": 3},
        "SetAlias: it was so already of version 3",
    ),
    "CommandRepeated": ({"offset": 9}, "a repeat; its outcome stands at offset 9"),
    "WriterClaimed": ({"writer": "host/1"}, "host/1 writes from here on"),
}


def test_every_message_of_the_log_has_a_sentence() -> None:
    assert EXAMPLES.keys() == LOG_MESSAGES.keys()


@pytest.mark.parametrize("kind", EXAMPLES)
def test_a_record_reads_as_a_sentence(kind: str) -> None:
    data, said = EXAMPLES[kind]
    assert sentence(kind, data) == said


def test_a_record_of_a_later_release_is_shown_as_it_is() -> None:
    data = {"version": 3, "gate": "slices"}
    assert json.loads(sentence("VersionValidated", data)) == data


def test_a_digest_is_shortened_to_what_people_compare() -> None:
    assert short("sha256:" + "0123456789ab" + "f" * 52) == "sha256:0123456789ab…"
    assert short("sha256:ab") == "sha256:ab"
