"""The secrets of endpoints, and the signatures made by them, as Standard Webhooks has them."""

import base64
import hmac
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256

from rollbook.probes.webhook import signed


def key(master: str, namespace: str, endpoint: str, rotation: int) -> bytes:
    """An endpoint's secret: whoever knows it learns nothing of another one's, or of the next."""
    name = f"rollbook endpoint\n{namespace}\n{endpoint}\n{rotation}"
    return hmac.new(master.encode(), name.encode(), sha256).digest()


def shown(secret: bytes) -> str:
    """As libraries for Standard Webhooks take it."""
    return f"whsec_{base64.b64encode(secret).decode()}"


def headers(body: bytes, secrets: Iterable[bytes], id_: str, now: datetime) -> dict[str, str]:
    """Id, time, and a signature by each of the secrets."""
    every = [signed(body, secret, id_, now) for secret in secrets]
    proofs = " ".join(each["webhook-signature"] for each in every)
    return {**every[0], "webhook-signature": proofs}
