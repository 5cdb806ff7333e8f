"""`python -m tests.support.s3`: a server that speaks S3, in a process of its own.

It is moto, which believes everybody; in front of it stands what a real S3 asks of each request: a
key that it knows, and of a signed URL that it is right and has not expired.
"""

import hmac
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx

KEY, SECRET, REGION = "known", "a-secret-of-tests", "eu-west-1"
KNOWN = {"authorization": f"AWS4-HMAC-SHA256 Credential={KEY}/20260101/{REGION}/s3/aws4_request"}

Respond = Callable[..., Any]
Application = Callable[[dict[str, Any], Respond], Iterable[bytes]]


@dataclass(frozen=True)
class S3:
    """A server that runs."""

    port: int

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def options(self, **changes: str) -> dict[str, str]:
        """What a store must be told to speak with it."""
        return {
            "aws_endpoint": self.endpoint,
            "allow_http": "true",
            "aws_region": REGION,
            "aws_access_key_id": KEY,
            "aws_secret_access_key": SECRET,
            **changes,
        }

    def make(self, bucket: str) -> None:
        """Make a bucket."""
        place = f"<LocationConstraint>{REGION}</LocationConstraint>"
        body = f"<CreateBucketConfiguration>{place}</CreateBucketConfiguration>"
        made = httpx.put(f"{self.endpoint}/{bucket}", headers=KNOWN, content=body)
        assert made.status_code == 200, made.text

    def unfinished(self, bucket: str) -> int:
        """How many multipart uploads were neither completed nor aborted."""
        found = httpx.get(f"{self.endpoint}/{bucket}?uploads", headers=KNOWN)
        assert found.status_code == 200, found.text
        return found.text.count("<UploadId>")


@contextmanager
def serving() -> Iterator[S3]:
    """A server, until the end."""
    command = [sys.executable, "-m", "tests.support.s3"]
    pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=quiet, text=True)
    try:
        assert process.stdout is not None
        yield S3(int(process.stdout.readline()))
    finally:
        process.kill()
        process.communicate()


class Guarded:
    """An application to which nobody comes who would not come to S3."""

    def __init__(self, application: Application) -> None:
        self._application = application

    def __call__(self, environ: dict[str, Any], respond: Respond) -> Iterable[bytes]:
        query = dict(parse_qsl(environ["QUERY_STRING"], keep_blank_values=True))
        if "X-Amz-Signature" in query:
            refusal = _of_url(environ, query)
        else:
            known = f"Credential={KEY}/" in environ.get("HTTP_AUTHORIZATION", "")
            refusal = None if known else "InvalidAccessKeyId"
        if refusal is None:
            return self._application(environ, respond)
        respond("403 Forbidden", [("content-type", "application/xml")])
        return [f"<Error><Code>{refusal}</Code><Message>{refusal}</Message></Error>".encode()]


def _of_url(environ: dict[str, Any], query: dict[str, str]) -> str | None:
    """Why a signed URL is refused, by Signature Version 4; None when it is right."""
    given = query.pop("X-Amz-Signature")
    date, region = query["X-Amz-Date"], query["X-Amz-Credential"].split("/")[2]
    signed = query["X-Amz-SignedHeaders"].split(";")
    request = "\n".join(
        (
            environ["REQUEST_METHOD"],
            quote(environ["PATH_INFO"], safe="/-_.~"),
            "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in sorted(query.items())),
            *(f"{name}:{environ['HTTP_' + name.upper().replace('-', '_')]}" for name in signed),
            "",
            ";".join(signed),
            "UNSIGNED-PAYLOAD",
        )
    )
    scope = f"{date[:8]}/{region}/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{sha256(request.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for part in (date[:8], region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), sha256)
    if hmac.digest(key, text.encode(), sha256).hex() != given:
        return "SignatureDoesNotMatch"
    began = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    lasting = timedelta(seconds=int(query["X-Amz-Expires"]))
    return "AccessDenied" if began + lasting < datetime.now(UTC) else None


def main() -> None:
    """Serve on a free port, which is said on standard output, until standard input ends."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    class Quiet(WSGIRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_request(self, *_: object) -> None:
            """Not a line for each."""

    app = Guarded(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
