"""`rollbook register`: a file becomes the next version of a model."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from rollbook.cli import arguments
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit
from rollbook.cli.serving import Name, tell
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import Registry
    from rollbook.client.results import Outcome

Many = list[str] | None


def register(
    name: Name,
    file: Annotated[Path, Parameter(help="The model as one file.")],
    /,
    *,
    uri: Annotated[
        str | None,
        Parameter(help="Where the bytes lie for others, such as s3://…; the file's own if not."),
    ] = None,
    format_: Annotated[
        str | None, Parameter(name="--format", help="Such as joblib or onnx; the file's ending.")
    ] = None,
    metric: Annotated[Many, Parameter(negative="", help="name=number; may be repeated.")] = None,
    param: Annotated[Many, Parameter(negative="", help="name=value; may be repeated.")] = None,
    tag: Annotated[Many, Parameter(negative="", help="name=value; may be repeated.")] = None,
    description: Annotated[str, Parameter(help="Markdown.")] = "",
    commit: Annotated[
        str | None, Parameter(help="Of the code; that of the current git repository if not.")
    ] = None,
    data: Annotated[
        Many,
        Parameter(
            name="--data",
            negative="",
            help="uri or uri=sha256:… of the data it was trained on; may be repeated.",
        ),
    ] = None,
    run_id: Annotated[str | None, Parameter(help="Of the training run.")] = None,
    idempotency_key: Annotated[
        str | None,
        Parameter(help="The same key and digest always mean the same version, also next year."),
    ] = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Register a file as the next version of a model; the registry assigns the number.

    The digest is computed here and can never change. A model that does not exist is registered
    first.

    ```console
    rollbook register churn model.joblib --metric auc=0.93 --param depth=8
    rollbook register team-a/churn model.onnx --uri s3://models/churn.onnx --run-id 4711
    rollbook register churn model.joblib --data s3://data/train.parquet=sha256:…
    rollbook register churn model.joblib --idempotency-key "$CI_JOB_ID" --json
    ```
    """
    from rollbook.cli.digests import digest  # noqa: PLC0415
    from rollbook.cli.git import commit as current_commit  # noqa: PLC0415

    model = arguments.key(name)
    metrics = arguments.numbers(metric or [], "metric")
    params, tags = arguments.pairs(param or [], "param"), arguments.pairs(tag or [], "tag")
    datasets = arguments.datasets(data or [])
    sha256, size = digest(file)
    artifact = {
        "uri": uri or file.resolve().as_uri(),
        "digest": sha256,
        "size": size,
        "format": format_ or file.suffix.removeprefix(".") or None,
    }
    lineage = {
        "run_id": run_id,
        "code_commit": commit or current_commit(Path.cwd()),
        "datasets": datasets,
    }
    facts: dict[str, Any] = {
        "metrics": metrics,
        "params": params,
        "tags": tags,
        "description": description,
        "idempotency_key": idempotency_key,
    }
    with target.registry() as registry:
        outcomes = enter(registry, model, artifact, lineage, facts)
        tell(registry, model, *outcomes, as_json=target.json)
    return Exit.DONE


def enter(
    registry: "Registry",
    model: str,
    artifact: Mapping[str, Any],
    lineage: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> "list[Outcome]":
    """Register a version, and before it the model where there is none; the outcomes in order."""
    from pydantic import ValidationError  # noqa: PLC0415

    from rollbook.client import Refused  # noqa: PLC0415
    from rollbook.domain.lineage import Artifact, Lineage  # noqa: PLC0415

    try:
        described = Artifact.model_validate(artifact), Lineage.model_validate(lineage)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise bad(f"{place}: {first['msg'].removeprefix('Value error, ')}") from error
    outcomes = []
    try:
        registry.model(model)
    except Refused as refusal:
        if refusal.code != "unknown_model":
            raise
        outcomes.append(registry.register_model(model))
    outcomes.append(registry.register_version(model, described[0], lineage=described[1], **facts))
    return outcomes
