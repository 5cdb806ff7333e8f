"""The Open Inference Protocol, version 2, over HTTP, and what operators look at."""

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from rollbook.serving.asking import LONGEST, UNIT, Desk, NothingThere, NotReady
from rollbook.serving.child import Full
from rollbook.serving.frames import Kind
from rollbook.serving.keeper import Keeper
from rollbook.serving.names import key_of
from rollbook.serving.state import Health

STATUS = {Kind.ANSWERED: 200, Kind.WRONG: 400, Kind.FAILED: 500}


class Protocol:
    """The routes."""

    def __init__(self, desk: Desk, keeper: Keeper, health: Health, most: int) -> None:
        self._desk = desk
        self._keeper = keeper
        self._health = health
        self._most = most
        stem = "/v2/models/{name}"
        self.app = Starlette(
            routes=[
                Route("/v2", self._server),
                Route("/v2/health/live", self._live),
                Route("/v2/health/ready", self._ready),
                Route(stem, self._model),
                Route(stem + "/ready", self._model_ready),
                Route(stem + "/infer", self._infer, methods=["POST"]),
                Route(stem + "/versions/{version:int}", self._model),
                Route(stem + "/versions/{version:int}/ready", self._model_ready),
                Route(stem + "/versions/{version:int}/infer", self._infer, methods=["POST"]),
                Route("/serving", self._serving),
                Route("/metrics", self._metrics),
            ]
        )

    async def _server(self, _: Request) -> Response:
        return _json({"name": "rollbook", "version": "1", "extensions": []})

    async def _live(self, _: Request) -> Response:
        return _json({"live": True})

    async def _ready(self, _: Request) -> Response:
        lacking = self._keeper.lacking
        ready = self._health.begun and not lacking
        said = {"ready": ready, "stale": self._health.stale, "lacking": sorted(lacking)}
        return _json(said, 200 if ready else 503)

    async def _model(self, request: Request) -> Response:
        name = request.path_params["name"]
        version = request.path_params.get("version")
        try:
            await self._desk.drawn(key_of(name), version, "")
        except NothingThere as error:
            return _error(404, error)
        except NotReady as error:
            return _error(503, error)
        route = self._keeper.routes[key_of(name)]
        held = sorted({one.version for one in route.held if one.ready})
        return _json(
            {
                "name": name,
                "versions": [str(number) for number in held],
                "platform": "rollbook",
                "inputs": [],
                "outputs": [],
            }
        )

    async def _model_ready(self, request: Request) -> Response:
        route = self._keeper.routes.get(key_of(request.path_params["name"]))
        version = request.path_params.get("version")
        held = [] if route is None else list(route.held)
        if route is not None and version is None:
            held = [route.current] if route.current is not None else []
        ready = any(one.ready and version in (None, one.version) for one in held)
        return _json({"name": request.path_params["name"], "ready": ready}, 200 if ready else 503)

    async def _infer(self, request: Request) -> Response:
        body = await self._body(request)
        if body is None:
            return _error(413, f"a request has at most {self._most:,} bytes")
        try:
            said = await self._desk.infer(
                request.path_params["name"],
                request.path_params.get("version"),
                body,
                (request.headers.get(UNIT) or "")[:LONGEST] or None,
                (request.headers.get("x-request-id") or "")[:LONGEST] or None,
            )
        except NothingThere as error:
            return _error(404, error)
        except (NotReady, Full) as error:
            return _error(503, str(error) or "too many requests wait already")
        answer = said.answer
        if answer.kind is Kind.ANSWERED:
            response = Response(answer.body, media_type="application/json")
        else:
            response = _error(STATUS[answer.kind], answer.body.decode(errors="replace"))
        headers = {
            "x-rollbook-unit": said.unit,
            "x-rollbook-version": str(said.version),
            "x-request-id": said.identity,
        }
        for name, value in headers.items():
            response.headers[name] = value.encode("latin-1", "replace").decode("latin-1")
        return response

    async def _body(self, request: Request) -> bytes | None:
        said = request.headers.get("content-length", "")
        if said.isdecimal() and int(said) > self._most:
            return None
        whole = bytearray()
        async for piece in request.stream():
            whole += piece
            if len(whole) > self._most:
                return None
        return bytes(whole)

    async def _serving(self, _: Request) -> Response:
        return _json(
            {
                "environment": self._keeper.environment,
                "stale": self._health.stale,
                "models": self._keeper.shown(),
            }
        )

    async def _metrics(self, _: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def _json(said: object, status: int = 200) -> Response:
    return Response(orjson.dumps(said), status, media_type="application/json")


def _error(status: int, error: object) -> Response:
    return _json({"error": str(error)}, status)
