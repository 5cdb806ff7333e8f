"""Models of an MLflow server with their versions, aliases and stages, as commands in order.

MLflow keeps no history of moves: what stands there now is what comes over, at the time at which a
version was last changed. Numbers that MLflow has deleted are not kept free; the tag
`mlflow.version` holds theirs.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple, TypeVar
from urllib.parse import quote

from pydantic import FiniteFloat, TypeAdapter, ValidationError

from rollbook.cards.plain import Plain, read
from rollbook.cards.problems import Unreadable
from rollbook.domain.aliases import SetAlias
from rollbook.domain.catalog import RegisterModel
from rollbook.domain.environments import PromoteVersion
from rollbook.domain.lineage import Artifact, Dataset, Lineage, Runtime, Signature
from rollbook.domain.model import ModelCommand
from rollbook.domain.tags import FactName, Param, Tags
from rollbook.domain.versions import ArchiveVersion, RegisterVersion
from rollbook.imports.mlflow_api import (
    DataInput,
    LoggedModel,
    MLflow,
    ModelVersion,
    NotThere,
    RegisteredModel,
    Run,
)
from rollbook.imports.mlflow_artifacts import Contents, Unfetched, read_contents
from rollbook.imports.moves import in_order
from rollbook.imports.plan import Entry, Plan, Skipped, command_id, first_rule, fitting, model_key

STAGES: Final[Mapping[str, str]] = {"Production": "production", "Staging": "staging"}
"""MLflow's stage -> our environment. `Archived` becomes ArchiveVersion."""

T = TypeVar("T")

_USER: Final = "mlflow.user"
_PROMPT: Final = "mlflow.prompt.is_prompt"
_TAGS: Final[TypeAdapter[dict[str, str]]] = TypeAdapter(Tags)
_PARAMS: Final[TypeAdapter[dict[str, str]]] = TypeAdapter(dict[FactName, Param])
_METRICS: Final[TypeAdapter[dict[str, float]]] = TypeAdapter(dict[FactName, FiniteFloat])
_ROLES: Final = {"training": "train", "train": "train", "validation": "validation"}
_ROLES_LATER: Final = ("validation", "eval", "evaluation", "test", "testing")


def read_mlflow(
    server: MLflow,
    *,
    namespace: str,
    names: Collection[str] = (),
    stages: Mapping[str, str] = STAGES,
    mounts: Mapping[str, Path] | None = None,
) -> Iterator[Entry]:
    """What to send, model by model; reading goes on while the caller sends.

    `names`: only these models; none: all. `mounts`: prefix of an artifact URI -> the folder where
    the same files lie here, for stores whose files the server does not hand out. A version whose
    files cannot be read is left out, since its digest would be made up. Raises `SourceError`.
    """
    wanted = set(names)
    for model in server.registered_models():
        if names and model.name not in wanted:
            continue
        wanted.discard(model.name)
        yield from _Reading(server, namespace, stages, mounts or {}, model).entries()
    for name in sorted(wanted):
        yield Skipped(f"{namespace}/{name}", "the model", f"{server.address} has no such model")


class _Facts(NamedTuple):
    run: Run | None
    logged: LoggedModel | None
    contents: Contents


class _Reading:
    """One model of the server, being read."""

    def __init__(
        self,
        server: MLflow,
        namespace: str,
        stages: Mapping[str, str],
        mounts: Mapping[str, Path],
        model: RegisteredModel,
    ) -> None:
        self._server = server
        self._namespace = namespace
        self._stages = stages
        self._mounts = mounts
        self._model = model
        self._key = f"{namespace}/{model.name}"
        self._origin = f"mlflow+{server.address}/models/{quote(model.name, safe='')}"
        self._left: list[Skipped] = []

    def entries(self) -> Iterator[Entry]:
        model = self._model
        if _PROMPT in model.tags:
            yield Skipped(self._key, "the model", "it is a prompt, and prompts are not imported")
            return
        try:
            self._key = model_key(self._namespace, model.name)
        except ValueError as error:
            yield Skipped(self._key, "the model", str(error))
            return
        tags = self._fitting(model.tags, _TAGS, "tag")
        command = RegisterModel(description=model.description[:100_000], tags=tags)
        yield self._plan(command, model.creation_timestamp)
        registrations: list[list[Plan]] = []
        versions = self._server.model_versions(model.name)
        numbers: dict[str, int] = {}
        for version in versions:
            registration = self._registration(version, len(numbers) + 1)
            if registration is not None:
                numbers[version.version] = len(numbers) + 1
                registrations.append([registration])
            yield from self._left
            self._left.clear()
        yield from in_order(registrations, self._moves(versions, numbers))
        yield from self._left

    def _registration(self, version: ModelVersion, number: int) -> Plan | None:
        what = f"version {version.version}"
        if version.status != "READY":
            self._leave(what, f"MLflow says {version.status} {version.status_message}".strip())
            return None
        try:
            facts = self._facts(version)
            by = self._user(version, facts)
            command = self._command(version, facts)
        except Unfetched as error:
            self._leave(what, str(error))
            return None
        except ValidationError as error:
            self._leave(what, first_rule(error))
            return None
        return self._plan(command, version.creation_timestamp, version.version, by=by)

    def _user(self, version: ModelVersion, facts: _Facts) -> str | None:
        run = facts.run.info.user_id if facts.run else ""
        return version.user_id or version.tags.get(_USER) or run or None

    def _facts(self, version: ModelVersion) -> _Facts:
        run = logged = None
        try:
            if version.source.startswith("models:/m-"):
                logged = self._server.logged_model(version.source[8:])
        except NotThere:
            self._leave(f"the logged model of version {version.version}", "it was deleted")
        run_id = version.run_id or (logged.info.source_run_id if logged else "")
        try:
            run = self._server.run(run_id) if run_id else None
        except NotThere:
            self._leave(f"the run of version {version.version}", "it was deleted")
        return _Facts(run, logged, read_contents(self._server, version, run, self._mounts))

    def _command(self, version: ModelVersion, facts: _Facts) -> RegisterVersion:
        what = f"of version {version.version}"
        sources = [part.data for part in (facts.run, facts.logged) if part]
        metrics, params = dict[str, float](), dict[str, str]()
        for data in sources:
            params |= data.params
            latest = sorted(data.metrics, key=lambda metric: (metric.timestamp, metric.step))
            metrics |= {metric.key: metric.value for metric in latest}
        described = self._description(version, facts.contents)
        given_tags = {name: value for name, value in version.tags.items() if name != _USER}
        tags = self._fitting(given_tags, _TAGS, f"tag {what}:")
        run_id = version.run_id or (facts.logged.info.source_run_id if facts.logged else "")
        own = {
            "mlflow.version": version.version,
            "mlflow.source": version.source,
            "mlflow.run_link": version.run_link,
        }
        tags |= {name: value for name, value in own.items() if value}
        inputs = facts.run.inputs.dataset_inputs if facts.run else ()
        for given in inputs:
            if given.dataset.name and given.dataset.digest:
                tags[f"mlflow.dataset.{given.dataset.name}"] = given.dataset.digest
        origin = self._origin_of(version.version)
        return RegisterVersion(
            artifact=Artifact(
                uri=_uri(facts.contents.uri),
                digest=facts.contents.digest,
                size=facts.contents.size,
                format="mlflow",
            ),
            metrics=self._fitting(metrics, _METRICS, f"metric {what}:"),
            params=self._fitting(params, _PARAMS, f"param {what}:"),
            tags=tags,
            lineage=self._lineage(run_id, facts.run, described),
            signature=_signature(described),
            description=version.description,
            idempotency_key=f"import:{command_id(self._key, origin)}",
        )

    def _lineage(self, run_id: str, run: Run | None, described: Mapping[str, Plain]) -> Lineage:
        if run is None:
            return Lineage(run_id=run_id or None)
        info, tags = run.info, run.data.tags
        began, ended = _time(info.start_time), _time(info.end_time)
        return Lineage(
            run_id=info.run_id,
            run_uri=f"{self._server.address}/#/experiments/{info.experiment_id}/runs/{info.run_id}",
            code_uri=tags.get("mlflow.source.git.repoURL") or tags.get("mlflow.source.name"),
            code_commit=tags.get("mlflow.source.git.commit"),
            datasets=tuple(_dataset(given) for given in run.inputs.dataset_inputs[:100]),
            runtime=Runtime(
                python=_python(described),
                started_at=began,
                duration=ended - began if began and ended and ended >= began else None,
            ),
        )

    def _description(self, version: ModelVersion, contents: Contents) -> Mapping[str, Plain]:
        try:
            value = read(contents.description or "").value
        except Unreadable as error:
            self._leave(f"MLmodel of version {version.version}", str(error.problems[0]))
            return {}
        return value if isinstance(value, dict) else {}

    def _moves(self, versions: list[ModelVersion], numbers: Mapping[str, int]) -> Iterator[Plan]:
        aliases = list(self._aliases(numbers))
        aliased = {plan.version for plan in aliases}
        standing: dict[str, str] = {}
        for version in sorted(versions, key=lambda v: v.last_updated_timestamp or 0):
            stage, name, at = version.current_stage, version.version, version.last_updated_timestamp
            number, what = numbers.get(name, 0), f"stage {stage} of version {name}"
            if stage in ("None", ""):
                continue
            if not number:
                self._leave(what, "that version is not imported")
            elif stage == "Archived" and name in aliased:
                self._leave(what, "it has an alias, and so is in use")
            elif stage == "Archived":
                archive = ArchiveVersion(version=number, reason="archived in MLflow")
                yield self._plan(archive, at, name, "#stage=Archived")
            elif environment := self._stages.get(stage):
                if before := standing.get(environment):
                    self._leave(
                        f"version {before} beside version {name} in {stage}",
                        f"one version stands in {environment}: the one that was changed last",
                    )
                standing[environment] = name
                promote = PromoteVersion(version=number, environment=environment)
                yield self._plan(promote, at, name, f"#stage={quote(stage)}")
            else:
                self._leave(what, "no environment is named for that stage")
        yield from aliases

    def _aliases(self, numbers: Mapping[str, int]) -> Iterator[Plan]:
        for alias in self._model.aliases:
            what = f"alias {alias.alias}"
            if alias.version not in numbers:
                self._leave(what, f"version {alias.version} is not imported")
                continue
            try:
                command = SetAlias(alias=alias.alias, version=numbers[alias.version])
            except ValidationError as error:
                self._leave(what, first_rule(error))
                continue
            yield self._plan(command, None, alias.version, f"#alias={quote(alias.alias)}")

    def _plan(
        self,
        command: ModelCommand,
        at: int | None,
        version: str | None = None,
        detail: str = "",
        by: str | None = None,
    ) -> Plan:
        origin = self._origin if version is None else self._origin_of(version)
        return Plan(self._key, command, origin + detail, _time(at), version, by=by)

    def _origin_of(self, version: str) -> str:
        return f"{self._origin}/versions/{quote(version)}"

    def _leave(self, what: str, reason: str) -> None:
        self._left.append(Skipped(self._key, what, reason))

    def _fitting(
        self, values: Mapping[str, T], rules: TypeAdapter[dict[str, T]], what: str
    ) -> dict[str, T]:
        held, broken = fitting(values, rules)
        for name, rule in broken.items():
            self._leave(f"{what} {name}", rule)
        return held


def _time(milliseconds: int | None) -> datetime | None:
    if not milliseconds or milliseconds < 0:
        return None
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def _uri(text: str) -> str:
    """An absolute path as a file's URI; what no URI can hold is quoted."""
    if text.startswith("/"):
        return Path(text).as_uri()
    return quote(text, safe=":/?#[]@!$&'()*+,;=%~")


def _dataset(given: DataInput) -> Dataset:
    data = given.dataset
    try:
        source = json.loads(data.source)
    except ValueError:
        source = data.source
    if isinstance(source, dict):
        source = next((source[key] for key in ("uri", "url", "path") if source.get(key)), None)
    uri = _uri(source) if isinstance(source, str) and source else ""
    if ":" not in uri.partition("/")[0]:
        uri = f"mlflow-dataset:{quote(data.name or 'unnamed')}"
    context = given.tags.get("mlflow.data.context", "training").lower()
    role = _ROLES.get(context, "test" if context in _ROLES_LATER else "train")
    return Dataset(uri=uri, role=role)


def _python(described: Mapping[str, Plain]) -> str | None:
    flavors = described.get("flavors")
    flavor = flavors.get("python_function") if isinstance(flavors, dict) else None
    version = flavor.get("python_version") if isinstance(flavor, dict) else None
    return str(version)[:50] if version else None


def _signature(described: Mapping[str, Plain]) -> Signature | None:
    given = described.get("signature")
    if not isinstance(given, dict):
        return None
    columns: dict[str, object] = {}
    for side in ("inputs", "outputs"):
        text = given.get(side)
        try:
            columns[side] = json.loads(text) if isinstance(text, str) else []
        except ValueError:
            return None
    try:
        return Signature.model_validate(columns)
    except ValidationError:
        return None
