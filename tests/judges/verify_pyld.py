#!/usr/bin/env python3
"""Independent judge: a verifier written from the recommendations on PyLD, rfc8785 and cryptography (data_integrity.py) verifies each
issued credential.

    verify_pyld.py DIRECTORY
    verify_pyld.py --vectors DIRECTORY

DIRECTORY is laid out as `sceau demo` writes it: `*/credential.json` and `did-*.json`; an issuer may be a did:key instead. The untouched
document must verify, every tampered copy (tampering.py) must not, nor may one that a stranger signed. Nothing is fetched.

With --vectors the verifier itself is judged: it must accept each signed document of the W3C's vectors (alone, in sets, in chains), and
refuse it with another `created`.
"""

import json
import sys
from pathlib import Path

import data_integrity
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from data_integrity import Refused, hash_data, multibase_decode, multikey_of, proofs_of, public_key, sign, verify
from openbadgeslib.ob3.contexts import document_loader
from tampering import proof_of, tampered


def signed_by_stranger(document: dict) -> dict:
    """The same claims, honestly signed, by a key that is not the issuer's."""
    stranger = Ed25519PrivateKey.generate()
    multikey = multikey_of(stranger)
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    suite = proof_of(document)["cryptosuite"]
    return sign(unsigned, stranger, f"did:key:{multikey}#{multikey}", suite, "2026-03-02T10:00:01Z")


def is_refused(document: dict, dids: dict[str, dict]) -> bool:
    try:
        verify(document, dids)
    except Refused:
        return True
    return False


def problems_of(document: dict, dids: dict[str, dict]) -> tuple[list[str], int]:
    problems = []
    try:
        verify(document, dids)
    except Refused as refusal:
        problems.append(f"refused: {refusal}")
    copies = [*tampered(document), ("signed by a stranger", signed_by_stranger(document))]
    problems += [f"accepted after {what}" for what, copy in copies if not is_refused(copy, dids)]
    return problems, len(copies)


def judge_vectors(directory: Path) -> int:
    """The vectors name contexts that no PyPI package carries; the service's copies serve."""
    contexts = Path(__file__).parents[2] / "schemas/contexts"
    listed = read_json(contexts / "manifest.json")["contexts"]
    data_integrity.LOADER = document_loader({entry["url"]: read_json(contexts / entry["file"]) for entry in listed})
    failures, judged = 0, 0
    for path in sorted(directory.rglob("signed*.json")):
        document = read_json(path)
        # An employee's key signs for the employer in some: whose key it is, is not judged here.
        for proof in proofs_of(document):
            key = public_key(proof["verificationMethod"].partition("#")[2])
            accepted = [holds(key, document, proof), holds(key, document, {**proof, "created": "2001-01-01T00:00:00Z"})]
            failures += accepted != [True, False]
            judged += 1
            print(f"{'ok     ' if accepted == [True, False] else 'FAILED '} {path.relative_to(directory)}: {proof['cryptosuite']}")
    return 1 if failures or not judged else 0


def holds(key: Ed25519PublicKey, document: dict, proof: dict) -> bool:
    try:
        key.verify(multibase_decode(proof["proofValue"]), hash_data(document, proof))
    except (InvalidSignature, Refused):
        return False
    return True


def main(arguments: list[str]) -> int:
    if len(arguments) == 2 and arguments[0] == "--vectors":
        return judge_vectors(Path(arguments[1]))
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    directory = Path(arguments[0])
    dids = {document["id"]: document for document in map(read_json, sorted(directory.glob("did-*.json")))}
    credentials = sorted(directory.glob("*/credential.json"))
    failures = 0
    for path in credentials:
        document = read_json(path)
        problems, copies = problems_of(document, dids)
        failures += bool(problems)
        praise = f"{proof_of(document)['cryptosuite']} verified, {copies} tampered copies refused"
        print(f"{'FAILED ' if problems else 'ok     '} {path.parent.name}: {'; '.join(problems) or praise}")
    if not credentials:
        print(f"FAILED  {directory}: no */credential.json here")
    return 1 if failures or not credentials else 0


def read_json(path: Path) -> dict:
    return json.loads(path.read_bytes())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
