"""The versions of a page as people see them, now or as of a moment."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from pydantic import TypeAdapter

from rollbook.readmodel import versions
from rollbook.readmodel.database import Db
from rollbook.readmodel.search.compile import Arguments, Conditions
from rollbook.readmodel.search.states import STATE
from rollbook.readmodel.then import Then, When
from rollbook.readmodel.versions import VersionKey, VersionRow

_TIME: Final = TypeAdapter(datetime | None)


async def rows(db: Db, keys: Sequence[VersionKey], when: When) -> list[VersionRow]:
    """The versions of some keys, in their order."""
    if not keys:
        return []
    if when is None:
        return await versions.some(db, keys)
    return await _then(db, keys, when)


async def _then(db: Db, keys: Sequence[VersionKey], when: Then) -> list[VersionRow]:
    """What was registered, with the state that it was in, and what had been found out by then."""
    arguments = Arguments()
    models = arguments.add([model for model, _ in keys], "text[]")
    numbers = arguments.add([number for _, number in keys], "int[]")
    conditions = Conditions(arguments, now=when.time, when=when, sought={})
    place = conditions.place("v")
    own = "(x.model, x.version) = (v.model, v.version)"
    found = await db.fetch(
        "SELECT v.*, s.state, s.updated_at AS stated_at,"  # noqa: S608  # our names
        " e.number AS evaluations_then, e.digest AS evaluated_then, e.recorded_at,"
        " d.number AS documents_then, d.linked_at,"
        f" ARRAY(SELECT x.alias FROM pointings x WHERE {own} AND {conditions.valid('x')}"
        "   ORDER BY 1) AS aliases,"
        f" ARRAY(SELECT x.environment FROM environments x WHERE {own}"
        f"   AND {conditions.valid('x')} ORDER BY 1) AS environments"
        f" FROM unnest({models}, {numbers}) WITH ORDINALITY n (model, version, nth)"
        " JOIN versions v USING (model, version)"
        f" JOIN search s ON s.model = v.model AND s.version = v.version AND {conditions.valid('s')}"
        " LEFT JOIN LATERAL (SELECT x.number, x.digest, x.recorded_at FROM evaluations x"
        f"  WHERE {own} AND x.number > 0 AND x.off <= {place} ORDER BY x.number DESC LIMIT 1) e"
        "  ON true"
        " LEFT JOIN LATERAL (SELECT count(*) AS number, max(x.linked_at) AS linked_at"
        f"  FROM documents x WHERE {own} AND x.off <= {place}) d ON true"
        " ORDER BY n.nth",
        *arguments.values,
    )
    return [_row(row) for row in found]


def _row(found: Any) -> VersionRow:
    values = dict(found)
    state = values.pop("state")
    times = [values.pop(name) for name in ("stated_at", "recorded_at", "linked_at")]
    linked = values["documents"][: values.pop("documents_then")]
    values |= {
        **{name: state[name] for name in STATE},
        "review_by": _TIME.validate_python(state["review_by"]),
        "evaluations": values.pop("evaluations_then") or 0,
        "evaluated": values.pop("evaluated_then"),
        "documents": linked,
        "updated_at": max(time for time in times if time is not None),
    }
    return versions.VIEW.row(values)
