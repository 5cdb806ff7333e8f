"""What can be wished of a registry."""

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from rollbook.client.results import Outcome
from rollbook.client.session import Session

if TYPE_CHECKING:
    from rollbook.domain.lineage import Artifact, Lineage, Signature
    from rollbook.domain.model import ModelCommand


class Terms(TypedDict, total=False):
    """What may go with any command."""

    command_id: str | None
    """A UUID; a repeat under the same one is the same command and gets the same answer."""
    expected_seq: int | None
    """Refused (`conflict`) unless the model is just there."""
    traceparent: str | None
    """W3C trace context to continue."""


class Commands(Session):
    """Each method sends one command and returns when its outcome stands in the log.

    A model is named `namespace/name`. All raise `Refused`, `Invalid` or `Unavailable`.
    """

    def send(self, model: str, command: "ModelCommand", **terms: Unpack[Terms]) -> Outcome:
        """Any command of `rollbook.domain`."""
        body = command.model_dump_json(exclude_defaults=True).encode()
        return self.command(type(command).__name__, model, body, **terms)

    def register_model(
        self,
        model: str,
        *,
        description: str = "",
        tags: Mapping[str, str] | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Make a model known, so that versions of it can be registered."""
        fields = {"description": description, "tags": tags}
        return self._wish("RegisterModel", model, fields, terms)

    def describe_model(self, model: str, description: str, **terms: Unpack[Terms]) -> Outcome:
        """Replace the model's description (Markdown)."""
        return self._wish("DescribeModel", model, {"description": description}, terms, all_=True)

    def tag_model(self, model: str, tags: Mapping[str, str], **terms: Unpack[Terms]) -> Outcome:
        """Set tags of the model; other tags stay."""
        return self._wish("TagModel", model, {"tags": tags}, terms)

    def untag_model(self, model: str, keys: Iterable[str], **terms: Unpack[Terms]) -> Outcome:
        """Remove tags of the model."""
        return self._wish("UntagModel", model, {"keys": list(keys)}, terms)

    def register_version(
        self,
        model: str,
        artifact: "Artifact",
        *,
        metrics: Mapping[str, float] | None = None,
        params: Mapping[str, str] | None = None,
        tags: Mapping[str, str] | None = None,
        lineage: "Lineage | None" = None,
        signature: "Signature | None" = None,
        description: str = "",
        idempotency_key: str | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Register the next version; the outcome's `version` is its number.

        With an `idempotency_key`, the same key and digest always mean the same version, also in
        another process or a year later. `file_artifact` describes a file.
        """
        fields = {
            "artifact": _plain(artifact),
            "metrics": metrics,
            "params": params,
            "tags": tags,
            "lineage": _plain(lineage) if lineage is not None else None,
            "signature": _plain(signature) if signature is not None else None,
            "description": description,
            "idempotency_key": idempotency_key,
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

    def archive(self, model: str, version: int, reason: str, **terms: Unpack[Terms]) -> Outcome:
        """Take a version out of use; refused while it serves or has an alias."""
        return self._wish("ArchiveVersion", model, {"version": version, "reason": reason}, terms)

    def set_alias(self, model: str, alias: str, version: int, **terms: Unpack[Terms]) -> Outcome:
        """Point an alias at a version."""
        return self._wish("SetAlias", model, {"alias": alias, "version": version}, terms)

    def remove_alias(self, model: str, alias: str, **terms: Unpack[Terms]) -> Outcome:
        """Remove an alias."""
        return self._wish("RemoveAlias", model, {"alias": alias}, terms)

    def promote(
        self, model: str, version: int, environment: str = "production", **terms: Unpack[Terms]
    ) -> Outcome:
        """Let a version serve in an environment, in place of the one that stands there."""
        fields = {"version": version, "environment": environment}
        return self._wish("PromoteVersion", model, fields, terms)

    def roll_back(
        self,
        model: str,
        reason: str,
        *,
        environment: str = "production",
        to: int | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Put back the version that stood in the environment before, or the one named by `to`.

        The outcome's `version` is the one that serves again.
        """
        fields = {"reason": reason, "environment": environment, "to": to}
        return self._wish("RollBackVersion", model, fields, terms)

    def _wish(
        self,
        kind: str,
        model: str,
        fields: Mapping[str, Any],
        terms: Terms,
        *,
        all_: bool = False,
    ) -> Outcome:
        # None and "" are what the registry takes for "not said", except where it is what is said.
        given = {k: v for k, v in fields.items() if all_ or (v is not None and v != "")}
        return self.command(kind, model, json.dumps(given).encode(), **terms)


def _plain(part: "Artifact | Lineage | Signature") -> Any:
    return part.model_dump(mode="json", exclude_defaults=True)
