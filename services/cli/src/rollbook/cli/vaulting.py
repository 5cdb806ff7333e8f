"""`rollbook vault`: personal data, which is not in the log, kept in a file and put back."""

import asyncio
import gzip
import os
import tempfile
import zlib
from pathlib import Path
from typing import IO, Annotated

from cyclopts import Parameter

from rollbook.cli import output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.place import Place
from rollbook.cli.tailing import DataFolder, Json

Postgres = Annotated[
    str | None,
    Parameter(
        env_var="ROLLBOOK_POSTGRES",
        help="DSN of the tables; if not named, that of the `rollbook up` in the data folder.",
    ),
]
Schema = Annotated[str | None, Parameter(env_var="ROLLBOOK_SCHEMA", help="Where the tables stand.")]


def export(
    to: Annotated[Path, Parameter(help="A new file; readable by you alone, not encrypted.")],
    /,
    *,
    postgres: Postgres = None,
    schema: Schema = None,
    folder: DataFolder = None,
    json: Json = False,
) -> Exit:
    """Keep the personal data of the registry in a file of its own, beside `log export`.

    ```console
    rollbook vault export vault.jsonl.gz
    rollbook vault export vault.jsonl.gz --json
    ```

    After `rollbook log export`: then the file holds whatever the kept log refers to. What is erased
    later stays in the file until you delete it.
    """
    if to.exists():
        raise bad(f"{to} is there already", "name another")
    dsn, name = _tables(postgres, schema, folder)
    try:
        with tempfile.NamedTemporaryFile(dir=to.parent, prefix=f".{to.name}-", delete=False) as new:
            try:
                count = asyncio.run(_export(dsn, name, new))
                new.flush()
                os.fsync(new.fileno())
                Path(new.name).rename(to)
            finally:
                Path(new.name).unlink(missing_ok=True)
    except OSError as error:
        raise bad(f"cannot write {to}: {error.strerror}") from error
    if json:
        output.document({"file": str(to), "rows": count})
    else:
        output.say(f"{count:,} rows of personal data in {output.plain(to)}")
    return Exit.DONE


def import_(
    file: Annotated[Path, Parameter(help="What `vault export` has written.")],
    /,
    *,
    postgres: Postgres = None,
    schema: Schema = None,
    folder: DataFolder = None,
    json: Json = False,
) -> Exit:
    """Put personal data back, but for what the log says was erased.

    ```console
    rollbook vault import vault.jsonl.gz
    rollbook vault import vault.jsonl.gz --json
    ```

    The log must be there first, and its newest copy, since it knows of the erasures. What stands in
    the vault already stays as it is. More than once does no harm.

    Exit codes: 0 done, 2 no such file, 4 unavailable.
    """
    dsn, name = _tables(postgres, schema, folder)
    new, erased = asyncio.run(_import(dsn, name, file))
    if json:
        output.document({"new": new, "erased": erased})
    else:
        output.say(f"{new:,} rows put back; of all, {erased:,} erased again, as the log says")
    return Exit.DONE


async def _export(dsn: str, schema: str, file: IO[bytes]) -> int:
    from rollbook.readmodel import database, vaultcopy  # noqa: PLC0415

    try:
        db = await database.connection(dsn, schema)
        try:
            count = 0
            with gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
                async for line in vaultcopy.lines(db):
                    packed.write(line)
                    count += 1
            return count - 2
        finally:
            await db.close()
    except database.DOWN as error:
        raise _unavailable(error) from error


async def _import(dsn: str, schema: str, file: Path) -> tuple[int, int]:
    from rollbook.readmodel import database, vaultcopy  # noqa: PLC0415
    from rollbook.readmodel.schema import create  # noqa: PLC0415

    try:
        with gzip.open(file) as kept:
            await create(dsn, schema)
            db = await database.connection(dsn, schema)
            try:
                return await vaultcopy.put_back(db, kept)
            finally:
                await db.close()
    except (vaultcopy.NoVault, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise bad(f"{file} holds no vault: {error}") from error
    except FileNotFoundError as error:
        raise bad(f"{file} is not there") from error
    except database.DOWN as error:
        raise _unavailable(error) from error


def _tables(postgres: str | None, schema: str | None, folder: Path | None) -> tuple[str, str]:
    place = Place.chosen(folder)
    running = place.running()
    dsn = postgres or (running.postgres if running else None)
    if dsn is None:
        raise Failure(
            Exit.UNAVAILABLE,
            f"ROLLBOOK_POSTGRES is not set, and nothing runs in {place.folder}",
            advice="start `rollbook up`, or name the database",
            code="unavailable",
        )
    return dsn, schema or (running.schema if running else "rollbook")


def _unavailable(error: BaseException) -> Failure:
    return Failure(
        Exit.UNAVAILABLE,
        f"cannot reach the vault: {error!r}",
        advice="is Postgres there?",
        code="unavailable",
    )
