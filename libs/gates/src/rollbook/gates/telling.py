"""A gate as one plain sentence."""

from collections.abc import Sequence

from rollbook.domain import gates as g
from rollbook.domain.gates import Gate
from rollbook.gates.finding import listed, number, size


def explained(gate: Gate) -> str:
    """What the gate asks of a version, and where and of whom."""
    where = (
        f" Who fails may not serve in {_either(gate.environments)}." if gate.environments else ""
    )
    whom = f" Only for {_either(gate.risks)} risk." if gate.risks else ""
    skips = " A version that lacks what it looks at is let through." * (gate.missing == "skip")
    reason = " ".join(gate.because.split()).rstrip(".")
    because = f" Because: {reason}." if reason else ""
    return f"{gate.gate}: {_asks(gate)}.{where}{whom}{skips}{because}"


def _asks(gate: Gate) -> str:
    match gate:
        case g.ExpressionGate():
            return f"it is true that {' '.join(gate.expression.split())}"
        case g.MetadataGate():
            schema = ["what the metadata schema asks for"] * gate.by_schema
            return f"the record holds {_and([*gate.required, *schema]) or 'anything'}"
        case g.CardGate():
            sections = f" with {_and(gate.sections)}" if gate.sections else ""
            return f"there is a model card that holds today{sections}"
        case g.ArtifactGate():
            limit = f", and have at most {size(gate.most)}" if gate.most is not None else ""
            variants = ", the variants as well" if gate.every_file else ""
            return f"the bytes are those registered{limit}{_formats(gate.formats)}{variants}"
        case g.SignatureGate():
            variants = ", and so is each variant" * gate.every_file
            by = _signers(gate.signers)
            return f"the bytes are signed by {by}, with a key that is trusted{variants}"
        case g.LoadGate():
            code = "if a scan finds nothing" if gate.allow_pickle else "never"
            return (
                f"the model loads within {size(gate.memory)} of memory{_formats(gate.formats)};"
                f" formats that run code are loaded {code}"
            )
        case g.InterfaceGate():
            return f"inputs and outputs fit those of what serves in {gate.serving}"
        case g.MetricGate():
            return _metric(gate)
        case g.SliceGate():
            return _slices(gate)
        case g.FairnessGate():
            rate = {
                "demographic_parity": "shares of positive predictions",
                "equalised_odds": "true and false positive rates",
            }[gate.measure]
            return (
                f"{rate} of groups by {gate.attribute} are at most {number(gate.difference)} apart,"
                f" each with at least {gate.samples} samples"
            )
        case g.PerformanceGate():
            return _performance(gate)
        case g.DataGate():
            return (
                f"no feature has a stability index above {number(gate.psi)},"
                f" or is missing in more than {number(gate.nulls * 100)} % of the rows"
            )
        case g.ReproductionGate():
            bytes_ = ", and so do the bytes" * gate.same_bytes
            return (
                f"rebuilt by its recipe, {_and(gate.metrics)} come out the same,"
                f" within {number(gate.tolerance)}{bytes_}"
            )
        case g.TermsGate():
            return _terms(gate)
        case g.AnomalyGate():
            return (
                f"{gate.metric} is at most {number(gate.deviations)} median absolute deviations"
                f" from the median of the {gate.history} versions before"
            )
        case g.WebhookGate():
            return f"{gate.url} answers yes"
        case g.PluginGate():
            return f"the plug-in {gate.plugin} says yes"


def _metric(gate: g.MetricGate) -> str:
    asked = [f"at least {number(gate.least)}"] if gate.least is not None else []
    asked += [f"at most {number(gate.most)}"] if gate.most is not None else []
    if gate.champion is not None:
        champion = f"that of what serves in {gate.champion}"
        side = "at least" if gate.better == "higher" else "at most"
        if gate.ratio is not None:
            asked.append(f"{side} {number(gate.ratio)} times {champion}")
        if gate.margin is not None:
            sure = f"with {gate.confidence:.4g} confidence"
            asked.append(f"{sure} no more than {number(gate.margin)} worse than {champion}")
        if gate.ratio is None and gate.margin is None:
            asked.append(f"no worse than {champion}")
    return f"{gate.metric} is {_and(asked)}"


def _slices(gate: g.SliceGate) -> str:
    asked = []
    if gate.worst is not None:
        asked.append(f"{'at least' if gate.better == 'higher' else 'at most'} {number(gate.worst)}")
    if gate.gap is not None:
        asked.append(f"no more than {number(gate.gap)} worse than on all of the data")
    return (
        f"{gate.metric} on every slice with at least {gate.samples} samples is"
        f" {_and(asked) or 'recorded'}"
    )


def _performance(gate: g.PerformanceGate) -> str:
    asked = [f"half of them take at most {number(gate.p50)} ms"] if gate.p50 is not None else []
    if gate.p95 is not None:
        asked.append(f"95 % take at most {number(gate.p95)} ms")
    if gate.p99 is not None:
        asked.append(f"99 % take at most {number(gate.p99)} ms")
    if gate.throughput is not None:
        asked.append(f"it gives at least {number(gate.throughput)} rows a second")
    if gate.memory is not None:
        asked.append(f"it takes at most {size(gate.memory)} of memory")
    rows = f"{gate.batch} rows" if gate.batch > 1 else "one row"
    return f"called {gate.calls} times with {rows}, {_and(asked) or 'it answers'}"


def _terms(gate: g.TermsGate) -> str:
    asked = [f"the licence is {_either(gate.licences)}" if gate.licences else "a licence is named"]
    if gate.pii is not None:
        asked.append(f"at most {gate.pii} data is in it")
    if gate.consent:
        asked.append("it is said what the use of personal data rests on")
    return _and(asked)


def _formats(formats: Sequence[str]) -> str:
    return f", in the format {_either(formats)}" if formats else ""


def _signers(signers: Sequence[str]) -> str:
    return "somebody" if "*" in signers else _either(signers)


def _and(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def _either(parts: Sequence[str]) -> str:
    return f"{', '.join(parts[:-1])} or {parts[-1]}" if 1 < len(parts) <= 10 else listed(parts)
