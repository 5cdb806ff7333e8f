"""The tables of a large registry: a million versions, a fifth of them in one model.

Rows of some versions are made by the code that projects them, and written by COPY; Postgres then
makes the others of them, each with a place, a time, digests and figures of its own. The indexes are
made when the rows are in, as a rebuild does it.
"""

import asyncio
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

from rollbook.domain.cards import Card
from rollbook.domain.lineage import Artifact, Dataset, Lineage, Runtime, Terms
from rollbook.eventlog.position import Position
from rollbook.eventlog.topics import DEFAULT_PARTITIONS
from rollbook.readmodel import aliases, database, environments, models, schema, versions
from rollbook.readmodel.aliases import AliasRow
from rollbook.readmodel.database import Connection
from rollbook.readmodel.environments import EnvironmentRow
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.search import pointings, profiles, scores, states
from rollbook.readmodel.search.pointings import PointingRow
from rollbook.readmodel.search.profiles import ProfileRow
from rollbook.readmodel.search.states import StateRow
from rollbook.readmodel.versions import VersionRow
from tests.bench.figure import say
from tests.bench.stage import Sizes, Stage

LARGEST = "fraud/card-approval"
BEGAN = datetime(2025, 10, 1, tzinfo=UTC)
APART = timedelta(seconds=30)
"""Between two versions: a million of them take most of a year."""
TEMPLATE = 20_000
"""Versions of which the others are made."""

TEAMS = ("fraud", "risk", "growth", "search", "pricing", "support", "logistics", "ads")
SPACES = ("fraud", "credit", "marketing", "ranking", "forecast", "support")
KINDS = ("churn", "limits", "uplift", "intent", "demand", "default", "returns", "anomaly")
STAGES = ("validated",) * 5 + ("registered",) * 4 + ("rejected",)
WORDS = (
    "weekly retraining with fresh labels and the usual features",
    "gradient boosted trees, calibrated on the holdout of last month",
    "new customers only; drift in the merchant codes was corrected",
    "attrition of business customers, with false positives weighed more",
    "distilled for the edge devices, half of the size",
)
RARE = ("chargeback", "cold start", "leakage", "seasonality", "embargo")
TERMS = Terms(licence="Apache-2.0")
CARDS = tuple(
    states.text_of(
        Card(
            summary="Scores what the department decides on.",
            intended_use="Decisions about customers in Europe.",
            limitations=f"Not tried on {rare}.",
        )
    )
    for rare in RARE
)


async def filled(stage: Stage) -> str:
    """The schema that holds them."""
    return await stage.once(_fill)


async def _fill(stage: Stage) -> str:
    name, dsn = stage.schema(), stage.endpoints.postgres
    say(f"filling tables with {stage.sizes.versions:,} versions")
    await schema.create(dsn, name, only=schema.TABLES)
    db = await database.connection(dsn, name, synchronous_commit="off")
    try:
        await _models(db, stage.sizes.portfolio)
        await _versions(db, TEMPLATE, stage.sizes.portfolio)
        await db.execute("ANALYZE")
        await _multiply(dsn, name, stage.sizes)
        await db.execute(
            "UPDATE models m SET versions = n.count FROM (SELECT model, count(*) FROM versions"
            " GROUP BY model) n WHERE n.model = m.key"
        )
        await _stations(db)
        await _history(db)
        await db.execute("SET maintenance_work_mem = '512MB'")
        await schema.migrate(db, name)
        await db.execute("SELECT set_config('search_path', $1, false)", name)
        await db.execute("VACUUM (ANALYZE)")
    finally:
        await db.close()
    await schema.create(dsn, name)  # its vault
    return name


def model_name(number: int) -> str:
    """The key of one of the models; 0 is the largest."""
    if number == 0:
        return LARGEST
    space, kind = SPACES[number % len(SPACES)], KINDS[number // 7 % len(KINDS)]
    return f"{space}/{kind}-{number:05d}"


async def _models(db: Connection, count: int) -> None:
    chance = random.Random(1)
    rows = [_model(number, chance) for number in range(count)]
    await models.TABLE.insert(db, rows)
    await profiles.TABLE.insert(db, [ProfileRow(row, row.position) for row in rows])


def _model(number: int, chance: random.Random) -> ModelRow:
    key = model_name(number)
    namespace, _, name = key.partition("/")
    return ModelRow(
        key=key,
        namespace=namespace,
        name=name,
        description=f"{name.partition('-')[0]} of the {namespace} department",
        tags={"domain": chance.choice(KINDS), "tier": chance.choice("123")},
        versions=0,
        owner=f"owner-{number % 200}@example.com",
        team=chance.choice(TEAMS),
        risk=chance.choice(("minimal", "limited", "high")),
        seq=1,
        head="",
        position=Position(number % DEFAULT_PARTITIONS, number // DEFAULT_PARTITIONS),
        created_at=BEGAN,
        created_by="ada@example.com",
        updated_at=BEGAN,
    )


async def _versions(db: Connection, count: int, portfolio: int) -> None:
    batch = list(_rows(count, portfolio))
    found = [row for row, _ in batch]
    await versions.TABLE.insert(db, found)
    await states.TABLE.insert(db, [StateRow(row, row.position, card) for row, card in batch])
    await scores.TABLE.insert(db, [score for row in found for score in scores.project(row)])


async def _multiply(dsn: str, schema_: str, sizes: Sizes) -> None:
    """Every version once more and once more, over two connections."""
    copies = iter(range(1, sizes.versions // TEMPLATE))
    stride = sizes.portfolio + TEMPLATE + 100

    async def work() -> None:
        db = await database.connection(dsn, schema_, synchronous_commit="off")
        try:
            await db.execute(_KNOWN)
            for copy in copies:
                for statement in (_STATES, _VERSIONS, _SCORES):
                    await db.execute(statement, copy, copy * stride, copy * TEMPLATE * APART)
        finally:
            await db.close()

    await asyncio.gather(work(), work())


_KNOWN = f"""
CREATE TEMPORARY TABLE n AS SELECT model, count(*)::int AS have FROM versions
    WHERE created_at < '{BEGAN + TEMPLATE * APART}' GROUP BY model;
CREATE UNIQUE INDEX ON n (model);
ANALYZE n;
"""
_OTHER = "encode(sha256(convert_to(v.digest || $1::int::text, 'UTF8')), 'hex')"
_FIRST = f"created_at < '{BEGAN + TEMPLATE * APART}'"
_METRICS = (
    "(SELECT jsonb_object_agg({prefix} || key, value::text::float8 + $1 * 1e-7)"
    " FROM jsonb_each(v.facts->'metrics'))"
)
_VERSIONS = f"""
INSERT INTO versions
SELECT other.* FROM versions v JOIN n USING (model),
    jsonb_populate_record(v, jsonb_build_object(
        'version', v.version + $1 * n.have, 'digest', 'sha256:' || {_OTHER}, 'off', v.off + $2,
        'created_at', v.created_at + $3, 'updated_at', v.updated_at + $3,
        'facts', v.facts || jsonb_build_object('metrics', {_METRICS.format(prefix="''")},
            'artifact', v.facts->'artifact' || jsonb_build_object('digest', 'sha256:' || {_OTHER})))
    ) other WHERE v.{_FIRST}
"""
_STATES = f"""
INSERT INTO search (model, version, partition, off, archived, created_at, updated_at, trained_at,
    size, numbers, terms, prose, card, state)
SELECT s.model, s.version + $1 * n.have, s.partition, s.off + $2, s.archived, s.created_at + $3,
    s.updated_at + $3, s.trained_at + $3, s.size + $1 * 17,
    s.numbers || {_METRICS.format(prefix="'metrics.'")},
    array_replace(array_replace(s.terms,
        '=digest=' || v.digest, '=digest=sha256:' || {_OTHER}),
        '=run=' || (v.facts->'lineage'->>'run_id'), '=run=' || (v.facts->'lineage'->>'run_id')
        || '-' || $1),
    s.prose, s.card, s.state
FROM search s JOIN versions v USING (model, version) JOIN n USING (model) WHERE s.{_FIRST}
"""
_SCORES = f"""
INSERT INTO scores (metric, value, model, version, partition, off)
SELECT c.metric, c.value + $1 * 1e-7, c.model, c.version + $1 * n.have, c.partition, c.off + $2
FROM scores c JOIN n USING (model) JOIN versions v USING (model, version)
WHERE v.{_FIRST} AND $3::interval IS NOT NULL
"""


def _rows(count: int, portfolio: int) -> Iterator[tuple[VersionRow, str]]:
    """Each version with the text of its card; every fifth is of the largest model."""
    chance = random.Random(2)
    made = dict.fromkeys(range(portfolio), 0)
    for number in range(count):
        model = 0 if number % 5 == 0 else 1 + number % (portfolio - 1)
        made[model] += 1
        offset = (portfolio + number) // DEFAULT_PARTITIONS + 1
        position = Position(model % DEFAULT_PARTITIONS, offset * DEFAULT_PARTITIONS + number % 4)
        yield _version(number, model_name(model), made[model], position, chance)


def _version(
    number: int, model: str, version: int, position: Position, chance: random.Random
) -> tuple[VersionRow, str]:
    created = BEGAN + number * APART
    description = chance.choice(WORDS)
    if chance.random() < 0.002:
        description += f"; {chance.choice(RARE)}"
    carded = chance.random() < 0.05
    row = VersionRow(
        model=model,
        version=version,
        artifact=Artifact(
            uri=f"s3://models/{model}/{version}/model.skops",
            digest=f"sha256:{number:064x}",
            size=1_000_000 + number * 37 % 900_000_000,
            format=chance.choice(("skops", "onnx", "safetensors")),
        ),
        metrics={
            "auc": round(1 - chance.random() ** 2 / 2, 6),
            "log_loss": round(chance.uniform(0.1, 0.7), 6),
            "latency_p95_ms": round(5 / (0.05 + chance.random()), 3),
        },
        params={"max_depth": str(number % 12), "learning_rate": "0.05"},
        tags={"team": chance.choice(TEAMS), "pipeline": "nightly"},
        properties={"customer_facing": chance.random() < 0.3},
        lineage=Lineage(
            run_id=f"run-{number:08d}",
            code_commit=f"{number:040x}",
            datasets=(Dataset(uri=f"s3://data/transactions/{number % 3650}"),),
            runtime=Runtime(started_at=created - timedelta(hours=3)),
        ),
        signature=None,
        terms=TERMS,
        description=description,
        idempotency_key=None,
        stage=chance.choice(STAGES),
        card_revision=int(carded),
        card_sections=("summary", "intended_use", "limitations") if carded else (),
        archived_reason="superseded" if chance.random() < 0.03 else None,
        position=position,
        created_at=created,
        created_by=f"pipeline-{number % 40}",
        updated_at=created,
    )
    return row, chance.choice(CARDS) if carded else ""


async def _stations(db: Connection) -> None:
    """Each model's newest version but one serves, and has an alias."""
    rows = await db.fetch(
        "SELECT model, greatest(max(version) - 1, 1) AS version, max(partition) AS partition,"
        " max(off) + 1 AS off, max(created_at) AS time FROM versions GROUP BY model"
    )
    by = "hedy@example.com"
    places = [(row, Position(row["partition"], row["off"])) for row in rows]
    pointing = partial(AliasRow, alias="champion", set_by=by)
    await aliases.TABLE.insert(
        db,
        [
            pointing(model=r["model"], version=r["version"], position=place, set_at=r["time"])
            for r, place in places
        ],
    )
    await pointings.TABLE.insert(
        db,
        [
            PointingRow(r["model"], "champion", r["version"], place, r["time"], by)
            for r, place in places
        ],
    )
    await environments.TABLE.insert(
        db,
        [
            EnvironmentRow(
                model=r["model"],
                environment="production",
                version=r["version"],
                action="VersionPromoted",
                replaced=None,
                actor=by,
                position=place,
                since=r["time"],
            )
            for r, place in places
        ],
    )


async def _history(db: Connection) -> None:
    """As much of the log as moments are found by: where each record stands, and its time."""
    await db.execute(
        "INSERT INTO history (partition, off, model, seq, type, time, actor, id, claim, schema,"
        " data) SELECT partition, off, model, version + 1, 'VersionRegistered', created_at,"
        " 'ada@example.com', gen_random_uuid(), 0, 2, '{}' FROM search"
    )
    await db.execute(
        "INSERT INTO projection_offset (projection, partition, off, claim)"
        " SELECT 'views', partition, max(off) + 1, 0 FROM history GROUP BY partition"
    )
