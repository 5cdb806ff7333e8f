import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.sealing import Seal, SealError
from rollbook.signing.content import Content
from rollbook.signing.making import Signer, sign_content
from tests.support.signers import Authority, pair
from tests.unit.domain.test_signatures import DIGEST, bundles

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just("sha256") | st.just("."),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def document() -> Any:
    return json.loads(bundles()[0])


def resealed(statement: Any) -> str:
    made = document()
    made["dsseEnvelope"]["payload"] = b64encode(json.dumps(statement).encode()).decode()
    return json.dumps(made)


def statement_of(*files: tuple[str, str]) -> Any:
    made = json.loads(b64decode(document()["dsseEnvelope"]["payload"]))
    made["predicate"]["resources"] = [
        {"name": name, "digest": digest, "algorithm": "sha256"} for name, digest in files
    ]
    root = sha256(b"".join(bytes.fromhex(digest) for _, digest in files)).hexdigest()
    made["subject"][0]["digest"]["sha256"] = root
    return made


def listing(*files: tuple[str, str]) -> str:
    text = "".join(f"{digest}  {name}\n" for name, digest in files)
    return "sha256:" + sha256(text.encode()).hexdigest()


A, B = "a" * 64, "b" * 64


def test_a_bundle_says_whose_key_signed_a_file(tmp_path: Path) -> None:
    key = pair(tmp_path, "anna")
    seal = Seal.read(sign_content(Content.of_digest(DIGEST), Signer(key.private)))
    assert seal.signer == "sha256:" + sha256(key.public.read_bytes()).hexdigest()
    assert seal.covers(DIGEST)
    assert not seal.covers("sha256:" + A)


def test_a_bundle_says_whose_certificate_signed_it(tmp_path: Path) -> None:
    ours = Authority(tmp_path, "ours")
    dora = ours.certify("dora", "dora@example.org")
    signer = Signer(dora.key, dora.certificate, (ours.certificate,))
    seal = Seal.read(sign_content(Content.of_digest(DIGEST), signer))
    assert seal.signer == "certificate:sha256:" + sha256(seal.chain[0]).hexdigest()
    assert len(seal.chain) == 2


def test_a_folder_is_covered_in_the_byte_order_of_its_paths() -> None:
    seal = Seal.read(resealed(statement_of(("w/a", A), ("w.txt", B))))
    assert seal.covers(listing(("w.txt", B), ("w/a", A)))
    assert not seal.covers(listing(("w/a", A), ("w.txt", B)))
    assert not seal.covers("sha256:" + A)


def test_a_name_cannot_pretend_to_be_two_files() -> None:
    with pytest.raises(SealError, match="no listing can hold"):
        Seal.read(resealed(statement_of((f"w.txt\n{A}  w/a", B))))


@pytest.mark.parametrize("files", [(), (("a", A), ("a", B)), ((".", A), ("a", B))])
def test_each_file_is_signed_once(files: tuple[tuple[str, str], ...]) -> None:
    with pytest.raises(SealError, match="of each file once"):
        Seal.read(resealed(statement_of(*files)))


def test_a_statement_agrees_with_itself() -> None:
    made = statement_of(("a", A))
    made["predicate"]["resources"][0]["digest"] = B
    with pytest.raises(SealError, match="its digest is not that of its files"):
        Seal.read(resealed(made))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda d: d.update(mediaType="text/plain"), "text/plain"),
        (lambda d: d["verificationMaterial"]["publicKey"].update(hint=None), "TypeError"),
        (lambda d: d["verificationMaterial"]["publicKey"].update(hint="anna"), "by which key"),
        (lambda d: d["dsseEnvelope"].update(payload="*"), "Error"),
    ],
)
def test_what_is_wrong_is_told(change: Callable[[Any], None], why: str) -> None:
    made = document()
    change(made)
    with pytest.raises(SealError, match=why):
        Seal.read(json.dumps(made))


@given(st.text())
def test_any_other_text_is_no_bundle(text: str) -> None:
    with pytest.raises(SealError):
        Seal.read(text)


def places(node: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    steps: Any = ()
    match node:
        case dict():
            steps = node.items()
        case list():
            steps = enumerate(node)
        case _:
            pass
    for step, child in steps:
        found += places(child, (*path, step))
    return found


@given(st.data())
def test_whatever_stands_in_a_bundle_it_is_read_or_told_to_be_none(data: st.DataObject) -> None:
    outer = document()
    inner = json.loads(b64decode(outer["dsseEnvelope"]["payload"]))
    target = data.draw(st.sampled_from([outer, inner]))
    *way, last = data.draw(st.sampled_from(places(target)))
    node = target
    for step in way:
        node = node[step]
    node[last] = data.draw(JSON)
    if target is inner:
        outer["dsseEnvelope"]["payload"] = b64encode(json.dumps(inner).encode()).decode()
    try:
        seal = Seal.read(json.dumps(outer))
    except SealError:
        return
    assert seal.files
    assert seal.covers(DIGEST) in {True, False}
