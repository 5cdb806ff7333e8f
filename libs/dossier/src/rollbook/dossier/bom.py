"""The ML-BOM of a version: CycloneDX 1.6 with a model card."""

from collections.abc import Iterator
from typing import Any, Final, TypeAlias
from uuid import UUID, uuid5

from rollbook.cards.licences import is_spdx
from rollbook.domain.lineage import Artifact
from rollbook.dossier.bomcard import model_card
from rollbook.dossier.pack import Pack
from rollbook.dossier.uris import is_plain

Json: TypeAlias = dict[str, Any]

SPEC: Final = "1.6"
MEDIA: Final = "application/vnd.cyclonedx+json"
MODEL: Final = "model"
_SERIALS: Final = UUID("8d0f3f1e-9b6a-5c57-9b1c-6f2f5f0f3a61")
_REFERENCES: Final = {
    "explainability": "quality-metrics",
    "fairness": "quality-metrics",
    "risk": "risk-assessment",
    "security": "threat-model",
    "legal": "certification-report",
}
"""What a document is about -> what CycloneDX calls such a reference."""


def bom(pack: Pack) -> Json:
    """The document; its serial number names the version and the last event that it knows."""
    model = pack.model
    component, others = _component(pack), list(_components(pack))
    serial = uuid5(_SERIALS, f"{pack.title} {model.head}")
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
        "metadata": {
            "timestamp": model.updated_at.isoformat(),
            "tools": {"components": [{"type": "application", "name": "rollbook"}]},
            "component": component,
        },
        "components": others,
        "dependencies": [
            {"ref": MODEL, "dependsOn": [other["bom-ref"] for other in others]},
        ],
    }


def _component(pack: Pack) -> Json:
    model, version = pack.model, pack.version
    found: Json = {
        "type": "machine-learning-model",
        "bom-ref": MODEL,
        "group": model.namespace,
        "name": model.name,
        "version": version.label or str(version.version),
        "description": version.description or model.description,
        "hashes": _hashes(version.artifact.digest),
        "modelCard": model_card(pack, [ref for ref, _ in _data(pack)]),
        "externalReferences": [
            {"type": kind, "url": uri, **more}
            for kind, uri, more in _addresses(pack)
            if is_plain(uri)
        ],
        "properties": list(_properties(pack)),
    }
    if model.team or model.owner:
        found["supplier"] = {"name": model.team or model.owner}
    if licence := version.terms and version.terms.licence:
        found["licenses"] = [{"license": {"id" if is_spdx(licence) else "name": licence}}]
    if parents := version.lineage.parents:
        found["pedigree"] = {
            "ancestors": [
                {
                    "type": "machine-learning-model",
                    "group": parent.model.partition("/")[0],
                    "name": parent.model.partition("/")[2],
                    "version": str(parent.version),
                }
                for parent in parents
            ]
        }
    return found


def _components(pack: Pack) -> Iterator[Json]:
    """What it was made of, and what else belongs to it."""
    yield from (component for _, component in _data(pack))
    for number, variant in enumerate(pack.version.variants):
        yield {
            "type": "file",
            "bom-ref": f"variant-{number}",
            "name": variant.name,
            "description": variant.kind,
            "hashes": _hashes(variant.digest),
            **_distributed(variant),
        }
    for number, (name, version) in enumerate(pack.version.lineage.environment.items()):
        yield {
            "type": "library",
            "bom-ref": f"package-{number}",
            "name": name,
            "version": version,
        }


def _data(pack: Pack) -> Iterator[tuple[str, Json]]:
    for number, data in enumerate(pack.version.lineage.datasets):
        ref = f"data-{number}"
        contents = {"contents": {"url": data.uri}} if is_plain(data.uri) else {}
        yield (
            ref,
            {
                "type": "data",
                "bom-ref": ref,
                "name": data.uri,
                "hashes": _hashes(data.digest),
                "data": [{"type": "dataset", "name": data.role, **contents}],
            },
        )


def _distributed(artifact: Artifact) -> Json:
    if is_plain(artifact.uri):
        return {"externalReferences": [{"type": "distribution", "url": artifact.uri}]}
    return {"properties": [{"name": "rollbook:distribution", "value": artifact.uri}]}


def _addresses(pack: Pack) -> Iterator[tuple[str, str, Json]]:
    version, lineage = pack.version, pack.version.lineage
    runtime = lineage.runtime
    commit = {"comment": f"commit {lineage.code_commit}"} if lineage.code_commit else {}
    found: list[tuple[str, str | None, Json]] = [
        ("distribution", version.artifact.uri, {"hashes": _hashes(version.artifact.digest)}),
        ("vcs", lineage.code_uri, commit),
        ("build-meta", lineage.run_uri, {}),
    ]
    if runtime is not None:
        locked = {"hashes": _hashes(runtime.lock_digest)}
        found.append(("configuration", runtime.lock_uri, locked))
    found += [
        (
            _REFERENCES.get(linked.kind, "documentation"),
            linked.uri,
            {"comment": linked.title, "hashes": _hashes(linked.digest)},
        )
        for linked in pack.documents
    ]
    return ((kind, uri, more) for kind, uri, more in found if uri is not None)


def _properties(pack: Pack) -> Iterator[Json]:
    """What CycloneDX has no place for, and what leads back into the log."""
    model, version, lineage = pack.model, pack.version, pack.version.lineage
    facts = {
        "model": model.key,
        "version": version.version,
        "uri": version.artifact.uri,
        "registered-by": version.created_by,
        "registered-at": version.created_at.isoformat(),
        "position": version.position,
        "origin": version.origin,
        "stage": version.stage,
        "verdict": version.verdict,
        "evaluations": version.evaluated,
        "code": lineage.code_uri,
        "commit": lineage.code_commit,
        "run": lineage.run_id,
        "risk": model.risk,
        "personal-data": version.terms and version.terms.pii,
        "as-of": model.position,
        "head": model.head,
        **{f"serves-in:{stay.environment}": stay.position for stay in pack.stays if not stay.until},
        **{f"param:{name}": value for name, value in version.params.items()},
        **{f"tag:{name}": value for name, value in version.tags.items()},
    }
    for name, value in facts.items():
        if value is not None:
            yield {"name": f"rollbook:{name}", "value": str(value)}
    for kind, uri, _ in _addresses(pack):
        if not is_plain(uri):
            yield {"name": f"rollbook:{kind}", "value": uri}


def _hashes(digest: str | None) -> list[Json]:
    if digest is None:
        return []
    return [{"alg": "SHA-256", "content": digest.removeprefix("sha256:")}]
