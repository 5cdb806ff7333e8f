"""The vault: personal data that the log only names, kept beside the views and erased for ever."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from rollbook.domain.tenancy import REGISTRY
from rollbook.readmodel.database import Connection, Db

PREFIX = "personal:"
"""What a reference begins with in the log; a UUID follows."""

_PERSON = "'person:' || encode(sha256(convert_to(subject, 'UTF8')), 'hex')"
"""What stands for somebody's row in the log: `rollbook.domain.erasure.person` of the subject."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalRow:
    """What stands behind a reference."""

    reference: UUID
    namespace: str
    content: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """What is known of somebody whom the log calls by a subject."""

    subject: str
    name: str | None
    mail: str | None
    seen_at: datetime
    """When they last proved who they are."""


def reference_of(text: str) -> UUID | None:
    """The UUID in `personal:<uuid>`; None when it is no reference."""
    try:
        return UUID(text.removeprefix(PREFIX)) if text.startswith(PREFIX) else None
    except ValueError:
        return None


async def add(db: Db, reference: UUID, namespace: str, content: str, by: str) -> None:
    """Keep `content` of a namespace behind a new reference."""
    await db.execute(
        "INSERT INTO personal (reference, namespace, content, created_by) VALUES ($1, $2, $3, $4)",
        reference,
        namespace,
        content,
        by,
    )


async def get(db: Db, namespace: str, references: Collection[UUID]) -> dict[UUID, PersonalRow]:
    """What stands behind those references of the namespace behind which something stands."""
    rows = await db.fetch(
        "SELECT reference, namespace, content, created_at, created_by FROM personal"
        " WHERE namespace = $1 AND reference = ANY($2::uuid[])",
        namespace,
        list(references),
    )
    return {row["reference"]: PersonalRow(**dict(row)) for row in rows}


async def erase(db: Db, namespace: str, references: Collection[str]) -> int:
    """Erase what stands behind references of the namespace, and return how many did."""
    rows = await db.fetch(
        "DELETE FROM personal WHERE namespace = $1 AND reference = ANY($2::uuid[])"
        " RETURNING reference",
        namespace,
        [mark for reference in references if (mark := reference_of(reference)) is not None],
    )
    if namespace != REGISTRY:
        return len(rows)
    people = await db.fetch(
        f"DELETE FROM people WHERE {_PERSON} = ANY($1::text[]) RETURNING subject",  # noqa: S608  # our names
        list(references),
    )
    return len(rows) + len(people)


async def erase_again(db: Connection) -> int:
    """Erase whatever the view of erasures says is erased, and return how much still stood."""
    rows = await db.fetch(
        "DELETE FROM personal p USING erasures e WHERE p.namespace = e.namespace"
        " AND $1 || p.reference::text = e.reference RETURNING p.reference",
        PREFIX,
    )
    people = await db.fetch(
        "DELETE FROM people USING erasures e WHERE e.namespace = $1"  # noqa: S608  # our names
        f" AND {_PERSON} = e.reference RETURNING subject",
        REGISTRY,
    )
    return len(rows) + len(people)


# People


async def see(db: Db, subject: str, name: str | None, mail: str | None) -> None:
    """Somebody has proved who they are: remember how they are called now."""
    await db.execute(
        "INSERT INTO people (subject, name, mail) VALUES ($1, $2, $3) ON CONFLICT (subject)"
        " DO UPDATE SET name = excluded.name, mail = excluded.mail, seen_at = now()",
        subject,
        name,
        mail,
    )


async def people(db: Db, subjects: Collection[str]) -> dict[str, PersonRow]:
    """What is known of those of `subjects` that were seen."""
    rows = await db.fetch(
        "SELECT subject, name, mail, seen_at FROM people WHERE subject = ANY($1::text[])",
        list(subjects),
    )
    return {row["subject"]: PersonRow(**dict(row)) for row in rows}
