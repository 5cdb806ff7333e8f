"""The probe `signature`: whose signatures are over these very bytes."""

import asyncio
from collections.abc import Collection
from pathlib import Path

from rollbook.domain.gates import SignatureGate
from rollbook.domain.names import matches
from rollbook.probes.jobs import clean
from rollbook.probes.measured import Measured
from rollbook.signing.trust import Trust
from rollbook.signing.verification import valid


async def signature(
    gate: SignatureGate, bundles: Collection[str], path: Path, trust: Trust
) -> Measured:
    """`signature.valid`: how many who may have signed; why the others do not count."""
    if not bundles:
        return Measured({"signature.valid": 0.0}, "nobody has signed it")
    found = await asyncio.to_thread(valid, bundles, path, trust)
    signers = [
        signer
        for signer in found.signers
        if any(matches(signer, pattern) for pattern in gate.signers)
    ]
    strangers = sorted(set(found.signers) - set(signers))
    why = [*found.others.values(), *(f"{name} is none of its signers" for name in strangers)]
    return Measured({"signature.valid": float(len(signers))}, clean("; ".join(why)))
