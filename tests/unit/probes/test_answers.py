"""The answer of a walled process is not believed as it comes."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from rollbook.probes.jobs import (
    BEGUN,
    DataJob,
    Job,
    LoadJob,
    PluginJob,
    RecipeJob,
    Told,
    clean,
    written,
)

HERE = Path("/nowhere")
LOAD = LoadJob(scratch=HERE, memory=1, seconds=1, path=HERE)
PLUGIN = PluginJob(scratch=HERE, memory=1, seconds=1, path=HERE, plugin="p", gate="g")
DATA = DataJob(scratch=HERE, memory=1, seconds=1, path=HERE, reference=HERE)
RECIPE = RecipeJob(scratch=HERE, memory=1, seconds=1, path=HERE, program="fit.py")


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


@pytest.mark.parametrize(
    ("job", "name"),
    [
        (LOAD, "load.done"),
        (LOAD, "performance.p95"),
        (PLUGIN, "plugin.g.passed"),
        (DATA, "data.psi.age"),
        (RECIPE, "reproduced.done"),
    ],
)
def test_a_process_answers_only_what_it_was_asked(job: Job, name: str) -> None:
    told = Told(numbers={name: 1.0})
    assert job.answer(BEGUN + written(told)) == told
    for other in (LOAD, PLUGIN, DATA, RECIPE):
        if type(other) is not type(job):
            with pytest.raises(ValueError, match="not asked"):
                other.answer(written(told))


@pytest.mark.parametrize("answer", [b"", BEGUN, b"garbage", BEGUN + b'{"numbers": {}'])
def test_what_cannot_be_read_is_no_answer(answer: bytes) -> None:
    with pytest.raises(ValueError, match="JSON"):
        LOAD.answer(answer)
