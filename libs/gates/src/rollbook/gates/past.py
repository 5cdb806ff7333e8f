"""One model's stream, folded to what gates may know of its versions at any moment."""

from collections import defaultdict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, cast

from rollbook.domain.cards import CardWritten, Subgroup
from rollbook.domain.evaluations import Evaluation, EvaluationRecorded
from rollbook.domain.lineage import Artifact
from rollbook.domain.model import ModelEvent, evolve
from rollbook.domain.rulebook import MetadataSchema, Risk
from rollbook.domain.signatures import SignatureAttached
from rollbook.domain.state import Model
from rollbook.domain.validation import VersionRejected, VersionValidated
from rollbook.domain.versions import VersionRegistered
from rollbook.gates.facts import Facts, Piece, measurements, slices

BEFORE: Final = 1000
"""Earlier versions of which a gate may know: as many as one may ask for."""
NOBODY: Final[Mapping[str, Facts]] = MappingProxyType({})


class Past:
    """A model as its stream has it so far."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.namespace, _, self.name = key.partition("/")
        self.state = Model()
        self._registered: dict[int, VersionRegistered] = {}
        self._metrics: list[Mapping[str, float]] = []
        """Of each version, as they are numbered from 1 on."""
        self._evaluations: defaultdict[int, tuple[Evaluation, ...]] = defaultdict(tuple)
        self._subgroups: dict[int, tuple[Subgroup, ...]] = {}
        self._signers: defaultdict[int, tuple[str, ...]] = defaultdict(tuple)
        self._measured: dict[int, dict[str, float]] = {}
        self._errors: dict[int, dict[str, str]] = {}
        self._champions: dict[int, Facts] = {}
        """Facts of versions that serve, as long as nothing happens to them."""

    def take(self, event: ModelEvent) -> None:
        """The next event."""
        self.state = evolve(self.state, event)
        number = getattr(event, "version", None)
        if number is not None:
            self._champions.pop(number, None)
        match event:
            case VersionRegistered(version=number):
                self._registered[number] = event
                self._metrics.append(event.metrics)
                if event.evaluations:
                    self._evaluations[number] = event.evaluations
                if event.signed is not None:
                    self._signers[number] = (event.signed.signer,)
            case EvaluationRecorded(version=number, evaluation=evaluation):
                self._evaluations[number] += (evaluation,)
            case CardWritten(version=number, card=card):
                self._subgroups[number] = card.subgroups
            case SignatureAttached(version=number, signer=signer, variant=None):
                self._signers[number] += (signer,)
            case VersionValidated(version=number) | VersionRejected(version=number):
                errors = {one.gate: one.reason for one in event.gates if one.outcome == "error"}
                # What could not be measured again does not count as it was measured before.
                known = {} if errors else self._measured.get(number, {})
                self._measured[number] = {**known, **measurements(event.gates)}
                self._errors[number] = errors
            case _:
                pass

    def errors(self, number: int) -> Mapping[str, str]:
        """Gates of the last verdict that could not measure, each with its reason."""
        return self._errors.get(number, {})

    def facts(
        self, number: int, schema: MetadataSchema | None, risk: Risk, before: int = BEFORE
    ) -> Facts:
        """What gates may know of a version, with the metrics of so many `before` it.

        `risk` is that of models which nobody has classified. KeyError where there is no such
        version.
        """
        serving = {e: places[-1] for e, places in self.state.environments.items()}
        return self._facts(
            number,
            risk,
            schema=schema,
            champion={e: self._champion(other, risk) for e, other in serving.items()},
            before=tuple(self._metrics[max(0, number - 1 - before) : number - 1][::-1]),
        )

    def _champion(self, number: int, risk: Risk) -> Facts:
        found = self._champions.get(number)
        if found is None:
            found = self._champions[number] = self._facts(number, risk)
        return found

    def _facts(
        self,
        number: int,
        risk: Risk,
        schema: MetadataSchema | None = None,
        champion: Mapping[str, Facts] = NOBODY,
        before: tuple[Mapping[str, float], ...] = (),
    ) -> Facts:
        registered, version = self._registered[number], self.state.versions[number]
        review, evaluations = version.review, self._evaluations.get(number, ())
        subgroups = self._subgroups.get(number, ())
        return Facts(
            namespace=self.namespace,
            model=self.name,
            version=number,
            risk=cast(Risk, self.state.risk) or risk,
            owner=self.state.owner,
            metrics=registered.metrics,
            params=registered.params,
            tags=version.tags,
            properties=version.properties,
            recorded=version.recorded,
            schema=schema,
            sections=review.card_sections if review.card_revision else None,
            stale=review.stale,
            artifact=_piece(registered.artifact),
            variants={one.name: _piece(one) for one in registered.variants},
            signature=registered.signature,
            terms=version.terms,
            signers=self._signers.get(number, ()),
            slices=slices(evaluations, subgroups) if evaluations or subgroups else {},
            evaluations=evaluations,
            champion=champion,
            before=before,
            measured=self._measured.get(number, {}),
        )


def _piece(artifact: Artifact) -> Piece:
    return Piece(format=artifact.format, size=artifact.size, digest=artifact.digest)
