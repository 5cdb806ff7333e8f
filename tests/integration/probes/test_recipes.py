"""A model is made again by its recipe, within the walls, and held against what was registered."""

from datetime import timedelta
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from rollbook.domain.gates import ReproductionGate
from rollbook.domain.lineage import Dataset
from rollbook.domain.recipes import Recipe
from rollbook.probes.artifact import read
from rollbook.probes.fetching import Sources
from rollbook.probes.measured import Measured
from rollbook.probes.reproduction import reproduction
from tests.integration.probes.subjects import PATIENT

FITS = """
import json, sys
from pathlib import Path
from helper import mean

rows = [float(line) for line in Path(sys.argv[1]).read_text().split()]
Path("model").write_text(f"mean {mean(rows)}")
Path("metrics.json").write_text(json.dumps({"mse": 0.25, "rows": len(rows)}))
if __name__ == "__main__":
    sys.exit(0)
"""
HELPER = "mean = lambda rows: sum(rows) / len(rows)\n"
MODEL = b"mean 2.0"


class Bench:
    """A folder with a recipe and its data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "code").mkdir()
        self.write("helper.py", HELPER)
        (folder / "train.txt").write_text("1\n2\n3\n")

    def write(self, name: str, text: str) -> None:
        (self.folder / "code" / name).write_text(text)

    async def rebuilt(
        self,
        program: str = FITS,
        *,
        arguments: tuple[str, ...] = ("{train}",),
        timeout: timedelta = PATIENT,
    ) -> Measured:
        """What the probe makes of a version with the digest of `MODEL`."""
        self.write("fit.py", program)
        code, data = self.folder / "code", self.folder / "train.txt"
        recipe = Recipe(
            uri=code.as_uri(), digest=read(code)[0], program="fit.py", arguments=arguments
        )
        gate = ReproductionGate(
            kind="reproduction", gate="again", metrics=("mse",), timeout=timeout
        )
        place = self.folder / "place"
        place.mkdir()
        datasets = [Dataset(uri=data.as_uri(), digest=read(data)[0])]
        digest = "sha256:" + sha256(MODEL).hexdigest()
        sources = Sources(roots=(self.folder,))
        return await reproduction(gate, recipe, digest, datasets, sources, place)


async def test_a_recipe_that_reproduces_gives_its_metrics_and_the_same_bytes(
    tmp_path: Path,
) -> None:
    measured = await Bench(tmp_path).rebuilt()
    assert measured.said == ""
    assert measured.numbers == {
        "reproduced.done": 1,
        "reproduced.bytes": 1,
        "reproduced.mse": 0.25,
        "reproduced.rows": 3,
    }


async def test_a_recipe_that_makes_another_model_says_which(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.write("helper.py", "mean = lambda rows: max(rows)\n")
    measured = await bench.rebuilt()
    assert measured.numbers["reproduced.bytes"] == 0
    assert measured.said.startswith("rebuilt, its bytes are sha256:")


async def test_a_recipe_that_hangs_is_ended(tmp_path: Path) -> None:
    measured = await Bench(tmp_path).rebuilt("while True: pass", timeout=timedelta(seconds=1))
    said = "its recipe did not go through: it did not come to an end within 1 seconds"
    assert measured == Measured({"reproduced.done": 0}, said)


async def test_a_recipe_that_tries_the_network_is_stopped(tmp_path: Path) -> None:
    program = "import socket\nsocket.create_connection(('127.0.0.1', 9))"
    measured = await Bench(tmp_path).rebuilt(program)
    assert measured.numbers == {"reproduced.done": 0}
    assert measured.said.startswith("its recipe failed: PermissionError")


async def test_a_recipe_reads_no_file_but_its_own_and_its_data(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    measured = await Bench(tmp_path).rebuilt(f"open({str(tmp_path / 'secret')!r})")
    assert measured.numbers == {"reproduced.done": 0}
    assert "PermissionError" in measured.said


async def test_a_recipe_that_leaves_what_is_no_model_has_made_none(tmp_path: Path) -> None:
    leaves = {
        "sys.exit('no rows')": "its recipe ended with no rows",
        "pass": "its recipe leaves no file metrics.json",
        "open('metrics.json', 'w').write('[1]')": "no object of numbers by name",
        "open('metrics.json', 'w').write('{}')": "no file or folder that is called model",
        "open('metrics.json', 'w').write('{}'); os.symlink('metrics.json', 'model')": (
            "no file or folder that is called model"
        ),
    }
    for number, (program, said) in enumerate(leaves.items()):
        (folder := tmp_path / str(number)).mkdir()
        measured = await Bench(folder).rebuilt(f"import os, sys\n{program}")
        assert measured.numbers == {"reproduced.done": 0}
        assert said in measured.said


async def test_a_recipe_runs_in_the_environment_that_it_is_pinned_to_or_not_at_all(
    tmp_path: Path,
) -> None:
    bench = Bench(tmp_path)
    bench.write(
        "requirements.txt",
        "# made by uv\n--only-binary :all:\npydantic>=2 ; python_version > '3' \\\n"
        "    --hash=sha256:00\nwin==1 ; sys_platform == 'win32'\nnumpy==0.1\n",
    )
    assert await bench.rebuilt() == Measured(
        said="its recipe is pinned to another environment:"
        f" it wants numpy==0.1, and beside the validator is {version('numpy')}"
    )


async def test_a_version_without_its_data_lacks_something(tmp_path: Path) -> None:
    measured = await Bench(tmp_path).rebuilt(arguments=("{train}", "{test}"))
    assert measured.numbers == {"reproduced.lacking": 1}
    assert measured.said == "its recipe wants {test}, and there is no such data set"
