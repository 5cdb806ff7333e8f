"""The look-ups that serving code makes all the time, answered without FastAPI's way to them.

Only what is found: everything else, and every question with parameters, goes on to the routes of
`reads` and `versions`, which say what these are and answer the same. An answer is made once for
each row as it stands in the tables, which are asked every time.
"""

import re
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from typing import Final, NamedTuple

from fastapi import Request, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from rollbook.eventlog.log import Unavailable
from rollbook.query.answers import answer
from rollbook.query.handlers import model_key
from rollbook.query.openapi import API
from rollbook.query.problems import Problem
from rollbook.query.reading import MODEL, Reading
from rollbook.readmodel import versions
from rollbook.readmodel.versions import VersionRow

PATH: Final = re.compile(
    re.escape(API) + r"/models/([^/]+)/([^/]+)/(?:versions/([1-9][0-9]{0,8})|aliases/([^/]+))"
)


class Place(NamedTuple):
    """What the rest of the service asks of a route."""

    name: str
    path: str


ALIAS: Final = Place("get_alias", f"{API}{MODEL}/aliases/{{alias}}")
VERSION: Final = Place("get_version", f"{API}{MODEL}/versions/{{version}}")

MOST: Final = 2048
"""Answers that are kept."""
LONGEST: Final = 10_000
"""Characters of what one is made of."""

Guard = Callable[[Request], Awaitable[None]]


class Hot:
    """Stands before the routes of an application."""

    def __init__(self, app: ASGIApp, *, reading: Reading, guard: Guard | None) -> None:
        self._app = app
        self._reading = reading
        self._guard = guard
        self._made: OrderedDict[str, bytes] = OrderedDict()
        """Answers, by all that they are made of; those not asked for the longest go first."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or leave it to the routes."""
        if scope["type"] == "http" and scope["method"] == "GET" and not scope["query_string"]:
            wanted = PATH.fullmatch(scope["path"])
            if wanted is not None:
                response = await self._answer(scope, wanted)
                if response is not None:
                    await response(scope, receive, send)
                    return
        await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, wanted: re.Match[str]) -> Response | None:
        namespace, name, number, alias = wanted.groups()
        place = VERSION if number else ALIAS
        try:
            if self._guard is not None:
                path: Mapping[str, str] = {"namespace": namespace, "name": name}
                await self._guard(Request({**scope, "route": place, "path_params": path}))
            key = model_key(namespace, name)
            if alias is not None and not alias.isprintable():
                return None
            body = await self._body(key, int(number) if number else alias)
        except Problem as problem:
            response = problem.response()
        except Unavailable as error:
            response = Problem(503, "unavailable", str(error)).response()
        else:
            if body is None:
                return None
            response = Response(body, media_type="application/json")
        scope["route"] = place
        return response

    async def _body(self, key: str, wanted: int | str) -> bytes | None:
        async with self._reading.at_once() as db:
            told = await versions.told(db, key, wanted)
            if told is None:
                return None
            if (body := self._made.get(told)) is not None:
                self._made.move_to_end(told)
                return body
            found = await versions.with_told(db, key, wanted)
        if found is None:
            return None
        row, told = found
        body = bytes(answer(VersionRow, row).body)
        if len(told) <= LONGEST:
            self._made[told] = body
            if len(self._made) > MOST:
                self._made.popitem(last=False)
        return body
