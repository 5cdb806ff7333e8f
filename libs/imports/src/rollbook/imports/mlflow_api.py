"""MLflow's REST API as far as an import reads it: <https://mlflow.org/docs/latest/rest-api.html>."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

import httpx
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from rollbook.imports.plan import first_rule

_API: Final = "api/2.0/mlflow"
_PAGE: Final = 100
_MAX_PAGES: Final = 10_000
_TIMEOUT: Final = httpx.Timeout(60.0, connect=10.0)


class SourceError(Exception):
    """The server cannot be reached, denies, or answers what MLflow does not."""


class NotThere(SourceError):
    """The server does not have it."""


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Pair(_Answer):
    """A tag or a parameter."""

    key: str
    value: str = ""


def _pairs(value: object) -> object:
    if isinstance(value, list):
        pairs = [Pair.model_validate(pair) for pair in value]
        return {pair.key: pair.value for pair in pairs}
    return value


Pairs = Annotated[dict[str, str], BeforeValidator(_pairs), Field(default_factory=dict)]


class Alias(_Answer):
    """A movable name of a version."""

    alias: str
    version: str


class RegisteredModel(_Answer):
    """A model by name."""

    name: str
    description: str = ""
    creation_timestamp: int | None = None
    """Milliseconds since 1970, like all times here."""
    tags: Pairs
    aliases: tuple[Alias, ...] = ()


class ModelVersion(_Answer):
    """A version of a registered model."""

    name: str
    version: str
    creation_timestamp: int | None = None
    last_updated_timestamp: int | None = None
    user_id: str = ""
    current_stage: str = "None"
    description: str = ""
    source: str = ""
    run_id: str = ""
    run_link: str = ""
    status: str = "READY"
    status_message: str = ""
    tags: Pairs


class Metric(_Answer):
    """A figure; later ones replace earlier ones of the same key."""

    key: str
    value: float
    timestamp: int = 0
    step: int = 0


class RunInfo(_Answer):
    """What a run is."""

    run_id: str
    experiment_id: str = ""
    user_id: str = ""
    start_time: int | None = None
    end_time: int | None = None
    artifact_uri: str = ""


class RunData(_Answer):
    """What a run logged."""

    metrics: tuple[Metric, ...] = ()
    params: Pairs
    tags: Pairs


class Data(_Answer):
    """A data set that a run read."""

    name: str = ""
    digest: str = ""
    source: str = ""


class DataInput(_Answer):
    """A data set, and what for."""

    tags: Pairs
    dataset: Data


class Inputs(_Answer):
    """What a run read."""

    dataset_inputs: tuple[DataInput, ...] = ()


class Run(_Answer):
    """What made a version."""

    info: RunInfo
    data: RunData = Field(default_factory=lambda: RunData.model_validate({}))
    inputs: Inputs = Inputs()


class LoggedInfo(_Answer):
    """What a logged model is."""

    model_id: str
    artifact_uri: str = ""
    source_run_id: str = ""


class LoggedModel(_Answer):
    """What MLflow 3 registers: a model of its own, beside the run."""

    info: LoggedInfo
    data: RunData = Field(default_factory=lambda: RunData.model_validate({}))


class File(_Answer):
    """A file or folder among artifacts."""

    path: str
    is_dir: bool = False
    file_size: int | None = None


Read = TypeVar("Read", bound=_Answer)


def connect(
    url: str, *, token: str | None = None, login: tuple[str, str] | None = None
) -> "MLflow":
    """A server by its address; `login` is a name and a password."""
    headers = {"Authorization": f"Bearer {token}"} if token else None
    base = url if url.endswith("/") else url + "/"
    transport = httpx.HTTPTransport(retries=2)
    return MLflow(
        httpx.Client(
            base_url=base, headers=headers, auth=login, timeout=_TIMEOUT, transport=transport
        )
    )


class MLflow:
    """A tracking server with its registry; one request at a time."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        parts = urlsplit(str(http.base_url))
        host = parts.netloc.rpartition("@")[2]  # never a password
        self.address = urlunsplit((parts.scheme, host, parts.path.rstrip("/"), "", ""))

    def __enter__(self) -> "MLflow":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def registered_models(self) -> Iterator[RegisteredModel]:
        """All of them, by name."""
        return self._pages("registered-models/search", "registered_models", {}, RegisteredModel)

    def model_versions(self, name: str) -> list[ModelVersion]:
        """All that were not deleted, in their order."""
        quotes = next((quote for quote in "'\"" if quote not in name), None)
        where = {"filter": f"name={quotes}{name}{quotes}"} if quotes else {}
        found = self._pages("model-versions/search", "model_versions", where, ModelVersion)
        return sorted((v for v in found if v.name == name), key=lambda v: int(v.version))

    def run(self, run_id: str) -> Run:
        """A run with all it logged."""
        return self._one(f"{_API}/runs/get", {"run_id": run_id}, "run", Run)

    def logged_model(self, model_id: str) -> LoggedModel:
        """A model of MLflow 3."""
        return self._one(f"{_API}/logged-models/{model_id}", {}, "model", LoggedModel)

    def artifact_uri(self, version: ModelVersion) -> str:
        """Where the server keeps the files of a version."""
        asked = {"name": version.name, "version": version.version}
        return str(self.get(f"{_API}/model-versions/get-download-uri", asked).get("artifact_uri"))

    def files(self, path: str, query: Mapping[str, str]) -> list[File]:
        """A listing of artifacts, from any of the routes that list some."""
        found: list[File] = []
        page: dict[str, str] = {}
        for _ in range(_MAX_PAGES):
            answer = self.get(path, {**query, **page})
            found += [_parsed(File, each) for each in _list(answer.get("files"))]
            token = answer.get("next_page_token")
            if not token:
                return found
            page = {"page_token": str(token)}
        raise SourceError(f"{self.address}: the listing of artifacts never ends")

    def get(self, path: str, query: Mapping[str, str]) -> dict[str, object]:
        """The JSON object at a path; `NotThere`, `SourceError`."""
        try:
            response = self.http.get(path, params=dict(query))
        except httpx.HTTPError as error:
            raise SourceError(f"{self.address}: {str(error) or type(error).__name__}") from error
        self.check(response)
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise SourceError(f"{self.address}/{path} does not answer as MLflow does")
        return answer

    def check(self, response: httpx.Response) -> None:
        """Raise what an answer that is no success means."""
        if response.is_success:
            return
        status = response.status_code
        if status in (401, 403):
            raise SourceError(f"{self.address} denies access ({status}): give a token or a login")
        if response.has_redirect_location:
            raise SourceError(
                f"{self.address} leads on to {response.headers['location']}: ask there"
            )
        try:
            said = str(response.json().get("message"))[:500]
        except (ValueError, AttributeError, httpx.ResponseNotRead):
            said = response.reason_phrase
        kind = NotThere if status == httpx.codes.NOT_FOUND else SourceError
        raise kind(f"{self.address} answers {status}: {said}")

    def _pages(
        self, path: str, key: str, query: Mapping[str, str], kind: type[Read]
    ) -> Iterator[Read]:
        page: dict[str, str] = {}
        for _ in range(_MAX_PAGES):
            answer = self.get(f"{_API}/{path}", {**query, "max_results": str(_PAGE), **page})
            yield from (_parsed(kind, each) for each in _list(answer.get(key)))
            token = answer.get("next_page_token")
            if not token:
                return
            if token == page.get("page_token"):
                break
            page = {"page_token": str(token)}
        raise SourceError(f"{self.address}: {path} never ends")

    def _one(self, path: str, query: Mapping[str, str], key: str, kind: type[Read]) -> Read:
        return _parsed(kind, self.get(path, query).get(key))


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _parsed(kind: type[Read], value: object) -> Read:
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        raise SourceError(
            f"not what MLflow answers: {kind.__name__}: {first_rule(error)}"
        ) from None
