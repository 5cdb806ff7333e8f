"""The repository as a whole: no hosts in it, no dead links, nothing without a README."""

import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MEMBERS = sorted(p.parent for kind in ("libs", "services") for p in (ROOT / kind).glob("*/*.toml"))

# In two parts each, so that this file does not hold what it looks for.
REGISTRY_HOSTS = tuple(
    head + tail
    for head, tail in (
        ("py", "pi.org"),
        ("python", "hosted"),
        ("repo1.", "maven"),
        ("repo.maven.", "apache"),
        ("npm", "js.org"),
    )
)


def tracked() -> list[Path]:
    """What git tracks or would track, so that a new file counts before it is committed."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = (ROOT / name for name in listed.stdout.split("\0") if name)
    return [file for file in files if file.is_file()]


def text(file: Path) -> str:
    return file.read_text(errors="replace")


def test_no_file_names_a_package_registry() -> None:
    found = [
        f"{file.relative_to(ROOT)}: {host}"
        for file in tracked()
        for host in REGISTRY_HOSTS
        if host in text(file)
    ]
    assert found == []


def links(page: Path) -> Iterator[str]:
    body = re.sub(r"```.*?```", "", text(page), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", body):
        if not re.match(r"[a-z]+:", target):
            yield target


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", text(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}


def test_every_link_of_every_page_leads_somewhere() -> None:
    dead = []
    for page in (file for file in tracked() if file.suffix == ".md"):
        for link in links(page):
            path, _, anchor = link.partition("#")
            target = (page.parent / path).resolve() if path else page
            if not target.exists() or (anchor and anchor not in anchors(target)):
                dead.append(f"{page.relative_to(ROOT)}: {link}")
    assert dead == []


def test_every_page_of_the_docs_can_be_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    todo = [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        if page not in seen and page.suffix == ".md" and page.is_file():
            seen.add(page)
            todo += [(page.parent / link.partition("#")[0]).resolve() for link in links(page)]
    pages = set((ROOT / "docs").rglob("*.md"))
    assert {str(page.relative_to(ROOT)) for page in pages - seen} == set()


@pytest.mark.parametrize("member", MEMBERS, ids=lambda m: f"{m.parent.name}/{m.name}")
def test_every_package_says_what_it_is(member: Path) -> None:
    readme = member / "README.md"
    assert readme.is_file(), "a README: what it is, what it reads and writes, what it guarantees"
    assert len(text(readme)) > 200


@pytest.mark.parametrize("target", ["demo", "test", "check", "bench", "up", "clean", "contracts"])
def test_make_knows_the_target(target: str) -> None:
    assert re.search(rf"^{target}:.*## \S", text(ROOT / "Makefile"), re.MULTILINE)


def requirements(lock: Path) -> list[str]:
    joined = re.sub(r"\\\n\s*", " ", text(lock))
    return [line for line in joined.splitlines() if line and not line.lstrip().startswith("#")]


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-uv.lock"])
def test_every_locked_requirement_has_a_version_and_a_hash(name: str) -> None:
    locked = requirements(ROOT / name)
    assert locked
    wanting = [
        r for r in locked if not re.match(r"[\w.\[\],-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", r)
    ]
    assert wanting == []


def test_everything_that_a_package_needs_is_locked() -> None:
    locked = {_name(line) for line in requirements(ROOT / "requirements.lock")}
    projects = [tomllib.loads(text(member / "pyproject.toml")) for member in MEMBERS]
    needed = {_name(d) for project in projects for d in project["project"]["dependencies"]}
    root = tomllib.loads(text(ROOT / "pyproject.toml"))
    needed |= {_name(d) for d in root["dependency-groups"]["dev"]}
    assert {n for n in needed if not n.startswith("rollbook-")} - locked == set()


def _name(requirement: str) -> str:
    found = re.match(r"[\w.-]+", requirement)
    assert found is not None
    return re.sub(r"[-_.]+", "-", found[0]).lower()


def test_ci_checks_and_tests_and_stops_at_the_first_failure() -> None:
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & 0o111
    lines = text(script).splitlines()
    assert lines.index("set -euo pipefail") < lines.index("make check")
    assert any(line.startswith("make test") for line in lines)
