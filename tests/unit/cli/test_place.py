from pathlib import Path

import pytest

from rollbook.cli.exits import Exit, Failure
from rollbook.cli.place import Place, Running

RUNNING = Running(
    pid=1,
    url="http://127.0.0.1:8080",
    kafka="127.0.0.1:9092",
    postgres="postgresql://u:secret@127.0.0.1/d",
    app="rollbook",
    schema="rollbook",
    durable=True,
)


def test_the_folder_is_the_option_else_the_variable_else_below_the_current_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ROLLBOOK_DATA", raising=False)
    assert Place.chosen(None).folder == tmp_path / ".data"
    monkeypatch.setenv("ROLLBOOK_DATA", "elsewhere")
    assert Place.chosen(None).folder == tmp_path / "elsewhere"
    assert Place.chosen(Path("named")).folder == tmp_path / "named"


def test_the_running_one_is_found_while_it_runs_and_not_afterwards(tmp_path: Path) -> None:
    place = Place(tmp_path / "data")
    assert place.running() is None
    with place.owned():
        assert place.running() is None  # still starting
        place.announce(RUNNING)
        assert place.running() == RUNNING
    assert place.running() is None


def test_what_a_killed_one_left_behind_is_not_taken_for_running(tmp_path: Path) -> None:
    place = Place(tmp_path)
    (tmp_path / "owner").touch()
    place.announce(RUNNING)  # and no lock is held
    assert place.running() is None


def test_only_its_user_can_read_the_note_with_the_password(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.announce(RUNNING)
    place.announce(RUNNING)
    assert (tmp_path / "running.json").stat().st_mode & 0o777 == 0o600


def test_a_folder_has_one_owner_and_the_second_is_told_where_the_first_is(tmp_path: Path) -> None:
    place = Place(tmp_path)
    with place.owned():
        place.announce(RUNNING)
        with (
            pytest.raises(Failure, match=r"already runs in .*: http://127\.0") as failure,
            place.owned(),
        ):
            pass
        assert place.running() == RUNNING  # the refused one took nothing away
    assert failure.value.exit_code == Exit.ERROR


def test_a_folder_that_cannot_be_made_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Failure, match="cannot write to"), Place(tmp_path / "file" / "x").owned():
        pass


def test_the_name_of_the_command_service_survives_a_restart(tmp_path: Path) -> None:
    name = Place(tmp_path).instance()
    assert name.startswith("up-")
    assert Place(tmp_path).instance() == name


def test_two_folders_have_two_names(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert Place(tmp_path / "a").instance() != Place(tmp_path / "b").instance()
