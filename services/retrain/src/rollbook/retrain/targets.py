"""The pipelines that the settings name, in a file of YAML, and what starts each of them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, TypeAlias

import yaml
from pydantic import Field, TypeAdapter, ValidationError

from rollbook.domain.names import EnvironmentName
from rollbook.outbound.asking import Way
from rollbook.retrain.starters.airflow import Airflow, AirflowTarget
from rollbook.retrain.starters.argo import Argo, ArgoTarget
from rollbook.retrain.starters.github import GitHub, GitHubTarget
from rollbook.retrain.starters.kubeflow import Kubeflow, KubeflowTarget
from rollbook.retrain.starters.local import Local, LocalTarget
from rollbook.retrain.starters.sagemaker import SageMaker, SageMakerTarget
from rollbook.retrain.starters.shape import Starter
from rollbook.retrain.starters.webhook import Webhook, WebhookTarget

Target: TypeAlias = Annotated[
    AirflowTarget
    | ArgoTarget
    | GitHubTarget
    | KubeflowTarget
    | LocalTarget
    | SageMakerTarget
    | WebhookTarget,
    Field(discriminator="kind"),
]

_FILE = TypeAdapter(dict[EnvironmentName, Target])


class BadPipelines(ValueError):
    """The file says something that cannot be meant; what, without what may be a secret."""


def read(file: Path) -> dict[str, Target]:
    """Name -> pipeline; `BadPipelines`."""
    try:
        return _FILE.validate_python(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except (OSError, UnicodeError):
        raise BadPipelines(f"{file} cannot be read") from None
    except yaml.YAMLError:
        raise BadPipelines(f"{file} is no YAML") from None
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, each['loc']))}: {each['msg']}"
            for each in error.errors(include_url=False, include_input=False, include_context=False)
        )
        raise BadPipelines(f"{file}: {wrong}") from None


def starters(targets: Mapping[str, Target], way: Way, runs: Path) -> dict[str, Starter]:
    """What starts each pipeline; `runs` is where commands of this machine keep their runs."""
    return {name: _starter(target, way, runs) for name, target in targets.items()}


def _starter(target: Target, way: Way, runs: Path) -> Starter:
    match target:
        case AirflowTarget():
            return Airflow(target, way)
        case ArgoTarget():
            return Argo(target, way)
        case GitHubTarget():
            return GitHub(target, way)
        case KubeflowTarget():
            return Kubeflow(target, way)
        case LocalTarget():
            return Local(target, runs)
        case SageMakerTarget():
            return SageMaker(target, way)
        case WebhookTarget():
            return Webhook(target, way)
