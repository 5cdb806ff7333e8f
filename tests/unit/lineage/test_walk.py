"""Walks end, go both ways alike, and say what they left out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.lineage.graph import Cut, Direction, Edge, Relation, version_id, version_of
from rollbook.lineage.walk import Bounds, Walk, walked
from tests.unit.lineage.records import ALL, Book, books, edges_of, keys, reached


def between(effect: str, cause: str) -> Edge:
    return Edge(effect=effect, relation=Relation.DERIVED, cause=cause)


CHAIN = [between(f"n{i + 1}", f"n{i}") for i in range(5)]


@given(books)
def test_whatever_is_upstream_of_a_node_has_it_downstream(book: Book) -> None:
    edges = edges_of(book)
    nodes = {id_ for edge in edges for id_ in (edge.effect, edge.cause)}
    up = {id_: set(reached(edges, id_, Direction.UP).found) for id_ in nodes}
    down = {id_: set(reached(edges, id_, Direction.DOWN).found) for id_ in nodes}
    for one in nodes:
        assert up[one] == {other for other in nodes if one in down[other]}


@given(books, keys)
def test_downstream_is_every_version_from_which_the_thing_can_be_reached(
    book: Book, key: tuple[str, int]
) -> None:
    thing = version_id(*key)

    def came_of_it(id_: str, seen: frozenset[str] = frozenset()) -> bool:
        return id_ == thing or any(
            came_of_it(edge.cause, seen | {id_})
            for edge in edges_of(book)
            if edge.effect == id_ and edge.cause not in seen and version_of(edge.cause)
        )

    found = reached(edges_of(book), thing, Direction.DOWN).found
    assert set(found) == {thing, *(v for key in book if came_of_it(v := version_id(*key)))}


@given(books, keys, st.integers(0, 4), st.sampled_from((Direction.UP, Direction.DOWN)))
def test_a_bounded_walk_is_the_beginning_of_the_whole_one(
    book: Book, key: tuple[str, int], depth: int, direction: Direction
) -> None:
    edges = edges_of(book)
    whole = reached(edges, version_id(*key), direction)
    walk = reached(edges, version_id(*key), direction, Bounds(depth, 1_000_000))
    assert walk.found == {id_: far for id_, far in whole.found.items() if far <= depth}
    assert (walk.truncated is Cut.DEPTH) == (walk.found != whole.found)
    assert whole.truncated is None
    assert set(walk.edges) <= set(whole.edges)


@given(books, keys, st.integers(1, 6))
def test_a_walk_finds_no_more_nodes_than_it_may_and_says_so(
    book: Book, key: tuple[str, int], nodes: int
) -> None:
    edges = edges_of(book)
    whole = reached(edges, version_id(*key), Direction.UP)
    walk = reached(edges, version_id(*key), Direction.UP, Bounds(1_000, nodes))
    assert len(walk.found) == min(nodes, len(whole.found))
    assert (walk.truncated is Cut.NODES) == (len(whole.found) > nodes)
    ends = {id_ for edge in walk.edges for id_ in (edge.effect, edge.cause)}
    assert ends <= set(walk.found), "an edge leads to a node that is not shown"


@given(books, keys, st.sampled_from((Direction.UP, Direction.DOWN)))
def test_a_path_leads_back_in_as_many_edges_as_the_distance(
    book: Book, key: tuple[str, int], direction: Direction
) -> None:
    walk = reached(edges_of(book), version_id(*key), direction)
    for id_, distance in walk.found.items():
        path = walk.path(id_)
        assert len(path) == distance
        for edge in path:
            near, far = edge.effect, edge.cause
            if direction is Direction.UP:
                near, far = far, near
            assert near == id_
            id_ = far  # noqa: PLW2901  # on to the next edge
        assert id_ == version_id(*key)


def test_a_circle_of_parents_is_walked_once() -> None:
    circle = [between("a", "b"), between("b", "c"), between("c", "a"), between("a", "a")]
    walk = walked(circle, Walk(["a"], Direction.UP, ALL))
    assert walk.found == {"a": 0, "b": 1, "c": 2}
    assert set(walk.edges) == set(circle)


def test_a_walk_may_begin_at_several_nodes() -> None:
    walk = walked(CHAIN, Walk(["n1", "n3"], Direction.DOWN, Bounds(1, 100)))
    assert walk.found == {"n1": 0, "n3": 0, "n2": 1, "n4": 1}
    assert walk.truncated is Cut.DEPTH


def test_one_walk_goes_one_way() -> None:
    with pytest.raises(ValueError, match="one way"):
        Walk(["a"], Direction.BOTH, ALL)
