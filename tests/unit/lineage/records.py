"""Random records of versions, and graphs made of them, with few names so that they meet."""

from hypothesis import strategies as st

from rollbook.domain.lineage import Dataset, Feature, Lineage, Parent, Runtime
from rollbook.lineage.graph import Direction, Edge, Graph, Kind, Node, Relation, version_id
from rollbook.lineage.origins import origins, version_node
from rollbook.lineage.walk import Bounds, Walk, walked

Book = dict[tuple[str, int], Lineage]
"""What the record of each version says."""

models = st.sampled_from(("a/x", "a/y", "b/x"))
digests = st.sampled_from(tuple(f"sha256:{n:064x}" for n in range(3)))
uris = st.sampled_from(("s3://lake/one", "s3://lake/two", "file:three"))
commits = st.sampled_from(("c0ffee", "decade"))
keys = st.tuples(models, st.integers(1, 4))

datasets = st.builds(
    Dataset,
    uri=uris,
    digest=st.none() | digests,
    role=st.sampled_from(("train", "validation", "test")),
)
parents = st.builds(lambda key: Parent(model=key[0], version=key[1]), keys)
lineages = st.builds(
    Lineage,
    run_id=st.none() | st.sampled_from(("run-1", "run-2")),
    code_uri=st.none() | st.just("https://git.example/x"),
    code_commit=st.none() | commits,
    datasets=st.lists(datasets, max_size=3).map(tuple),
    parents=st.lists(parents, max_size=2).map(tuple),
    features=st.lists(st.builds(Feature, name=st.sampled_from("fg")), max_size=2).map(tuple),
    environment=st.just({}) | st.just({"numpy": "2"}),
    runtime=st.none() | st.builds(Runtime, image=st.none() | st.just("img:1")),
)
books = st.dictionaries(keys, lineages, max_size=8)
"""Records may name each other as parents in a circle, or themselves: nobody checks that."""

ALL = Bounds(depth=1_000, nodes=1_000_000)


def edges_of(book: Book) -> list[Edge]:
    """Every edge of every record."""
    return [
        origin.of(version_id(*key)) for key, lineage in book.items() for origin in origins(lineage)
    ]


def reached(edges: list[Edge], start: str, direction: Direction, bounds: Bounds = ALL) -> Walk:
    """A walk from one node."""
    return walked(edges, Walk([start], direction, bounds))


def known(model: str, version: int, **facts: object) -> Node:
    """A version as the tables tell of it."""
    told = {
        "digest": f"sha256:{version:064x}",
        "uri": "s3://models/m",
        "created_at": "2026-03-03T14:00:00+00:00",
        "created_by": "ann",
        **facts,
    }
    node = version_node(model, version)
    return Node(
        id=node.id,
        kind=node.kind,
        label=node.label,
        facts={**node.facts, **told},  # type: ignore[dict-item]
    )


def graph(book: Book, start: tuple[str, int]) -> Graph:
    """All that a book tells of a version, and that it serves."""
    edges = edges_of(book)
    start_id = version_id(*start)
    up = reached(edges, start_id, Direction.UP)
    down = reached(edges, start_id, Direction.DOWN)
    nodes = {o.node.id: o.node for lineage in book.values() for o in origins(lineage)}
    nodes |= {version_id(*key): known(*key) for key in book}
    nodes.setdefault(start_id, version_node(*start))
    served = Node(
        id=f"deployment:{start[0]}/production@0:9",
        kind=Kind.DEPLOYMENT,
        label=f"{start[0]} in production",
        facts={
            "model": start[0],
            "environment": "production",
            "version": start[1],
            "since": "2026-03-04T14:00:00+00:00",
            "actor": "bob",
        },
    )
    serves = Edge(effect=served.id, relation=Relation.SERVED, cause=start_id)
    return Graph(
        start=start_id,
        direction=Direction.BOTH,
        nodes=(*(nodes[id_] for id_ in {**up.found, **down.found}), served),
        edges=tuple(dict.fromkeys((*up.edges, *down.edges, serves))),
    )
