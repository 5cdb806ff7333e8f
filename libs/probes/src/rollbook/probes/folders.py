"""Which file of an MLflow folder is the model, and in which format, as its `MLmodel` says."""

from pathlib import Path
from typing import Final

import yaml
from pydantic import BaseModel, ValidationError

from rollbook.probes.formats import Format, Unreadable

LARGEST: Final = 1_000_000


class _Flavor(BaseModel):
    data: str | None = None
    pickled_model: str | None = None
    model_path: str | None = None
    serialization_format: str | None = None


class _MLmodel(BaseModel):
    flavors: dict[str, _Flavor]


FLAVORS: Final = {
    "sklearn": (Format.PICKLE, Format.SKOPS),
    "skops": (Format.SKOPS,),
    "onnx": (Format.ONNX,),
    "xgboost": (Format.XGBOOST,),
    "lightgbm": (Format.LIGHTGBM,),
}


def model_in(folder: Path) -> tuple[Path, tuple[Format, ...]]:
    """The model's file, and the formats that its flavour comes in."""
    described = folder / "MLmodel"
    if described.stat().st_size > LARGEST:
        raise Unreadable("its MLmodel is too large")
    try:
        facts = _MLmodel.model_validate(yaml.safe_load(described.read_text(encoding="utf-8")))
    except (yaml.YAMLError, ValidationError, UnicodeDecodeError, RecursionError):
        raise Unreadable("its MLmodel cannot be read") from None
    for name, formats in FLAVORS.items():
        if flavor := facts.flavors.get(name):
            said = flavor.pickled_model or flavor.data or flavor.model_path
            if said is None:
                raise Unreadable(f"its MLmodel does not say which file the {name} model is")
            file = (folder / said).resolve()
            if not file.is_relative_to(folder.resolve()):
                raise Unreadable(f"its MLmodel leads out of its folder: {said}")
            if not file.is_file():
                raise Unreadable(f"its MLmodel names a file that is not there: {said}")
            return file, formats
    flavors = ", ".join(sorted(facts.flavors))
    raise Unreadable(f"none of its MLflow flavours can be loaded here: {flavors}")
