"""What can be asked about why something is as it is."""

from collections.abc import Iterator, Mapping
from typing import Any

from rollbook.client.explanations import Happening, Why
from rollbook.client.session import AsOf, Session, asked, model_path, segment

PAGE = 200
"""Rows asked for at once."""


class Explaining(Session):
    """Each read shows what this session's commands did; a version goes by number or label."""

    def why(self, model: str, environment: str = "production", *, as_of: AsOf = None) -> Why:
        """Why what serves in an environment serves there: every event that led to it."""
        path = f"{model_path(model)}/environments/{segment(environment)}/why"
        return Why.of(self.read(path, {"as_of": asked(as_of)}))

    def timeline(
        self, model: str, version: int | str, *, as_of: AsOf = None
    ) -> Iterator[Happening]:
        """Everything that happened to a version, in sentences, the newest at the end."""
        path = f"{model_path(model)}/versions/{segment(str(version))}/timeline"
        return map(Happening.of, self.pages(path, {"limit": PAGE, "as_of": asked(as_of)}))

    def evidence_pack(
        self, model: str, version: int | str, *, as_of: AsOf = None
    ) -> Mapping[str, Any]:
        """Everything that is on record about a version, as one document for an auditor.

        `rollbook.dossier` makes a page or an ML-BOM of it.
        """
        path = f"{model_path(model)}/versions/{segment(str(version))}/evidence-pack"
        found: Mapping[str, Any] = self.read(path, {"format": "json", "as_of": asked(as_of)})
        return found
