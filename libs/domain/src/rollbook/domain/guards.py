"""What stands against a version's way into an environment, by the rules of its namespace."""

from typing import NamedTuple

from rollbook.domain import completeness
from rollbook.domain.context import Context
from rollbook.domain.evidence import evidence_of
from rollbook.domain.messages import Refused
from rollbook.domain.rulebook import PII_LEVELS, EnvironmentRule, Quorum
from rollbook.domain.state import Model, Request, Rollout, Version


class Objection(NamedTuple):
    """Why a version may not serve there yet: `code` for programs, `message` for people."""

    code: str
    message: str


def rule_for(environment: str, context: Context) -> EnvironmentRule | None:
    """The rule of an environment, None where there are no rules; refuses one that is not named."""
    rules = context.namespace.rules
    if not rules.environments:
        return None
    rule = rules.environment(environment)
    if rule is None:
        known = ", ".join(r.name for r in rules.environments)
        raise Refused("unknown_environment", f"there is no {environment!r} here, but {known}")
    return rule


def quorum_for(state: Model, rule: EnvironmentRule | None, context: Context) -> Quorum:
    """Who must sign."""
    return rule.quorum(state.risk or context.namespace.rules.default_risk) if rule else {}  # type: ignore[arg-type]  # a risk that was checked when it was set


def objections(state: Model, number: int, environment: str, context: Context) -> list[Objection]:
    """Everything but missing signatures that keeps version `number` out of `environment`."""
    version = state.usable(number)
    rule = rule_for(environment, context)
    found = []
    stage = version.review.stage
    if version.review.rejected:
        found.append(Objection("rejected", f"version {number} failed its gates"))
    if barred := version.review.barred.get(environment):
        found.append(
            Objection("barred", f"it failed {', '.join(barred)}, which {environment} asks")
        )
    if rule is None:
        return found
    if rule.validated and stage != "validated" and not version.review.rejected:
        found.append(Objection("not_validated", f"version {number} is {stage}, not validated"))
    if rule.after is not None and number not in state.environments.get(rule.after, ()):
        found.append(
            Objection("wrong_order", f"version {number} has not served in {rule.after} yet")
        )
    if rule.metadata and (lacks := completeness.lacks_of(state, version, context.namespace)):
        found.append(Objection("incomplete", "; ".join(lacks)))
    return found + _card(number, version, rule, context) + _terms(number, version, rule)


def _card(
    number: int, version: Version, rule: EnvironmentRule, context: Context
) -> list[Objection]:
    if not rule.card:
        return []
    review = version.review
    if review.card_revision == 0:
        return [Objection("no_card", f"version {number} has no card")]
    found = []
    if missing := [s for s in rule.card if s not in review.card_sections]:
        found.append(Objection("card_incomplete", f"its card lacks {', '.join(missing)}"))
    due = review.review_by
    if review.stale or (due is not None and due <= context.time):
        found.append(Objection("card_stale", "its card should have been reviewed"))
    return found


def _terms(number: int, version: Version, rule: EnvironmentRule) -> list[Objection]:
    found = []
    pii = version.terms.pii if version.terms else None
    if rule.pii is not None:
        if pii is None:
            found.append(
                Objection("privacy", f"version {number} does not say what personal data is in it")
            )
        elif PII_LEVELS.index(pii) > PII_LEVELS.index(rule.pii):
            found.append(Objection("privacy", f"{pii} data in it, and at most {rule.pii} may be"))
    licence = version.terms.licence if version.terms else None
    if rule.licences and licence not in rule.licences:
        allowed = ", ".join(rule.licences)
        found.append(Objection("licence", f"its licence is {licence or 'unknown'}, not {allowed}"))
    return found


def unsigned(
    state: Model, number: int, environment: str, context: Context
) -> tuple[Objection | None, int | None, Request | None]:
    """What signatures are missing, if any; and the open request, if there is one."""
    quorum = quorum_for(state, rule_for(environment, context), context)
    found = open_request(state, number, environment)
    if found is None:
        if not quorum:
            return None, None, None
        return Objection("needs_request", f"{_people(quorum)} must sign: request it"), None, None
    place, request = found
    if request.expires_at <= context.time:
        if not quorum:
            return None, None, None
        message = f"request {place} has expired: close it and request anew"
        return Objection("expired", message), place, request
    asked = as_of_today(state, request, context)
    if missing := asked.missing(evidence_of(state, number, environment)):
        message = f"request {place} lacks the signature of {_people(missing)}"
        return Objection("needs_approval", message), place, request
    return None, place, request


def as_of_today(state: Model, request: Request, context: Context) -> Request:
    """The request by the rules of today as well: asked under weaker ones, it is not let through."""
    quorum = dict(request.quorum)
    today = quorum_for(state, rule_for(request.environment, context), context)
    for title, count in today.items():
        quorum[title] = max(count, quorum.get(title, 0))
    return request._replace(quorum=tuple(quorum.items()))


def rollout_live(number: int, rollout: Rollout) -> Refused:
    """What is said to those who would put another version where a rollout is live."""
    return Refused(
        "rollout_live",
        f"rollout {number} of version {rollout.version} is live in {rollout.environment}:"
        " abort it or wait",
    )


def open_request(state: Model, number: int, environment: str) -> tuple[int, Request] | None:
    """The open request to let a version serve in an environment."""
    for place, request in state.requests.items():
        if (request.version, request.environment) == (number, environment):
            return place, request
    return None


def _people(quorum: Quorum) -> str:
    return ", ".join(f"{count} x {title}" for title, count in quorum.items())
