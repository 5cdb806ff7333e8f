"""The evidence pack as one HTML page to be read and printed; nothing in it can run or load."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from rollbook.cards.markdown import measure_words, slice_name
from rollbook.cards.page import chapters, document, facts_list, harmless, table
from rollbook.dossier.facts import (
    data_rows,
    identity,
    origin_facts,
    personal_facts,
    registered_figures,
)
from rollbook.dossier.pack import Pack
from rollbook.dossier.record import Chain, Link
from rollbook.dossier.words import clock, joined

NOTHING: Final = '<p class="empty">Nothing is on record.</p>'


def page(pack: Pack) -> str:
    """A whole page, with everything it needs in it."""
    sections = (
        ("What this is", _head(pack)),
        ("Why it serves", "".join(map(_chain, pack.chains)) or "<p>It serves nowhere.</p>"),
        ("Where it served", _stays(pack)),
        ("Where it comes from", facts_list(origin_facts(pack)) + _data(pack)),
        ("Figures at registration", _rows(("name", "value"), registered_figures(pack))),
        ("Evaluations", _evaluations(pack)),
        ("Gates", _verdicts(pack)),
        ("Requests and signatures", _requests(pack)),
        ("Emergencies", _breaks(pack)),
        ("Rules", _rules(pack)),
        ("Terms and personal data", facts_list(personal_facts(pack)) or NOTHING),
        ("Documents", _documents(pack)),
        ("Model card", _card(pack)),
        ("Every event, with its proof", _events(pack)),
    )
    body = "\n".join(f"<h2>{escape(title)}</h2>\n{text}" for title, text in sections)
    return document(f"Evidence for {pack.title}", body)


def _head(pack: Pack) -> str:
    model = pack.model
    as_of = (
        f"As of event {model.seq} of {model.key}, at {model.position} of the log,"
        f" {clock(model.updated_at)}. Its SHA-256 is {model.head}: it pins every event of the model"
        " before it."
    )
    described = harmless(pack.version.description)
    return f"{facts_list(identity(pack))}{described}<p>{escape(as_of)}</p>"


def _data(pack: Pack) -> str:
    return _rows(("data for", "where", "digest"), data_rows(pack))


def _chain(chain: Chain) -> str:
    below: defaultdict[str | None, list[Link]] = defaultdict(list)
    for link in chain.links:
        below[link.explains].append(link)

    def drawn(links: Sequence[Link]) -> str:
        items = "".join(f"<li>{_link(link)}{drawn(below[link.position])}</li>" for link in links)
        return f"<ul>{items}</ul>" if items else ""

    return f"<p>{escape(chain.summary)}.</p>{drawn(below[None])}"


def _link(link: Link) -> str:
    why = f" ({link.reason})" if link.reason and link.reason not in link.sentence else ""
    came = f", from {link.origin}" if link.origin else ""
    who = f"<strong>{escape(f'{link.because} {link.actor}')}</strong>"
    when = f"{clock(link.time)}, at {link.position}"
    return f"{who}: {escape(f'{link.sentence}{why}{came}')} <code>{escape(when)}</code>"


def _stays(pack: Pack) -> str:
    return _rows(
        ("where", "from", "until", "by", "how", "why", "signed by", "position"),
        (
            (
                stay.environment,
                clock(stay.since),
                clock(stay.until) if stay.until else "it serves there",
                stay.actor,
                stay.action,
                stay.reason or "",
                joined(stay.approved_by),
                stay.position,
            )
            for stay in pack.stays
        ),
    )


def _evaluations(pack: Pack) -> str:
    return _rows(
        ("metric", "value", "kind", "split", "where", "samples", "by", "when", "position"),
        (
            (
                name,
                measure_words(measure),
                row.evaluation.kind,
                row.evaluation.split,
                slice_name(row.evaluation.slice),
                str(row.evaluation.samples or ""),
                row.recorded_by,
                clock(row.evaluation.at or row.recorded_at),
                row.position,
            )
            for row in pack.evaluations
            for name, measure in row.evaluation.metrics.items()
        ),
    )


def _verdicts(pack: Pack) -> str:
    return _rows(
        ("verdict", "gate", "outcome", "reason", "policy", "by", "when", "position"),
        (
            (
                verdict.stage,
                gate.gate,
                gate.outcome,
                gate.reason,
                verdict.policy or "",
                verdict.decided_by,
                clock(verdict.decided_at),
                verdict.position,
            )
            for verdict in pack.verdicts
            for gate in verdict.gates
        ),
    )


def _requests(pack: Pack) -> str:
    return "".join(_request(pack)) or NOTHING


def _request(pack: Pack) -> Iterator[str]:
    for request in pack.requests:
        yield f"<h3>{escape(f'Request {request.request} for {request.environment}')}</h3>"
        closed = f"{request.state}"
        if request.closed_at:
            closed += f", {clock(request.closed_at)} by {request.closed_by}"
        asked = [
            ("state", closed),
            ("asked for by", f"{request.requested_by}, {clock(request.requested_at)}"),
            ("reason", request.reason),
            ("way back", request.rollback_plan),
            ("risk", request.risk),
            ("signatures asked for", joined(f"{n} x {t}" for t, n in request.quorum.items())),
            ("evidence then", request.evidence),
            ("position", request.position),
        ]
        yield facts_list([(name, value) for name, value in asked if value])
        said = [remark for remark in pack.remarks if remark.request == request.request]
        if said:
            yield _rows(
                ("what", "by", "as", "said", "on the evidence", "when", "position"),
                (
                    (
                        remark.kind,
                        remark.said_by,
                        remark.title or "",
                        remark.comment,
                        remark.evidence or "",
                        clock(remark.said_at),
                        remark.position,
                    )
                    for remark in said
                ),
            )


def _breaks(pack: Pack) -> str:
    return _rows(
        ("glass", "where", "past", "why", "by", "when", "reviewed", "note", "position"),
        (
            (
                str(broken.number),
                broken.environment,
                joined(broken.bypassed),
                broken.reason,
                broken.broken_by,
                clock(broken.broken_at),
                f"{broken.verdict} by {broken.reviewed_by}" if broken.verdict else "not yet",
                broken.note or "",
                broken.position,
            )
            for broken in pack.breaks
        ),
    )


def _rules(pack: Pack) -> str:
    held = pack.governance
    if held is None:
        return "<p>Nobody had decided anything about the namespace.</p>"
    now = (
        f"As of the moment of this pack the rules of {held.namespace} are version"
        f" {held.rules_version}, its metadata schema is version {held.schema_version}."
    )
    return f"<p>{escape(now)}</p>{''.join(_rules_text(pack))}"


def _rules_text(pack: Pack) -> Iterator[str]:
    for rules in pack.rules:
        said = f"set by {rules.set_by}, {clock(rules.set_at)}, at {rules.position}"
        yield f"<h3>Decided by version {rules.version}</h3><p>{escape(said)}</p>"
        yield f"<pre>{escape(rules.rules.model_dump_json(exclude_defaults=True, indent=2))}</pre>"


def _documents(pack: Pack) -> str:
    return _rows(
        ("about", "title", "where", "digest", "by", "when", "position"),
        (
            (
                linked.kind,
                linked.title,
                linked.uri,
                linked.digest or "",
                linked.linked_by,
                clock(linked.linked_at),
                linked.position,
            )
            for linked in pack.documents
        ),
    )


def _card(pack: Pack) -> str:
    if pack.card is None:
        return NOTHING
    written = pack.card
    about = [
        ("revision", str(written.revision)),
        ("written by", f"{written.written_by}, {clock(written.written_at)}"),
        ("digest", written.digest),
        ("position", written.position),
    ]
    about += [
        (f"found to hold until {clock(check.review_by)}", f"{check.reviewed_by}: {check.note}")
        for check in pack.card_reviews
    ]
    return facts_list(about) + chapters(written.card, below=2)


def _events(pack: Pack) -> str:
    return _rows(
        ("position", "when", "by", "what", "seq", "id", "SHA-256"),
        (
            (
                event.position,
                clock(event.time),
                event.actor,
                event.sentence,
                str(event.seq),
                event.id,
                event.digest or "",
            )
            for event in pack.events
        ),
    )


def _rows(head: Sequence[str], rows: Iterator[Sequence[str]] | Sequence[Sequence[str]]) -> str:
    found = list(rows)
    return table([head, *found]) if found else NOTHING
