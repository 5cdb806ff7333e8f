"""A witness over HTTP (c2sp.org/tlog-witness): shown each checkpoint, it says when it saw it."""

import time

import httpx

from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.cosignature import WitnessKey, cosigned
from rollbook.audit.merkle import Tree
from rollbook.audit.note import NoteError
from rollbook.audit.witness import PATH, SIZE_TYPE, request
from rollbook.auditor.handlers import Rewritten
from rollbook.auditor.shelf import Away, named

PATIENCE = 10.0
"""Seconds that an answer may take."""
SKEW = 3600
"""Seconds by which a witness's clock may be ahead of ours."""


class Overseer:
    """One witness; it knows what it saw, so that we need not."""

    def __init__(self, url: str) -> None:
        """`NoteError` where no public key, or a wrong one, stands behind the `#`."""
        address, _, key = url.partition("#")
        self.name = named(address)
        self._url = address.rstrip("/") + PATH
        self._key = WitnessKey.parse(key)
        self._saw: dict[int, int] = {}

    async def show(self, checkpoint: Checkpoint, note: str, tree: Tree) -> str:
        """Its cosignature, a line; `Rewritten` where it has seen another log, else `Away`."""
        async with httpx.AsyncClient(timeout=PATIENCE) as client:
            for _ in range(2):
                old = self._saw.get(checkpoint.partition, 0)
                if old > len(tree):
                    raise Rewritten(f"{self.name} has seen {old} records of {checkpoint.origin}")
                body = request(old, tree.consistency(old, checkpoint.size), note)
                try:
                    answer = await client.post(self._url, content=body.encode())
                except httpx.TransportError as error:
                    raise Away(f"{type(error).__name__}: {error}") from error
                said = answer.text.strip()
                kind = answer.headers.get("content-type", "")
                if answer.status_code == httpx.codes.CONFLICT and kind == SIZE_TYPE:
                    if said.isdecimal() and int(said) != old:
                        self._saw[checkpoint.partition] = int(said)
                        continue
                    raise Rewritten(f"{self.name} has seen another {checkpoint.origin} at {said}")
                if answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY:
                    raise Rewritten(f"{self.name}: {checkpoint.origin}: {said}")
                if answer.status_code != httpx.codes.OK:
                    raise Away(f"{answer.status_code}: {said[:200]}")
                self._saw[checkpoint.partition] = checkpoint.size
                return self._verified(checkpoint, answer.text)
        raise Away("it changes its mind about what it has seen")

    def file_name(self, checkpoint: Checkpoint) -> str:
        """How the file of a checkpoint with its cosignature is called."""
        id_ = self._key.key_id.hex()
        return f"cosigned-{checkpoint.partition}-{checkpoint.size}-{id_}.note"

    def _verified(self, checkpoint: Checkpoint, lines: str) -> str:
        for line in lines.splitlines():
            try:
                if cosigned(checkpoint.text, line, self._key) <= time.time() + SKEW:
                    return line
            except NoteError:
                continue
        raise Away("what it answers is no cosignature of its key")
