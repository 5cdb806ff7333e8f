"""The golden examples: today's code reads every record that was ever committed."""

import json
from hashlib import sha256

import pytest
from jsonschema import Draft202012Validator

from rollbook.domain.messages import Command
from rollbook.domain.state import Model
from rollbook.domain.tenancy import Namespace
from rollbook.eventlog import topics
from rollbook.eventlog.commands import decode_command, encode_command
from rollbook.eventlog.partition import Partition
from rollbook.eventlog.records import STREAM_EVENTS, as_json, decode_event
from tests.contracts import examples
from tests.contracts.compatibility import Kind
from tests.contracts.examples import CLASSES, MANIFEST, Example, load, topic
from tests.contracts.scenario import UNGOVERNED, envelope
from tests.contracts.schemas import CONTRACTS, FOLDERS, path_of, schemas
from tests.contracts.step import ADA, MODEL, NAMESPACE

FOLDER = CONTRACTS / "examples"
FILES = load(FOLDER)
COMMANDS = topic(FILES, topics.COMMANDS)
EVENTS = topic(FILES, topics.EVENTS)


def name(example: Example) -> str:
    return f"{example.message}@{example.offset}"


def test_every_message_has_an_example() -> None:
    wanted = {f"{n}.v{cls.schema_version}.json" for n, cls in CLASSES.items()}
    assert wanted <= FILES.keys(), "run 'make contracts'; a new message needs a scenario step"


def test_examples_are_only_ever_added() -> None:
    lines = (CONTRACTS / MANIFEST).read_text().splitlines()
    listed = {file: digest for digest, _, file in (line.partition("  ") for line in lines)}
    found = {f.name: sha256(f.read_bytes()).hexdigest() for f in FOLDER.glob("*.json")}
    assert found == listed, "an example changed, vanished, or is not listed: they are kept for ever"


def test_there_is_nothing_to_add() -> None:
    assert examples.missing(FOLDER) == {}, "run 'make contracts'"


@pytest.mark.parametrize("record", COMMANDS, ids=name)
def test_a_command_decodes_and_encodes_to_the_same_wish(record: Example) -> None:
    decoded = decode_command(record)
    assert type(decoded.command).__name__ == record.message
    assert decoded.model in (MODEL, NAMESPACE)
    key, value, headers = encode_command(decoded)
    again = decode_command(Example("", 0, 0, key, tuple(headers), value))
    assert again == decoded


def test_the_scenario_is_only_ever_continued() -> None:
    assert [decode_command(record) for record in COMMANDS] == [
        envelope(step) for step in range(len(COMMANDS))
    ]


@pytest.mark.parametrize("record", EVENTS, ids=name)
def test_a_record_of_the_log_decodes(record: Example) -> None:
    decoded = decode_event(record, 0)
    assert as_json(decoded)["type"] == record.message


def folded(events: list[Example]) -> Partition:
    partition = Partition(0)
    partition.fold(events)
    assert partition.breaks == 0
    return partition


def events_of(key: str, events: list[Example]) -> int:
    of_it = (record for record in events if record.key == key.encode())
    return sum(record.message in STREAM_EVENTS for record in of_it)


def test_the_first_chapter_folds_into_one_model_without_a_break() -> None:
    chapter = EVENTS[: 1 + len(UNGOVERNED)]
    stream = folded(chapter).stream(MODEL)
    assert isinstance(stream.state, Model)
    assert (stream.seq, stream.broken) == (events_of(MODEL, chapter), None)
    assert stream.state.serving("production") == 1
    assert dict(stream.state.aliases) == {"champion": 1}
    assert stream.state.versions[2].archived


def test_the_examples_fold_into_a_model_and_its_namespace_without_a_break() -> None:
    partition = folded(EVENTS)
    stream, governing = partition.stream(MODEL), partition.stream(NAMESPACE)
    assert (stream.seq, stream.broken) == (events_of(MODEL, EVENTS), None)
    assert (governing.seq, governing.broken) == (events_of(NAMESPACE, EVENTS), None)
    assert partition.next_command == len(COMMANDS)
    model, namespace = stream.state, governing.state
    assert isinstance(model, Model)
    assert isinstance(namespace, Namespace)
    assert {v.registered_by for v in model.versions.values()} == {ADA, "account:fraud/ci"}
    assert dict(model.labels) == {"1.0.0": 3, "1.0.1": 4}
    assert (model.requested, dict(model.requests)) == (4, {})
    assert (model.broken, dict(model.breaks)) == (1, {})
    assert dict(model.versions[3].properties) == {"library": "scikit-learn"}
    assert {place: model.serving(place) for place in model.environments} == {"staging": 5}
    assert (model.rolled, dict(model.rollouts)) == (3, {})
    assert (namespace.rules_version, namespace.schema_version) == (1, 2)
    assert sorted(namespace.grants) == [1, 3]
    assert len(namespace.revoked) == 1


def test_every_example_command_has_exactly_one_outcome() -> None:
    answered = [int(dict(r.headers)["ce_cmdoffset"]) for r in EVENTS if r.key is not None]
    assert answered == [record.offset for record in COMMANDS]


@pytest.mark.parametrize("record", [*COMMANDS, *EVENTS], ids=name)
def test_an_example_is_valid_by_the_schema_of_its_version(record: Example) -> None:
    kind = Kind.COMMAND if issubclass(CLASSES[record.message], Command) else Kind.EVENT
    version = int(dict(record.headers).get("ce_schema", b"1"))
    file = CONTRACTS / f"schemas/{FOLDERS[kind][0]}/{record.message}.v{version}.json"
    Draft202012Validator(json.loads(file.read_text())).validate(json.loads(record.value or b"null"))


def test_a_schema_is_not_satisfied_by_just_anything() -> None:
    for kind, (_, classes) in FOLDERS.items():
        for cls in classes.values():
            schema = json.loads(schemas()[path_of(kind, cls)])
            assert not Draft202012Validator(schema).is_valid(["a list"])
            if any(field.is_required() for field in cls.model_fields.values()):
                assert not Draft202012Validator(schema).is_valid({})
