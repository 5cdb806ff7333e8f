import hashlib
from datetime import UTC, datetime
from os import utime
from pathlib import Path

import pytest

from rollbook.domain.cards import WriteCard
from rollbook.domain.catalog import AssignOwner
from rollbook.domain.environments import PromoteVersion
from rollbook.domain.versions import RegisterVersion
from rollbook.imports.directory import read_directory
from rollbook.imports.plan import Entry, Plan, Skipped
from rollbook.imports.tree_files import BadTree
from tests.unit.imports.desk import Desk

FACTS = """\
registered_at: 2024-02-01T10:00:00Z
registered_by: ada
description: The first that went out.
metrics: {auc: 0.9}
params: {depth: "8"}
tags: {owner: risk}
lineage: {code_commit: abc}
promotions:
- environment: production
  at: 2024-02-02T10:00:00Z
  by: ada
  reason: better recall
- environment: production
  at: 2024-04-01T10:00:00Z
aliases: [champion]
"""
README = """\
---
license: apache-2.0
thumbnail: x
---
# fraud

Scores payments.
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A model of three versions: facts and a card; a folder of files; one bare file."""
    root = tmp_path / "models"
    for name, content in {
        "fraud/rollbook.yaml": "description: Finds fraud.\nowner: ada\nteam: risk\n",
        "fraud/1/model.bin": "one",
        "fraud/1/rollbook.yaml": FACTS,
        "fraud/1/README.md": README,
        "fraud/2/model.bin": "two",
        "fraud/2/assets/words.txt": "a b",
        "fraud/2/metadata.yaml": "registered_at: 2024-03-01T10:00:00Z\npromotions:\n"
        "- {environment: production, at: 2024-03-02T10:00:00Z}\n"
        "archived: {at: 2024-06-01T00:00:00Z, reason: too slow}\n",
        "fraud/10/model.onnx": "ten",
        "fraud/.git/config": "x",
    }.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    utime(root / "fraud/10/model.onnx", (1_717_200_000, 1_717_200_000))
    return root


def read(root: Path, **options: str) -> list[Entry]:
    return list(read_directory(root, namespace="team", **options))


def plans(entries: list[Entry]) -> list[Plan]:
    return [entry for entry in entries if isinstance(entry, Plan)]


def registrations(entries: list[Entry]) -> list[RegisterVersion]:
    return [p.command for p in plans(entries) if isinstance(p.command, RegisterVersion)]


def problems(root: Path) -> list[str]:
    with pytest.raises(BadTree) as caught:
        read(root)
    return caught.value.problems


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_history_comes_over_in_the_order_in_which_it_happened(tree: Path) -> None:
    found = plans(read(tree))

    assert [(type(plan.command).__name__, plan.version) for plan in found] == [
        ("RegisterModel", None),
        ("AssignOwner", None),
        ("RegisterVersion", "1"),
        ("WriteCard", "1"),
        ("PromoteVersion", "1"),
        ("RegisterVersion", "2"),
        ("PromoteVersion", "2"),
        ("PromoteVersion", "1"),
        ("RegisterVersion", "10"),
        ("ArchiveVersion", "2"),
        ("SetAlias", "1"),
    ]


def test_facts_of_a_version_are_those_of_its_file(tree: Path) -> None:
    first = registrations(read(tree))[0]

    assert first.metrics == {"auc": 0.9}
    assert first.params == {"depth": "8"}
    assert first.tags == {
        "owner": "risk",
        "imported.version": "1",
    }
    assert first.lineage.code_commit == "abc"
    assert first.terms is not None
    assert first.terms.licence == "Apache-2.0"


def test_a_readme_becomes_the_card(tree: Path) -> None:
    entries = read(tree)
    (card,) = [p.command for p in plans(entries) if isinstance(p.command, WriteCard)]

    assert card.card.summary == "Scores payments."
    assert [entry.reason for entry in entries if isinstance(entry, Skipped)] == [
        "front matter: 'thumbnail' has no place in a card"
    ]


def test_one_file_has_its_own_digest_and_a_folder_that_of_its_list(tree: Path) -> None:
    one, two, ten = (command.artifact for command in registrations(read(tree)))

    assert one.digest == f"sha256:{sha256('one')}"
    assert one.uri == (tree / "fraud/1/model.bin").as_uri()
    assert (one.size, one.format) == (3, "bin")
    lines = f"{sha256('a b')}  assets/words.txt\n{sha256('two')}  model.bin\n"
    assert two.digest == f"sha256:{sha256(lines)}"
    assert two.uri == (tree / "fraud/2").as_uri()
    assert (two.size, two.format) == (6, None)
    assert ten.format == "onnx"


def test_the_tree_may_lie_elsewhere_for_others(tree: Path) -> None:
    found = registrations(read(tree, base_uri="s3://bucket/models/"))

    assert found[0].artifact.uri == "s3://bucket/models/fraud/1/model.bin"
    assert found[1].artifact.uri == "s3://bucket/models/fraud/2"


def test_times_are_the_original_ones_and_else_the_files(tree: Path) -> None:
    times = [p.origin_time for p in plans(read(tree)) if isinstance(p.command, RegisterVersion)]

    assert times == [
        datetime(2024, 2, 1, 10, tzinfo=UTC),
        datetime(2024, 3, 1, 10, tzinfo=UTC),
        datetime(2024, 6, 1, tzinfo=UTC),
    ]


def test_who_promoted_and_why_stands_in_the_origin(tree: Path) -> None:
    first = next(p for p in plans(read(tree)) if isinstance(p.command, PromoteVersion))

    assert first.origin == "directory:models/fraud/1/rollbook.yaml?reason=better+recall"
    assert first.by == "ada"
    assert first.said_by("personal:x").origin == first.origin + "&by=personal%3Ax"
    assert first.said_by("personal:x").command_id == first.command_id


def test_all_of_it_is_accepted_and_again_repeats_nothing(tree: Path) -> None:
    desk = Desk()
    first = desk.take(read(tree))
    moved = tree.rename(tree.parent / "elsewhere")
    again = desk.take(read(moved, tree="models"))

    model = desk.models["team/fraud"]
    assert model.environments["production"] == (1, 2, 1)
    assert model.aliases["champion"] == 1
    assert model.versions[2].archived
    assert model.owner == "ada"
    assert (len(first.imported), len(again.imported)) == (11, 0)
    assert first.numbers["team/fraud", "10"] == 3
    assert "11 commands imported, 0 were there already" in next(iter(first.lines()))


def test_a_promotion_that_was_made_since_is_not_undone_by_another_import(tree: Path) -> None:
    desk = Desk()
    desk.take(read(tree))
    desk.send(Plan("team/fraud", PromoteVersion(version=3), "by hand"))
    facts = tree / "fraud/1/rollbook.yaml"
    facts.write_text(facts.read_text().replace("better recall", "far better recall"))

    desk.take(read(tree))

    assert desk.models["team/fraud"].serving("production") == 3


def test_every_problem_is_told_with_file_line_and_field_before_anything_is_sent(
    tree: Path,
) -> None:
    (tree / "fraud/1/rollbook.yaml").write_text("metrics: {auc: high}\nlicence: MIT\n")
    (tree / "fraud/2/metadata.yaml").write_text("promotions:\n- {environment: X, at: 2024-01-01}\n")
    (tree / "fraud/10/README.md").write_text("---\nlicense: mit\n")
    (tree / "fraud/rollbook.yaml").write_bytes(b"\xff")

    assert problems(tree) == [
        "fraud/rollbook.yaml: is not UTF-8",
        (
            "fraud/1/rollbook.yaml: line 1: metrics.auc: should be a valid number,"
            " unable to parse string as a number"
        ),
        "fraud/1/rollbook.yaml: line 2: licence: there is no such field",
        (
            "fraud/2/metadata.yaml: line 2: promotions.0.environment:"
            " string should match pattern '^[a-z0-9][a-z0-9._-]{0,62}$'"
        ),
        "fraud/2/metadata.yaml: line 2: promotions.0.at: should have timezone info",
        (
            "fraud/10/README.md: line 1: the front matter that begins here never ends:"
            " `---` is missing"
        ),
    ]


def test_two_files_of_facts_are_one_too_many(tree: Path) -> None:
    (tree / "fraud/1/metadata.yaml").write_text("")

    assert problems(tree) == ["fraud/1: has both rollbook.yaml and metadata.yaml: keep one"]


def test_links_that_lead_out_are_refused(tree: Path) -> None:
    secret = tree.parent / "secret.yaml"
    secret.write_text("description: secret\n")
    (tree / "fraud/10/rollbook.yaml").symlink_to(secret)
    (tree / "fraud/11").symlink_to(tree.parent)

    assert problems(tree) == [
        "fraud/11: is a link to a folder: put the folder itself there",
        "fraud/10/rollbook.yaml: is a link that leads out of the tree",
    ]


def test_a_version_with_a_file_from_outside_is_left_out(tree: Path) -> None:
    secret = tree.parent / "secret"
    secret.write_text("secret")
    (tree / "fraud/10/more.bin").symlink_to(secret)

    entries = read(tree)

    (skipped,) = [e for e in entries if isinstance(e, Skipped) and e.what == "version 10"]
    assert "is a link that leads out of" in skipped.reason
    assert sha256("secret") not in repr(entries)


def test_a_link_to_a_file_within_the_tree_is_that_file(tree: Path) -> None:
    (tree / "fraud/10/same.bin").symlink_to(tree / "fraud/1/model.bin")

    lines = f"{sha256('ten')}  model.onnx\n{sha256('one')}  same.bin\n"
    assert registrations(read(tree))[-1].artifact.digest == f"sha256:{sha256(lines)}"


def test_a_version_without_files_is_left_out(tree: Path) -> None:
    (tree / "fraud/3").mkdir()

    left = [entry for entry in read(tree) if isinstance(entry, Skipped)]

    assert Skipped("team/fraud", "version 3", "fraud/3 has no files of a model") in left


def test_a_model_whose_name_cannot_be_is_left_out(tree: Path) -> None:
    (tree / " spaced ").mkdir()

    left = [entry for entry in read(tree) if isinstance(entry, Skipped)]

    assert "white space" in left[0].reason


def test_an_owner_is_assigned_with_the_team(tree: Path) -> None:
    owner = next(p.command for p in plans(read(tree)) if isinstance(p.command, AssignOwner))

    assert (owner.owner, owner.team) == ("ada", "risk")


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    assert problems(tmp_path / "nothing") == [f"{tmp_path / 'nothing'} is not a folder"]
