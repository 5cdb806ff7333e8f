"""`rollbook register`: a file becomes the next version of a model."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from rollbook.cli import arguments, recipes
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit
from rollbook.cli.serving import Name, tell
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import Registry
    from rollbook.client.results import Outcome
    from rollbook.domain.evaluations import Evaluation
    from rollbook.domain.lineage import Signature

Many = list[str] | None


def register(
    name: Name,
    file: Annotated[Path, Parameter(help="The model as one file; with --upload also a folder.")],
    /,
    *,
    upload: Annotated[
        bool, Parameter(negative="", help="Put the bytes into the registry's own store first.")
    ] = False,
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
    recipe: Annotated[
        Path | None, Parameter(help="Folder with the program that makes it again from its data.")
    ] = None,
    rebuild: Annotated[
        str | None,
        Parameter(help="That program and its arguments; {train}, {validation}, {test}: its data."),
    ] = None,
    bundle: Annotated[
        Path | None, Parameter(help="A signature of the model, as `rollbook sign` writes it.")
    ] = None,
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
    validation_data: Annotated[
        Many, Parameter(negative="", help="The same of the data that it was validated on.")
    ] = None,
    test_data: Annotated[
        Many, Parameter(negative="", help="The same of the data that it was tested on.")
    ] = None,
    run_id: Annotated[str | None, Parameter(help="Of the training run.")] = None,
    lock: Annotated[
        Path | None, Parameter(help="Lock file of the environment; its digest is recorded.")
    ] = None,
    package: Annotated[
        Many, Parameter(negative="", help="name=version of the environment; may be repeated.")
    ] = None,
    image: Annotated[
        str | None, Parameter(help="Container image that it was trained in, best by digest.")
    ] = None,
    hardware: Annotated[str | None, Parameter(help="Such as 8x A100.")] = None,
    signature: Annotated[
        Path | None, Parameter(help="YAML or JSON with the inputs and outputs of the model.")
    ] = None,
    feature: Annotated[
        Many, Parameter(negative="", help="name or name=uri of a feature; may be repeated.")
    ] = None,
    base_model: Annotated[
        Many,
        Parameter(
            negative="",
            help="NAME@VERSION that it was made from, or NAME@VERSION=distilled; may be repeated.",
        ),
    ] = None,
    change: Annotated[
        Literal["architecture", "retraining", "tweak"] | None,
        Parameter(help="What is new: gives it its MAJOR.MINOR.PATCH."),
    ] = None,
    variant: Annotated[
        Many,
        Parameter(
            negative="",
            help="KIND=FILE or KIND:NAME=FILE: full, quantised, adapter, prompt, container,"
            " tokenizer or other; may be repeated.",
        ),
    ] = None,
    property_: Annotated[
        Many,
        Parameter(
            name="--property",
            negative="",
            help="name=value that fits the namespace's schema, numbers as numbers; may be"
            " repeated.",
        ),
    ] = None,
    evaluation: Annotated[
        list[Path] | None,
        Parameter(negative="", help="YAML or JSON of an evaluation; may be repeated."),
    ] = None,
    licence: Annotated[str | None, Parameter(help="SPDX identifier, such as Apache-2.0.")] = None,
    data_use: Annotated[
        Many, Parameter(negative="", help="What the data was given for; may be repeated.")
    ] = None,
    consent: Annotated[
        str | None, Parameter(help="On what the use of personal data rests.")
    ] = None,
    pii: Annotated[
        Literal["none", "pseudonymous", "personal", "sensitive"] | None,
        Parameter(help="The most personal data that training saw."),
    ] = None,
    idempotency_key: Annotated[
        str | None,
        Parameter(help="The same key and digest always mean the same version, also next year."),
    ] = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    r"""Register a file as the next version of a model; the registry assigns the number.

    The digest is computed here and can never change. A model that does not exist is registered
    first.

    ```console
    rollbook register churn model.joblib --metric auc=0.93 --param depth=8
    rollbook register churn model.onnx --upload
    rollbook register team-a/churn model.onnx --uri s3://models/churn.onnx --run-id 4711
    rollbook register churn model.joblib --data s3://data/train.parquet=sha256:…
    rollbook register churn model.joblib --validation-data s3://data/valid.parquet \
      --lock requirements.lock --image registry.example/train@sha256:… --signature io.yaml
    rollbook register churn model.joblib --idempotency-key "$CI_JOB_ID" --json
    rollbook register churn model.onnx --change retraining --variant quantised=model.int8.onnx \
      --property framework=torch --licence Apache-2.0 --pii none --evaluation test.yaml
    rollbook register churn model.skops --data file:///data/train.csv=sha256:… --upload \
      --recipe training/ --rebuild 'train.py --rows {train}'
    ```
    """
    from rollbook.cli.git import commit as current_commit  # noqa: PLC0415

    if upload and uri:
        raise bad("--upload says where the bytes lie, and so does --uri", "leave one of them out")
    model = arguments.key(name)
    metrics = arguments.numbers(metric or [], "metric")
    params, tags = arguments.pairs(param or [], "param"), arguments.pairs(tag or [], "tag")
    datasets = [
        *arguments.datasets(data or [], "train"),
        *arguments.datasets(validation_data or [], "validation"),
        *arguments.datasets(test_data or [], "test"),
    ]
    properties = arguments.values(property_ or [], "property")
    variants = [_variant(text) for text in variant or []]
    files = [(file, format_), *((place, None) for _, place in variants)]
    parts = [] if upload else [_local(*each) for each in files]
    lineage = {
        "run_id": run_id,
        "code_commit": commit or current_commit(Path.cwd()),
        "datasets": datasets,
        "features": arguments.features(feature or []),
        "parents": arguments.parents(base_model or []),
        "environment": arguments.pairs(package or [], "package"),
        "runtime": _runtime(lock, image, hardware),
    }
    words = recipes.command(recipe, rebuild)
    terms = {"licence": licence, "data_use": data_use or [], "consent": consent, "pii": pii}
    facts: dict[str, Any] = {
        "change": change,
        "metrics": metrics,
        "params": params,
        "tags": tags,
        "properties": properties,
        "evaluations": evaluations(evaluation or []),
        "signature": _signature(signature),
        "terms_of_use": terms if any(terms.values()) else None,
        "description": description,
        "idempotency_key": idempotency_key,
        "bundle": _text(bundle),
    }
    with target.registry() as registry:
        if upload:
            parts = [_stored(registry, model, *each) for each in files]
        artifact, *others = parts
        if recipe is not None:
            place = _stored(registry, model, recipe, None) if upload else recipes.local(recipe)
            facts["recipe"] = recipes.recipe(place, words)
        facts["variants"] = [said | part for (said, _), part in zip(variants, others, strict=True)]
        outcomes = enter(registry, model, artifact | ({"uri": uri} if uri else {}), lineage, facts)
        tell(registry, model, *outcomes, as_json=target.json)
    return Exit.DONE


def evaluations(files: Sequence[Path]) -> "list[Evaluation]":
    """The evaluations in files."""
    from rollbook.cli.reading import document  # noqa: PLC0415
    from rollbook.domain.evaluations import Evaluation  # noqa: PLC0415

    return [document(file, Evaluation) for file in files]


def _runtime(lock: Path | None, image: str | None, hardware: str | None) -> dict[str, str] | None:
    from rollbook.cli.digests import digest  # noqa: PLC0415

    said = {"image": image, "hardware": hardware}
    if lock is not None:
        said |= {"lock_uri": lock.resolve().as_uri(), "lock_digest": digest(lock)[0]}
    return {name: value for name, value in said.items() if value} or None


def _signature(file: Path | None) -> "Signature | None":
    from rollbook.cli.reading import document  # noqa: PLC0415
    from rollbook.domain.lineage import Signature  # noqa: PLC0415

    return document(file, Signature) if file is not None else None


def _text(file: Path | None) -> str | None:
    try:
        return file.read_text() if file is not None else None
    except (OSError, UnicodeDecodeError) as error:
        raise bad(f"cannot read {file}: {error}") from error


def _variant(text: str) -> tuple[dict[str, Any], Path]:
    said, equals, place = text.partition("=")
    kind, _, name = said.partition(":")
    if not (equals and kind and place):
        raise bad(f"variant {text!r} is not of the form KIND=FILE", "quantised=model.int8.onnx")
    return {"name": name or kind, "kind": kind}, Path(place)


def _local(file: Path, format_: str | None) -> dict[str, Any]:
    """The file where it is."""
    from rollbook.cli.digests import digest  # noqa: PLC0415

    sha256, size = digest(file)
    return {
        "uri": file.resolve().as_uri(),
        "digest": sha256,
        "size": size,
        "format": format_ or file.suffix.removeprefix(".") or None,
    }


def _stored(registry: "Registry", model: str, file: Path, format_: str | None) -> dict[str, Any]:
    """The file, or the folder, as the registry's store has it then."""
    from rollbook.cli.bars import bars  # noqa: PLC0415
    from rollbook.cli.pushing import disk  # noqa: PLC0415

    space = model.partition("/")[0]
    with disk(file), bars() as progress:
        made = registry.upload(file, namespace=space, format=format_, progress=progress)
    return made.model_dump(mode="json")


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
