"""A record to the byte: its leaf is unique, its link is the log's own, its line has one form."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.audit import spelling
from rollbook.audit.entry import Entry, Unreadable
from rollbook.audit.routing import partition_for
from rollbook.eventlog import records, routing

ENTRY = Entry(3, 1000, b"team/churn", (("ce_type", b"ModelRegistered"), ("empty", None)), b"{}")

entries = st.builds(
    Entry,
    offset=st.integers(0, 2**40),
    timestamp=st.integers(-(2**63), 2**63 - 1),
    key=st.none() | st.binary(max_size=8),
    headers=st.lists(
        st.tuples(st.text(max_size=4), st.none() | st.binary(max_size=4)), max_size=3
    ).map(tuple),
    value=st.none() | st.binary(max_size=8),
)


def test_a_leaf_holds_what_the_documentation_says() -> None:
    assert ENTRY.leaf_bytes() == (
        b"rollbook/record/1\n"
        b"\x00\x00\x00\x00\x00\x00\x03\xe8"
        b"\x00\x00\x00\nteam/churn"
        b"\x00\x00\x00\x02"
        b"\x00\x00\x00\x07ce_type\x00\x00\x00\x0fModelRegistered"
        b"\x00\x00\x00\x05empty\xff\xff\xff\xff"
        b"\x00\x00\x00\x02{}"
    )
    assert ENTRY.leaf() == sha256(b"\x00" + ENTRY.leaf_bytes()).digest()


@given(one=entries, other=entries)
def test_two_records_have_the_same_leaf_only_where_they_are_the_same(
    one: Entry, other: Entry
) -> None:
    same = replace(one, offset=0) == replace(other, offset=0)
    assert (one.leaf_bytes() == other.leaf_bytes()) == same


def test_a_line_feed_cannot_move_a_byte_from_one_header_to_the_next() -> None:
    apart = replace(ENTRY, headers=(("a", b"1"), ("b", b"2")))
    joined = replace(ENTRY, headers=(("a", b"1\nb\n2"),))
    assert apart.link() == joined.link()
    assert apart.leaf() != joined.leaf()


@given(entry=entries)
def test_a_record_comes_back_from_its_line(entry: Entry) -> None:
    assert Entry.parse(entry.line()) == entry


@given(entry=entries, place=st.integers(0, 10**6), byte=st.integers(0, 255))
def test_a_line_in_the_usual_spelling_says_what_a_parser_of_json_finds_in_it(
    entry: Entry, place: int, byte: int
) -> None:
    line = bytearray(entry.line())
    line[place % len(line)] = byte
    for text in (entry.line(), bytes(line)):
        if (found := spelling.parts(text)) is not None:
            offset, timestamp, key, headers, value = found
            usual = Entry(offset, timestamp, key, headers, value)
            assert usual.line() == text
            assert usual.shaped() == json.loads(text)


def test_nearly_every_line_is_spelled_as_usual() -> None:
    entry = replace(ENTRY, headers=(("ce_type", b"ModelRegistered"), ("ce_seq", b"1")))
    assert spelling.parts(entry.line()) == (3, 1000, b"team/churn", entry.headers, b"{}")


@given(entry=entries.filter(lambda e: all(v is not None for _, v in e.headers)))
def test_a_link_is_the_digest_that_the_log_itself_chains_by(entry: Entry) -> None:
    headers = [(name, value or b"") for name, value in entry.headers]
    assert entry.link() == records.digest(entry.key, entry.value, headers)


@given(key=st.binary(max_size=40), partitions=st.integers(1, 64))
def test_a_stream_lives_where_the_log_puts_it(key: bytes, partitions: int) -> None:
    assert partition_for(key, partitions) == routing.partition_for(key, partitions)


@pytest.mark.parametrize(
    "line",
    [
        ENTRY.line()[:-1],
        ENTRY.line().replace(b",", b", ", 1),
        ENTRY.line() + b"\n",
        json.dumps(ENTRY.shaped() | {"more": 1}, separators=(",", ":")).encode() + b"\n",
        ENTRY.line().replace(b"e30=", b"e31="),
        ENTRY.line().replace(b'"e30="', b'"e30"'),
        ENTRY.line().replace(b":3,", b":-3,"),
        ENTRY.line().replace(b":3,", b":3.0,"),
        ENTRY.line().replace(b":3,", b":true,"),
        ENTRY.line().replace(b":1000,", b":1%s," % (b"0" * 30)),
        b"[]\n",
        b"{}\n",
        b"[" * 100_000,
        b"\xff\n",
        b'{"offset":1,"timestamp":1,"key":null,"headers":[["\\ud800",null]],"value":null}\n',
    ],
)
def test_a_line_in_any_other_form_is_refused(line: bytes) -> None:
    with pytest.raises(Unreadable):
        Entry.parse(line)
