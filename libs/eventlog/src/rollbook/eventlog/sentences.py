"""A record of the log as a sentence for people."""

import json
from collections.abc import Mapping
from typing import Any

SHORT = 19
"""Characters of a digest that people compare: `sha256:` and twelve digits."""


def short(digest: str) -> str:
    """The digest's beginning."""
    return digest if len(digest) <= SHORT else digest[:SHORT] + "…"


def tags(found: Mapping[str, Any]) -> str:
    """`a=b, c=d`."""
    return ", ".join(f"{key}={value}" for key, value in found.items())


def sentence(kind: str, data: Mapping[str, Any]) -> str:
    """What the record says; `data` as in its JSON."""
    match kind, data:
        case "ModelRegistered", _:
            return "model registered"
        case "ModelDescribed", _:
            return "model described anew"
        case "ModelTagged", {"tags": found}:
            return f"model tagged {tags(found)}"
        case "ModelUntagged", {"keys": keys}:
            return f"model lost the tags {', '.join(keys)}"
        case "VersionRegistered", {"version": number, "artifact": artifact}:
            metrics = data.get("metrics") or {}
            measured = f", {tags(metrics)}" if metrics else ""
            label = f" ({data['label']})" if data.get("label") else ""
            return f"version {number}{label} registered, {short(artifact['digest'])}{measured}"
        case "VersionDescribed", {"version": number}:
            return f"version {number} described anew"
        case "VersionTagged", {"version": number, "tags": found}:
            return f"version {number} tagged {tags(found)}"
        case "VersionUntagged", {"version": number, "keys": keys}:
            return f"version {number} lost the tags {', '.join(keys)}"
        case "VersionArchived", {"version": number, "reason": reason}:
            return f"version {number} archived: {reason}"
        case "VersionRestored", {"version": number, "reason": reason}:
            return f"version {number} may be used again: {reason}"
        case "AliasSet", {"alias": alias, "version": number}:
            return f"{alias} points at version {number}{_instead(data)}"
        case "AliasRemoved", {"alias": alias, "version": number}:
            return f"{alias} removed; it pointed at version {number}"
        case "VersionPromoted", {"override": str(why), "version": number, "rollout": rollout}:
            where = f"{data.get('environment')}{_instead(data)}"
            return f"version {number} serves in {where}, past what rollout {rollout} asks: {why}"
        case "VersionPromoted", {"version": number, "environment": environment}:
            signed = f", signed by {', '.join(by)}" if (by := data.get("approved_by")) else ""
            rolled = f", by rollout {data['rollout']}" if data.get("rollout") else ""
            return f"version {number} serves in {environment}{_instead(data)}{signed}{rolled}"
        case "VersionRolledBack", {"version": number, "environment": environment}:
            restored, reason = data.get("restored"), data.get("reason")
            return f"version {restored} serves in {environment} again, not {number}: {reason}"
        case "CommandRefused", {"command": command, "code": code, "message": message}:
            return f"{command or 'command'} refused ({code}): {message}"
        case "CommandConfirmed", {"command": command}:
            version = f" of version {data['version']}" if "version" in data else ""
            return f"{command}: it was so already{version}"
        case "CommandRepeated", {"offset": offset}:
            return f"a repeat; its outcome stands at offset {offset}"
        case "WriterClaimed", {"writer": writer}:
            return f"{writer} writes from here on"
        case _:
            said = of_evidence(kind, data) or of_decisions(kind, data) or of_governance(kind, data)
            said = said or of_retraining(kind, data) or of_alarms(kind, data)
            said = said or of_rollouts(kind, data)
            return said or json.dumps(data, ensure_ascii=False)


def of_evidence(kind: str, data: Mapping[str, Any]) -> str | None:
    """What was found out about a version, or said of a model as a whole."""
    match kind, data:
        case "OwnerAssigned", {"owner": owner}:
            return f"{owner} answers for it" + (f", of {data['team']}" if data.get("team") else "")
        case "ModelClassified", {"risk": risk, "reason": reason}:
            return f"risk is {risk}: {reason}"
        case "ModelRetired", {"reason": reason}:
            return f"model retired: {reason}"
        case "ModelRestored", {"reason": reason}:
            return f"model in use again: {reason}"
        case "PropertiesSet", {"version": number, "properties": found}:
            return f"version {number} has {tags(found)}"
        case "DocumentLinked", {"version": number, "kind": about, "title": title}:
            return f"version {number} has a document on {about}: {title}"
        case "EvaluationRecorded", {"version": number, "number": place, "evaluation": found}:
            measured = {name: part["value"] for name, part in found["metrics"].items()}
            part = f" where {tags(found['slice'])}" if found.get("slice") else ""
            return f"version {number} evaluated ({place}): {tags(measured)}{part}"
        case "CardWritten", {"version": number, "revision": revision}:
            return f"version {number} has a card, revision {revision}"
        case "CardReviewed", {"version": number, "review_by": until, "note": note}:
            return f"the card of version {number} holds until {until[:10]}: {note}"
        case "CardWentStale", {"version": number, "review_by": due}:
            return f"the card of version {number} should have been reviewed by {due[:10]}"
        case "SignatureAttached", {"version": number, "variant": str(name), "signer": signer}:
            return f"the variant {name} of version {number} has a signature by {signer}"
        case "SignatureAttached", {"version": number, "signer": signer}:
            return f"version {number} has a signature by {signer}"
        case "VersionHeld", {"version": number, "reason": reason}:
            return f"version {number} is under legal hold: {reason}"
        case "VersionReleased", {"version": number, "reason": reason}:
            return f"version {number} is no longer under legal hold: {reason}"
        case "ValidationStarted", {"version": number}:
            return f"the gates look at version {number}"
        case "VersionValidated", {"version": number}:
            return f"version {number} passed {_gates(data, 'passed')}"
        case "VersionRejected", {"version": number}:
            return f"version {number} failed {_gates(data, 'failed', 'error')}"
        case _:
            return None


def of_decisions(kind: str, data: Mapping[str, Any]) -> str | None:
    """What was decided about serving, or asked for."""
    match kind, data:
        case "EnvironmentCleared", {"version": number, "environment": where, "reason": reason}:
            return f"nothing serves in {where}, no longer version {number}: {reason}"
        case "RollbackRehearsed", {"environment": where, "restored": restored, "note": note}:
            return f"a roll-back of {where} to version {restored} was rehearsed: {note}"
        case "GlassBroken", {"number": number, "version": version, "environment": where}:
            past = ", ".join(data.get("bypassed") or ()) or "no rule"
            return (
                f"GLASS {number} BROKEN: version {version} serves in {where}{_instead(data)},"
                f" past {past}: {data.get('reason')}"
            )
        case "BreakGlassReviewed", {"number": number, "verdict": verdict, "note": note}:
            return f"broken glass {number} was {verdict}: {note}"
        case "PromotionRequested", {"request": number, "version": version, "environment": where}:
            quorum = _people(data.get("quorum") or {})
            return f"request {number}: version {version} into {where}, {quorum} must sign"
        case "PromotionApproved", {"request": number, "approved_by": by, "title": title}:
            left = data.get("missing") or {}
            then = f"{_people(left)} must sign yet" if left else "nobody is missing"
            return f"request {number} signed by {by} as {title}; {then}"
        case "PromotionRejected", {"request": number, "rejected_by": by, "reason": reason}:
            return f"request {number} rejected by {by}: {reason}"
        case "PromotionCommented", {"request": number, "comment": comment}:
            return f"about request {number}: {comment}"
        case "PromotionWithdrawn", {"request": number, "reason": reason}:
            return f"request {number} withdrawn: {reason}"
        case "PromotionEscalated", {"request": number, "to": to}:
            return f"request {number} waits for too long: {to} must look at it"
        case "PromotionExpired", {"request": number}:
            return f"request {number} expired"
        case _:
            return None


def of_rollouts(kind: str, data: Mapping[str, Any]) -> str | None:
    """What became of a rollout."""
    match kind, data:
        case "RolloutStarted", {"rollout": number, "version": version, "environment": where}:
            beside = f"beside version {data.get('baseline')}"
            return f"rollout {number}: version {version} gets traffic in {where}, {beside}"
        case "RolloutAdvanced", {"rollout": number, "step": step}:
            return f"rollout {number} is at step {step + 1}{_shown(data)}"
        case "RolloutPaused", {"rollout": number, "reason": reason}:
            return f"rollout {number} is paused{_cause(data)}: {reason}"
        case "RolloutResumed", {"rollout": number, "reason": reason}:
            return f"rollout {number} goes on: {reason}"
        case "RolloutStepApproved", {"rollout": number, "step": step, "approved_by": by}:
            left = data.get("missing") or {}
            then = f"{_people(left)} must agree yet" if left else "nobody is missing"
            return f"step {step + 1} of rollout {number} approved by {by}; {then}"
        case "RolloutStepSkipped", {"rollout": number, "step": step, "reason": reason}:
            return f"rollout {number} is at step {step + 1}, the one before was skipped: {reason}"
        case "RolloutAborted", {"rollout": number, "version": version, "reason": reason}:
            return f"rollout {number} of version {version} aborted{_cause(data)}: {reason}"
        case "RolloutFinished", {"rollout": number, "version": version}:
            return f"rollout {number} of version {version} is over{_shown(data)}"
        case _:
            return None


def _cause(data: Mapping[str, Any]) -> str:
    words = {
        "breached": "a guardrail is broken",
        "failed": "a goal is missed",
        "error": "it could not be analysed",
        "deadline": "it took too long",
    }
    cause = words.get(data.get("cause") or "")
    return f", {cause}" if cause else ""


def _shown(data: Mapping[str, Any]) -> str:
    finding = data.get("finding") or {}
    if not finding.get("metrics"):
        return ""
    shown = ", ".join(f"{m['metric']} {m['outcome']}" for m in finding["metrics"])
    return f": {shown}, after {finding.get('samples', 0)} requests"


def of_alarms(kind: str, data: Mapping[str, Any]) -> str | None:
    """What was found wrong with live data, and what it is held against."""
    match kind, data:
        case "ProfileRecorded", {"version": number, "profile": {"rows": rows, "features": columns}}:
            return (
                f"version {number} is held against a profile of {len(columns)} features,"
                f" {rows:,} rows"
            )
        case "DriftDetected", {"alarm": alarm, "version": number, "environment": where} as fact:
            furthest = fact["findings"][0]
            return (
                f"alarm {alarm}: {fact['kind']} drift of version {number} in {where},"
                f" {furthest['subject']} by {furthest['measure']} {furthest['value']:.3g}"
            )
        case "DriftCleared", {"alarm": alarm, "reason": reason}:
            return f"alarm {alarm} cleared: {reason}"
        case "DriftAcknowledged", {"alarm": alarm, "note": note}:
            return f"alarm {alarm} was seen: {note}"
        case _:
            return None


def of_retraining(kind: str, data: Mapping[str, Any]) -> str | None:
    """What was decided about training a model anew, and what it brought."""
    match kind, data:
        case "RetrainingSet", {"version": number}:
            document = data.get("document")
            when = f"by the pipeline {document['pipeline']}" if document else "never"
            return f"the model is trained anew {when}, version {number} of the policy"
        case "RetrainingRequested", {"retraining": number, "reason": reason}:
            why = f" because of alarm {data['alarm']}" if data.get("alarm") else ""
            return f"retraining {number} asked for{why}: {reason}"
        case "RetrainingStarted", {"retraining": number, "run": run}:
            return f"retraining {number} runs as {run}"
        case "RetrainingEnded", {"retraining": number, "outcome": outcome}:
            note = f": {data['note']}" if data.get("note") else ""
            return f"retraining {number} {_brought(outcome, data.get('version'))}{note}"
        case _:
            return None


def _brought(outcome: str, version: int | None) -> str:
    match outcome:
        case "candidate":
            return f"brought version {version}"
        case "empty":
            return "ended and registered nothing"
        case "lost":
            return "is lost: nobody knows what became of it"
        case "cancelled":
            return "was cancelled"
        case _:
            return "failed"


def of_governance(kind: str, data: Mapping[str, Any]) -> str | None:
    """What was decided about a namespace."""
    match kind, data:
        case "RulesSet", {"version": number}:
            return f"rules set, version {number}"
        case "MetadataSchemaSet", {"version": number}:
            return f"metadata schema set, version {number}"
        case "RoleGranted", {"grant": number, "subject": subject, "role": role}:
            title = f" for {data['title']}" if data.get("title") else ""
            until = f" until {data['until'][:10]}" if data.get("until") else ""
            return f"grant {number}: {subject} is {role}{title}{until}"
        case "RoleRevoked", {"grant": number, "subject": subject, "role": role}:
            return f"grant {number} revoked: {subject} is no longer {role}: {data.get('reason')}"
        case "KeyIssued", {"key": key, "account": account, "until": until}:
            return f"key {key} issued to {account} until {until[:10]}"
        case "KeyRevoked", {"key": key, "account": account, "reason": reason}:
            return f"key {key} of {account} revoked: {reason}"
        case "CollectionSet", {"collection": name, "models": models}:
            return f"collection {name} is {', '.join(models) or 'empty'}"
        case "CollectionRemoved", {"collection": name}:
            return f"collection {name} removed"
        case "QuerySaved", {"query": name, "text": text}:
            return f"query {name} saved: {text}"
        case "QueryDropped", {"query": name}:
            return f"query {name} dropped"
        case "SynonymsSet", {"word": word}:
            same = ", ".join(data.get("same") or ())
            return f"{word} means the same as {same}" if same else f"{word} stands for itself"
        case "PolicySaved", {"policy": name, "version": version}:
            return f"policy {name} in force, version {version}"
        case "PolicyDropped", {"policy": name, "reason": reason}:
            return f"policy {name} out of force: {reason}"
        case "EndpointSet", {"endpoint": name, "version": version}:
            return f"endpoint {name} is told of events, version {version}"
        case "EndpointDropped", {"endpoint": name, "reason": reason}:
            return f"endpoint {name} is told of nothing any more: {reason}"
        case "EndpointSecretRotated", {"endpoint": name, "reason": reason}:
            return f"the secret of endpoint {name} was changed: {reason}"
        case "EndpointTested", {"endpoint": name}:
            return f"endpoint {name} is tested"
        case "EndpointRedriven", {"endpoint": name}:
            return f"what endpoint {name} was not told of is sent anew"
        case "RetentionSet", {"version": version}:
            return f"retention of artifacts set, version {version}"
        case "DeletionsAnnounced", {"deletions": deletions}:
            size = sum(each["size"] for each in deletions)
            return f"a sweep set out to delete {len(deletions)} artifacts: {size:,} bytes"
        case "PersonalDataErased", {"references": references, "reason": reason}:
            return f"what stood behind {len(references)} references is erased: {reason}"
        case _:
            return None


def _gates(data: Mapping[str, Any], *outcomes: str) -> str:
    names = [gate["gate"] for gate in data.get("gates") or () if gate["outcome"] in outcomes]
    return ", ".join(names) or "the gates"


def _people(quorum: Mapping[str, int]) -> str:
    return ", ".join(f"{count} x {title}" for title, count in quorum.items()) or "nobody"


def _instead(data: Mapping[str, Any]) -> str:
    return f", in place of {data['replaced']}" if data.get("replaced") is not None else ""
