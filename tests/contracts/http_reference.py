"""The generated page about the HTTP API: its routes from OpenAPI, its rules by hand."""
# ruff: noqa: E501  # rows of Markdown tables

import re
from collections.abc import Iterable
from typing import Any

from rollbook.eventlog.commands import COMMANDS, MODEL_COMMANDS, NAMESPACE_COMMANDS
from tests.contracts.markdown import table
from tests.contracts.openapi import describe

RULES = """\
# HTTP API

The whole description is in [openapi.json](../../contracts/openapi.json), and `/docs` of a running
query service lets you try it. Bodies are JSON.

## Commands

`POST /api/v1/models/{namespace}/{name}/commands/{Command}`, and for what governs a namespace
`POST /api/v1/namespaces/{namespace}/commands/{Command}`; body: the command's fields
([messages](messages.md)). The answer comes when the outcome stands in the log.

| header | means |
| --- | --- |
| `Idempotency-Key` | a UUID, the command's id; sent again, it gets the first outcome again. Without it, the service makes one |
| `If-Match` | the stream's `seq`; refused as `conflict` when it has moved on |
| `Authorization` | `Bearer` and a token: a person's from the identity provider, or a machine's |
| `X-Actor` | who asks; believed only by a registry without a token secret |
| `X-Origin`, `X-Origin-Time` | where it is imported from, and when it happened there |
| `traceparent` | W3C trace context |

```json
{
  "outcome": "accepted",
  "type": "VersionPromoted",
  "version": 2,
  "position": "3:1042",
  "seq": 17,
  "command_id": "0b7c…",
  "event": {"position": "3:1042", "type": "VersionPromoted", "data": {"version": 2, "…": "…"}}
}
```

`outcome` is `confirmed` when the wish was already true: then nothing changed. The `ETag` is the
stream's `seq`.

COMMANDS

### To a namespace

NAMESPACE_WISHES

OTHERS

## Reads

Reads come from tables that follow the log. A read with `min_position` set to the `position` of an
answer waits until the tables hold it, for up to `ROLLBOOK_READ_WITHIN`, and else answers 503
saying how far they are. Pages have `items` and `next`; give `next` as `after`.

Of a model that the reader may not see, the answer is that there is none
([roles](roles.md#reads)).

READS

## Errors

Every error is `application/problem+json` (RFC 9457):

```json
{
  "type": "urn:rollbook:problem:conflict",
  "title": "Conflict",
  "status": 409,
  "code": "conflict",
  "detail": "expected_seq is 3, but the model is at 5: read it again and decide anew",
  "position": "3:1043",
  "command_id": "0b7c…"
}
```

PROBLEMS
"""


PROBLEMS = {
    "unauthenticated": (401, "the token is missing or not valid"),
    "forbidden": (403, "the reader's roles do not show this"),
    "view_not_built": (503, "a new release has brought the view: it is not made from the log yet"),
    "unknown_model": (404, "there is no such model, or none that the reader may see"),
    "unknown_namespace": (404, "there is no such namespace, or none that the reader may see"),
    "unknown_version": (404, "the model has no such version"),
    "unknown_alias": (404, "the model has no such alias"),
    "unknown_request": (404, "the model never had such a request"),
    "unknown_break": (404, "the model's glass was not broken that often"),
    "unknown_alarm": (404, "the model never had such an alarm, or the alarm no such picture"),
    "no_profile": (404, "the version has no reference profile"),
    "unknown_rollout": (404, "the model never had such a rollout"),
    "no_pipeline": (404, "nobody has said how the model is trained anew"),
    "unknown_retraining": (404, "the model never had such a retraining"),
    "unknown_endpoint": (404, "the namespace has no such endpoint"),
    "unknown_collection": (404, "the namespace has no such collection"),
    "unknown_policy": (404, "the namespace has no such policy, or none of that version"),
    "unknown_query": (404, "the namespace has no such saved query"),
    "unknown_question": (404, "nobody has named such a question"),
    "unknown_reference": (404, "no personal data was ever kept under that reference"),
    "unknown_person": (404, "nobody is known by that name"),
    "unknown_artifact": (404, "no such artifact is held, or none that the reader may see"),
    "unknown_upload": (404, "the caller has not begun such an upload, or it was discarded"),
    "no_store": (404, "the registry has no store of artifacts: ROLLBOOK_ARTIFACTS is not set"),
    "bad_signature": (403, "the URL was not signed by this registry, or not for this"),
    "url_expired": (403, "the signed URL has expired: ask for a new one"),
    "parts_missing": (409, "not all parts of the upload are there: ask which, and send them"),
    "wrong_digest": (409, "what was uploaded has another digest or size; nothing of it is kept"),
    "files_missing": (409, "the folder's listing names files that were not uploaded before it"),
    "unsatisfiable_range": (416, "the artifact has none of the bytes that were asked for"),
    "incomplete_part": (422, "the part has fewer bytes than it must have; nothing of it is kept"),
    "no_card": (404, "the version has no card"),
    "unknown_position": (404, "no record stands there"),
    "unknown_event": (404, "the log has no record of the id that a moment names, or not yet"),
    "unknown_command": (404, "no outcome of such a command is known"),
    "unknown_route": (404, "there is nothing at that path"),
    "method_not_allowed": (405, "the route takes another method"),
    "not_acceptable": (406, "it cannot be shown in that form"),
    "erased": (410, "it was personal data, and was erased"),
    "oversize": (413, "the command, the artifact or a part of it is too large"),
    "not_json": (415, "the body is not `application/json`"),
    "invalid": (
        422,
        "a field breaks a rule; `errors` lists field and rule; nothing was published",
    ),
    "invalid_query": (422, "a search cannot be read; `column` says where"),
    "too_broad": (422, "a search would take too long: add a condition that fewer versions meet"),
    "ahead": (409, "the log has not come as far as the cursor: it is of another one"),
    "too_many_streams": (429, "so many streams of events are open already"),
    "closing": (503, "the instance is being stopped: go on at another one"),
    "unforeseen": (500, "a fault of the service; its log tells more"),
    "unavailable": (
        503,
        "Kafka, Postgres or the store of artifacts does not answer; `Retry-After` says when to try again",
    ),
    "behind": (503, "the tables did not come as far as `min_position` in time"),
    "no_answer": (
        504,
        (
            "no outcome in time; the command may yet be carried out: send it again with the same"
            " `Idempotency-Key`"
        ),
    ),
}
"""Code -> status and when, beside the refusals of commands."""

REFUSALS = (
    "Beside these, the [refusal codes](refusal-codes.md): what the state or the rules forbid, by the"
    " status that stands there."
)


def http_page() -> str:
    """The page as Markdown."""
    paths: dict[str, dict[str, Any]] = describe()["paths"]
    operations = [
        (f"{method.upper()} {path}", operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]
    named = {operation["operationId"]: operation for _, operation in operations}
    routes = [
        (route, operation)
        for route, operation in operations
        if operation["operationId"] not in COMMANDS
    ]
    reads = [found for found in routes if found[0].startswith("GET ")]
    others = [found for found in routes if found not in reads]
    problems = [[str(status), f"`{code}`", when] for code, (status, when) in PROBLEMS.items()]
    parts = {
        "NAMESPACE_WISHES": _commands(named, NAMESPACE_COMMANDS),
        "COMMANDS": _commands(named, MODEL_COMMANDS),
        "OTHERS": f"## Other requests\n\n{_routes(others)}" if others else "",
        "READS": _routes(reads),
        "PROBLEMS": table(["status", "code", "when"], problems) + f"\n\n{REFUSALS}",
    }
    page = RULES
    for place, text in parts.items():
        page = page.replace(f"\n{place}\n", f"\n{text}\n")
    return re.sub(r"\n{3,}", "\n\n", page)


def _commands(operations: dict[str, dict[str, Any]], wanted: Iterable[str]) -> str:
    return table(["command", "does"], ([f"`{c}`", operations[c]["summary"]] for c in wanted))


def _routes(of: Iterable[tuple[str, dict[str, Any]]]) -> str:
    rows = ([f"`{route}`", o["summary"], _query(o.get("parameters", ()))] for route, o in of)
    return table(["route", "gives", "query"], rows)


def _query(parameters: Iterable[dict[str, Any]]) -> str:
    return ", ".join(f"`{p['name']}`" for p in parameters if p["in"] == "query")
