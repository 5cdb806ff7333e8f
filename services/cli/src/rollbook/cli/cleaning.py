"""`rollbook artifact sweep` and `cost`: what the store holds, why, and what it costs."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Annotated, TypeVar

from cyclopts import Parameter, validators

from rollbook.cli import output
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.place import Place
from rollbook.cli.sizes import size
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.cli.estate import Estate
    from rollbook.cli.sweeping import Plan, Sweep
    from rollbook.domain.costs import Payer, Share
    from rollbook.domain.custody import Ruling

T = TypeVar("T")

Artifacts = Annotated[
    str | None,
    Parameter(
        env_var="ROLLBOOK_ARTIFACTS",
        help="The store: a folder, s3://…, gs://… or az://…; that of `rollbook up` if not named.",
    ),
]
Archive = Annotated[
    str | None,
    Parameter(
        env_var="ROLLBOOK_ARTIFACTS_ARCHIVE",
        help="Its archive; the prefix archive/ in the store if not named.",
    ),
]
Price = Annotated[
    float | None,
    Parameter(validator=validators.Number(gte=0), help="Of a GB (10^9 bytes) for a month."),
]
SHOWN = 50
"""Lines that a person is shown."""

GB = 1e9

BYTES = ("standard", "archive", "standard_after", "archive_after")


def sweep(
    *,
    apply: Annotated[bool, Parameter(negative="", help="Do it.")] = False,
    artifacts: Artifacts = None,
    archive: Archive = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Say which stored bytes would be archived or deleted, and why; with --apply do it.

    ```console
    rollbook artifact sweep                   # looks, and changes nothing
    rollbook artifact sweep --apply
    rollbook artifact sweep --json --artifacts s3://models
    ```

    What serves, has an alias, is asked for or is held is never touched; nor what came within a
    day. Each thing is looked at again right before it is deleted.
    """

    async def swept(sweep: "Sweep", _: "Estate") -> "tuple[Plan, list[Ruling]]":
        plan = await sweep.plan()
        if apply and plan.strange:
            raise Failure(
                Exit.REFUSED,
                "the registry names nothing of what this store holds: is it that of another one?",
                advice="see what it would delete: the same without --apply",
                code="strange_store",
            )
        return plan, [each async for each in sweep.carry_out(plan)] if apply else []

    plan, done = _at(target, artifacts, archive, swept)
    if target.json:
        output.document(_document(plan, done if apply else None))
    else:
        _tell(plan, done if apply else None)
    return Exit.DONE


def cost(
    *,
    price: Price = None,
    archive_price: Price = None,
    artifacts: Artifacts = None,
    archive: Archive = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Show what each team has in the store, and what a sweep would save it.

    ```console
    rollbook artifact cost
    rollbook artifact cost --price 0.023 --archive-price 0.004 --json
    ```

    Bytes that several teams name are stored once; each is charged an equal part.
    """

    async def looked(sweep: "Sweep", estate: "Estate") -> "dict[Payer, Share]":
        from rollbook.domain.costs import shares  # noqa: PLC0415

        plan = await sweep.plan()
        return shares(plan.rulings, estate.entries, estate.teams)

    found = _at(target, artifacts, archive, looked)
    rows = [(payer, _numbers(share, price, archive_price)) for payer, share in found.items()]
    if target.json:
        items = [{**payer._asdict(), **numbers} for payer, numbers in rows]
        output.document({"gb": GB, "price": price, "archive_price": archive_price, "items": items})
        return Exit.DONE
    money = () if price is None else ("month", "saved")
    output.table(
        ("namespace", "team", *(f"#{name.replace('_', ' ')}" for name in (*BYTES, *money))),
        [
            (
                *payer,
                *(size(numbers[name]) for name in BYTES),
                *(f"{numbers[name]:,.2f}" for name in money),
            )
            for payer, numbers in rows
        ],
    )
    return Exit.DONE


def _numbers(share: "Share", price: float | None, cold: float | None) -> dict[str, float]:
    """Bytes, and with a price what a month costs, and what of it a sweep would save."""
    found: dict[str, float] = {name: round(getattr(share, name)) for name in BYTES}
    if price is None:
        return found
    prices = price / GB, (price if cold is None else cold) / GB
    return {**found, "month": share.month(*prices), "saved": share.saved(*prices)}


def _at(
    target: Target,
    artifacts: str | None,
    archive: str | None,
    do: "Callable[[Sweep, Estate], Awaitable[T]]",
) -> T:
    """What comes of doing something with the store and all that the registry knows."""
    from rollbook.artifacts.errors import Unreachable  # noqa: PLC0415
    from rollbook.artifacts.store import Store  # noqa: PLC0415
    from rollbook.cli.estate import Estate  # noqa: PLC0415
    from rollbook.cli.sweeping import Sweep  # noqa: PLC0415

    url, colder = (artifacts, archive) if artifacts else _own(target)
    with target.registry() as registry:
        estate = Estate(registry)
        if not estate.sees_everything():
            raise Failure(
                Exit.REFUSED,
                "you may not see all models, and what nobody names would look like theirs",
                advice="ask for a role in the namespace `rollbook`, for all models",
                code="forbidden",
            )

        async def done() -> T:
            return await do(Sweep(Store.open(url, colder), estate), estate)

        try:
            return asyncio.run(done())
        except Unreachable as error:
            raise Failure(Exit.UNAVAILABLE, str(error), code="unavailable") from error
        except ValueError as error:
            raise Failure(Exit.USAGE, str(error), code="usage") from error


def _own(target: Target) -> tuple[str, str | None]:
    """The store of a `rollbook up` of ours, and its archive."""
    running = Place.chosen(target.folder).running()
    if running is not None and running.artifacts and target.url in {None, running.url}:
        return running.artifacts, running.archive
    raise Failure(
        Exit.USAGE,
        "which store? nothing says so, and no `rollbook up` of yours runs",
        advice="name it: --artifacts or ROLLBOOK_ARTIFACTS, as the query service has it",
        code="usage",
    )


def _document(plan: "Plan", done: "Sequence[Ruling] | None") -> dict[str, object]:
    from rollbook.domain.custody import Action  # noqa: PLC0415

    kept = plan.of(Action.KEEP)
    return {
        "applied": done is not None,
        "items": [_row(each) for each in (_moving(plan) if done is None else done)],
        "uploads": [{"upload": left.upload, "bytes": left.bytes} for left in plan.left],
        "kept": {"blobs": len(kept), "bytes": sum(each.blob.size for each in kept)},
    }


def _row(ruling: "Ruling") -> dict[str, object]:
    return {
        "action": ruling.action.value,
        "digest": ruling.blob.digest,
        "size": ruling.blob.size,
        "reason": ruling.reason,
    }


def _moving(plan: "Plan") -> "list[Ruling]":
    from rollbook.domain.custody import Action  # noqa: PLC0415

    return [each for each in plan.rulings if each.action is not Action.KEEP]


def _tell(plan: "Plan", done: "Sequence[Ruling] | None") -> None:
    found = _moving(plan) if done is None else done
    if found:
        shown = sorted(found, key=lambda each: -each.blob.size)[:SHOWN]
        output.table(
            ("what", "digest", "#size", "why"),
            [(e.action.value, e.blob.digest, size(e.blob.size), e.reason) for e in shown],
        )
        if len(found) > len(shown):
            output.say(f"… and {len(found) - len(shown):,} more: --json names all.")
    verb = "would" if done is None else "did"
    counts, totals = Counter[str](), Counter[str]()
    for each in found:
        counts[each.action] += 1
        totals[each.action] += each.blob.size
    for action, count in counts.items():
        output.say(f"It {verb} {action} {count:,}: {size(totals[action])}.")
    if plan.left:
        total = size(sum(left.bytes for left in plan.left))
        output.say(f"It {verb} forget {len(plan.left):,} uploads, done or broken off: {total}.")
    if not found and not plan.left:
        output.say("There is nothing to sweep.")
    elif done is None:
        output.say("Nothing was changed. To do it: rollbook artifact sweep --apply")
