import json
from collections.abc import Mapping
from typing import Any

import pytest

from rollbook.cli.sentences import sentence, short
from rollbook.eventlog.records import LOG_MESSAGES

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
    "VersionHeld": ({"version": 3, "reason": "x"}, "version 3 is under legal hold: x"),
    "VersionReleased": (
        {"version": 3, "reason": "x"},
        "version 3 is no longer under legal hold: x",
    ),
    "ProfileRecorded": (
        {"version": 3, "profile": {"rows": 1200, "features": {"age": {}, "country": {}}}},
        "version 3 is held against a profile of 2 features, 1,200 rows",
    ),
    "DriftDetected": (
        {
            "alarm": 2,
            "version": 3,
            "environment": "production",
            "kind": "feature",
            "findings": [{"subject": "feature:age", "measure": "psi", "value": 0.3123}],
        },
        "alarm 2: feature drift of version 3 in production, feature:age by psi 0.312",
    ),
    "DriftCleared": ({"alarm": 2, "reason": "calm"}, "alarm 2 cleared: calm"),
    "DriftAcknowledged": ({"alarm": 2, "note": "a campaign"}, "alarm 2 was seen: a campaign"),
    "RolloutStarted": (
        {"rollout": 2, "version": 4, "environment": "production", "baseline": 3},
        "rollout 2: version 4 gets traffic in production, beside version 3",
    ),
    "RolloutAdvanced": (
        {
            "rollout": 2,
            "step": 1,
            "finding": {
                "result": "passed",
                "samples": 4200,
                "metrics": [{"metric": "errors", "outcome": "passed"}],
            },
        },
        "rollout 2 is at step 2: errors passed, after 4200 requests",
    ),
    "RolloutPaused": ({"rollout": 2, "reason": "lunch"}, "rollout 2 is paused: lunch"),
    "RolloutResumed": ({"rollout": 2, "reason": "back"}, "rollout 2 goes on: back"),
    "RolloutStepApproved": (
        {"rollout": 2, "step": 0, "approved_by": "ada", "missing": {"legal": 1}},
        "step 1 of rollout 2 approved by ada; 1 x legal must agree yet",
    ),
    "RolloutStepSkipped": (
        {"rollout": 2, "step": 1, "reason": "seen elsewhere"},
        "rollout 2 is at step 2, the one before was skipped: seen elsewhere",
    ),
    "RolloutAborted": (
        {"rollout": 2, "version": 4, "cause": "breached", "reason": "errors are worse"},
        "rollout 2 of version 4 aborted, a guardrail is broken: errors are worse",
    ),
    "RolloutFinished": ({"rollout": 2, "version": 4}, "rollout 2 of version 4 is over"),
    "RetrainingSet": (
        {"version": 2, "document": {"pipeline": "nightly"}},
        "the model is trained anew by the pipeline nightly, version 2 of the policy",
    ),
    "RetrainingRequested": (
        {"retraining": 3, "alarm": 2, "reason": "it drifts"},
        "retraining 3 asked for because of alarm 2: it drifts",
    ),
    "RetrainingStarted": ({"retraining": 3, "run": "run-7"}, "retraining 3 runs as run-7"),
    "RetrainingEnded": (
        {"retraining": 3, "outcome": "candidate", "version": 4, "note": ""},
        "retraining 3 brought version 4",
    ),
    "SignatureAttached": (
        {"version": 3, "signer": "sha256:ab"},
        "version 3 has a signature by sha256:ab",
    ),
    "PolicySaved": ({"policy": "release", "version": 2}, "policy release in force, version 2"),
    "PolicyDropped": (
        {"policy": "release", "reason": "old"},
        "policy release out of force: old",
    ),
    "EndpointSet": (
        {"endpoint": "on-call", "version": 2},
        "endpoint on-call is told of events, version 2",
    ),
    "EndpointDropped": (
        {"endpoint": "on-call", "reason": "old"},
        "endpoint on-call is told of nothing any more: old",
    ),
    "EndpointSecretRotated": (
        {"endpoint": "on-call", "rotation": 2, "reason": "it leaked"},
        "the secret of endpoint on-call was changed: it leaked",
    ),
    "EndpointTested": ({"endpoint": "on-call"}, "endpoint on-call is tested"),
    "EndpointRedriven": (
        {"endpoint": "on-call"},
        "what endpoint on-call was not told of is sent anew",
    ),
    "RetentionSet": (
        {"version": 2, "retention": {"keep_last": 5}},
        "retention of artifacts set, version 2",
    ),
    "VersionRestored": ({"version": 3, "reason": "x"}, "version 3 may be used again: x"),
    "OwnerAssigned": ({"owner": "ada", "team": "risk"}, "ada answers for it, of risk"),
    "ModelClassified": ({"risk": "high", "reason": "x"}, "risk is high: x"),
    "ModelRetired": ({"reason": "x"}, "model retired: x"),
    "ModelRestored": ({"reason": "x"}, "model in use again: x"),
    "PropertiesSet": (
        {"version": 3, "properties": {"layers": 12}, "properties_schema": 1},
        "version 3 has layers=12",
    ),
    "DocumentLinked": (
        {"version": 3, "kind": "risk", "title": "Risks", "uri": "https://x/y"},
        "version 3 has a document on risk: Risks",
    ),
    "EvaluationRecorded": (
        {
            "version": 3,
            "number": 2,
            "evaluation": {"metrics": {"auc": {"value": 0.9}}, "slice": {"country": "DE"}},
        },
        "version 3 evaluated (2): auc=0.9 where country=DE",
    ),
    "CardWritten": ({"version": 3, "revision": 2, "card": {}}, "version 3 has a card, revision 2"),
    "CardReviewed": (
        {"version": 3, "revision": 2, "review_by": "2030-01-01T00:00:00Z", "note": "x"},
        "the card of version 3 holds until 2030-01-01: x",
    ),
    "CardWentStale": (
        {"version": 3, "revision": 2, "review_by": "2030-01-01T00:00:00Z"},
        "the card of version 3 should have been reviewed by 2030-01-01",
    ),
    "ValidationStarted": ({"version": 3}, "the gates look at version 3"),
    "VersionValidated": (
        {"version": 3, "gates": [{"gate": "auc", "outcome": "passed"}]},
        "version 3 passed auc",
    ),
    "VersionRejected": (
        {
            "version": 3,
            "gates": [
                {"gate": "auc", "outcome": "passed"},
                {"gate": "latency", "outcome": "error"},
            ],
        },
        "version 3 failed latency",
    ),
    "EnvironmentCleared": (
        {"version": 3, "environment": "shadow", "reason": "over"},
        "nothing serves in shadow, no longer version 3: over",
    ),
    "RollbackRehearsed": (
        {"version": 3, "environment": "production", "restored": 2, "note": "40 s"},
        "a roll-back of production to version 2 was rehearsed: 40 s",
    ),
    "GlassBroken": (
        {
            "number": 1,
            "version": 3,
            "environment": "production",
            "replaced": 2,
            "reason": "outage",
            "bypassed": ["needs_request"],
        },
        "GLASS 1 BROKEN: version 3 serves in production, in place of 2, past needs_request: outage",
    ),
    "BreakGlassReviewed": (
        {"number": 1, "verdict": "justified", "note": "it helped"},
        "broken glass 1 was justified: it helped",
    ),
    "PromotionRequested": (
        {"request": 1, "version": 3, "environment": "production", "quorum": {"ml-ops": 1}},
        "request 1: version 3 into production, 1 x ml-ops must sign",
    ),
    "PromotionApproved": (
        {"request": 1, "approved_by": "ada", "title": "ml-ops", "missing": {"product": 1}},
        "request 1 signed by ada as ml-ops; 1 x product must sign yet",
    ),
    "PromotionRejected": (
        {"request": 1, "rejected_by": "ada", "reason": "thin"},
        "request 1 rejected by ada: thin",
    ),
    "PromotionCommented": ({"request": 1, "comment": "why?"}, "about request 1: why?"),
    "PromotionWithdrawn": ({"request": 1, "reason": "late"}, "request 1 withdrawn: late"),
    "PromotionEscalated": (
        {"request": 1, "to": "admin"},
        "request 1 waits for too long: admin must look at it",
    ),
    "PromotionExpired": ({"request": 1}, "request 1 expired"),
    "RulesSet": ({"version": 2, "rules": {}}, "rules set, version 2"),
    "MetadataSchemaSet": ({"version": 2, "metadata": {}}, "metadata schema set, version 2"),
    "RoleGranted": (
        {
            "grant": 4,
            "subject": "ada",
            "role": "approver",
            "title": "ml-ops",
            "until": "2030-01-01T00:00:00Z",
        },
        "grant 4: ada is approver for ml-ops until 2030-01-01",
    ),
    "RoleRevoked": (
        {"grant": 4, "subject": "ada", "role": "approver", "reason": "moved"},
        "grant 4 revoked: ada is no longer approver: moved",
    ),
    "KeyIssued": (
        {"key": "0f9c", "account": "nightly", "until": "2030-01-01T00:00:00Z"},
        "key 0f9c issued to nightly until 2030-01-01",
    ),
    "KeyRevoked": (
        {"key": "0f9c", "account": "nightly", "reason": "lost"},
        "key 0f9c of nightly revoked: lost",
    ),
    "CollectionSet": (
        {"collection": "checkout", "models": ["fraud", "limits"]},
        "collection checkout is fraud, limits",
    ),
    "CollectionRemoved": ({"collection": "checkout"}, "collection checkout removed"),
    "QuerySaved": ({"query": "good", "text": "auc"}, "query good saved: auc"),
    "QueryDropped": ({"query": "good"}, "query good dropped"),
    "SynonymsSet": (
        {"word": "churn", "same": ["attrition", "lapse"]},
        "churn means the same as attrition, lapse",
    ),
    "DeletionsAnnounced": (
        {
            "deletions": [
                {"digest": "sha256:ab", "size": 1500, "reason": "no version names it"},
                {"digest": "sha256:cd", "size": 500, "reason": "no version names it"},
            ]
        },
        "a sweep set out to delete 2 artifacts: 2,000 bytes",
    ),
    "PersonalDataErased": (
        {"references": ["a", "b"], "reason": "asked"},
        "what stood behind 2 references is erased: asked",
    ),
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
    assert json.loads(sentence("VersionSharded", data)) == data


def test_a_digest_is_shortened_to_what_people_compare() -> None:
    assert short("sha256:" + "0123456789ab" + "f" * 52) == "sha256:0123456789ab…"
    assert short("sha256:ab") == "sha256:ab"
