"""A small HTTP server that answers as MLflow 3.17 was seen to answer."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

Json = dict[str, Any]


@dataclass
class Books:
    """What the server has."""

    models: list[Json] = field(default_factory=list)
    versions: list[Json] = field(default_factory=list)
    runs: dict[str, Json] = field(default_factory=dict)
    logged: dict[str, Json] = field(default_factory=dict)
    uris: dict[tuple[str, str], str] = field(default_factory=dict)
    """Where the files of a version lie, as the server says."""
    files: dict[str, bytes] = field(default_factory=dict)
    """Path in the proxied store -> content."""
    listed_size: dict[str, int] = field(default_factory=dict)
    """Sizes that the server lists wrongly."""
    extra_listing: list[str] = field(default_factory=list)
    page_size: int = 2
    token: str = ""
    asked: list[str] = field(default_factory=list)


@contextmanager
def serving(books: Books) -> Iterator[str]:
    """The address of a server that is up."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            books.asked.append(self.path)
            denied = books.token and self.headers["Authorization"] != f"Bearer {books.token}"
            answer = (401, b"no") if denied else _answer(books, unquote(parts.path), query)
            status, body = answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _answer(books: Books, path: str, query: dict[str, str]) -> tuple[int, bytes]:
    proxy = "/api/2.0/mlflow-artifacts/artifacts"
    logged = "/ajax-api/2.0/mlflow/logged-models/"
    if path == proxy:
        return _json({"files": _listing(books, query.get("path", "") + "/")})
    if path.startswith(proxy + "/"):
        return _bytes(books, path.removeprefix(proxy + "/"))
    if path.startswith(logged):
        model, _, rest = path.removeprefix(logged).partition("/")
        if rest == "artifacts/directories":
            below = query.get("artifact_directory_path", "")
            prefix = f"{model}/{below}/" if below else f"{model}/"
            return _json({"files": _listing(books, prefix, below)})
        return _bytes(books, f"{model}/{query['artifact_file_path']}")
    if path == "/model-versions/get-artifact":
        root = books.uris[query["name"], query["version"]].removeprefix("/srv/")
        return _bytes(books, f"{root}/{query['path']}")
    return _registry(books, path.removeprefix("/api/2.0/mlflow/"), query)


def _registry(books: Books, path: str, query: dict[str, str]) -> tuple[int, bytes]:
    match path:
        case "registered-models/search":
            return _page(books, "registered_models", books.models, query)
        case "model-versions/search":
            name = query["filter"].removeprefix("name=")[1:-1]
            found = [v for v in reversed(books.versions) if v["name"] == name]
            return _page(books, "model_versions", found, query)
        case "model-versions/get-download-uri":
            uri = books.uris.get((query["name"], query["version"]))
            return _json({"artifact_uri": uri}) if uri else _missing("no such version")
        case "runs/get":
            run = books.runs.get(query["run_id"])
            return _json({"run": run}) if run else _missing(f"Run '{query['run_id']}' not found")
        case "artifacts/list":
            prefix = f"{query['run_id']}/{query['path']}/"
            return _json({"files": _listing(books, prefix, query["path"])})
        case _ if path.startswith("logged-models/"):
            model = books.logged.get(path.removeprefix("logged-models/"))
            return _json({"model": model}) if model else _missing("no such logged model")
        case _:
            return _missing(path)


def _page(books: Books, key: str, rows: list[Json], query: dict[str, str]) -> tuple[int, bytes]:
    start = int(query.get("page_token", "0"))
    end = start + books.page_size
    answer: Json = {key: rows[start:end]} if rows else {}
    return _json(answer | ({"next_page_token": str(end)} if end < len(rows) else {}))


def _listing(books: Books, prefix: str, shown: str = "") -> list[Json]:
    found: dict[str, Json] = {}
    for path, content in books.files.items():
        if not path.startswith(prefix):
            continue
        first, slash, _ = path.removeprefix(prefix).partition("/")
        name = f"{shown}/{first}" if shown else first
        size = books.listed_size.get(path, len(content))
        found[name] = (
            {"path": name, "is_dir": True}
            if slash
            else {
                "path": name,
                "is_dir": False,
                "file_size": size,
            }
        )
    return [*found.values(), *({"path": path, "is_dir": False} for path in books.extra_listing)]


def _bytes(books: Books, path: str) -> tuple[int, bytes]:
    if path not in books.files:
        return _missing(f"No such artifact: '{path}'")
    return 200, books.files[path]


def _json(answer: Json) -> tuple[int, bytes]:
    return 200, json.dumps(answer).encode()


def _missing(message: str) -> tuple[int, bytes]:
    answer = {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": message}
    return 404, json.dumps(answer).encode()
