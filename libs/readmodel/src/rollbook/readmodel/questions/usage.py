"""Whether versions and models were in use, and who owned them, as of a moment."""

from rollbook.readmodel.questions.then import Then


def in_use(version: str, then: Then) -> str:
    """The condition that neither a row of `versions` nor its model is out of use."""
    if then.is_now:
        return (
            f"{version}.archived_reason IS NULL AND EXISTS (SELECT FROM models u"  # our names
            f" WHERE u.key = {version}.model AND u.retired_reason IS NULL)"
        )
    archived = _last(
        version,
        ("VersionArchived", "VersionRestored"),
        f" AND (h.data ->> 'version')::int = {version}.version",
    )
    retired = _last(version, ("ModelRetired", "ModelRestored"))
    return (
        f"coalesce(({archived}), '') <> 'VersionArchived'"
        f" AND coalesce(({retired}), '') <> 'ModelRetired'"
    )


def owner(row: str, then: Then) -> str:
    """The owner of a row's model; null: it had none."""
    if then.is_now:
        return f"(SELECT u.owner FROM models u WHERE u.key = {row}.model)"  # noqa: S608  # our names
    return f"({_last(row, ('OwnerAssigned',), what='h.data ->> $$owner$$')})"


def _last(row: str, types: tuple[str, ...], more: str = "", what: str = "h.type") -> str:
    names = ", ".join(f"'{name}'" for name in types)
    return (
        f"SELECT {what} FROM history h WHERE h.model = {row}.model AND h.type IN ({names})"  # noqa: S608  # our names
        f" AND h.off <= o.last{more} ORDER BY h.off DESC LIMIT 1"
    )
