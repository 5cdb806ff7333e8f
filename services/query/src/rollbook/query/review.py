"""What somebody must see who is asked to sign: the request, judged by the facts of now."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from rollbook.domain import completeness
from rollbook.domain.context import Context
from rollbook.domain.evidence import evidence_of
from rollbook.domain.guards import as_of_today, objections
from rollbook.domain.messages import Refused
from rollbook.domain.state import Model, Request
from rollbook.query import standing
from rollbook.query.diff import Side, VersionDiff, diff
from rollbook.query.problems import Problem
from rollbook.query.reading import known
from rollbook.readmodel import (
    cards,
    discussion,
    documents,
    environments,
    evaluations,
    namespaces,
    requests,
    verdicts,
    versions,
)
from rollbook.readmodel.cards import CardRow
from rollbook.readmodel.database import Db
from rollbook.readmodel.discussion import DiscussionRow
from rollbook.readmodel.documents import DocumentRow
from rollbook.readmodel.environments import EnvironmentRow
from rollbook.readmodel.requests import RequestRow
from rollbook.readmodel.verdicts import VerdictRow
from rollbook.readmodel.versions import VersionRow

ENOUGH = 1000
"""Evaluations and stays that are looked at, the newest ones."""


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


class SignatureShown(_Shown):
    """A signature under a request; of each signer the last one."""

    by: str
    title: str
    evidence: str
    counts: bool
    """Whether it was given on the facts as they are now."""


class ObjectionShown(_Shown):
    """A reason, beside missing signatures, why the version may not serve there."""

    code: str
    message: str


class Judgement(_Shown):
    """How an open request stands, by the facts and the rules of now."""

    evidence: str
    """Digest of the facts: what `ApprovePromotion.evidence` takes."""
    changed: bool
    """Whether the facts are others than when it was asked for."""
    quorum: dict[str, int]
    """How many signatures are asked for in the name of each title, by today's rules as well."""
    missing: dict[str, int]
    signatures: list[SignatureShown]
    objections: list[ObjectionShown]
    """Nothing, and nothing missing: `PromoteVersion` will be accepted."""
    lacks: list[str]
    """What the version's record lacks by the metadata schema."""


class Review(_Shown):
    """A request to promote with everything that a decision on it rests on."""

    request: RequestRow
    now: Judgement | None
    """Null when the request is closed."""
    version: VersionRow
    card: CardRow | None
    verdict: VerdictRow | None
    """What the gates found, the last time they looked."""
    documents: list[DocumentRow]
    discussion: list[DiscussionRow]
    diff: VersionDiff
    """Against what serves there; of a closed request, against what did when it was asked for."""


async def review(db: Db, key: str, number: int, now: datetime) -> Review:
    """The model's request `number`; a 404 when there is none."""
    model = await known(db, key)
    request = await requests.get(db, key, number)
    if request is None:
        raise Problem(404, "unknown_request", f"{key} has no request {number}")
    row = await versions.get(db, key, request.version)
    if row is None:
        raise Problem(404, "unknown_version", f"{key} has no version {request.version}")
    said = await discussion.of(db, key, number)
    linked = await documents.of(db, key, row.version)
    found = await verdicts.of(db, key, row.version, limit=1)
    is_open = request.state == "open"
    judged = None
    serving = request.replaces
    if is_open:
        space = standing.namespace(await namespaces.get(db, model.namespace))
        context = Context(time=now, actor="", namespace=space, name=model.name)
        rule = space.rules.environment(request.environment)
        stays = await _stays(db, key, [request.environment, rule.after if rule else None])
        state = standing.model(
            model,
            standing.version(row, linked, found),
            row.version,
            stays,
            standing.request(request, said),
            number,
        )
        serving = state.serving(request.environment)
        judged = judge(state, number, request.evidence, context)
    new = await side(db, row)
    before = None
    if serving is not None and serving != row.version:
        before = await versions.get(db, key, serving)
    return Review(
        request=request,
        now=judged,
        version=row,
        card=await cards.get(db, key, row.version),
        verdict=found[0] if found else None,
        documents=linked,
        discussion=said,
        diff=diff(await side(db, before) if before else None, new),
    )


def judge(state: Model, number: int, asked_on: str, context: Context) -> Judgement:
    """How the open request `number` stands; `asked_on` is the evidence when it was asked for."""
    request = state.requests[number]
    evidence = evidence_of(state, request.version, request.environment)
    against: list[ObjectionShown] = []
    today: Request = request
    try:
        against = [
            ObjectionShown(code=objection.code, message=objection.message)
            for objection in objections(state, request.version, request.environment, context)
        ]
        today = as_of_today(state, request, context)
    except Refused as refused:  # archived, retired, or an environment that is no more
        against = [ObjectionShown(code=refused.code, message=refused.message)]
    if request.expires_at <= context.time:
        message = f"it expired {request.expires_at.isoformat()}: close it and request anew"
        against.append(ObjectionShown(code="expired", message=message))
    return Judgement(
        evidence=evidence,
        changed=evidence != asked_on,
        quorum=dict(today.quorum),
        missing=today.missing(evidence),
        signatures=[
            SignatureShown(
                by=given.by,
                title=given.title,
                evidence=given.evidence,
                counts=given.evidence == evidence,
            )
            for given in request.approvals
        ],
        objections=against,
        lacks=completeness.lacks_of(state, state.versions[request.version], context.namespace),
    )


async def side(db: Db, row: VersionRow) -> Side:
    """A version with what was found out about it, to be compared."""
    card = await cards.get(db, row.model, row.version)
    found = await evaluations.newest(db, row.model, row.version, limit=ENOUGH)
    verdict = await verdicts.of(db, row.model, row.version, limit=1)
    return Side(
        version=row,
        card=card.card if card else None,
        evaluations=[measured.evaluation for measured in found],
        gates=verdict[0].gates if verdict else (),
    )


async def _stays(db: Db, key: str, names: list[str | None]) -> list[EnvironmentRow]:
    found = [
        await environments.stays(db, key, name, limit=ENOUGH)
        for name in dict.fromkeys(names)
        if name is not None
    ]
    return [stay for stays in found for stay in stays]
