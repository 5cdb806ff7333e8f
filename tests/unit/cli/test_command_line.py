import json
import socket
import subprocess
import sys

import pytest

from rollbook.cli.exits import Exit
from rollbook.cli.verbs import FAMILIES, VERBS
from tests.unit.cli.conftest import Call

WORDS = [words for words, *_ in VERBS]


@pytest.mark.parametrize("family", ["", *FAMILIES])
def test_the_overview_names_every_verb_with_what_it_does(call: Call, family: str) -> None:
    shown = call(*family.split(), "--help")
    assert shown.code == Exit.DONE
    for words in WORDS:
        before, _, verb = words.rpartition(" ")
        if before == family:
            assert any(
                f"│ {verb} " in line and len(line.split()) > 4 for line in shown.out.splitlines()
            ), words


@pytest.mark.parametrize("words", WORDS)
def test_the_help_of_each_verb_teaches_by_examples(call: Call, words: str) -> None:
    shown = call(*words.split(), "--help")
    assert shown.code == Exit.DONE
    assert shown.out.count(f"rollbook {words}") >= 2  # the usage line is one of them


@pytest.mark.parametrize(
    "typed", [["fly"], ["promote"], ["promote", "churn", "x"], ["up", "--service", "all"]]
)
def test_bad_usage_ends_with_two_and_leads_to_the_help(call: Call, typed: list[str]) -> None:
    ended = call(*typed)
    assert ended.code == Exit.USAGE
    assert "--help" in ended.err
    assert ended.out == ""


@pytest.mark.parametrize(
    ("service", "missing"),
    [
        ("command", ["ROLLBOOK_KAFKA"]),
        ("projector", ["ROLLBOOK_KAFKA", "ROLLBOOK_POSTGRES"]),
        ("query", ["ROLLBOOK_KAFKA", "ROLLBOOK_POSTGRES"]),
        ("monitor", ["ROLLBOOK_KAFKA", "ROLLBOOK_POSTGRES"]),
        ("deployer", ["ROLLBOOK_KAFKA", "ROLLBOOK_POSTGRES"]),
        ("validator", ["ROLLBOOK_KAFKA", "ROLLBOOK_POSTGRES"]),
    ],
)
def test_a_service_alone_says_which_variable_is_missing(
    call: Call, service: str, missing: list[str]
) -> None:
    ended = call("up", "--service", service)
    assert ended.code == Exit.USAGE
    for variable in missing:
        assert f"{variable} is not set" in ended.err


def test_a_setting_that_is_wrong_is_named_without_its_value(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROLLBOOK_KAFKA", "127.0.0.1:1")
    monkeypatch.setenv("ROLLBOOK_TOKEN_SECRET", "hush")
    ended = call("up", "--service", "command")
    assert ended.code == Exit.USAGE
    assert "ROLLBOOK_TOKEN_SECRET" in ended.err
    assert "hush" not in ended.err


@pytest.mark.parametrize("verb", ["tail", "topics", "replay"])
def test_without_a_kafka_to_read_it_says_what_to_do(call: Call, verb: str) -> None:
    ended = call(verb)
    assert ended.code == Exit.UNAVAILABLE
    assert "rollbook up" in ended.err


def test_a_failure_is_a_json_document_too(call: Call) -> None:
    ended = call("topics", "--json")
    error = json.loads(ended.out)["error"]
    assert error["code"] == "unavailable"
    assert error["exit"] == ended.code == Exit.UNAVAILABLE


def test_a_registry_that_does_not_answer_is_unavailable(call: Call) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        ended = call("show", "--url", url, "--timeout", "0.3")
    assert ended.code == Exit.UNAVAILABLE
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    "typed",
    [
        ["alias", "churn", "champion"],
        ["alias", "churn", "champion", "3", "--remove"],
        ["tag", "churn"],
        ["show", "churn@1", "--alias", "x"],
        ["show", "--version", "1"],
        ["show", "churn", "--as-of", "yesterday"],
        ["history", "churn", "--last", "0"],
        ["tail", "--from", "here"],
        ["register", "churn", "missing.joblib"],
        ["register", "churn", "missing.joblib", "--variant", "quantised"],
        ["register", "churn", "missing.joblib", "--evaluation", "missing.yaml"],
        ["evaluate", "churn", "--metric", "auc=0.9"],
        ["evaluate", "churn@1", "missing.yaml", "--metric", "auc=0.9"],
        ["evaluate", "churn@1", "--metric", "auc=high"],
        ["link", "churn@1", "https://x/y"],
        ["validate", "record", "churn@1"],
        ["card", "write", "churn@1", "missing.yaml"],
        ["card", "review", "churn@1", "--until", "soon", "--note", "x"],
        ["request", "churn", "1", "--reason", "x", "--reviewer", "product=two"],
        ["requests", "churn", "--title", "ml-ops"],
        ["rules", "check", "missing.yaml"],
        ["rules", "show", "team-a/churn"],
        ["access", "who", "FlyToTheMoon"],
        ["access", "grant", "team-a", "ada", "viewer", "-r", "x", "--until", "soon"],
        ["key", "new", "Team A", "nightly"],
        ["import", "directory", "missing"],
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_sent(
    call: Call, typed: list[str]
) -> None:
    ended = call(*typed)
    assert ended.code == Exit.USAGE
    assert ended.err.startswith("rollbook: ")


def test_a_tracking_server_that_does_not_answer_is_unavailable(call: Call) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        ended = call("import", "mlflow", url, "--dry-run")
    assert ended.code == Exit.UNAVAILABLE
    assert url in ended.err


def test_the_overview_imports_neither_services_nor_scikit_learn() -> None:
    program = (
        "import sys; from rollbook.cli.__main__ import run; run(['--help']);"
        "print([m for m in ('sklearn', 'aiokafka', 'fastapi', 'asyncpg', 'httpx', 'pydantic')"
        " if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines()[-1] == "[]"


def test_a_port_that_does_not_exist_is_bad_usage(call: Call) -> None:
    ended = call("up", "--port", "70000")
    assert ended.code == Exit.USAGE
    assert "--port" in ended.err
