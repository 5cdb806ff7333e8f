import pytest

from tests.unit.gates.made import gate, judged, outcome

Columns = list[dict[str, object]]
IN: Columns = [
    {"name": "age", "type": "long"},
    {"name": "zip", "type": "string", "required": False},
]
OUT: Columns = [{"name": "score", "type": "double"}]


def beside(inputs: Columns = IN, outputs: Columns = OUT) -> dict[str, object]:
    """The facts of a version beside a champion with the usual interface."""
    return {
        "signature": {"inputs": inputs, "outputs": outputs},
        "champion": {"production": {"version": 6, "signature": {"inputs": IN, "outputs": OUT}}},
    }


@pytest.mark.parametrize(
    "new",
    [
        beside(),
        beside(inputs=IN[:1]),
        beside(inputs=[*IN, {"name": "income", "type": "double", "required": False}]),
        beside(outputs=[*OUT, {"name": "why", "type": "string"}]),
        beside(inputs=[{"name": "age", "type": "long"}]),
    ],
)
def test_an_interface_that_callers_of_the_champion_can_call_passes(
    new: dict[str, object],
) -> None:
    result = judged(gate("interface"), **new)
    assert result.outcome == "passed", result.reason


@pytest.mark.parametrize(
    ("new", "says"),
    [
        (
            beside(inputs=[*IN, {"name": "income", "type": "double"}]),
            "input income is new and required",
        ),
        (beside(inputs=[IN[0], {"name": "zip", "type": "string"}]), "input zip was optional"),
        (
            beside(inputs=[{"name": "age", "type": "string"}]),
            "the type of input age was long and is string",
        ),
        (beside(outputs=[]), "output score is gone"),
        (
            beside(outputs=[{"name": "score", "type": "long"}]),
            "the type of output score was double",
        ),
    ],
)
def test_each_break_is_named(new: dict[str, object], says: str) -> None:
    result = judged(gate("interface"), **new)
    assert result.outcome == "failed"
    assert says in result.reason


def tensor(dtype: str, *shape: int) -> Columns:
    return [{"type": "tensor", "tensor-spec": {"dtype": dtype, "shape": list(shape)}}]


@pytest.mark.parametrize(
    ("old", "new", "fits"),
    [
        (tensor("float32", -1, 8), tensor("float32", -1, 8), "passed"),
        (tensor("float32", 1, 8), tensor("float32", -1, 8), "passed"),
        (tensor("float32", -1, 8), tensor("float32", -1, 9), "failed"),
        (tensor("float32", -1, 8), tensor("float64", -1, 8), "passed"),
        (tensor("float64", -1, 8), tensor("float32", -1, 8), "failed"),
    ],
)
def test_tensors_have_types_and_shapes(old: Columns, new: Columns, fits: str) -> None:
    facts: dict[str, object] = {
        "signature": {"inputs": new},
        "champion": {"production": {"signature": {"inputs": old}}},
    }
    assert outcome(gate("interface"), **facts) == fits


def test_where_nothing_serves_any_interface_will_do() -> None:
    assert outcome(gate("interface")) == "passed"


def test_an_interface_that_nobody_described_is_missing() -> None:
    unknown = beside() | {"signature": None}
    assert outcome(gate("interface"), **unknown) == "failed"
    assert outcome(gate("interface", missing="skip"), **unknown) == "skipped"
    assert outcome(gate("interface"), **(beside() | {"champion": {"production": {}}})) == "failed"
