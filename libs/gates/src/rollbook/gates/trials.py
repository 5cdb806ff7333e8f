"""The tests that stand in a policy, run."""

from collections.abc import Iterator
from dataclasses import dataclass

from rollbook.domain.policies import Policy, PolicyTest
from rollbook.domain.validation import GateResult
from rollbook.gates.facts import Unreadable, read
from rollbook.gates.judging import judge


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one test."""

    test: str
    wrong: tuple[str, ...]
    """A sentence for each thing that is not as the test says; nothing: it holds."""
    results: tuple[GateResult, ...] = ()
    """Of all gates of the policy."""

    @property
    def held(self) -> bool:
        """Whether the policy says what the test wants."""
        return not self.wrong


def tested(policy: Policy) -> tuple[Trial, ...]:
    """Every test of the policy."""
    return tuple(_tried(policy, test) for test in policy.tests)


def _tried(policy: Policy, test: PolicyTest) -> Trial:
    try:
        facts = read(test.given)
    except Unreadable as error:
        return Trial(test.test, tuple(f"given.{line}" for line in str(error).splitlines()))
    results = tuple(judge(gate, facts) for gate in policy.gates)
    wrong = tuple(_wrong(test, {result.gate: result for result in results}))
    if not test.passes and not test.fails:
        wrong = ("it says neither what passes nor what fails",)
    return Trial(test.test, wrong, results)


def _wrong(test: PolicyTest, results: dict[str, GateResult]) -> Iterator[str]:
    for name in test.passes:
        if results[name].outcome != "passed":
            yield f"{name} should pass, and it {_told(results[name])}"
    for name in test.fails:
        if results[name].outcome not in ("failed", "error"):
            yield f"{name} should fail, and it {_told(results[name])}"


def _told(result: GateResult) -> str:
    word = {"passed": "passed", "failed": "failed", "skipped": "was skipped"}
    return f"{word.get(result.outcome, 'could not decide')}: {result.reason}"
