"""Commands about one version: what it is, and what is said of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Unpack

from rollbook.client.results import Outcome
from rollbook.client.wishes import Terms, Wishes, plain

if TYPE_CHECKING:
    from rollbook.client.wishes import Part
    from rollbook.domain.labels import Change


class Versions(Wishes):
    """Registering, describing, documenting and archiving versions."""

    def register_version(
        self,
        model: str,
        artifact: "Part",
        *,
        change: "Change | None" = None,
        variants: "Sequence[Part]" = (),
        metrics: Mapping[str, float] | None = None,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, Any] | None = None,
        lineage: "Part | None" = None,
        signature: "Part | None" = None,
        evaluations: "Sequence[Part]" = (),
        terms_of_use: "Part | None" = None,
        description: str = "",
        idempotency_key: str | None = None,
        recipe: "Part | None" = None,
        bundle: str | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Register the next version; the outcome's `version` is its number.

        `change` says what is new, and gives it its MAJOR.MINOR.PATCH. By its `recipe` a gate can
        have it made again from its data; `bundle` is a signature of its bytes. With an
        `idempotency_key`, the same key and digest always mean the same version, also in another
        process or a year later. `file_artifact` describes a file.
        """
        fields = {
            "artifact": plain(artifact),
            "change": change,
            "variants": list(map(plain, variants)) or None,
            "metrics": metrics,
            "params": params,
            "tags": tags,
            "properties": properties,
            "lineage": lineage,
            "signature": signature,
            "evaluations": list(map(plain, evaluations)) or None,
            "terms": terms_of_use,
            "description": description,
            "idempotency_key": idempotency_key,
            "recipe": recipe,
            "bundle": bundle,
        }
        return self._wish("RegisterVersion", model, fields, terms)

    def describe_version(
        self, model: str, version: int, description: str, **terms: Unpack[Terms]
    ) -> Outcome:
        """Replace a version's description (Markdown)."""
        fields = {"version": version, "description": description}
        return self._wish("DescribeVersion", model, fields, terms, all_=True)

    def tag_version(
        self, model: str, version: int, tags: Mapping[str, str], **terms: Unpack[Terms]
    ) -> Outcome:
        """Set tags of a version; other tags stay."""
        return self._wish("TagVersion", model, {"version": version, "tags": tags}, terms)

    def untag_version(
        self, model: str, version: int, keys: Iterable[str], **terms: Unpack[Terms]
    ) -> Outcome:
        """Remove tags of a version."""
        return self._wish("UntagVersion", model, {"version": version, "keys": list(keys)}, terms)

    def set_properties(
        self, model: str, version: int, properties: Mapping[str, Any], **terms: Unpack[Terms]
    ) -> Outcome:
        """Set typed properties, which must fit the namespace's schema; None removes one."""
        fields = {"version": version, "properties": properties}
        return self._wish("SetProperties", model, fields, terms)

    def link_document(
        self,
        model: str,
        version: int,
        kind: str,
        title: str,
        uri: str,
        *,
        digest: str | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Link what explains a version: `kind` is such as `explainability`, `fairness`, `risk`."""
        fields = {"version": version, "kind": kind, "title": title, "uri": uri, "digest": digest}
        return self._wish("LinkDocument", model, fields, terms)

    def archive(self, model: str, version: int, reason: str, **terms: Unpack[Terms]) -> Outcome:
        """Take a version out of use; refused while it serves or has an alias."""
        return self._wish("ArchiveVersion", model, {"version": version, "reason": reason}, terms)

    def set_alias(self, model: str, alias: str, version: int, **terms: Unpack[Terms]) -> Outcome:
        """Point an alias at a version."""
        return self._wish("SetAlias", model, {"alias": alias, "version": version}, terms)

    def remove_alias(self, model: str, alias: str, **terms: Unpack[Terms]) -> Outcome:
        """Remove an alias."""
        return self._wish("RemoveAlias", model, {"alias": alias}, terms)
