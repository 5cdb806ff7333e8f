"""The registry's own store of artifacts: who sees what of it, and by which URL."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from secrets import token_bytes
from typing import Final

from rollbook.artifacts.held import Held
from rollbook.artifacts.signed import Urls
from rollbook.artifacts.store import Store
from rollbook.artifacts.uploads import Upload
from rollbook.domain.access import Read
from rollbook.domain.tenancy import Role
from rollbook.query.openapi import API
from rollbook.query.problems import Problem
from rollbook.query.reading import Reading
from rollbook.query.settings import QuerySettings
from rollbook.query.sight import Sight
from rollbook.readmodel import artifacts

CONTENT: Final = "/artifacts/{digest}/content"
PART: Final = "/artifacts/uploads/{upload}/parts/{number}"
KEY: Final = "keys/urls"
"""Where a registry without a secret keeps what signs its URLs, for all its instances."""


class Shelf:
    """A store, and the URLs that let people read from it and write to it."""

    def __init__(self, store: Store | None, lasting: timedelta, secret: str | None) -> None:
        self.lasting = lasting
        """How long a URL may be used."""
        self._store = store
        self._urls = Urls(secret.encode()) if secret is not None else None

    @property
    def store(self) -> Store:
        """The store; a 404 where this registry keeps none."""
        if self._store is None:
            raise Problem(
                404,
                "no_store",
                "this registry keeps no artifacts: set ROLLBOOK_ARTIFACTS on the query service,"
                " or name artifacts by URIs of where they lie",
            )
        return self._store

    async def urls(self) -> Urls:
        """What signs our own URLs."""
        if self._urls is None:
            self._urls = Urls(await self.store.objects.create(KEY, token_bytes(32)))
        return self._urls

    def expires(self) -> datetime:
        """When a URL that is made now can no longer be used."""
        return datetime.now(UTC).replace(microsecond=0) + self.lasting

    async def to_read(self, held: Sequence[Held], expires: datetime) -> Sequence[str]:
        """For each a URL to read it from."""
        if self.store.signs:
            return await self.store.urls(held, self.lasting)
        urls = await self.urls()
        paths = [API + CONTENT.format(digest=each.digest) for each in held]
        return [urls.sign("GET", path, expires) for path in paths]

    async def to_write(self, upload: Upload, expires: datetime) -> Sequence[str]:
        """For each part of an upload a URL to write it to."""
        objects = self.store.objects
        if objects.signs:
            names = [upload.part(part.number) for part in upload.parts]
            return await objects.sign("PUT", names, self.lasting)
        urls = await self.urls()
        return [
            urls.sign(
                "PUT", API + PART.format(upload=upload.id, number=part.number), expires, part.size
            )
            for part in upload.parts
        ]


async def visible(
    sight: Sight, digest: str, shelf: Shelf, reading: Reading, positions: Sequence[str]
) -> bool:
    """Whether somebody may read an artifact.

    In a namespace that holds it they are a publisher, or may see a model of which a version names
    it. A namespace holds what its publishers have sent, or could see elsewhere: who knows only the
    digest of an artifact of others does not get it by naming it.
    """
    if sight.principal.everything:
        return True
    holders = await shelf.store.holders(digest)
    if any(Role.PUBLISHER in sight.roles(namespace) for namespace in holders):
        return True
    async with reading.at_least(positions) as db:
        models = await artifacts.naming(db, digest, holders)
    return any(sight.may(Read.RECORD, model) for model in models)


def of_settings(settings: QuerySettings) -> Shelf:
    """What the settings ask for."""
    secret = settings.token_secret
    store = None
    if settings.artifacts is not None:
        store = Store.open(
            settings.artifacts, settings.artifacts_archive, limit=settings.artifact_limit
        )
    return Shelf(store, settings.artifact_urls, secret.get_secret_value() if secret else None)
