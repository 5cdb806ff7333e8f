"""Which format bytes are in."""

import zipfile
from pathlib import Path

import pytest

from rollbook.probes.bounds import unpacks
from rollbook.probes.folders import model_in
from rollbook.probes.formats import Format, Unreadable, format_of

HEADS = {
    Format.PICKLE: b"\x80\x04\x95",
    Format.LIGHTGBM: b"tree\nversion=v4\n",
    Format.XGBOOST: b'{"learner":{"attributes":{}',
    Format.SAFETENSORS: b"\x10\0\0\0\0\0\0\0{}              ",
    Format.ONNX: b"\x08\x09\x3a\x40",
}


@pytest.mark.parametrize("form", HEADS)
def test_a_format_is_known_by_its_bytes_whatever_the_file_is_called(
    form: Format, tmp_path: Path
) -> None:
    (tmp_path / "artifact").write_bytes(HEADS[form])
    assert format_of(tmp_path / "artifact", None) is form
    assert format_of(tmp_path / "artifact", form.value) is form


def test_the_names_that_people_register_stand_for_formats(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"\x1f\x8b\x08")
    assert format_of(tmp_path / "m", "joblib") is Format.PICKLE
    assert format_of(tmp_path / "m", "sklearn") is Format.PICKLE


def test_a_format_that_cannot_be_loaded_is_told_with_those_that_can(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="said to be 'h5', which cannot be loaded here: lightgbm"):
        format_of(tmp_path / "m", "h5")


def test_bytes_of_no_format_and_no_bytes_at_all_are_told(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"\xff\xfe hello")
    with pytest.raises(Unreadable, match="of no format that is known here, and onnx neither"):
        format_of(tmp_path / "m", "onnx")
    (tmp_path / "m").write_bytes(b"")
    with pytest.raises(Unreadable, match="its file is empty"):
        format_of(tmp_path / "m", "onnx")
    with pytest.raises(Unreadable, match="there is no file"):
        format_of(tmp_path / "n", "onnx")


def test_a_zip_with_too_many_files_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m", "w") as archive:
        for number in range(10_001):
            archive.writestr(str(number), "")
    with pytest.raises(Unreadable, match="it holds 10,001 files"):
        unpacks(tmp_path / "m", 1 << 30)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("flavors: {onnx: {data: ../secret}}", "leads out of its folder"),
        ("flavors: {onnx: {data: gone.onnx}}", "names a file that is not there"),
        ("flavors: {onnx: {}}", "does not say which file"),
        ("flavors: {keras: {data: m}}", "none of its MLflow flavours can be loaded here: keras"),
        ("[", "cannot be read"),
        ("flavors: 3", "cannot be read"),
    ],
)
def test_an_mlmodel_that_leads_nowhere_says_why(text: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "MLmodel").write_text(text)
    with pytest.raises(Unreadable, match=why):
        model_in(tmp_path)
