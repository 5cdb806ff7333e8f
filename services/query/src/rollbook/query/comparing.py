"""Two versions of a model beside each other, over HTTP."""

from fastapi import APIRouter, Response

from rollbook.query.answers import answer
from rollbook.query.diff import VersionDiff, diff
from rollbook.query.handlers import model_key
from rollbook.query.openapi import API, problems
from rollbook.query.reading import AsOf, MinPosition, Name, Namespace, Reading
from rollbook.query.review import side
from rollbook.query.versions import VERSIONS, VersionText, found, of_version


def router(reading: Reading) -> APIRouter:
    """The route."""
    made = APIRouter(prefix=API, tags=["versions"], responses=problems(404, 422, 503))

    @made.get(
        VERSIONS + "/{old}/diff/{new}",
        response_model=VersionDiff,
        summary="How one version differs from another",
    )
    async def get_diff(
        namespace: Namespace,
        name: Name,
        old: VersionText,
        new: VersionText,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        """Figures of both, and what else is not the same. Whether more is better, nobody said."""
        key = model_key(namespace, name)
        async with reading.shown_together(
            as_of,
            min_position,
            key,
            look=of_version([old, new], "cards", "evaluations", "verdicts"),
        ) as db:
            before, after = await found(db, key, old), await found(db, key, new)
            shown = diff(await side(db, before), await side(db, after))
        return answer(VersionDiff, shown)

    return made
