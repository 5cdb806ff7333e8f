"""What can be asked of a version: every field by its name, with its type and where it stands."""

from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import Enum
from typing import Final, Literal, TypeAlias

from rollbook.readmodel.search.errors import InvalidQueryError
from rollbook.readmodel.search.grammar import unquoted

Kind: TypeAlias = Literal["text", "number", "time", "text or number"]


class Source(Enum):
    """Where a field's values stand."""

    VERSION = "a version's terms, or numbers"
    COLUMN = "a column of its states"
    METRIC = "a version's numbers, and the table of scores"
    MODEL = "the model's terms"
    ALIAS = "the pointings"
    ENVIRONMENT = "the stays"


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field, or a family of them whose members users name: `tags.*`."""

    name: str
    kind: Kind
    about: str
    example: str
    order: str | None = None
    """How to order by it; null: nothing can."""
    source: Source = Source.VERSION
    column: str | None = None
    """Of the table of states."""


def _text(name: str, about: str, example: str) -> Field:
    return Field(name=name, kind="text", about=about, example=example)


def _of_model(name: str, about: str, example: str) -> Field:
    return Field(name=name, kind="text", about=about, example=example, source=Source.MODEL)


def _time(name: str, column: str, about: str, example: str) -> Field:
    return Field(
        name=name,
        kind="time",
        about=about,
        example=example,
        order=f"-{name}",
        source=Source.COLUMN,
        column=column,
    )


FIELDS: Final = (
    _of_model("model", "its key; without a slash, its name", 'model = "payments/*"'),
    _of_model("namespace", "the model's namespace", "namespace = payments"),
    _of_model("name", "the model's name within its namespace", 'name = "*churn*"'),
    _of_model("owner", "who answers for the model", 'owner = "ann@example.com"'),
    _of_model("team", "whose model it is", "team = risk"),
    _of_model("risk", "what a wrong prediction may cost: minimal, limited or high", "risk = high"),
    _of_model("model.tags.*", "a tag of the model", "model.tags.domain = cards"),
    Field(
        name="version",
        kind="number",
        about="its number",
        example="version >= 100",
        source=Source.COLUMN,
        column="version",
    ),
    _text("label", "MAJOR.MINOR.PATCH", 'label = "2.*"'),
    _text("stage", "registered, validating, validated or rejected", "stage = validated"),
    _text(
        "state",
        "used, archived, or retired with its model; a query that does not name it is for `used`",
        "state in (archived, retired)",
    ),
    Field(
        name="alias",
        kind="text",
        about="a name that points at it",
        example="alias = champion",
        source=Source.ALIAS,
    ),
    Field(
        name="environment",
        kind="text",
        about="where it serves",
        example="environment = production",
        source=Source.ENVIRONMENT,
    ),
    _text("tags.*", "a tag of the version", "tags.team = fraud"),
    Field(
        name="metrics.*",
        kind="number",
        about="a metric that it was registered with",
        example="metrics.auc >= 0.9",
        order="-metrics.auc",
        source=Source.METRIC,
    ),
    Field(
        name="params.*",
        kind="text or number",
        about="a hyperparameter",
        example="params.depth > 6",
    ),
    Field(
        name="properties.*",
        kind="text or number",
        about="a typed property",
        example="properties.customer_facing = true",
    ),
    _text("created_by", "who registered it", 'created_by = "ann@example.com"'),
    _time("created", "created_at", "when it was registered", "created >= 2026-01-01"),
    _time("updated", "updated_at", "when it last changed", "updated > 7d"),
    _time("trained", "trained_at", "when its training ended", "trained_before(2026-03-15)"),
    _time("review_by", "review_by", "when its card must be reviewed", "review_by < 2026-12-01"),
    Field(
        name="size",
        kind="number",
        about="bytes of its artifact",
        example="size < 500000000",
        order="-size",
        source=Source.COLUMN,
        column="size",
    ),
    _text("digest", "of its artifact, or of one of its variants", "digest = sha256:9f86d0…"),
    _text("format", "of its artifact", "format = onnx"),
    _text("commit", "of the code that it was trained with", 'commit = "9f8*"'),
    _text("run", "the run that made it", "run = nightly-4711"),
    _text("dataset", "the URI of a data set that it was made with", 'dataset = "s3://lake/*"'),
    _text("dataset.digest", "the digest of such a data set", "dataset.digest = sha256:2c26…"),
    _text("feature", "the name of a feature that it uses", "feature = age"),
    _text("base", "the model that it was made from", "base = payments/base"),
    _text("licence", "SPDX identifier", "licence = Apache-2.0"),
    _text("pii", "none, pseudonymous, personal or sensitive", "pii in (personal, sensitive)"),
    _text("data_use", "what its data was given for", "data_use = research"),
    _text("card", "none, current or stale", "card = stale"),
    _text("card.section", "a section of its card that is filled in", "card.section = ethics"),
    _text("origin", "where it was imported from", 'origin = "mlflow*"'),
)

_BY_NAME: Final = {field.name: field for field in FIELDS}
_FAMILIES: Final = {name.removesuffix("*"): f for name, f in _BY_NAME.items() if name[-1] == "*"}
LONGEST_NAME: Final = 300


def find(name: str, column: int = 1) -> Field:
    """The field of that name; `InvalidQueryError` where there is none."""
    if (field := _BY_NAME.get(name)) is not None and not name.endswith("*"):
        return field
    for start, family in _FAMILIES.items():
        if name.startswith(start) and len(name) > len(start):
            own = name[len(start) :]
            own = unquoted(own) if own[0] == own[-1] == '"' else own
            if own and '"' not in own and len(own) <= LONGEST_NAME:
                return replace(family, name=start + own)
    raise InvalidQueryError(column, f"there is no field {name}: {_hint(name)}")


def _hint(name: str) -> str:
    head, dot, rest = name.partition(".")
    if dot:
        near = get_close_matches(f"{head}.", _FAMILIES, 1)
        if near:
            return f"did you mean {near[0]}{rest or '…'}?"
    near = get_close_matches(name, _BY_NAME, 1)
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(_BY_NAME)}"


# Orders


@dataclass(frozen=True, slots=True)
class Order:
    """By which field, and which way."""

    field: Field
    descending: bool

    @property
    def name(self) -> str:
        """As it is written."""
        return f"{'-' if self.descending else ''}{self.field.name}"


ORDERED: Final = tuple(field.name for field in FIELDS if field.order)


def order(text: str) -> Order:
    """The order that a text names; `InvalidQueryError` where nothing can be ordered by it."""
    descending = text.startswith("-")
    name = text.removeprefix("-")
    try:
        field = find(name)
    except InvalidQueryError:
        field = None
    if field is None or field.order is None:
        raise InvalidQueryError(
            1, f"nothing can be ordered by {name}: there are {', '.join(ORDERED)}; - for descending"
        )
    return Order(field, descending)


NEWEST: Final = Order(_BY_NAME["created"], descending=True)
