"""Commands about a model as a whole."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Unpack

from rollbook.client.results import Outcome
from rollbook.client.wishes import Terms, Wishes

if TYPE_CHECKING:
    from rollbook.domain.rulebook import Risk


class Catalog(Wishes):
    """Registering, describing, owning and retiring models."""

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

    def assign_owner(
        self, model: str, owner: str, team: str | None = None, **terms: Unpack[Terms]
    ) -> Outcome:
        """Say who, and which team, answers for the model."""
        return self._wish("AssignOwner", model, {"owner": owner, "team": team}, terms)

    def classify(self, model: str, risk: "Risk", reason: str, **terms: Unpack[Terms]) -> Outcome:
        """Say what a wrong prediction may cost: the rules ask for signatures accordingly."""
        return self._wish("ClassifyModel", model, {"risk": risk, "reason": reason}, terms)

    def retire(self, model: str, reason: str, **terms: Unpack[Terms]) -> Outcome:
        """Take the whole model out of use; refused while a version serves or has an alias."""
        return self._wish("RetireModel", model, {"reason": reason}, terms)

    def restore(
        self, model: str, reason: str, *, version: int | None = None, **terms: Unpack[Terms]
    ) -> Outcome:
        """Take a retired model, or a version that was archived, into use again."""
        if version is None:
            return self._wish("RestoreModel", model, {"reason": reason}, terms)
        return self._wish("RestoreVersion", model, {"version": version, "reason": reason}, terms)
