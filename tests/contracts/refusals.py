"""Every code that a refusal can carry: what it means and what to do; checked against the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCES = ("libs/domain", "libs/eventlog", "libs/identity", "services/command")
RAISED_AS = frozenset({"Refused", "Objection", "Poison", "_Wrong"})
"""An objection's code is that of the refusal which it leads to."""

GOVERN = "see [how to govern promotions](../how-to/govern-promotions.md)"

STATE = {
    # What there is
    "unknown_model": ("the model is not registered", "register it first"),
    "unknown_version": (
        "the model has no such version",
        "the message says which ones exist",
    ),
    "unknown_request": ("the model never had such a request", "look at its requests"),
    "unknown_break": ("the model's glass was not broken that often", "look at its broken glasses"),
    "unknown_environment": (
        "the namespace's rules do not name the environment",
        "take one of those that the message lists, or set other rules",
    ),
    "unknown_grant": ("the namespace never gave such a grant", "look at who has access"),
    "unknown_endpoint": ("the namespace has no such endpoint", "list its endpoints"),
    "unknown_key": ("the namespace never issued such a key", "look at its keys"),
    "wrong_stream": (
        (
            "the command is for a namespace and was sent to a model, or the other way round; or"
            " a person is to be erased elsewhere than in the namespace `rollbook`"
        ),
        "send it to the other one",
    ),
    # Registering and describing
    "already_registered": (
        "the model is registered with another description or other tags",
        "use DescribeModel and TagModel",
    ),
    "bad_name": (
        "the namespace's rules want other names",
        "take a name that matches the pattern in the message",
    ),
    "idempotency_conflict": (
        "the idempotency key stands for a version with another digest",
        "use one key for one artifact",
    ),
    "incomplete": (
        "the record lacks something that the namespace's metadata schema asks for",
        (
            "give what the message lists; see"
            " [how to write a metadata schema](../how-to/write-a-metadata-schema.md)"
        ),
    ),
    "invalid_schema": (
        "the metadata schema is no JSON Schema, or one whose cost nobody could foresee",
        "the message says what to change",
    ),
    "too_many": ("a limit on how many there may be is reached", "close or remove some first"),
    "too_large": (
        "the namespace's rules, grants, keys and collections would take too many bytes together",
        "remove something",
    ),
    "bad_signature": (
        "the signature cannot be read, or is one of other bytes than the version's",
        "see [how to sign models](../how-to/sign-models.md); the message says what differs",
    ),
    "unknown_variant": (
        "the version has no variant of this name",
        "the message says which it has",
    ),
    "archived": ("the version is archived", "restore it, or take another one"),
    "retired": ("the model is retired", "restore it first"),
    "serving": (
        "what is archived or retired may not serve anywhere",
        "replace it in its environments, or clear them, first",
    ),
    "aliased": ("what is archived or retired may not have an alias", "move the alias first"),
    "protected": (
        "the namespace's rules protect the alias",
        "ask somebody with the role `releaser`",
    ),
    # Into an environment
    "rejected": (
        "the version failed its gates",
        "see its gate results; validate it again when the cause is gone",
    ),
    "barred": (
        "it failed a gate that this environment asks for; it may serve in others",
        "see its gate results; validate it again when the cause is gone",
    ),
    "not_validated": (
        "the environment takes only versions that passed their gates",
        "have it validated",
    ),
    "wrong_order": (
        (
            "the version has not served in the environment that comes before this one, or was"
            " rolled back or cleared out of it"
        ),
        "promote it there first",
    ),
    "no_card": ("the version has no card", "write one"),
    "card_incomplete": (
        "the card lacks sections that the environment asks for",
        "write those that the message lists",
    ),
    "card_stale": ("the card should have been reviewed by now", "review it"),
    "privacy": (
        "there is more personal data in the version than the environment takes, or it does not say",
        "register a version that says `terms.pii`, and says little enough",
    ),
    "licence": (
        "the environment does not take the version's licence",
        "take a version under one of the licences in the message",
    ),
    "needs_request": ("people must sign first, and nobody has asked them", f"request it; {GOVERN}"),
    "needs_approval": (
        "signatures are missing, or were given before the facts changed",
        f"have it signed by those whom the message names; {GOVERN}",
    ),
    # Out of an environment, and past the rules
    "nothing_serves": ("nothing stands in the environment", "promote a version"),
    "nothing_before": (
        "nothing usable stood in the environment before",
        "promote a version by its number",
    ),
    "never_stood": (
        "the version named has not stood in the environment before the present one",
        "promote it instead",
    ),
    # Rollouts
    "rollout_live": (
        "a rollout is live there, or needs the version",
        "wait for its end or abort it; see [roll out a version](../how-to/roll-out-a-version.md)",
    ),
    "no_rollout": ("no such rollout is live in the environment", "look at the model's rollouts"),
    "rollout_over": ("the rollout has ended", "look at what became of it"),
    "wrong_arms": (
        "the new versions of a rollout are not distinct, or not those of this rollout",
        "name each new version once, and none that serves there already",
    ),
    "frozen": ("the rollout's plan holds everything at this time", "wait until the freeze is over"),
    "wrong_step": ("the rollout is at another step", "look at it again"),
    "paused": ("the rollout is paused", "resume it first"),
    "not_passed": (
        "the step has not shown what its plan asks for",
        "wait, skip the step, or promote now: the last two stay on record",
    ),
    "last_step": ("there is no step after this one", "promote or abort the rollout"),
    "not_asked": ("the step asks for nobody's approval", "nothing need be done"),
    "promoted": ("the rollout has promoted its version already", "roll back, or let it be watched"),
    "not_promoted": ("the rollout has promoted nothing yet", "wait for its last step"),
    "unreviewed": (
        "too many broken glasses of the model wait for their review",
        "have them [reviewed](../runbooks/break-glass-review.md)",
    ),
    # Requests
    "closed": ("the request was granted, rejected, withdrawn or has expired", "request it anew"),
    "expired": ("the request was not granted in time", "close it and request it anew"),
    # Retraining
    "unknown_alarm": ("the model never had such an alarm", "list its alarms"),
    "too_many_alarms": (
        "200 alarms of the model are open",
        "end some: see [how to watch for drift](../how-to/watch-for-drift.md)",
    ),
    "no_pipeline": (
        "no policy says how the model is trained anew",
        "set one; see [how to retrain by itself](../how-to/retrain-by-itself.md)",
    ),
    "over_budget": (
        "as many retrainings have begun within the period as the policy allows",
        "wait until the time that the message says, or set another budget",
    ),
    "not_heeded": (
        "the model's policy heeds no such alarm",
        "ask for a retraining without naming the alarm",
    ),
    "unknown_retraining": ("the model never had such a retraining", "list its retrainings"),
    "another_run": (
        "the retraining runs already, under another name",
        "look at its run; one that was started twice must be stopped by hand",
    ),
    "no_candidate": (
        "the version was not registered since the retraining was asked for",
        "name the version that it has registered",
    ),
    "not_due": ("it is too early for that", "the message says when it is due"),
    "in_the_past": ("the moment given has passed", "give one in the future"),
    "evidence_changed": (
        "the facts are not those that the sender has seen",
        "look at them again, then sign or reject",
    ),
    "own_work": (
        "nobody decides about what they registered, asked for or broke themselves",
        "somebody else must",
    ),
    "wrong_title": (
        "the sender does not hold the title to sign in its name",
        "sign in the name of one that you hold, or ask for a grant",
    ),
    # Who may
    "unauthenticated": (
        "it is not proven who sends the command, or the registry is open and can check no proof",
        "see [denied access](../runbooks/denied-access.md)",
    ),
    "forbidden": (
        "the sender holds no role that may do this here",
        "see [roles](roles.md) and [denied access](../runbooks/denied-access.md)",
    ),
    "title_without_approver": (
        "a title was granted with another role than `approver`",
        "grant it with that role",
    ),
    "key_in_use": ("the key belongs to another account already", "make a key of its own"),
    "revoked": ("the key was revoked, which is for ever", "make another key"),
    # Order and faults
    "conflict": (
        "the stream is not at the sequence number that the sender expected",
        "read it again and decide anew",
    ),
    "stream_broken": (
        "the stream's history in the log is broken; nothing is decided for it",
        "see the [runbook](../runbooks/broken-stream.md)",
    ),
}

POISON = {
    "invalid": (
        "a field or an attribute breaks a rule; the message names the field and the rule",
        "correct it and send it under a new id",
    ),
    "malformed": (
        (
            "no UUID as `ce_id`, a header that is not UTF-8, a structured event that is not JSON,"
            " or a record that no client library can read, whose bytes then cannot be kept"
        ),
        "see [CloudEvents](cloudevents.md)",
    ),
    "unknown_type": ("`ce_type` is no command", "the message lists the commands"),
    "no_key": (
        "the record's key is not a `namespace/name`, or, for what governs one, a namespace",
        "set the key",
    ),
    "misrouted": (
        "the key does not hash to this partition",
        "partition by murmur2; librdkafka: `partitioner=murmur2_random`",
    ),
    "oversize": ("the value is longer than a command may be", "put large things into the artifact"),
}


def codes_in_source(root: Path) -> dict[str, str]:
    """Each code that the source raises, with a place that raises it."""
    found: dict[str, str] = {}
    for folder in SOURCES:
        for file in sorted((root / folder / "src").rglob("*.py")):
            for code, line in _codes(file):
                found[code] = f"{file.relative_to(root)}:{line}"
    return found


def _codes(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            first = node.args[0] if node.args else None
            if node.func.id in RAISED_AS and isinstance(first, ast.Constant):
                yield str(first.value), node.lineno
