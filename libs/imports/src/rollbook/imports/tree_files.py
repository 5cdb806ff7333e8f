"""What the files of a tree may say: `rollbook.yaml` of a model and of a version, and README.md."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final, TypeVar

from pydantic import AwareDatetime, Field, FiniteFloat, ValidationError

from rollbook.cards.huggingface import ReadMe, read_readme
from rollbook.cards.plain import read
from rollbook.cards.problems import Unreadable, problems_of
from rollbook.domain.evaluations import Evaluation
from rollbook.domain.labels import Change
from rollbook.domain.lineage import Fact, Lineage, Short, Signature, Terms
from rollbook.domain.names import AliasName, EnvironmentName, Label, Reason, Subject, Text
from rollbook.domain.tags import FactName, Param, Properties, Tags

MAX_BYTES: Final = 2_000_000
FACTS: Final = ("rollbook.yaml", "metadata.yaml")
README: Final = "README.md"


class Promotion(Fact):
    """The version came to serve in an environment."""

    environment: EnvironmentName
    at: AwareDatetime
    by: Label | None = None
    reason: Annotated[str, Field(max_length=1000)] | None = None


class Archived(Fact):
    """The version went out of use."""

    at: AwareDatetime | None = None
    reason: Reason


class VersionFacts(Fact):
    """`rollbook.yaml` beside the files of a version; every field may be left out."""

    registered_at: AwareDatetime | None = None
    registered_by: Label | None = None
    change: Change | None = None
    description: Text = ""
    format: Short | None = None
    metrics: dict[FactName, FiniteFloat] = Field(default_factory=dict)
    params: dict[FactName, Param] = Field(default_factory=dict)
    tags: Tags = Field(default_factory=dict)
    properties: Properties = Field(default_factory=dict)
    lineage: Lineage = Lineage()
    signature: Signature | None = None
    evaluations: tuple[Evaluation, ...] = ()
    terms: Terms | None = None
    promotions: tuple[Promotion, ...] = ()
    aliases: tuple[AliasName, ...] = ()
    archived: Archived | None = None


class ModelFacts(Fact):
    """`rollbook.yaml` beside the versions of a model."""

    registered_at: AwareDatetime | None = None
    description: Text = ""
    tags: Tags = Field(default_factory=dict)
    owner: Subject | None = None
    team: Label | None = None


class BadTree(Exception):
    """Files of the tree break rules; `problems` has a line for each, with file and field."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class VersionFolder:
    """A version's folder, its files not read yet."""

    name: str
    path: Path
    facts: VersionFacts
    readme: ReadMe | None
    facts_file: str
    """The name of the file that the facts stand in."""


@dataclass(frozen=True)
class ModelFolder:
    """A model's folder."""

    name: str
    facts: ModelFacts
    versions: tuple[VersionFolder, ...]


Facts = TypeVar("Facts", bound=Fact)


class TreeReader:
    """Reads what the files say, and gathers what is wrong with them."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._bounds = root.resolve()
        self.problems: list[str] = []

    def models(self) -> Iterator[ModelFolder]:
        """Every model of the tree, by name."""
        for folder in self._folders(self._root):
            facts, _ = self._facts(folder, ModelFacts)
            versions = tuple(self._version(each) for each in self._folders(folder))
            yield ModelFolder(folder.name, facts or ModelFacts(), versions)

    def _version(self, folder: Path) -> VersionFolder:
        facts, name = self._facts(folder, VersionFacts)
        text = self._text(folder / README)
        readme = None
        if text is not None:
            try:
                readme = read_readme(text)
            except Unreadable as error:
                self._say(folder / README, *map(str, error.problems))
        return VersionFolder(folder.name, folder, facts or VersionFacts(), readme, name)

    def _facts(self, folder: Path, kind: type[Facts]) -> tuple[Facts | None, str]:
        names = [name for name in FACTS if (folder / name).exists()]
        if len(names) > 1:
            self._say(folder, f"has both {' and '.join(names)}: keep one")
        for name in names[:1]:
            text = self._text(folder / name)
            if text is None:
                return None, name
            try:
                return _parsed(text, kind), name
            except Unreadable as error:
                self._say(folder / name, *map(str, error.problems))
                return None, name
        return None, FACTS[0]

    def _text(self, file: Path) -> str | None:
        if not file.exists() and not file.is_symlink():
            return None
        if not file.resolve().is_relative_to(self._bounds):
            self._say(file, "is a link that leads out of the tree")
        elif not file.is_file():
            self._say(file, "is not a file")
        elif file.stat().st_size > MAX_BYTES:
            self._say(file, f"has more than {MAX_BYTES:,} bytes")
        else:
            try:
                return file.read_text("utf-8")
            except UnicodeDecodeError:
                self._say(file, "is not UTF-8")
            except OSError as error:
                self._say(file, f"cannot be read: {error.strerror}")
        return None

    def _folders(self, folder: Path) -> list[Path]:
        found = []
        for path in folder.iterdir():
            if path.name.startswith("."):
                continue
            if path.is_symlink() and path.is_dir():
                self._say(path, "is a link to a folder: put the folder itself there")
            elif path.is_dir():
                found.append(path)
        return sorted(found, key=_natural)

    def _say(self, file: Path, *rules: str) -> None:
        place = file.relative_to(self._root).as_posix()
        self.problems += [f"{place}: {rule}" for rule in rules]


def _parsed(text: str, kind: type[Facts]) -> Facts:
    document = read(text)
    try:
        return kind.model_validate(document.value or {})
    except ValidationError as error:
        raise problems_of(error, document.line, kind.model_fields) from None


def _natural(path: Path) -> tuple[list[tuple[int, int, str]], str]:
    """2 before 10, as people count."""
    parts: list[tuple[int, int, str]] = []
    digits = ""
    for character in path.name + "\x00":
        if character.isascii() and character.isdigit():
            digits += character
            continue
        if digits:
            parts.append((0, int(digits[:18]), ""))
            digits = ""
        parts.append((1, 0, character))
    return parts, path.name
