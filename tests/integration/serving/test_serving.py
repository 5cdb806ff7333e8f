"""The model server: what stands answers, whatever moves, dies or is away."""

import asyncio
import json
import os
import shutil
import signal
from collections import Counter
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from rollbook.client import lastknown
from rollbook.domain.traffic import Served
from rollbook.eventlog.topics import LogAddress
from rollbook.signing.making import Signer, sign
from tests.integration.serving.world import MODEL, NAME, Board, Client, request, serving, settings
from tests.support.service import until
from tests.support.signers import pair


async def test_what_stands_answers_and_what_is_cleared_does_not(
    board: Board, tmp_path: Path
) -> None:
    await board.stands(1)
    told = settings(board.log, tmp_path, board.models.folder)
    async with serving(told) as (_, client):
        assert (await client.http.get("/v2/health/live")).status_code == 200
        await until(lambda: answered(client, 1))
        assert (await client.http.get("/v2/health/ready")).status_code == 200
        assert (await client.http.get(f"/v2/models/{NAME}/ready")).status_code == 200
        found = (await client.http.get(f"/v2/models/{NAME}")).json()
        assert found["versions"] == ["1"]
        answer = await client.infer(version=1)
        assert answer.json()["outputs"][0]["shape"] == [1, 1]
        assert (await client.infer(version=7)).status_code == 404
        assert (await client.infer(model="team.other")).status_code == 404
        wrong = await client.http.post(f"/v2/models/{NAME}/infer", content=b"{")
        assert wrong.status_code == 400
        assert "JSON" in wrong.json()["error"]
        await board.cleared()
        await until(lambda: answered(client, 0))


async def answered(client: Client, version: int) -> bool:
    return await client.answers() == version


async def test_a_swap_under_load_drops_no_request(board: Board, tmp_path: Path) -> None:
    await board.stands(1)
    told = settings(board.log, tmp_path, board.models.folder)
    async with serving(told) as (_, client):
        await until(lambda: answered(client, 1))
        seen: Counter[int] = Counter()
        over = asyncio.Event()

        async def load(number: int) -> None:
            while not over.is_set():
                seen[await client.answers(f"unit-{number}")] += 1

        loops = [asyncio.create_task(load(number)) for number in range(8)]
        for version, before in ((2, 1), (1, 2), (2, None)):
            await board.stands(version, before=before)
            await until(lambda version=version: answered(client, version))
        over.set()
        await asyncio.gather(*loops)
        assert seen[0] == 0, "every request was answered, and by a version that stood there"
        assert set(seen) == {1, 2}


async def test_units_keep_their_version_and_arms_get_their_share(
    board: Board, tmp_path: Path
) -> None:
    await board.stands(1, arms=[board.models.arm(2, 0.3)], rollout=4)
    told = settings(board.log, tmp_path, board.models.folder)
    async with serving(told) as (service, client):
        await until(lambda: all_ready(service.keeper.shown()))
        first = [await client.answers(f"unit-{n}") for n in range(100)]
        assert [await client.answers(f"unit-{n}") for n in range(100)] == first
        assert 20 <= first.count(2) <= 40
        await board.stands(1, arms=[board.models.arm(2, 0.6)], rollout=4)
        moved = [n for n in range(100) if first[n] == 1]
        await until(lambda: answered_by(client, moved, 2))
        more = [await client.answers(f"unit-{n}") for n in range(100)]
        assert all(more[n] == 2 for n in range(100) if first[n] == 2), "who was in stays in"
        await board.stands(1)
        await until(lambda: none_left(client, 2))


def all_ready(shown: list[dict[str, object]]) -> bool:
    states = [version["state"] for one in shown for version in one["versions"]]  # type: ignore[attr-defined]
    return bool(states) and set(states) == {"ready"}


async def answered_by(client: Client, units: list[int], version: int) -> bool:
    """Whether at least one of the units is answered by the version."""
    return version in [await client.answers(f"unit-{n}") for n in units]


async def none_left(client: Client, version: int) -> bool:
    return version not in [await client.answers(f"unit-{n}") for n in range(30)]


async def test_a_process_that_is_killed_is_replaced_and_no_request_fails(
    board: Board, tmp_path: Path
) -> None:
    await board.stands(1)
    told = settings(board.log, tmp_path, board.models.folder)
    async with serving(told) as (service, client):
        await until(lambda: answered(client, 1))
        held = service.keeper.routes[MODEL].current
        assert held is not None
        pids = set()
        for _ in range(2):
            await until(lambda: held.ready)
            pid = held.pid
            assert pid is not None
            pids.add(pid)
            asked = [asyncio.create_task(client.answers(f"u{n}")) for n in range(20)]
            await asyncio.sleep(0)
            os.kill(pid, signal.SIGKILL)
            assert await asyncio.gather(*asked) == [1] * 20
            await until(lambda pid=pid: held.ready and held.pid != pid)
        assert held.pid not in pids


async def test_wrong_bytes_are_refused_and_what_served_goes_on(
    board: Board, tmp_path: Path
) -> None:
    await board.stands(1)
    told = settings(board.log, tmp_path, board.models.folder)
    async with serving(told) as (service, client):
        await until(lambda: answered(client, 1))
        true = board.models.version(2)
        await board.stands(Served(**{**true, "digest": "sha256:" + "0" * 64}), before=1)

        def refused() -> bool:
            (shown,) = service.keeper.shown()
            return any(one["state"] == "failed" for one in shown["versions"])

        await until(refused)
        assert await client.answers() == 1
        (shown,) = (await client.http.get("/serving")).json()["models"]
        assert (shown["version"], shown["settled"]) == (1, False)
        assert "is not sha256:000" in str(shown["versions"])
        await board.stands(2, before=1)
        await until(lambda: answered(client, 2))


async def test_a_model_is_loaded_when_it_is_first_asked_for(board: Board, tmp_path: Path) -> None:
    await board.stands(1)
    told = settings(board.log, tmp_path, board.models.folder, serving_ahead=())
    async with serving(told) as (service, client):
        await until(lambda: bool(service.keeper.known))
        assert service.keeper.shown() == []
        assert await client.answers() == 1
        assert [one["version"] for one in service.keeper.shown()] == [1]


async def test_what_nobody_has_signed_is_not_loaded_where_signatures_are_asked_for(
    board: Board, tmp_path: Path
) -> None:
    keys = tmp_path / "keys"
    keys.mkdir()
    await board.stands(1)
    told = settings(board.log, tmp_path, board.models.folder, trusted_signers=keys)
    async with serving(told) as (service, _):
        await until(lambda: "nobody has signed it" in str(service.keeper.shown()))
        assert service.keeper.lacking == [MODEL]


async def test_what_somebody_trusted_has_signed_is_loaded_without_asking_the_registry_again(
    board: Board, tmp_path: Path
) -> None:
    keys, own = tmp_path / "keys", pair(tmp_path, "own")
    keys.mkdir()
    shutil.copy(own.public, keys / "own.pub")
    served = board.models.version(1)
    bundle = sign(board.models.folder / "1.onnx", Signer(own.private))
    known = tmp_path / "signatures" / f"{served['digest'].removeprefix('sha256:')}.json"
    lastknown.write(known, [bundle])
    await board.stands(1)
    told = settings(board.log, tmp_path, board.models.folder, trusted_signers=keys)
    async with serving(told) as (_, client):
        await until(lambda: answered(client, 1))


async def test_rows_go_to_telemetry_with_their_unit_and_those_of_shadows_as_such(
    board: Board, tmp_path: Path
) -> None:
    arms = [board.models.arm(2, 0.0, mirror=1.0)]
    await board.stands(1, arms=arms, rollout=4)
    told = settings(board.log, tmp_path, board.models.folder)
    async with serving(told) as (service, client):
        await until(lambda: all_ready(service.keeper.shown()))
        answers = [await client.answers(f"unit-{n}") for n in range(20)]
        assert set(answers) == {1}, "nobody sees what a shadow says"
        await until(lambda: told_rows(board.log, shadow=True, rows=20))
        assert await told_rows(board.log, shadow=False, rows=20)
        records = await told_records(board.log)
    rows = [r for r in records if r["kind"] == "predictions"]
    assert {(r["version"], r.get("shadow", False)) for r in rows} == {(1, False), (2, True)}
    assert {(r["rollout"], r["step"]) for r in rows} == {(4, 0)}
    assert {unit for r in rows for unit in r["rows"]["unit"]} == {f"unit-{n}" for n in range(20)}
    assert {p for r in rows for p in r["rows"]["prediction"]} == {1.0, 2.0}
    assert {name for r in rows for name in r["rows"]["features"]} == {f"rows.{n}" for n in range(4)}
    present = [r for r in records if r["kind"] == "presence"][-1]["serves"]
    assert {one["version"] for one in present} == {1, 2}


async def test_nobody_is_compared_with_a_version_that_cannot_be_held(
    board: Board, tmp_path: Path
) -> None:
    arm = board.models.arm(2, 0.5)
    arm["digest"] = "sha256:" + "0" * 64
    await board.stands(1, arms=[arm], rollout=4)
    told = settings(board.log, tmp_path, board.models.folder)
    async with serving(told) as (_, client):
        await until(lambda: answered(client, 1))
        assert [await client.answers(f"unit-{n}") for n in range(20)] == [1] * 20
        await until(lambda: told_rows(board.log, shadow=False, rows=20))
        records = await told_records(board.log)
    rows = [r for r in records if r["kind"] == "predictions"]
    assert {r.get("rollout") for r in rows} == {None}, "else the shares would be uneven"


async def told_rows(log: LogAddress, *, shadow: bool, rows: int) -> bool:
    records = await told_records(log)
    own = [r for r in records if r["kind"] == "predictions" and r.get("shadow", False) is shadow]
    return sum(len(r["rows"]["time"]) for r in own) >= rows


async def told_records(log: LogAddress) -> list[dict[str, Any]]:
    """Every record of the topic."""
    consumer = AIOKafkaConsumer(bootstrap_servers=log.kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        place = TopicPartition(log.telemetry, 0)
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        found: list[dict[str, Any]] = []
        while await consumer.position(place) < end:
            records = (await consumer.getmany(place, timeout_ms=500)).get(place, [])
            found += [json.loads(record.value or b"{}") for record in records]
        return found
    finally:
        await consumer.stop()


async def test_an_overlong_body_and_a_model_that_fails_are_said_to_be_so(
    board: Board, tmp_path: Path
) -> None:
    await board.stands(1)
    told = settings(board.log, tmp_path, board.models.folder, serving_body=1000)
    async with serving(told) as (_, client):
        await until(lambda: answered(client, 1))
        stem = f"/v2/models/{NAME}/infer"
        assert (await client.http.post(stem, content=b"x" * 1001)).status_code == 413
        tensor = {"name": "rows", "shape": [1, 3], "datatype": "FP32", "data": [1, 2, 3]}
        answer = await client.http.post(stem, json={"inputs": [tensor]})
        assert answer.status_code == 500
        assert (await client.http.post(stem, json=request(3))).json()["outputs"][0]["shape"] == [
            3,
            1,
        ]
