"""The generated page about the HTTP API: its routes from OpenAPI, its rules by hand."""
# ruff: noqa: E501  # rows of Markdown tables

from collections.abc import Iterable
from typing import Any

from tests.contracts.markdown import table
from tests.contracts.openapi import describe

RULES = """\
# HTTP API

The whole description is in [openapi.json](../../contracts/openapi.json), and `/docs` of a running
query service lets you try it. Bodies are JSON.

## Commands

`POST /api/v1/models/{namespace}/{name}/commands/{Command}`, body: the command's fields
([messages](messages.md)). The answer comes when the outcome stands in the log.

| header | means |
| --- | --- |
| `Idempotency-Key` | a UUID, the command's id; sent again, it gets the first outcome again. Without it, the service makes one |
| `If-Match` | the model's `seq`; refused as `conflict` when the model has moved on |
| `Authorization` | `Bearer` and a token |
| `X-Actor` | who asks; believed only by a registry without a token secret |
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
model's `seq`.

COMMANDS

## Reads

Reads come from tables that follow the log. A read with `min_position` set to the `position` of an
answer waits until the tables hold it, for up to `ROLLBOOK_READ_WITHIN`, and else answers 503
saying how far they are. Pages have `items` and `next`; give `next` as `after`.

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

| status | code | when |
| --- | --- | --- |
| 401 | `unauthenticated` | the token is missing or not valid |
| 404 | `unknown_model`, `unknown_version`, `unknown_alias`, `unknown_position`, `unknown_command`, `unknown_route` | there is no such thing |
| 405 | `method_not_allowed` | the route takes another method |
| 409 | `conflict` and the other [refusal codes](refusal-codes.md) | the state of the model forbids it |
| 413 | `oversize` | the command is too large |
| 415 | `not_json` | the body is not `application/json` |
| 422 | `invalid` | a field breaks a rule; `errors` lists field and rule; nothing was published |
| 500 | `unforeseen` | a fault of the service; its log tells more |
| 503 | `unavailable` | Kafka or Postgres does not answer; `Retry-After` says when to try again |
| 503 | `behind` | the tables did not come as far as `min_position` in time |
| 504 | `no_answer` | no outcome in time; the command may yet be carried out: send it again with the same `Idempotency-Key` |
"""


def http_page() -> str:
    """The page as Markdown."""
    paths: dict[str, dict[str, Any]] = describe()["paths"]
    operations = [
        (method.upper(), path, operation)
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]
    commands = [[f"`{o['operationId']}`", o["summary"]] for m, _, o in operations if m == "POST"]
    reads = [
        [f"`{method} {path}`", o["summary"], _query(o.get("parameters", ()))]
        for method, path, o in operations
        if method == "GET"
    ]
    return RULES.replace("COMMANDS", table(["command", "does"], commands)).replace(
        "READS", table(["route", "gives", "query"], reads)
    )


def _query(parameters: Iterable[dict[str, Any]]) -> str:
    return ", ".join(f"`{p['name']}`" for p in parameters if p["in"] == "query")
