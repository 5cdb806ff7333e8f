"""Holds what is wanted: new versions are ready before old ones go, and no request is dropped."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from rollbook.domain import traffic
from rollbook.domain.names import matches
from rollbook.domain.traffic import Pointing, Served
from rollbook.observability.logs import logger
from rollbook.serving.held import Held, Means
from rollbook.serving.names import name_of
from rollbook.serving.routes import Route, plain
from rollbook.telemetry.messages import Served as Told

log = logger(__name__)


class Keeper:
    """The routes of all models of one environment, and the versions behind them."""

    def __init__(
        self,
        means: Means,
        known: Mapping[str, Pointing],
        moved: Callable[[], None],
    ) -> None:
        """`known`: what stands where, as it is at any time; `moved`: hears each change."""
        self.routes: dict[str, Route] = {}
        self.good: dict[str, Served] = {}
        """Model -> what answered for it last, also before a restart."""
        self._means = means
        self.known = known
        """What stands where."""
        self._moved = moved
        self._asked: set[str] = set()
        """Models that are held although nobody said so ahead."""
        self._retiring: dict[Held, asyncio.Task[None]] = {}
        self._settled = asyncio.Event()

    @property
    def environment(self) -> str:
        """What stands there is served."""
        return self._means.settings.serving_environment

    def begin(self) -> None:
        """Take in all that is known."""
        for key in list(self.known):
            self.changed(key)

    def changed(self, key: str) -> None:
        """What stands at a key is another now."""
        end = traffic.at_environment(self.environment)
        if key.endswith(end) and ":" not in key:
            self._settle(key.removesuffix(end))

    async def route(self, model: str) -> Route | None:
        """The route of a model; loads what serves where nobody has asked before.

        None where nothing stands; TimeoutError where nothing has come of it in time.
        """
        if self._pointing(model) is None:
            return None
        route = self.routes.get(model)
        if route is None:
            self._asked.add(model)
            self._settle(model)
            route = self.routes[model]
        if route.current is None:
            async with asyncio.timeout(self._means.settings.serving_patience.total_seconds()):
                while not self._decided(route):
                    await self._settled.wait()
        return route

    def _decided(self, route: Route) -> bool:
        """Whether somebody answers, or it is known that nobody will soon."""
        gone = self.routes.get(route.model) is not route
        return route.current is not None or gone or route.failed is not None

    def standing(self) -> Iterator[Route]:
        """The routes that somebody is answered by."""
        return (route for route in self.routes.values() if route.current is not None)

    @property
    def lacking(self) -> list[str]:
        """Models that ought to be answered for and are not."""
        return [model for model, route in self.routes.items() if route.current is None]

    async def stop(self) -> None:
        """Let go of all."""
        held = {one for route in self.routes.values() for one in self._all(route)}
        self.routes.clear()
        for one, task in self._retiring.items():
            task.cancel()
            held.add(one)
        await asyncio.gather(*(one.end() for one in held))

    def wanted(self) -> dict[str, Pointing]:
        """What stands where, of the models that are held or were."""
        end = traffic.at_environment(self.environment)
        models = sorted({*self.routes, *self.good})
        return {m + end: found for m in models if (found := self._pointing(m)) is not None}

    def serves(self) -> list[Told]:
        """What really answers now."""
        return [
            Told(route.model, self.environment, one.version, one.served["digest"])
            for route in self.standing()
            for one in dict.fromkeys((route.current, *route.arms))
            if one is not None and one.ready
        ]

    def shown(self) -> list[dict[str, Any]]:
        """What is held, for people and programs."""
        return [
            {
                "model": route.model,
                "name": name_of(route.model),
                "settled": route.settled,
                "version": route.current.version if route.current else None,
                "rollout": route.pointing["rollout"] if route.pointing else None,
                "versions": [
                    {
                        "version": one.version,
                        "digest": one.served["digest"],
                        "state": one.state,
                        **({"why": one.why} if one.why else {}),
                        "waiting": one.waiting,
                    }
                    for one in self._all(route)
                ],
            }
            for route in self.routes.values()
        ]

    def _pointing(self, model: str) -> Pointing | None:
        return self.known.get(model + traffic.at_environment(self.environment))

    def _wants(self, model: str) -> bool:
        ahead = self._means.settings.serving_ahead
        names = (name_of(model), model.partition("/")[2])
        return model in self._asked or any(matches(n, glob) for n in names for glob in ahead)

    def _settle(self, model: str) -> None:
        """Bring a route as near to what is wanted as what is ready allows."""
        pointing = self._pointing(model)
        route = self.routes.get(model)
        if pointing is None:
            self.good.pop(model, None)
            if route is not None:
                del self.routes[model]
                self._retire(self._all(route))
            self._tell()
            return
        if route is None:
            if not self._wants(model):
                return
            route = self.routes[model] = Route(model)
        before = self._all(route)
        there = {self._key(one.served): one for one in before}

        def hold(served: Served) -> Held:
            key = self._key(served)
            if key not in there:
                there[key] = Held(
                    model, plain(served), self._means, lambda: self._settle_again(route)
                )
            return there[key]

        route.pointing = pointing
        target = hold(pointing["serves"])
        trial = pointing["rollout"]
        route.arms = [hold(arm) for arm in trial["arms"]] if trial is not None else []
        route.before = hold(pointing["before"]) if pointing["before"] is not None else None
        route.coming = target
        if target.ready:
            if route.current is not target:
                log.info("traffic moved", model=model, version=target.version)
            route.current = target
            route.good = None
            self.good[model] = target.served
        elif route.current is None and (good := self.good.get(model)) is not None:
            last = route.good = hold(good)
            if last.ready:
                route.current = last
                log.warning("what served last goes on", model=model, version=last.version)
        keep = set(self._all(route))
        self._retire(one for one in there.values() if one not in keep)
        self._tell()

    def _settle_again(self, route: Route) -> None:
        """A version of the route has become ready, or failed."""
        if self.routes.get(route.model) is route:
            self._settle(route.model)

    @staticmethod
    def _all(route: Route) -> list[Held]:
        return list(dict.fromkeys(route.held))

    @staticmethod
    def _key(served: Served) -> tuple[int, str]:
        return served["version"], served["digest"]

    def _retire(self, gone: Iterable[Held]) -> None:
        for one in gone:
            self._retiring[one] = asyncio.create_task(self._let_go(one), name="retire")

    async def _let_go(self, one: Held) -> None:
        await one.retire()
        del self._retiring[one]

    def _tell(self) -> None:
        self._settled.set()
        self._settled = asyncio.Event()
        self._moved()
