"""What can be asked about where versions come from, and what came of them."""

from typing import Any, Literal, TypeAlias

from rollbook.client.session import API, AsOf, Session, asked, model_path, segment
from rollbook.client.traces import Impact, LineageGraph

Direction: TypeAlias = Literal["up", "down", "both"]


class Tracing(Session):
    """Each read shows what this session's commands did; a version goes by number or label."""

    def lineage(
        self,
        model: str,
        version: int | str,
        *,
        direction: Direction = "both",
        depth: int = 5,
        as_of: AsOf = None,
    ) -> LineageGraph:
        """What a version came from (`up`), what came of it and where that stands (`down`).

        `depth` is how many edges away, each way; `truncated` says whether that left something out.
        """
        params = {"direction": direction, "depth": depth, "as_of": asked(as_of)}
        return LineageGraph.of(self.read(_path(model, version), {**params, "format": "json"}))

    def lineage_as(
        self,
        model: str,
        version: int | str,
        form: Literal["openlineage", "prov"],
        *,
        direction: Direction = "both",
        depth: int = 5,
        as_of: AsOf = None,
    ) -> Any:
        """The same as OpenLineage run events, or as PROV-JSON, for other programs."""
        params = {"direction": direction, "depth": depth, "as_of": asked(as_of)}
        return self.read(_path(model, version), {**params, "format": form})

    def impact(
        self,
        *,
        dataset: str | None = None,
        commit: str | None = None,
        version: tuple[str, int] | None = None,
        limit: int = 100,
        as_of: AsOf = None,
    ) -> Impact:
        """What came of a thing that was bad, and where that serves.

        Just one of: a data set by its digest or a URI where it lay, a commit, or a version, such as
        `("payments/fraud", 3)`. At most `limit` versions are listed, and all that serve.
        """
        params = {
            "dataset": dataset,
            "commit": commit,
            "model": f"{version[0]}@{version[1]}" if version is not None else None,
            "limit": limit,
            "as_of": asked(as_of),
        }
        return Impact.of(self.read(f"{API}/impact", params))


def _path(model: str, version: int | str) -> str:
    return f"{model_path(model)}/versions/{segment(str(version))}/lineage"
