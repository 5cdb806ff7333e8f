"""`--plan-only`: what a verb would do, and who and what it would ask, without doing it."""

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rollbook.cli import output
from rollbook.cli.exits import Exit, Failure, Told
from rollbook.cli.sentences import sentence
from rollbook.client import Plan, Registry
from rollbook.client.results import Outcome
from rollbook.client.storing import PARALLEL

if TYPE_CHECKING:
    from rollbook.client.transfers import Progress
    from rollbook.domain.lineage import Artifact


def planned(kind: str, stream: str, plan: Plan) -> Told:
    """What ends a verb at the first command that would change something, or be refused."""
    return Told(
        Exit.REFUSED if plan.outcome == "refused" else Exit.DONE,
        {"command": kind, "stream": stream, **output.shaped(plan)},
        lambda: _show(kind, stream, plan),
    )


class Rehearsal(Registry):
    """A registry to which nothing is sent: commands are planned instead.

    What is true already goes on, as the command would: so a verb that sends several comes to the
    first that would change something.
    """

    def command(
        self,
        kind: str,
        stream: str,
        body: bytes,
        *,
        command_id: str | None = None,
        expected_seq: int | None = None,
        traceparent: str | None = None,
        origin: str | None = None,
        origin_time: datetime | None = None,
    ) -> Outcome:
        """The plan of a command, in whose place it stands."""
        found = self.plan_of(kind, stream, body, expected_seq=expected_seq)
        if found.outcome != "confirmed" or found.position is None or found.seq is None:
            raise planned(kind, stream, found)
        data = {"command": kind, "version": found.version}
        return Outcome(
            outcome="confirmed",
            type="CommandConfirmed",
            version=found.version,
            position=found.position,
            seq=found.seq,
            command_id=command_id or "",
            event={"data": data},
        )

    def upload(
        self,
        path: str | os.PathLike[str],
        *,
        namespace: str,
        format: str | None = None,  # noqa: A002
        parallel: int = PARALLEL,
        progress: "Progress | None" = None,
    ) -> "Artifact":
        """What would be stored; it stays where it is."""
        from rollbook.artifacts import folders  # noqa: PLC0415
        from rollbook.domain.lineage import Artifact  # noqa: PLC0415

        place = Path(path).resolve()
        if not place.is_dir():
            read = [folders.hash_file(place, place.parent)]
            digest = folders.of_file(read[0])
        else:
            read = [folders.hash_file(file, place) for file in folders.files_in(place, place)]
            digest = folders.of_folder(read)
        ending = "" if place.is_dir() else place.suffix.removeprefix(".")
        return Artifact(
            uri=f"rollbook:{digest}",
            digest=digest,
            size=sum(file.size for file in read),
            format=format or ending or None,
        )

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Nothing: what stands outside of the log cannot be planned."""
        raise Failure(
            Exit.USAGE,
            "this also writes outside of the log, and that cannot be planned",
            advice="leave out --plan-only; nothing was sent",
            code="usage",
        )


def _show(kind: str, stream: str, plan: Plan) -> None:
    named = f"[bold]{output.plain(stream)}[/]"
    at = f"  [dim]on {plan.position}, seq {plan.seq}[/]" if plan.position else ""
    match plan.outcome:
        case "accepted":
            said = output.plain(sentence(plan.type or "", plan.event or {}))
            output.say(f"{named}: [green]would be done:[/] {said}{at}")
        case "confirmed":
            output.say(f"{named}: [green]is so already[/]; {kind} would change nothing{at}")
        case _:
            why = f"({output.plain(plan.code)}), {output.plain(plan.message)}"
            output.say(f"{named}: {kind} [yellow]would be refused[/] {why}{at}")
    if plan.way is not None:
        _way(plan.way)
    if plan.gates:
        output.table(
            ("policy", "gate", "kind", "counts in", "&"),
            [
                (
                    gate["policy"],
                    gate["gate"],
                    gate["kind"],
                    ", ".join(gate["environments"]) or "all",
                    "[red]bars it[/]" if gate["bars"] else "",
                )
                for gate in plan.gates
            ],
        )
    output.say("[dim]Nothing was sent.[/]")


def _way(way: Mapping[str, Any]) -> None:
    serving = f"version {way['serving']}" if way["serving"] else "nothing"
    output.say(f"  in {output.plain(way['environment'])} serves {serving}")
    for one in way["hindrances"]:
        output.say(f"  [yellow]in the way[/] ({one['code']}): {output.plain(one['message'])}")
    if way["quorum"]:
        output.say(f"  must sign: {_people(way['quorum'])}")
        missing = _people(way["missing"])
        where = f" under request {way['request']}" if way["request"] else "; nobody has asked yet"
        output.say(f"  {f'missing: {missing}' if missing else 'all have signed'}{where}")


def _people(quorum: Mapping[str, int]) -> str:
    return ", ".join(f"{count} x {output.plain(title)}" for title, count in quorum.items())
