"""`rollbook show` and `rollbook history`: what stands in the book."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit
from rollbook.cli.moments import AsOf, moment, said
from rollbook.cli.sentences import clock, short, tags
from rollbook.cli.serving import Name
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import Registry, Stay, Version

NEWEST = 10
"""Versions that `show` lists; there may be thousands."""


def show(
    name: Annotated[
        str | None, Parameter(help="Of the model, or NAME@VERSION; without, all models.")
    ] = None,
    /,
    *,
    version: Annotated[int | None, Parameter(help="One version with all its facts.")] = None,
    alias: Annotated[str | None, Parameter(help="The version that the alias points at.")] = None,
    as_of: AsOf = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Show models, a model, or one of its versions, now or as of a moment.

    ```console
    rollbook show                                   # every model
    rollbook show --as-of 2026-03-01                # every model that was there then
    rollbook show churn                             # versions, aliases, what serves
    rollbook show churn --version 3                 # or churn@3
    rollbook show churn --alias champion --json
    rollbook show churn --as-of 2026-03-01T09:00    # your time zone, if none is said
    rollbook show churn@3 --as-of 3:1042            # as that record of the log left it
    ```
    """
    if name is None:
        if version is not None or alias:
            raise bad("--version and --alias need a NAME", "rollbook show churn …")
        return _models(moment(as_of), target)
    model, number = arguments.key_and_version(name)
    if sum(x is not None for x in (number, version, alias)) > 1:
        raise bad("give only one of @VERSION, --version and --alias")
    wanted = number if number is not None else version
    at = moment(as_of)
    with target.registry() as registry:
        if wanted is not None or alias is not None:
            found = registry.version(model, wanted or alias or "", as_of=at)
            _version(found, as_json=target.json)
        else:
            _model(registry, model, at, as_json=target.json)
    return Exit.DONE


def history(
    name: Name,
    /,
    *,
    last: Annotated[int | None, Parameter(help="Only so many, the newest.")] = None,
    as_of: AsOf = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Show everything that the log says about a model, refusals too, the newest at the end.

    ```console
    rollbook history churn
    rollbook history churn --last 5 --json
    ```
    """
    if last is not None and last < 1:
        raise bad("--last must be 1 or more")
    model = arguments.key(name)
    with target.registry() as registry:
        records = list(
            registry.history(model, newest_first=last is not None, limit=last, as_of=moment(as_of))
        )
    if last is not None:
        records.reverse()
    if target.json:
        output.document({"model": model, "records": [output.shaped(r) for r in records]})
        return Exit.DONE
    output.records(records)
    return Exit.DONE


def _models(at: datetime | str | None, target: Target) -> Exit:
    with target.registry() as registry:
        found = list(registry.models(as_of=at))
    if target.json:
        then = {"as_of": said(at)} if at is not None else {}
        output.document({**then, "models": [output.shaped(model) for model in found]})
    elif not found and at is not None:
        output.say("The book was empty then.")
    elif not found:
        output.say("The book is empty. Begin with: rollbook register NAME FILE")
    else:
        output.table(
            ("model", "#versions", "#seq", "changed", "description"),
            [
                (m.key, m.versions, m.seq, clock(m.updated_at), m.description.partition("\n")[0])
                for m in found
            ],
        )
    return Exit.DONE


def _model(registry: "Registry", key: str, at: datetime | str | None, *, as_json: bool) -> None:
    from rollbook.client import Refused  # noqa: PLC0415

    try:
        model = registry.model(key, as_of=at)
    except Refused as refusal:
        if at is None or refusal.code != "unknown_model":
            raise
        registry.model(key)  # it may never have been there
        if as_json:
            output.document({"model": key, "as_of": said(at), "registered": False})
        else:
            output.say(f"Nothing of {output.plain(key)} was there yet.")
        return
    serving = registry.environments(key, as_of=at)
    aliases = registry.aliases(key, as_of=at)
    versions = registry.versions(key, newest_first=True, limit=NEWEST, as_of=at)
    newest = list(islice(versions, NEWEST))
    if as_json:
        output.document(
            {
                **output.shaped(model),
                **({"as_of": said(at)} if at is not None else {}),
                "environments": [output.shaped(stay) for stay in serving.values()],
                "aliases": {alias.alias: alias.version for alias in aliases},
                "newest_versions": [output.shaped(version) for version in newest],
            }
        )
        return
    output.say(f"[bold]{output.plain(model.key)}[/]  [dim]seq {model.seq} at {model.position}[/]")
    if model.description:
        output.say(output.plain(model.description))
    if model.parked:
        output.say(f"[red]stands still: {output.plain(model.parked)}[/]")
    if model.retired_reason:
        output.say(f"[red]retired: {output.plain(model.retired_reason)}[/]")
    about = {"owner": model.owner, "team": model.team, "risk": model.risk}
    if known := {name: value for name, value in about.items() if value}:
        output.say(output.plain(tags(known)))
    if model.origin:
        output.say(f"[dim]imported from {output.plain(model.origin)}[/]")
    if model.tags:
        output.say(f"tags: {output.plain(tags(model.tags))}")
    _stays(serving.values())
    if newest:
        output.say("")
        _versions(newest)
    if model.versions > len(newest):
        output.say(f"[dim]{model.versions - len(newest)} older versions: show NAME@VERSION[/]")


def _stays(stays: "Iterable[Stay]") -> None:
    for stay in stays:
        why = f": {output.plain(stay.reason)}" if stay.reason else ""
        output.say(
            f"[green]{stay.environment}[/]: version {stay.version} since {clock(stay.since)}"
            f" [dim]({stay.action} at {stay.position} by {output.plain(stay.actor)}{why})[/]"
        )


def _versions(versions: "Sequence[Version]") -> None:
    output.table(
        ("#version", "label", "stage", "serves in", "aliases", "metrics", "digest", "by"),
        [
            (
                v.version,
                v.label,
                v.stage,
                ", ".join(v.environments) or ("archived" if v.archived_reason else ""),
                ", ".join(v.aliases),
                tags(v.metrics),
                short(v.artifact["digest"]),
                v.created_by,
            )
            for v in versions
        ],
    )


def _version(version: "Version", *, as_json: bool) -> None:
    if as_json:
        output.document(output.shaped(version))
        return
    lineage: Mapping[str, object] = version.lineage
    datasets = lineage.get("datasets") or []
    terms = version.terms or {}
    runtime = lineage.get("runtime") or {}
    facts = {
        "label": version.label,
        "stage": version.stage,
        "serves in": ", ".join(version.environments),
        "aliases": ", ".join(version.aliases),
        "archived": version.archived_reason,
        "description": version.description,
        "digest": version.artifact["digest"],
        "lies at": version.artifact["uri"],
        "bytes": version.artifact.get("size"),
        "variants": "\n".join(f"{v['kind']} {v['name']} {v['uri']}" for v in version.variants),
        "metrics": tags(version.metrics),
        "params": tags(version.params),
        "properties": tags(version.properties),
        "tags": tags(version.tags),
        "licence": terms.get("licence"),
        "personal data": terms.get("pii"),
        "may be used for": ", ".join(terms.get("data_use") or ()),
        "consent": terms.get("consent"),
        "signature": _signature(version),
        "rebuilt by": _recipe(version),
        "evaluations": version.evaluations or None,
        "documents": len(version.documents) or None,
        "card": f"revision {version.card_revision}{_due(version)}"
        if version.card_revision
        else None,
        "run": lineage.get("run_id"),
        "code": " ".join(str(lineage[k]) for k in ("code_uri", "code_commit") if lineage.get(k)),
        "data": "\n".join(
            f"{d.get('role', 'train')} {d['uri']} {d.get('digest') or ''}"
            for d in datasets  # type: ignore[attr-defined]
        ),
        "environment": tags(lineage.get("environment") or {}),  # type: ignore[arg-type]
        "trained in": tags({k: v for k, v in runtime.items() if v}),  # type: ignore[attr-defined]
        "features": ", ".join(f["name"] for f in lineage.get("features") or ()),  # type: ignore[attr-defined]
        "made from": ", ".join(
            f"{p['model']}@{p['version']}"
            for p in lineage.get("parents") or ()  # type: ignore[attr-defined]
        ),
        "registered": f"{clock(version.created_at)} by {version.created_by} at {version.position}",
        "imported": output.imported(version) if version.origin else None,
    }
    output.say(f"[bold]{output.plain(version.model)}[/] version {version.version}")
    output.table(("fact", "value"), [(k, v) for k, v in facts.items() if v not in (None, "")])


def _recipe(version: "Version") -> str | None:
    if (said := version.recipe) is None:
        return None
    return shlex.join([said["program"], *said.get("arguments", ())]) + f" in {said['uri']}"


def _signature(version: "Version") -> str:
    said = version.signature or {}
    return "; ".join(
        f"{len(said[side])} {side}" for side in ("inputs", "outputs") if said.get(side)
    )


def _due(version: "Version") -> str:
    if version.review_by is None:
        return ""
    when = f"{version.review_by:%Y-%m-%d}"
    return f", should have been reviewed by {when}" if version.card_stale else f", holds to {when}"
