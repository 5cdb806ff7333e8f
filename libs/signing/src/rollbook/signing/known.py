"""Digests that are known already, as model signing asks for them: it need not read the bytes."""

from collections.abc import Iterable
from pathlib import Path

from model_signing import hashing, manifest
from model_signing._hashing.hashing import Digest  # its manifests are public, and made of these
from model_signing.hashing import PathLike

from rollbook.signing.content import Content


class Known(hashing.Config):
    """A hashing of what is known, whatever lies at the path."""

    def __init__(self, content: Content) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._content = content

    def hash(
        self, model_path: PathLike, *, files_to_hash: Iterable[PathLike] | None = None
    ) -> manifest.Manifest:
        """The manifest of the content; its name is the path's, and tells nothing."""
        how = manifest.SerializationType.from_args(
            {"method": "files", "hash_type": "sha256", "allow_symlinks": self._content.links}
        )
        items = [
            how.new_item(file.path, Digest("sha256", bytes.fromhex(file.sha256)))
            for file in self._content.files
        ]
        return manifest.Manifest(Path(str(model_path)).name, items, how)
