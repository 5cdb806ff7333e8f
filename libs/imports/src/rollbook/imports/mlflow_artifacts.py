"""The files of an MLflow version, through the server if it hands them out, else from a folder."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import quote, urlsplit

import httpx

from rollbook.artifacts import folders
from rollbook.artifacts.errors import BadListing
from rollbook.artifacts.folders import Hashed
from rollbook.artifacts.listings import MAX_FILES, checked_path
from rollbook.imports.mlflow_api import File, MLflow, ModelVersion, Run, SourceError

DESCRIPTION: Final = "MLmodel"
"""The file in which MLflow describes a model."""
_MAX_DESCRIPTION: Final = 1 << 20
_MAX_DEPTH: Final = 30
_PROXY: Final = "api/2.0/mlflow-artifacts/artifacts"


class Unfetched(Exception):
    """The files cannot be read, so nothing can be said of their digest."""


class Contents(NamedTuple):
    """What a version consists of."""

    uri: str
    digest: str
    size: int
    """Bytes, of all files."""
    description: str | None
    """The `MLmodel` file."""


@dataclass(frozen=True)
class _Route:
    """How to list and fetch through the server; {} stands for the path of a file or folder."""

    list_path: str
    list_query: Mapping[str, str]
    fetch_path: str
    fetch_query: Mapping[str, str]
    root: str = ""
    """What the route's paths begin with, above the version's folder."""


def read_contents(
    server: MLflow, version: ModelVersion, run: Run | None, mounts: Mapping[str, Path]
) -> Contents:
    """Every file of a version, hashed as it streams by; `Unfetched` says why it cannot be."""
    try:
        uri = server.artifact_uri(version)
        for prefix, folder in mounts.items():
            if uri == prefix or uri.startswith(prefix.rstrip("/") + "/"):
                below = uri[len(prefix) :].strip("/")
                return _local(uri, folder / checked_path(below) if below else folder, folder)
        return _remote(server, uri, _route(server, version, run, uri))
    except (SourceError, BadListing) as error:
        raise Unfetched(str(error)) from error
    except OSError as error:
        raise Unfetched(f"{error.filename}: {error.strerror}") from error


def _route(server: MLflow, version: ModelVersion, run: Run | None, uri: str) -> _Route:
    parts = urlsplit(uri)
    if parts.scheme == "mlflow-artifacts":
        if parts.netloc and parts.netloc != urlsplit(server.address).netloc:
            raise Unfetched(f"its files lie with another server: {uri}")
        path = checked_path(parts.path.strip("/"))
        return _Route(_PROXY, {"path": f"{path}{{}}"}, f"{_PROXY}/{quote(path)}/{{}}", {})
    if version.source.startswith("models:/m-"):
        base = f"ajax-api/2.0/mlflow/logged-models/{quote(version.source[8:])}/artifacts"
        listed = {"artifact_directory_path": "{}"}
        return _Route(f"{base}/directories", listed, f"{base}/files", {"artifact_file_path": "{}"})
    if run and uri.startswith(run.info.artifact_uri.rstrip("/") + "/"):
        root = checked_path(uri[len(run.info.artifact_uri) :].strip("/"))
        fetch = {"name": version.name, "version": version.version, "path": "{}"}
        listed = {"run_id": run.info.run_id, "path": f"{root}{{}}"}
        path = "api/2.0/mlflow/artifacts/list"
        return _Route(path, listed, "model-versions/get-artifact", fetch, root + "/")
    raise Unfetched(
        f"its files lie at {uri}, which the server does not hand out:"
        " copy them here and name the folder as a mount"
    )


def _remote(server: MLflow, uri: str, route: _Route) -> Contents:
    hashed: list[Hashed] = []
    description: list[bytes] = []
    for file in _listed(server, route, "", _MAX_DEPTH):
        if len(hashed) >= MAX_FILES:
            raise Unfetched(f"it has more than {MAX_FILES:,} files")
        kept = description if file.path == DESCRIPTION else None
        path = route.fetch_path.replace("{}", quote(file.path))
        query = {name: value.replace("{}", file.path) for name, value in route.fetch_query.items()}
        found = folders.hashed(file.path, _streamed(server, path, query, kept))
        if file.file_size is not None and found.size != file.file_size:
            raise Unfetched(
                f"{file.path} has {found.size} bytes, but the server lists {file.file_size}"
            )
        hashed.append(found)
    return _contents(uri, hashed, b"".join(description))


def _contents(uri: str, hashed: list[Hashed], description: bytes) -> Contents:
    if not hashed:
        raise Unfetched(f"there are no files at {uri}")
    size = sum(file.size for file in hashed)
    text = description.decode(errors="replace") if description else None
    return Contents(uri, folders.of_folder(hashed), size, text)


def _listed(server: MLflow, route: _Route, folder: str, depth: int) -> Iterator[File]:
    if depth == 0:
        raise Unfetched("its folders are too deep")
    below = f"/{folder}" if folder and next(iter(route.list_query.values())) != "{}" else folder
    query = {name: value.replace("{}", below) for name, value in route.list_query.items()}
    if "artifact_directory_path" in query and not folder:
        query = {}
    for file in server.files(route.list_path, query):
        path = file.path.removeprefix(route.root)
        if route.list_path == _PROXY and folder:
            path = f"{folder}/{path}"  # this route alone names files from the folder listed
        path = checked_path(path)
        if folder and not path.startswith(folder + "/"):
            raise BadListing(f"{path!r} is not in {folder!r}, where the server lists it")
        if file.is_dir:
            yield from _listed(server, route, path, depth - 1)
        else:
            yield file.model_copy(update={"path": path})


def _streamed(
    server: MLflow, path: str, query: Mapping[str, str], kept: list[bytes] | None
) -> Iterator[bytes]:
    try:
        with server.http.stream("GET", path, params=dict(query)) as response:
            if not response.is_success:
                response.read()
            server.check(response)
            for chunk in response.iter_bytes():
                if kept is not None and sum(map(len, kept)) < _MAX_DESCRIPTION:
                    kept.append(chunk)
                yield chunk
    except httpx.HTTPError as error:
        raise SourceError(f"{server.address}: {str(error) or type(error).__name__}") from error


def _local(uri: str, folder: Path, bounds: Path) -> Contents:
    if not folder.is_dir():
        raise Unfetched(f"{folder} is no folder")
    hashed = [folders.hash_file(file, folder) for file in folders.files_in(folder, bounds)]
    described = folder / DESCRIPTION
    description = b""
    if described.is_file():
        with described.open("rb") as content:
            description = content.read(_MAX_DESCRIPTION)
    return _contents(uri, hashed, description)
