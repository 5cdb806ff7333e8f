"""Licences under the two names that they go by: SPDX's, and Hugging Face's in lower case."""

from typing import Final

from rollbook.cards.plain import Plain

_SPDX: Final = """
Apache-2.0 MIT BSD-2-Clause BSD-3-Clause BSD-3-Clause-Clear BSL-1.0 ISC Zlib Unlicense WTFPL
AFL-3.0 Artistic-2.0 ECL-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 EUPL-1.2 MPL-2.0 MS-PL NCSA OFL-1.1
OSL-3.0 PostgreSQL LPPL-1.3c AGPL-3.0 GPL-2.0 GPL-3.0 LGPL-2.1 LGPL-3.0 GFDL-1.3 CC0-1.0
CC-BY-2.0 CC-BY-2.5 CC-BY-3.0 CC-BY-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC-BY-NC-2.0 CC-BY-NC-3.0
CC-BY-NC-4.0 CC-BY-ND-4.0 CC-BY-NC-ND-3.0 CC-BY-NC-ND-4.0 CC-BY-NC-SA-2.0 CC-BY-NC-SA-3.0
CC-BY-NC-SA-4.0 C-UDA-1.0 CDLA-Sharing-1.0 CDLA-Permissive-1.0 CDLA-Permissive-2.0
ODC-By-1.0 PDDL-1.0 ODbL-1.0
"""
_BY_LOWER: Final = {name.lower(): name for name in _SPDX.split()} | {
    "c-uda": "C-UDA-1.0",
    "odc-by": "ODC-By-1.0",
    "pddl": "PDDL-1.0",
    "odbl": "ODbL-1.0",
    "gfdl": "GFDL-1.3",
}
_HUGGING_FACE: Final = {spdx: lower for lower, spdx in _BY_LOWER.items()}
"""The short names come last in the table above, and Hugging Face has those."""

_OWN: Final = """
openrail creativeml-openrail-m bigscience-openrail-m bigscience-bloom-rail-1.0
bigcode-openrail-m openrail++ gemma llama2 llama3 llama3.1 llama3.2 llama3.3 llama4
deepfloyd-if-license apple-ascl apple-amlr cc unknown
"""


def is_spdx(name: str) -> bool:
    """Whether it is an SPDX identifier that we know."""
    return name in _HUGGING_FACE


def to_spdx(name: str) -> str:
    """The SPDX identifier for a licence of Hugging Face's list; others stay as they are."""
    return _BY_LOWER.get(name.lower(), name)


def to_hugging_face(licence: str) -> dict[str, Plain]:
    """The front matter for a licence; one that is not on the list goes by its own name."""
    if (name := _HUGGING_FACE.get(licence)) or licence in _OWN.split():
        return {"license": name or licence}
    return {"license": "other", "license_name": licence}
