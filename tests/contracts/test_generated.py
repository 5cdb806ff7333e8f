"""What is generated and committed is what the code says today."""

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.contracts.generate import ROOT, generated
from tests.contracts.http_reference import http_page
from tests.contracts.refusals import POISON, STATE, codes_in_source


def test_every_generated_file_is_up_to_date() -> None:
    stale = [
        path
        for path, text in generated().items()
        if not (ROOT / path).exists() or (ROOT / path).read_text() != text
    ]
    assert stale == [], "run 'make contracts' and commit what it writes"


def test_every_refusal_code_of_the_source_is_explained_and_no_other() -> None:
    assert codes_in_source(ROOT).keys() == STATE.keys() | POISON.keys()


def test_every_code_of_an_http_problem_is_explained() -> None:
    page = http_page()
    found = set(problem_codes(ROOT / "services/query/src"))
    assert len(found) > 5
    assert {code for code in found if f"`{code}`" not in page} == set()


def problem_codes(folder: Path) -> Iterator[str]:
    """The second argument of every `Problem(…)`."""
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.Call(
                    func=ast.Name(id="Problem"), args=[_, ast.Constant(value=str(code)), *_]
                ):
                    yield code
                case _:
                    pass
