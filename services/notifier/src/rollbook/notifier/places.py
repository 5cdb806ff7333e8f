"""Addresses of endpoints that are secrets, by name: a file of YAML that says where each stands."""

from pathlib import Path

import yaml
from pydantic import TypeAdapter, ValidationError

from rollbook.domain.names import EnvironmentName
from rollbook.outbound.secret import Secret

_FILE = TypeAdapter(dict[EnvironmentName, Secret])


class BadPlaces(ValueError):
    """The file says something that cannot be meant; what, without what may be a secret."""


def read(file: Path) -> dict[str, Secret]:
    """Name -> where its address stands; `BadPlaces`."""
    try:
        return _FILE.validate_python(yaml.safe_load(file.read_text(encoding="utf-8")) or {})
    except (OSError, UnicodeError):
        raise BadPlaces(f"{file} cannot be read") from None
    except yaml.YAMLError:
        raise BadPlaces(f"{file} is no YAML") from None
    except ValidationError:
        raise BadPlaces(f"{file}: must be NAME: {{env: VARIABLE}} or {{file: PATH}}") from None
