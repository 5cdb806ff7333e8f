"""The probe `signature`: whose signatures are over these very bytes."""

import asyncio
from collections.abc import Collection
from pathlib import Path

from rollbook.probes.jobs import clean
from rollbook.probes.measured import Measured
from rollbook.signing.trust import Trust
from rollbook.signing.verification import valid


async def signature(bundles: Collection[str], path: Path, trust: Trust) -> Measured:
    """`signature.valid`: how many who are trusted signed it, `signature.valid.<signer>`: 1 each.

    Says why the others do not count. Who of them may sign, the gate knows.
    """
    if not bundles:
        return Measured({"signature.valid": 0.0}, "nobody has signed it")
    found = await asyncio.to_thread(valid, bundles, path, trust)
    numbers = {f"signature.valid.{signer}": 1.0 for signer in found.signers}
    why = clean("; ".join(found.others.values()))
    return Measured({"signature.valid": float(len(found.signers)), **numbers}, why)
