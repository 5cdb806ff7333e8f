"""Models of a tree `model/version/files`, as commands in order."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, urlencode

from pydantic import ValidationError

from rollbook.artifacts import folders
from rollbook.artifacts.errors import BadListing
from rollbook.artifacts.folders import Hashed
from rollbook.domain.aliases import SetAlias
from rollbook.domain.cards import Card, WriteCard
from rollbook.domain.catalog import AssignOwner, RegisterModel
from rollbook.domain.environments import PromoteVersion
from rollbook.domain.lineage import Artifact, Terms
from rollbook.domain.model import ModelCommand
from rollbook.domain.versions import ArchiveVersion, RegisterVersion
from rollbook.imports.moves import in_order
from rollbook.imports.plan import Entry, Plan, Skipped, command_id, first_rule, model_key
from rollbook.imports.tree_files import (
    FACTS,
    README,
    BadTree,
    ModelFolder,
    TreeReader,
    VersionFolder,
)


def read_directory(
    root: Path, *, namespace: str, tree: str | None = None, base_uri: str | None = None
) -> Iterator[Entry]:
    """What to send, model by model; files are hashed while the caller sends.

    `tree` names the tree for ever: another import under the same name repeats nothing; the
    folder's own name if None. `base_uri` is where the tree lies for others, such as
    `s3://models`; the files' own address if None. Raises `BadTree` before the first plan.
    """
    reader = TreeReader(root)
    if not root.is_dir():
        raise BadTree([f"{root} is not a folder"])
    models = list(reader.models())
    if reader.problems:
        raise BadTree(reader.problems)
    name = tree or root.resolve().name
    for model in models:
        yield from _Reading(root, namespace, name, base_uri, model).entries()


class _Reading:
    def __init__(
        self, root: Path, namespace: str, tree: str, base_uri: str | None, model: ModelFolder
    ) -> None:
        self._root = root
        self._namespace = namespace
        self._base = base_uri
        self._model = model
        self._key = f"{namespace}/{model.name}"
        self._origin = f"directory:{quote(tree)}/{quote(model.name)}"

    def entries(self) -> Iterator[Entry]:
        facts = self._model.facts
        try:
            self._key = model_key(self._namespace, self._model.name)
        except ValueError as error:
            yield Skipped(self._key, "the model", str(error))
            return
        command = RegisterModel(description=facts.description, tags=facts.tags)
        yield Plan(self._key, command, self._origin, facts.registered_at)
        if facts.owner:
            owner = AssignOwner(owner=facts.owner, team=facts.team)
            yield Plan(self._key, owner, self._origin, facts.registered_at)
        versions: list[list[Plan]] = []
        moves: list[Plan] = []
        for folder in self._model.versions:
            number = len(versions) + 1
            try:
                plans = list(self._version(folder, number))
            except BadListing as error:
                yield Skipped(self._key, f"version {folder.name}", str(error))
            except ValidationError as error:
                yield Skipped(self._key, f"version {folder.name}", first_rule(error))
            except OSError as error:
                reason = f"{error.filename}: {error.strerror}"
                yield Skipped(self._key, f"version {folder.name}", reason)
            else:
                versions.append(plans)
                moves += self._moves(folder, number)
            for note in folder.readme.notes if folder.readme else ():
                yield Skipped(self._key, f"version {folder.name}, {README}", note)
        yield from in_order(versions, moves)

    def _version(self, folder: VersionFolder, number: int) -> Iterator[Plan]:
        facts, readme = folder.facts, folder.readme
        files = [
            file
            for file in folders.files_in(folder.path, self._root)
            if file.parent != folder.path or file.name not in (*FACTS, README)
        ]
        if not files:
            raise BadListing(f"{folder.path.relative_to(self._root)} has no files of a model")
        hashed = [folders.hash_file(file, folder.path) for file in files]
        at = facts.registered_at or datetime.fromtimestamp(
            max(file.stat().st_mtime for file in files), UTC
        )
        tags = dict(facts.tags) | {"imported.version": folder.name}
        terms = facts.terms
        if terms is None and readme and readme.card.licence:
            terms = Terms(licence=readme.card.licence)
        command = RegisterVersion(
            artifact=self._artifact(folder, hashed),
            change=facts.change,
            metrics=facts.metrics,
            params=facts.params,
            tags=tags,
            properties=facts.properties,
            lineage=facts.lineage,
            signature=facts.signature,
            evaluations=(*facts.evaluations, *(readme.evaluations if readme else ())),
            terms=terms,
            description=facts.description,
            idempotency_key=f"import:{command_id(self._key, self._origin_of(folder))}",
        )
        yield self._plan(folder, command, at, by=facts.registered_by)
        if readme and readme.card != Card():
            card = WriteCard(version=number, card=readme.card)
            yield self._plan(folder, card, at, f"/{README}", readme.card.digest())

    def _artifact(self, folder: VersionFolder, hashed: list[Hashed]) -> Artifact:
        single = len(hashed) == 1
        place = folder.path / hashed[0].path if single else folder.path
        if self._base is None:
            uri = place.resolve().as_uri()
        else:
            below = place.relative_to(self._root).as_posix()
            uri = f"{self._base.rstrip('/')}/{quote(below)}"
        return Artifact(
            uri=uri,
            digest=folders.of_file(hashed[0]) if single else folders.of_folder(hashed),
            size=sum(file.size for file in hashed),
            format=folder.facts.format or (place.suffix[1:] if single else "") or None,
        )

    def _moves(self, folder: VersionFolder, number: int) -> Iterator[Plan]:
        for promotion in folder.facts.promotions:
            at = promotion.at.astimezone(UTC).isoformat()
            why = f"?{urlencode({'reason': promotion.reason})}" if promotion.reason else ""
            detail = f"/{folder.facts_file}{why}"
            promote = PromoteVersion(version=number, environment=promotion.environment)
            identity = f"promotion {promotion.environment} {at}"
            yield self._plan(folder, promote, promotion.at, detail, identity, by=promotion.by)
        for alias in folder.facts.aliases:
            move = SetAlias(alias=alias, version=number)
            yield self._plan(folder, move, None, f"/{folder.facts_file}", f"alias {alias}")
        if archived := folder.facts.archived:
            archive = ArchiveVersion(version=number, reason=archived.reason)
            yield self._plan(folder, archive, archived.at, f"/{folder.facts_file}")

    def _plan(
        self,
        folder: VersionFolder,
        command: ModelCommand,
        at: datetime | None,
        detail: str = "",
        identity: str = "",
        by: str | None = None,
    ) -> Plan:
        origin = self._origin_of(folder)
        own = f"{origin} {identity}" if identity else None
        return Plan(self._key, command, origin + detail, at, folder.name, own, by or None)

    def _origin_of(self, folder: VersionFolder) -> str:
        return f"{self._origin}/{quote(folder.name)}"
