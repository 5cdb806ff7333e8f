"""The model aggregate: a command and a state decide an event; events evolve state."""

from typing import TypeAlias

from rollbook.domain import (
    alarms,
    aliases,
    cards,
    catalog,
    environments,
    evaluations,
    holds,
    profiles,
    requests,
    retraining,
    rollouts,
    signatures,
    stepping,
    validation,
    versions,
)
from rollbook.domain.context import Context
from rollbook.domain.messages import Unchanged
from rollbook.domain.state import Model

ModelEvent: TypeAlias = (
    catalog.CatalogEvent
    | versions.VersionEvent
    | evaluations.EvaluationEvent
    | cards.CardEvent
    | validation.ValidationEvent
    | aliases.AliasEvent
    | environments.EnvironmentEvent
    | rollouts.RolloutEvent
    | requests.RequestEvent
    | holds.HoldEvent
    | signatures.SignatureEvent
    | profiles.ProfileEvent
    | alarms.AlarmEvent
    | retraining.RetrainingEvent
)

ModelCommand: TypeAlias = (
    catalog.CatalogCommand
    | versions.VersionCommand
    | evaluations.EvaluationCommand
    | cards.CardCommand
    | validation.ValidationCommand
    | aliases.AliasCommand
    | environments.EnvironmentCommand
    | rollouts.RolloutCommand
    | requests.RequestCommand
    | holds.HoldCommand
    | signatures.SignatureCommand
    | profiles.ProfileCommand
    | alarms.AlarmCommand
    | retraining.RetrainingCommand
)


def evolve(state: Model, event: ModelEvent) -> Model:
    """The state after `event`."""
    match event:  # versions first: they are most of any log, and a class check has its price
        case (
            versions.VersionRegistered()
            | versions.VersionDescribed()
            | versions.VersionTagged()
            | versions.VersionUntagged()
            | versions.PropertiesSet()
            | versions.DocumentLinked()
            | versions.VersionArchived()
            | versions.VersionRestored()
        ):
            return versions.evolve(state, event)
        case aliases.AliasSet() | aliases.AliasRemoved():
            return aliases.evolve(state, event)
        case (
            environments.VersionPromoted()
            | environments.VersionRolledBack()
            | environments.EnvironmentCleared()
            | environments.RollbackRehearsed()
            | environments.GlassBroken()
            | environments.BreakGlassReviewed()
        ):
            return environments.evolve(state, event)
        case (
            rollouts.RolloutStarted()
            | rollouts.RolloutAdvanced()
            | rollouts.RolloutPaused()
            | rollouts.RolloutResumed()
            | rollouts.RolloutStepApproved()
            | rollouts.RolloutStepSkipped()
            | rollouts.RolloutAborted()
            | rollouts.RolloutFinished()
        ):
            return rollouts.evolve(state, event)
        case evaluations.EvaluationRecorded():
            return evaluations.evolve(state, event)
        case (
            catalog.ModelRegistered()
            | catalog.ModelDescribed()
            | catalog.ModelTagged()
            | catalog.ModelUntagged()
            | catalog.OwnerAssigned()
            | catalog.ModelClassified()
            | catalog.ModelRetired()
            | catalog.ModelRestored()
        ):
            return catalog.evolve(state, event)
        case (
            validation.ValidationStarted()
            | validation.VersionValidated()
            | validation.VersionRejected()
        ):
            return validation.evolve(state, event)
        case cards.CardWritten() | cards.CardReviewed() | cards.CardWentStale():
            return cards.evolve(state, event)
        case (
            requests.PromotionRequested()
            | requests.PromotionApproved()
            | requests.PromotionRejected()
            | requests.PromotionCommented()
            | requests.PromotionWithdrawn()
            | requests.PromotionEscalated()
            | requests.PromotionExpired()
        ):
            return requests.evolve(state, event)
        case holds.VersionHeld() | holds.VersionReleased():
            return holds.evolve(state, event)
        case signatures.SignatureAttached():
            return signatures.evolve(state, event)
        case profiles.ProfileRecorded():
            return profiles.evolve(state, event)
        case alarms.DriftDetected() | alarms.DriftCleared() | alarms.DriftAcknowledged():
            return alarms.evolve(state, event)
        case (
            retraining.RetrainingSet()
            | retraining.RetrainingRequested()
            | retraining.RetrainingStarted()
            | retraining.RetrainingEnded()
        ):
            return retraining.evolve(state, event)


def decide(state: Model, command: ModelCommand, context: Context) -> ModelEvent | Unchanged:
    """The event that `command` leads to, or `Unchanged` when the wish is already true.

    Raises `Refused` when the state forbids it.
    """
    match command:
        case (
            versions.RegisterVersion()
            | versions.DescribeVersion()
            | versions.TagVersion()
            | versions.UntagVersion()
            | versions.SetProperties()
            | versions.LinkDocument()
            | versions.ArchiveVersion()
            | versions.RestoreVersion()
        ):
            return versions.decide(state, command, context)
        case aliases.SetAlias() | aliases.RemoveAlias():
            return aliases.decide(state, command, context)
        case environments.RollBackVersion(reason=reason, environment=environment, to=None) if (
            tried := stepping.tried_in(state, environment)
        ):
            return stepping.aborted(tried, reason)
        case (
            environments.PromoteVersion()
            | environments.RollBackVersion()
            | environments.ClearEnvironment()
            | environments.RehearseRollback()
            | environments.BreakGlass()
            | environments.ReviewBreakGlass()
        ):
            return environments.decide(state, command, context)
        case (
            rollouts.StartRollout()
            | rollouts.AdvanceRollout()
            | rollouts.PauseRollout()
            | rollouts.ResumeRollout()
            | rollouts.ApproveRolloutStep()
            | rollouts.SkipRolloutStep()
            | rollouts.PromoteRollout()
            | rollouts.AbortRollout()
            | rollouts.FinishRollout()
        ):
            return stepping.decide(state, command, context)
        case evaluations.RecordEvaluation():
            return evaluations.decide(state, command)
        case (
            catalog.RegisterModel()
            | catalog.DescribeModel()
            | catalog.TagModel()
            | catalog.UntagModel()
            | catalog.AssignOwner()
            | catalog.ClassifyModel()
            | catalog.RetireModel()
            | catalog.RestoreModel()
        ):
            return catalog.decide(state, command, context)
        case validation.StartValidation() | validation.RecordValidation():
            return validation.decide(state, command)
        case cards.WriteCard() | cards.ReviewCard() | cards.MarkCardStale():
            return cards.decide(state, command, context)
        case (
            requests.RequestPromotion()
            | requests.ApprovePromotion()
            | requests.RejectPromotion()
            | requests.CommentOnPromotion()
            | requests.WithdrawPromotion()
            | requests.EscalatePromotion()
            | requests.ExpirePromotion()
        ):
            return requests.decide(state, command, context)
        case holds.HoldVersion() | holds.ReleaseVersion():
            return holds.decide(state, command)
        case signatures.AttachSignature():
            return signatures.decide(state, command)
        case profiles.RecordProfile():
            return profiles.decide(state, command)
        case alarms.DetectDrift() | alarms.ClearDrift() | alarms.AcknowledgeDrift():
            return alarms.decide(state, command, context.actor)
        case (
            retraining.SetRetraining()
            | retraining.RequestRetraining()
            | retraining.RecordRetrainingRun()
            | retraining.EndRetraining()
            | retraining.CancelRetraining()
        ):
            return retraining.decide(state, command, context)
