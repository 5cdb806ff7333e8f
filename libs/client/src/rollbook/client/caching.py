"""Where this user's copies of what the registry has lie."""

import os
from pathlib import Path


def folder() -> Path:
    """The user's folder of copies, which may always be removed; ROLLBOOK_CACHE overrides it."""
    if named := os.environ.get("ROLLBOOK_CACHE"):
        return Path(named)
    import platformdirs  # noqa: PLC0415

    return Path(platformdirs.user_cache_dir("rollbook"))
