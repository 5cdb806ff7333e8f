"""The golden examples: today's code reads every record that was ever committed."""

import json
from hashlib import sha256

import pytest
from jsonschema import Draft202012Validator

from rollbook.domain.messages import Command
from rollbook.eventlog import codec, topics
from rollbook.eventlog.partition import Partition
from tests.contracts import examples
from tests.contracts.compatibility import Kind
from tests.contracts.examples import MANIFEST, Example, load, topic
from tests.contracts.scenario import MODEL
from tests.contracts.schemas import CONTRACTS, FOLDERS, path_of, schemas

FOLDER = CONTRACTS / "examples"
FILES = load(FOLDER)
COMMANDS = topic(FILES, topics.COMMANDS)
EVENTS = topic(FILES, topics.EVENTS)
CLASSES = codec.COMMANDS | codec.LOG_MESSAGES


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
    envelope = codec.decode_command(record)
    assert type(envelope.command).__name__ == record.message
    assert envelope.model == MODEL
    key, value, headers = codec.encode_command(envelope)
    again = codec.decode_command(Example("", 0, 0, key, tuple(headers), value))
    assert again == envelope


@pytest.mark.parametrize("record", EVENTS, ids=name)
def test_a_record_of_the_log_decodes(record: Example) -> None:
    envelope = codec.decode_event(record, 0)
    assert codec.as_json(envelope)["type"] == record.message


def test_the_examples_fold_into_one_model_without_a_break() -> None:
    partition = Partition(0)
    partition.fold(EVENTS)
    stream = partition.stream(MODEL)
    assert (partition.breaks, stream.broken) == (0, None)
    assert stream.seq == sum(record.message in codec.MODEL_EVENTS for record in EVENTS)
    assert stream.model.serving("production") == 1
    assert dict(stream.model.aliases) == {"champion": 1}
    assert stream.model.versions[2].archived
    assert partition.next_command == len(COMMANDS)


def test_every_example_command_has_exactly_one_outcome() -> None:
    answered = [int(dict(r.headers)["ce_cmdoffset"]) for r in EVENTS if r.key is not None]
    assert answered == [record.offset for record in COMMANDS]


@pytest.mark.parametrize("record", [*COMMANDS, *EVENTS], ids=name)
def test_a_current_example_is_valid_by_its_schema(record: Example) -> None:
    cls = CLASSES[record.message]
    kind = Kind.COMMAND if issubclass(cls, Command) else Kind.EVENT
    schema = json.loads(schemas()[path_of(kind, cls)])
    if f"{record.message}.v{cls.schema_version}.json" in FILES:
        Draft202012Validator(schema).validate(json.loads(record.value or b"null"))


def test_a_schema_is_not_satisfied_by_just_anything() -> None:
    for kind, (_, classes) in FOLDERS.items():
        for cls in classes.values():
            schema = json.loads(schemas()[path_of(kind, cls)])
            assert not Draft202012Validator(schema).is_valid(["a list"])
            if any(field.is_required() for field in cls.model_fields.values()):
                assert not Draft202012Validator(schema).is_valid({})
