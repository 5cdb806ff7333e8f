"""Signature Version 4, by the example of AWS' own documentation and test suite."""

from datetime import UTC, datetime

from rollbook.retrain.starters.sigv4 import Credentials, signed

EXAMPLE = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")


def test_the_suites_post_without_a_body_is_signed_as_it_says() -> None:
    headers = signed(
        "POST",
        "https://example.amazonaws.com/",
        {},
        b"",
        credentials=EXAMPLE,
        region="us-east-1",
        service="service",
        now=datetime(2015, 8, 30, 12, 36, tzinfo=UTC),
    )
    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request,"
        " SignedHeaders=host;x-amz-date,"
        " Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
    )


def test_a_sessions_token_is_signed_with_the_rest() -> None:
    headers = signed(
        "POST",
        "https://example.amazonaws.com/",
        {"X-Amz-Target": "SageMaker.StartPipelineExecution"},
        b"{}",
        credentials=EXAMPLE._replace(token="session"),
        region="us-east-1",
        service="sagemaker",
        now=datetime(2015, 8, 30, 12, 36, tzinfo=UTC),
    )
    assert headers["x-amz-security-token"] == "session"
    assert (
        "SignedHeaders=host;x-amz-date;x-amz-security-token;x-amz-target"
        in (headers["authorization"])
    )
