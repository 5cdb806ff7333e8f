"""What was registered with a version, as names and texts for people."""

from collections.abc import Iterable, Sequence

from rollbook.dossier.pack import Pack
from rollbook.dossier.words import clock, joined

Facts = list[tuple[str, str]]


def identity(pack: Pack) -> Facts:
    """Which version of which model it is, and what its bytes are."""
    model, version = pack.model, pack.version
    artifact = version.artifact
    return _there(
        ("model", model.key),
        ("version", str(version.version)),
        ("label", version.label),
        ("registered by", f"{version.created_by}, {clock(version.created_at)}"),
        ("position", version.position),
        ("imported from", version.origin),
        ("registered there", clock(version.origin_time) if version.origin_time else None),
        ("answers for the model", joined(filter(None, (model.owner, model.team)))),
        ("risk", model.risk),
        ("artifact", artifact.uri),
        ("digest", artifact.digest),
        ("bytes", f"{artifact.size:,}" if artifact.size is not None else None),
        ("format", artifact.format),
        ("stage", version.stage),
        ("verdict of the gates", version.verdict),
        ("digest of the evaluations", version.evaluated),
        ("serves in", joined(version.environments)),
        ("aliases", joined(version.aliases)),
        ("archived", version.archived_reason),
        ("retired", model.retired_reason),
        *((f"variant {v.name}", f"{v.kind}, {v.uri}, {v.digest}") for v in version.variants),
    )


def origin_facts(pack: Pack) -> Facts:
    """Code, run, features, parents and environment."""
    lineage = pack.version.lineage
    runtime = lineage.runtime
    found = _there(
        ("code", lineage.code_uri),
        ("commit", lineage.code_commit),
        ("run", lineage.run_id),
        ("run at", lineage.run_uri),
        (
            "made from",
            joined(f"{p.model}@{p.version} ({p.relation})" for p in lineage.parents),
        ),
        ("features", joined(feature.name for feature in lineage.features)),
        ("packages", joined(f"{k} {v}" for k, v in lineage.environment.items())),
    )
    if runtime is not None:
        found += _there(
            ("Python", runtime.python),
            ("lock file", runtime.lock_uri),
            ("lock file's digest", runtime.lock_digest),
            ("image", runtime.image),
            ("hardware", runtime.hardware),
            ("training began", clock(runtime.started_at) if runtime.started_at else None),
            ("training took", str(runtime.duration) if runtime.duration else None),
        )
    return found


def data_rows(pack: Pack) -> Sequence[Sequence[str]]:
    """The data sets: what for, where, digest."""
    return [(data.role, data.uri, data.digest or "") for data in pack.version.lineage.datasets]


def registered_figures(pack: Pack) -> Facts:
    """Metrics, parameters, tags and properties."""
    version = pack.version
    return [
        *((f"metric {name}", f"{value:g}") for name, value in version.metrics.items()),
        *((f"parameter {name}", value) for name, value in version.params.items()),
        *((f"tag {name}", value) for name, value in version.tags.items()),
        *((f"property {name}", str(value)) for name, value in version.properties.items()),
    ]


def personal_facts(pack: Pack) -> Facts:
    """Under which terms it may be used, and whose data is in it."""
    terms = pack.version.terms
    if terms is None:
        return []
    return _there(
        ("licence", terms.licence),
        ("data given for", joined(terms.data_use)),
        ("rests on", terms.consent),
        ("personal data seen in training", terms.pii),
    )


def _there(*facts: tuple[str, str | None]) -> Facts:
    return list(_present(facts))


def _present(facts: Iterable[tuple[str, str | None]]) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, value in facts if value)
