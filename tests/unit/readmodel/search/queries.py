"""Queries of any shape."""

from hypothesis import strategies as st

from rollbook.readmodel.search.tree import (
    Among,
    And,
    Compare,
    Has,
    Not,
    Or,
    Phrase,
    Tree,
    Value,
    Word,
    is_keyword,
    member,
)

plain = st.from_regex(r"[a-zäß0-9#._/*-]{1,8}", fullmatch=True).filter(lambda t: not is_keyword(t))
anything = st.text(st.characters(exclude_characters="\x00", codec="utf-8"), max_size=8)
keys = st.one_of(plain, anything.filter(lambda t: t and '"' not in t and "\\" not in t))
names = st.one_of(
    st.sampled_from(("model", "stage", "alias", "created", "size", "team")),
    st.builds(member, st.sampled_from(("tags", "metrics", "params")), keys),
)
values = st.one_of(
    st.builds(Value, plain.filter(lambda t: t != "*")),
    st.builds(Value, anything, quoted=st.just(True)),
)
leaves = st.one_of(
    st.builds(Word, plain),
    st.builds(Phrase, anything),
    st.builds(Compare, names, st.sampled_from(("=", "!=", "<", "<=", ">", ">=")), values),
    st.builds(Among, names, st.lists(values, min_size=1, max_size=3).map(tuple)),
    st.builds(Has, names),
)


def _flat(kind: type[And] | type[Or], parts: list[Tree]) -> Tree:
    found: list[Tree] = []
    for part in parts:
        found += part.parts if isinstance(part, kind) else (part,)
    return kind(tuple(found))


def _joined(parts: st.SearchStrategy[Tree]) -> st.SearchStrategy[Tree]:
    several = st.lists(parts, min_size=2, max_size=3)
    return st.one_of(
        several.map(lambda found: _flat(And, found)),
        several.map(lambda found: _flat(Or, found)),
        parts.map(Not),
    )


trees: st.SearchStrategy[Tree] = st.recursive(leaves, _joined, max_leaves=12)
