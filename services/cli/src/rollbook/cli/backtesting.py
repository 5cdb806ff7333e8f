"""`rollbook policy backtest`: what a policy would have said about the past."""

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit
from rollbook.cli.moments import moment
from rollbook.cli.ruling import File, NamespaceName
from rollbook.cli.tailing import AppName, DataFolder, Json, Kafka, address

if TYPE_CHECKING:
    from rollbook.cli.pastlog import PastLog


def backtest(
    file: File,
    namespace: NamespaceName,
    /,
    *,
    since: Annotated[
        str | None, Parameter(help="Only candidates from then on: a time (RFC 3339).")
    ] = None,
    name: Annotated[
        str | None,
        Parameter(help="The policy that it would replace: others in force are asked as well."),
    ] = None,
    log: Annotated[
        Path | None, Parameter(help="A log that `rollbook log export` has kept, instead of Kafka.")
    ] = None,
    html: Annotated[Path | None, Parameter(help="Write it as a page, too.")] = None,
    kafka: Kafka = None,
    app: AppName = None,
    folder: DataFolder = None,
    json: Json = False,
) -> Exit:
    """Judge every version there ever was by a policy that is not in force; nothing is written.

    ```console
    rollbook policy backtest policy.yaml team-a
    rollbook policy backtest policy.yaml team-a --since 2026-01-01 --name release
    rollbook policy backtest policy.yaml rollbook --log log.tar --json     # all namespaces
    ```

    A version is judged as it was when its gates spoke, or as it was registered where they never
    did. What was measured then counts; nothing is measured again.
    """
    from rollbook.cli.auditlog import unavailable  # noqa: PLC0415
    from rollbook.cli.policyfile import policy  # noqa: PLC0415
    from rollbook.cli.whatif import asked, draw, page, shaped  # noqa: PLC0415
    from rollbook.eventlog.log import Unavailable  # noqa: PLC0415

    space = arguments.namespace(namespace)
    wanted = policy(file)
    begin = moment(since)
    if isinstance(begin, str):
        raise bad(f"{since!r} is no time", "for example: 2026-01-01T00:00:00+01:00")
    began = time.perf_counter()
    try:
        past = _past(log, kafka, app, folder)
        what = asked(past.governance(space), wanted, space, name, begin)
        tally = past.judged(what, space)
    except Unavailable as error:
        raise unavailable(address(kafka, app, folder), str(error)) from error
    seconds = time.perf_counter() - began
    if json:
        output.document(shaped(tally, seconds))
    else:
        draw(tally, seconds)
    if html is not None:
        html.write_text(page(tally, seconds))
    return Exit.DONE


def _past(log: Path | None, kafka: str | None, app: str | None, folder: Path | None) -> "PastLog":
    from rollbook.cli.pastlog import PastLog  # noqa: PLC0415

    if log is None:
        return PastLog.on_kafka(address(kafka, app, folder))
    return PastLog.kept(log)
