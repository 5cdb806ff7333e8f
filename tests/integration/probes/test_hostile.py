"""Whatever somebody registers as a model is answered in a sentence, and does nothing else."""

import os
import pickle
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from rollbook.probes.loading import load
from rollbook.probes.measured import Measured
from tests.integration.probes.subjects import loading, subject
from tests.support import models


async def refused(path: Path, form: str) -> Measured:
    measured = await load(loading(allow_pickle=True), subject(path, form))
    assert measured.numbers["load.done"] == 0
    return measured


@pytest.mark.parametrize("name", ["onnx", "safetensors", "lightgbm"])
async def test_a_model_that_is_cut_off_is_refused(name: str, tmp_path: Path) -> None:
    form, make = models.MADE[name]
    make(tmp_path / "m")
    whole = (tmp_path / "m").read_bytes()
    (tmp_path / "m").write_bytes(whole[: len(whole) * 2 // 3])
    assert "cut off" in (await refused(tmp_path / "m", form)).said


async def test_a_zip_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    models.skops(tmp_path / "m")
    (tmp_path / "m").write_bytes((tmp_path / "m").read_bytes()[:-40])
    said = (await refused(tmp_path / "m", "skops")).said
    assert said == "it is a zip file that is damaged or cut off"


async def test_a_damaged_pickle_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(pickle.dumps([1.5] * 100)[:-30])
    said = (await refused(tmp_path / "m", "pickle")).said
    assert said.startswith("it cannot be loaded as pickle, damaged or cut off: ")


async def test_another_format_than_the_registered_one_is_refused(tmp_path: Path) -> None:
    models.safetensors(tmp_path / "m")
    said = (await refused(tmp_path / "m", "onnx")).said
    assert said == "it is registered as onnx, and its bytes are safetensors"


async def test_a_pickle_that_holds_no_model_is_refused(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(pickle.dumps({"a": 1}))
    said = (await refused(tmp_path / "m", "pickle")).said
    assert said == "it holds a dict, which is no model: it cannot predict"


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, (self.command,)


async def test_a_pickle_that_would_run_a_command_does_not(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(pickle.dumps(Evil(f"touch {tmp_path}/ran")))
    measured = await refused(tmp_path / "m", "pickle")
    assert measured.said == "it asks for what is no part of a model: posix.system"
    assert measured.numbers["load.threats"] == 1
    assert not (tmp_path / "ran").exists()


async def test_code_behind_an_array_of_joblib_does_not_run_either(tmp_path: Path) -> None:
    import joblib
    import numpy as np

    joblib.dump([np.ones(9), Evil(f"touch {tmp_path}/ran")], tmp_path / "m", compress=3)
    assert "posix.system" in (await refused(tmp_path / "m", "joblib")).said
    assert not (tmp_path / "ran").exists()


async def test_a_skops_file_tells_which_of_its_types_nobody_trusts(tmp_path: Path) -> None:
    import skops.io
    from sklearn.preprocessing import FunctionTransformer

    (tmp_path / "m").write_bytes(skops.io.dumps(FunctionTransformer(os.getcwd)))
    measured = await refused(tmp_path / "m", "skops")
    assert measured.numbers["load.threats"] == 1
    assert measured.said == "it asks for what is no part of a model: posix.getcwd"


async def test_what_is_larger_than_the_memory_it_may_use_is_not_opened(tmp_path: Path) -> None:
    with (tmp_path / "m").open("wb") as file:
        file.truncate(3_000_000_000)
    said = (await refused(tmp_path / "m", "skops")).said
    assert said.startswith("it has 3,000,000,000 bytes, more than the 2,000,000,000 of memory")


async def test_a_zip_that_becomes_too_large_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "m", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", "{}")
        archive.writestr("zeros", b"\0" * 100_000_000)
    gate = loading(memory=90_000_000)
    measured = await load(gate, subject(tmp_path / "m", "skops"))
    assert measured.numbers["load.done"] == 0
    assert measured.said.startswith("it unpacks to 100,000,002 bytes, more than the 90,000,000")


async def test_a_model_that_never_ends_to_load_is_ended(tmp_path: Path) -> None:
    twice = b")" + b"2\x86" * 60  # 2^60 tuples to hash
    (tmp_path / "m").write_bytes(b"\x80\x04(" + twice + b"\x91.")
    gate = loading(allow_pickle=True, timeout=timedelta(seconds=2))
    measured = await load(gate, subject(tmp_path / "m", "pickle"))
    assert measured.numbers == {"load.done": 0}
    assert measured.said == "it did not come to an end within 2 seconds"


async def test_a_model_that_takes_all_memory_is_ended(tmp_path: Path) -> None:
    hog = b"\x80\x04cbuiltins\nlist\ncbuiltins\nrange\nJ\xff\xff\xff\x7f\x85R\x85R."
    (tmp_path / "m").write_bytes(hog)
    gate = loading(allow_pickle=True, memory=300_000_000)
    measured = await load(gate, subject(tmp_path / "m", "pickle"))
    assert measured.numbers["load.done"] == 0
    assert "300,000,000 bytes" in measured.said


async def test_a_model_that_crashes_its_process_is_refused(tmp_path: Path) -> None:
    deep = b")" + b"\x85" * 500_000  # hashing it overflows the stack
    (tmp_path / "m").write_bytes(b"\x80\x04(" + deep + b"\x91.")
    said = (await refused(tmp_path / "m", "pickle")).said
    assert said == "it crashed the process that loaded it (SIGSEGV)"
