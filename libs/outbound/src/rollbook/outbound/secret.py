"""Secrets that settings name and never hold: an environment variable, or a file."""

import os
from pathlib import Path
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field


class NoSecret(Exception):
    """It is not where the settings say."""


class FromEnvironment(BaseModel):
    """`{env: NAME}`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    env: Annotated[str, Field(min_length=1)]

    def read(self) -> str:
        """The secret; `NoSecret` where the variable is not set."""
        if not (found := os.environ.get(self.env)):
            raise NoSecret(f"the environment variable {self.env} is not set")
        return found


class FromFile(BaseModel):
    """`{file: PATH}`: read each time, so that it can be changed."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: Path

    def read(self) -> str:
        """The secret, without white space at its ends; `NoSecret` where it cannot be read."""
        try:
            found = self.file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeError):
            raise NoSecret(f"the file {self.file} cannot be read") from None
        if not found:
            raise NoSecret(f"the file {self.file} is empty")
        return found


Secret: TypeAlias = FromEnvironment | FromFile
