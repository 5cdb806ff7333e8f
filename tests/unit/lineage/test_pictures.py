"""Whatever somebody registered as a name stays a label in DOT and Mermaid."""

import re

from hypothesis import given
from hypothesis import strategies as st

from rollbook.lineage.dot import dot
from rollbook.lineage.graph import Cut, Direction, Edge, Graph, Kind, Node, Relation
from rollbook.lineage.labels import LONGEST, label
from rollbook.lineage.mermaid import mermaid
from tests.unit.lineage.records import Book, books, graph, keys

STRING = r'"(?:[^"\\\n]|\\[\\"])*"'
DOT_LINES = re.compile(
    rf"  (?:n\d+ \[label={STRING}, shape=[a-z]+, style=[a-z]+\];"
    rf"|n\d+ -> n\d+ \[label={STRING}\];|label={STRING};|rankdir=RL;)"
)
TEXT = r'"[\w \-_.,:/@+=…#;]*"'
MERMAID_LINES = re.compile(
    rf"  (?:n\d+(?:\[|\[\(|\[/|\(\[|\[\[|\{{\{{|>){TEXT}(?:\]|\)\]|/\]|\]\)|\]\]|\}}\}})"
    rf"|n\d+ -->\|{TEXT}\| n\d+|cut\[{TEXT}\]|style n\d+ stroke-width:3px)"
)
CODE = re.compile(r"#(\d+);")

hostile = st.text() | st.sampled_from(
    (
        'x"]; a -> b [label="',
        "\\",
        '\\"',
        "</script><script>alert(1)</script>",
        "a\nb\n```\nend",
        '"]\n  click n0 href "javascript:alert(1)"',
        "`**bold**`",
        "#quot;",
        "%%{init: {}}%%",
        "\u202eevil",
        "\x1b[2J",
    )
)


def named(text: str) -> Graph:
    """Two nodes with a hostile label, and an edge between them with a hostile role."""
    one = Node(id="version:a/x@1", kind=Kind.VERSION, label=text)
    other = Node(id=f"dataset:{text}", kind=Kind.DATASET, label=text)
    edge = Edge(effect=one.id, relation=Relation.USED, cause=other.id, how="train")
    return Graph(
        start=one.id,
        direction=Direction.UP,
        nodes=(one, other),
        edges=(edge,),
        truncated=Cut.NODES,
    )


@given(hostile)
def test_a_label_is_one_short_line_of_what_can_be_printed(text: str) -> None:
    shown = label(Node(id="dataset:x", kind=Kind.DATASET, label=text))
    assert len(shown) <= LONGEST
    assert shown.isprintable()


@given(hostile)
def test_a_label_in_dot_is_a_string_and_nothing_else(text: str) -> None:
    shown = named(text)
    first, *lines, last = dot(shown).splitlines()
    assert (first, last) == ("digraph lineage {", "}")
    assert len(lines) == 1 + 2 + 1 + 1
    for line in lines:
        assert DOT_LINES.fullmatch(line), line
    drawn = re.search(STRING, lines[1])
    assert drawn is not None
    said = drawn[0][1:-1].replace('\\"', '"').replace("\\\\", "\\")
    assert said == f"version: {label(shown.nodes[0])}"


@given(hostile)
def test_a_label_in_mermaid_is_a_text_and_nothing_else(text: str) -> None:
    shown = named(text)
    first, *lines = mermaid(shown).splitlines()
    assert first == "flowchart RL"
    assert len(lines) == 2 + 1 + 1 + 1
    for line in lines:
        assert MERMAID_LINES.fullmatch(line), line
    drawn = re.search(TEXT, lines[0])
    assert drawn is not None
    said = CODE.sub(lambda code: chr(int(code[1])), drawn[0][1:-1])
    assert said == f"version: {label(shown.nodes[0])}"


@given(books, keys)
def test_every_node_and_every_edge_is_drawn(book: Book, key: tuple[str, int]) -> None:
    shown = graph(book, key)
    assert dot(shown).count(" -> ") == len(shown.edges)
    assert mermaid(shown).count(" -->|") == len(shown.edges)
    assert dot(shown).count("shape=") == len(shown.nodes)
