"""A model's state, made again from rows as far as one version's way into an environment needs it.

What a reviewer sees is then judged by the very functions that decide.
"""

from collections.abc import Iterable, Sequence

from immutables import Map

from rollbook.domain.state import KEPT_PLACES, Approval, Model, Request, Review, Version
from rollbook.domain.tenancy import Namespace
from rollbook.domain.versions import DocumentLinked
from rollbook.readmodel.discussion import DiscussionRow
from rollbook.readmodel.documents import DocumentRow
from rollbook.readmodel.environments import EnvironmentRow
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.namespaces import NamespaceRow
from rollbook.readmodel.requests import RequestRow
from rollbook.readmodel.verdicts import VerdictRow
from rollbook.readmodel.versions import VersionRow


def model(
    row: ModelRow,
    version: Version,
    number: int,
    stays: Iterable[EnvironmentRow],
    request: Request | None = None,
    place: int = 0,
) -> Model:
    """The model with one version, its environments and maybe one open request."""
    by_environment: dict[str, list[EnvironmentRow]] = {}
    for stay in stays:
        by_environment.setdefault(stay.environment, []).append(stay)
    places = {name: stood(found) for name, found in by_environment.items()}
    return Model(
        registered=True,
        versions=Map({number: version}),
        environments=Map({name: found for name, found in places.items() if found}),
        retired=row.retired_reason is not None,
        owner=row.owner,
        team=row.team,
        risk=row.risk,
        requests=Map({place: request}) if request is not None else Map(),
    )


def version(
    row: VersionRow, documents: Sequence[DocumentRow], verdicts: Sequence[VerdictRow]
) -> Version:
    """The version; `verdicts` newest first."""
    return Version(
        digest=row.artifact.digest,
        archived=row.archived_reason is not None,
        description=row.description,
        label=row.label,
        registered_by=row.created_by,
        recorded=row.recorded,
        terms=row.terms,
        properties=Map(row.properties),
        schema=row.properties_schema,
        review=Review(
            stage=row.stage,
            rejected=bool(verdicts) and verdicts[0].stage == "rejected",
            verdict=row.verdict or "",
            barred=verdicts[0].barred if verdicts else {},
            evaluations=row.evaluations,
            evaluated=row.evaluated or "",
            documents=tuple(_link(document) for document in documents),
            card=row.card_digest or "",
            card_revision=row.card_revision,
            card_sections=row.card_sections,
            review_by=row.review_by,
            stale=row.card_stale,
        ),
    )


def _link(row: DocumentRow) -> str:
    return DocumentLinked(
        version=row.version, kind=row.kind, title=row.title, uri=row.uri, digest=row.digest
    ).link()


def request(row: RequestRow, said: Iterable[DiscussionRow]) -> Request:
    """The open request with its signatures; of each signer the last one counts."""
    signed = Request(
        version=row.version,
        environment=row.environment,
        requested_by=row.requested_by,
        quorum=tuple(row.quorum.items()),
        expires_at=row.expires_at,
        escalates_at=row.escalates_at,
        escalated=row.escalated_at is not None,
    )
    for word in said:
        if word.kind == "approval":
            given = Approval(word.said_by, word.title or "", word.evidence or "")
            others = signed.without(given.by)
            signed = others._replace(approvals=(*others.approvals, given))
    return signed


def namespace(row: NamespaceRow | None) -> Namespace:
    """What governs the model, without who may do what there."""
    if row is None:
        return Namespace()
    return Namespace(
        rules=row.rules,
        rules_version=row.rules_version,
        schema=row.metadata,
        schema_version=row.schema_version,
        adapters=row.adapters,
    )


def stood(stays: Sequence[EnvironmentRow]) -> tuple[int, ...]:
    """The versions that stood in an environment and were not rolled back, the last one stands now.

    `stays` newest first, as the view gives them; nothing when nothing stands there.
    """
    places: tuple[int, ...] = ()
    ended = None
    for stay in reversed(stays):
        if ended is not None and ended != stay.position:
            places = ()  # it was cleared in between
        if stay.action == "VersionRolledBack" and stay.version in places[:-1]:
            before = places[:-1]
            places = before[: len(before) - before[::-1].index(stay.version)]
        else:
            places = (*places, stay.version)[-KEPT_PLACES:]
        ended = stay.until_position
    return places if ended is None else ()
