"""`/docs`: the OpenAPI document as a page to read and try, which needs nothing from elsewhere."""

from importlib import resources

from fastapi import APIRouter, Response

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def router() -> APIRouter:
    """The page."""
    made = APIRouter(include_in_schema=False)
    page = (resources.files("rollbook.query") / "docs.html").read_bytes()

    @made.get("/docs")
    async def docs() -> Response:
        return Response(page, 200, {"content-security-policy": POLICY}, "text/html; charset=utf-8")

    return made
