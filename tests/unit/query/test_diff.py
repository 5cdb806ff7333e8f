"""How two versions differ."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.cards import Card
from rollbook.domain.evaluations import Evaluation, Measure
from rollbook.domain.lineage import Artifact, Dataset, Lineage, Signature, Terms, Variant
from rollbook.domain.validation import GateResult
from rollbook.eventlog.position import Position
from rollbook.query.diff import Change, Figure, Side, VersionDiff, diff
from rollbook.readmodel.versions import VersionRow

NOW = datetime(2026, 3, 3, tzinfo=UTC)
ROW = VersionRow(
    model="a/b",
    version=1,
    artifact=Artifact(uri="s3://m/1", digest="sha256:" + "1" * 64, size=100),
    metrics={"auc": 0.5},
    params={"depth": "6"},
    tags={},
    lineage=Lineage(
        code_commit="aaa",
        datasets=(Dataset(uri="s3://d/1", digest="sha256:" + "d" * 64),),
        environment={"numpy": "1.0", "scipy": "1.0"},
    ),
    signature=Signature(inputs=({"name": "amount", "type": "double"},)),
    description="",
    idempotency_key=None,
    position=Position(0, 1),
    created_at=NOW,
    created_by="pia",
    updated_at=NOW,
)


def between(old: Side | None, **changes: Any) -> VersionDiff:
    return diff(old, Side(replace(ROW, version=2, **changes)))


def test_figures_are_shown_with_their_difference_also_where_one_side_has_none() -> None:
    shown = between(Side(ROW), metrics={"auc": 0.75, "f1": 0.5})
    assert shown.metrics == [
        Figure(name="auc", old=0.5, new=0.75, delta=0.25),
        Figure(name="f1", old=None, new=0.5, delta=None),
    ]


def test_what_is_the_same_is_left_out_but_for_figures() -> None:
    shown = between(Side(ROW))
    assert shown == VersionDiff(
        model="a/b", old=1, new=2, metrics=[Figure(name="auc", old=0.5, new=0.5, delta=0.0)]
    )


def test_against_nothing_everything_is_new() -> None:
    shown = between(None)
    assert shown.old is None
    assert shown.params == {"depth": Change(old=None, new="6")}
    assert shown.packages["numpy"] == Change(old=None, new="1.0")
    assert [d["uri"] for d in shown.datasets.added if isinstance(d, dict)] == ["s3://d/1"]
    assert shown.artifact["size"] == Change(old=None, new=100)
    assert shown.description is None


def test_data_sets_and_columns_come_go_and_change_under_their_name() -> None:
    changed = Dataset(uri="s3://d/1", digest="sha256:" + "e" * 64)
    lineage = ROW.lineage.model_copy(update={"datasets": (changed, Dataset(uri="s3://d/2"))})
    signature = Signature(inputs=({"name": "country", "type": "string"},))
    shown = between(Side(ROW), lineage=lineage, signature=signature)
    assert list(shown.datasets.changed) == ["s3://d/1"]
    assert shown.datasets.added == [{"uri": "s3://d/2"}]
    assert shown.datasets.removed == []
    assert shown.inputs.added == [{"name": "country", "type": "string"}]
    assert shown.inputs.removed == [{"name": "amount", "type": "double"}]


def test_members_without_names_of_their_own_are_compared_as_a_whole() -> None:
    tensors = Signature(inputs=({"type": "tensor", "shape": [-1, 3]},))
    shown = between(Side(ROW), signature=tensors)
    assert shown.inputs.added == [{"type": "tensor", "shape": [-1, 3]}]
    assert shown.inputs.changed == {}


def test_packages_code_terms_and_card_are_compared_by_name() -> None:
    lineage = Lineage(code_commit="bbb", environment={"numpy": "2.0", "torch": "3.0"})
    new = Side(
        replace(ROW, version=2, lineage=lineage, terms=Terms(licence="MIT", pii="personal")),
        card=Card(summary="new"),
    )
    shown = diff(Side(ROW, card=Card(summary="old", limitations="none")), new)
    assert shown.code == {"code_commit": Change(old="aaa", new="bbb")}
    assert shown.packages == {
        "numpy": Change(old="1.0", new="2.0"),
        "scipy": Change(old="1.0", new=None),
        "torch": Change(old=None, new="3.0"),
    }
    assert shown.terms == {
        "licence": Change(old=None, new="MIT"),
        "pii": Change(old=None, new="personal"),
    }
    assert shown.card == {
        "limitations": Change(old="none", new=None),
        "summary": Change(old="old", new="new"),
    }


def test_variants_are_compared_by_name() -> None:
    small = Variant(
        uri="s3://m/q", digest="sha256:" + "2" * 64, size=10, name="int8", kind="quantised"
    )
    shown = between(Side(replace(ROW, variants=(small,))), variants=(small,))
    assert shown.variants.changed == {}
    smaller = small.model_copy(update={"size": 5})
    shown = between(Side(replace(ROW, variants=(small,))), variants=(smaller,))
    assert list(shown.variants.changed) == ["int8"]


def measured(value: float, **slice_: str) -> Evaluation:
    return Evaluation(metrics={"auc": Measure(value=value)}, slice=slice_)


def test_the_newest_figure_of_each_slice_counts() -> None:
    old = Side(ROW, evaluations=[measured(0.9, country="DE"), measured(0.1, country="DE")])
    new = Side(replace(ROW, version=2), evaluations=[measured(0.5), measured(0.5, country="DE")])
    whole, slice_ = diff(old, new).measured
    assert (whole.slice, whole.old, whole.delta) == ({}, None, None)
    assert slice_.slice == {"country": "DE"}
    assert slice_.old == Measure(value=0.9)
    assert slice_.delta == 0.5 - 0.9


def test_latency_is_gathered_from_wherever_it_was_measured() -> None:
    evaluation = Evaluation(metrics={"latency_p99": Measure(value=7)}, split="load")
    gate = GateResult(gate="speed", outcome="passed", measured={"Latency": 3, "rps": 9})
    old = Side(replace(ROW, metrics={"latency_ms": 2.0}))
    new = Side(
        replace(ROW, version=2, metrics={"latency_ms": 3.0}),
        evaluations=[evaluation],
        gates=[gate],
    )
    assert [(f.name, f.old, f.new) for f in diff(old, new).latency] == [
        ("Latency (gate speed)", None, 3.0),
        ("latency_ms", 2.0, 3.0),
        ("latency_p99 (offline load)", None, 7.0),
    ]


def test_true_is_not_one() -> None:
    shown = between(Side(replace(ROW, properties={"a": 1})), properties={"a": True})
    assert shown.properties == {"a": Change(old=1, new=True)}


values = st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["", "x"])
maps = st.dictionaries(st.sampled_from("abc"), values.filter(lambda v: v is not None))


@given(maps, maps)
def test_changes_lead_from_the_old_to_the_new(old: dict[str, Any], new: dict[str, Any]) -> None:
    shown = between(Side(replace(ROW, properties=old)), properties=new).properties
    led = {**old, **{name: change.new for name, change in shown.items()}}
    assert {name: value for name, value in led.items() if value is not None} == new
    assert all(
        change.old != change.new or type(change.old) is not type(change.new)
        for change in shown.values()
    )
