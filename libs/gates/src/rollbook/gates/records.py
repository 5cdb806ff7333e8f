"""Gates that look at what is on record: metadata, the model card, terms."""

from rollbook.domain.completeness import BITS, lacks
from rollbook.domain.gates import CardGate, MetadataGate, TermsGate
from rollbook.domain.lineage import Terms
from rollbook.domain.rulebook import PII_LEVELS, MetadataSchema
from rollbook.gates.facts import Facts
from rollbook.gates.finding import Finding, found, listed, missing


def metadata(gate: MetadataGate, facts: Facts) -> Finding:
    """The record holds what the gate and the namespace's schema ask for."""
    record = facts.record()
    absent = [
        name
        for name in gate.required
        if not (facts.owner if name == "owner" else record & BITS[name])
    ]
    schema = facts.schema if gate.by_schema else None
    wrong = lacks(schema, record, facts.properties, facts.owner) if schema else []
    objections = [f"the record lacks {listed(absent)}"] if absent else []
    objections += [f"by the metadata schema, {words}" for words in wrong]
    asked = dict.fromkeys((*gate.required, *(schema or MetadataSchema()).required))
    if objections and not wrong:
        return missing(*absent, why="; ".join(objections))
    return found(objections, f"the record holds {listed(asked) or 'all that is asked for'}", {})


def card(gate: CardGate, facts: Facts) -> Finding:
    """There is a card, it holds today, and has these sections."""
    if facts.sections is None:
        return missing("card", why="the version has no model card")
    absent = [name for name in gate.sections if name not in facts.sections]
    if facts.stale:
        return found(["its model card should have been reviewed, and was not"], "", {})
    if absent:
        return missing(*absent, why=f"the model card lacks {listed(absent)}")
    return found([], f"the model card has {listed(gate.sections) or 'been written'}", {})


def terms(gate: TermsGate, facts: Facts) -> Finding:
    """The licence is allowed, and personal data is in it only as far as it may be."""
    said = facts.terms or Terms()
    objections: list[str] = []
    absent: list[str] = []
    if said.licence is None:
        absent.append("licence")
    elif gate.licences and said.licence not in gate.licences:
        objections.append(f"its licence is {said.licence}; allowed are {listed(gate.licences)}")
    if gate.pii is not None and said.pii is not None:
        if PII_LEVELS.index(said.pii) > PII_LEVELS.index(gate.pii):
            objections.append(f"{said.pii} data is in it, and at most {gate.pii} may be")
    elif said.pii is None and (gate.pii is not None or gate.consent):
        absent.append("pii")
    if gate.consent and said.pii not in (None, "none") and not (said.consent or "").strip():
        objections.append(f"{said.pii} data is in it, and nobody said what its use rests on")
    if objections or not absent:
        return found(objections, f"licence {said.licence}, personal data: {said.pii or '?'}", {})
    return missing(*absent, why=f"the version does not say {' and '.join(map(_asked, absent))}")


def _asked(name: str) -> str:
    return {"licence": "under which licence it is", "pii": "what personal data is in it"}[name]
