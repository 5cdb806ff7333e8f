"""resolver.local: what a look-up takes while the registry, the broker and the database are down."""

from collections.abc import AsyncIterator
from pathlib import Path
from time import perf_counter

from rollbook.client import Resolver, lastknown
from rollbook.embedded.ports import remembered
from tests.bench.figure import Figure
from tests.bench.process import Failed
from tests.bench.stage import Stage

NAMES = ("resolver.local",)

KNOWN = 500
"""Names that were looked up before."""
LOOKS = 50_000
RESTARTS = 50


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """Look-ups by name of a resolver that knows nothing but its file; beside it, the first one."""
    url, cache = _away(stage.folder), stage.folder / "resolver"
    names = [f"models:/team/model-{number}@production" for number in range(KNOWN)]
    with Resolver(url, cache=cache) as resolver:
        lastknown.write(resolver.file, {name: _resolved(name) for name in names})
    first = [_first(url, cache, names[number]) for number in range(RESTARTS)]
    with Resolver(url, cache=cache, timeout=0.5) as resolver:
        taken = []
        for look in range(LOOKS):
            began = perf_counter()
            found = resolver.resolve(names[look % KNOWN])
            taken.append(perf_counter() - began)
            if not found.stale:
                raise Failed("it says that the registry was asked")
    taken.sort()
    yield Figure(
        "resolver.local",
        taken[int(len(taken) * 0.99)] * 1000,
        "ms",
        extra={
            "p50": taken[len(taken) // 2] * 1000,
            "first_after_restart": sorted(first)[len(first) // 2] * 1000,
            "per_s": len(taken) / sum(taken),
        },
    )


def _first(url: str, cache: Path, name: str) -> float:
    """Seconds from nothing in memory to the first answer."""
    began = perf_counter()
    with Resolver(url, cache=cache, timeout=0.5) as resolver:
        resolver.resolve(name)
        return perf_counter() - began


def _resolved(name: str) -> dict[str, object]:
    digest = "sha256:" + "a" * 64
    model = name.removeprefix("models:/").partition("@")[0]
    uri = f"rollbook:{digest}"
    return {"model": model, "version": 3, "digest": digest, "uri": uri, "format": "onnx"}


def _away(folder: Path) -> str:
    [port] = remembered(folder / "away.port", 1)
    return f"http://127.0.0.1:{port}"
