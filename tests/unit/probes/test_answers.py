"""The answer of a walled process is not believed as it comes."""

import pytest
from pydantic import ValidationError

from rollbook.probes.jobs import Told, clean, written


def test_text_becomes_one_line_that_moves_no_terminal() -> None:
    assert clean("a\x1b[2Jb\r\n\u202ec\x00  d") == "a [2Jb c d"
    assert clean("x" * 600) == "x" * 499 + "…"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"[]",
        b'{"numbers": {"load.done": "NaN"}}',
        b'{"numbers": {"a\\u0000b": 1}}',
        b'{"numbers": {}, "more": 1}',
    ],
)
def test_what_is_no_answer_is_refused(answer: bytes) -> None:
    with pytest.raises(ValidationError):
        Told.model_validate_json(answer)


def test_what_is_written_is_read() -> None:
    told = Told(numbers={"load.done": 1.0}, said="well")
    assert Told.model_validate_json(written(told)) == told
