"""Data Integrity proofs of the suites eddsa-rdfc-2022 and eddsa-jcs-2022, alone, in sets and in chains, written from the recommendations (VC Data Integrity 1.0,
vc-di-eddsa 1.0) on PyLD, rfc8785 and cryptography: nothing of it is shared with the service or with the other judges.

Contexts come from openbadgeslib and are never fetched. PyLD drops in silence what no context explains; here that is an error.
"""

import hashlib

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from openbadgeslib.ob3.contexts import document_loader
from pyld import jsonld

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
ED25519_PUBLIC = b"\xed\x01"
SUITES = {"eddsa-rdfc-2022", "eddsa-jcs-2022"}
LOADER = document_loader()


class Refused(Exception):
    """Why a document is refused."""


def verify(document: dict, dids: dict[str, dict]) -> None:
    """Every proof of the document holds, by a key of its issuer. Raises Refused."""
    proofs = proofs_of(document)
    if not proofs:
        raise Refused("no proof")
    issuer = document.get("issuer")
    issuer = issuer["id"] if isinstance(issuer, dict) else issuer
    for proof in proofs:
        if not isinstance(proof, dict) or proof.get("type") != "DataIntegrityProof" or proof.get("cryptosuite") not in SUITES:
            raise Refused("no proof of a known suite")
        if proof.get("proofPurpose") != "assertionMethod":
            raise Refused(f"proofPurpose is {proof.get('proofPurpose')}")
        key = resolve(proof.get("verificationMethod", ""), issuer, dids)
        try:
            key.verify(multibase_decode(proof.get("proofValue", "")), hash_data(document, proof))
        except InvalidSignature:
            raise Refused("the signature does not match") from None


def sign(document: dict, key: Ed25519PrivateKey, method: str, suite: str, created: str, **more: str) -> dict:
    """A copy of the document with a proof added. `more` are further options of the proof, such as `id` and `previousProof`."""
    options = {
        "type": "DataIntegrityProof",
        "cryptosuite": suite,
        "created": created,
        "verificationMethod": method,
        "proofPurpose": "assertionMethod",
        **more,
    }
    if suite == "eddsa-jcs-2022":
        options["@context"] = document["@context"]
    value = multibase_encode(key.sign(hash_data(document, options)))
    return {**document, "proof": [*proofs_of(document), {**options, "proofValue": value}]}


def hash_data(document: dict, proof: dict) -> bytes:
    """What is signed (vc-di-eddsa §3.2.4, §3.3.4): the hash of the proof's options, then that of the document without proof."""
    unsecured = {name: value for name, value in document.items() if name != "proof"}
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    if "previousProof" in proof:  # VC Data Integrity 1.0 §4.5, §4.6: the proofs that a proof builds on are part of what it signs
        earlier = [other for other in proofs_of(document) if other.get("id") in as_list(proof["previousProof"])]
        if len(earlier) != len(as_list(proof["previousProof"])):
            raise Refused("a previous proof is missing")
        unsecured["proof"] = earlier
    if proof["cryptosuite"] == "eddsa-jcs-2022":
        if "@context" in options:
            covered, present = as_list(options["@context"]), as_list(document.get("@context"))
            if present[: len(covered)] != covered:
                raise Refused("the document does not begin with the contexts of the proof")
            unsecured["@context"] = options["@context"]
        canonical = [rfc8785.dumps(options), rfc8785.dumps(unsecured)]
    else:
        options["@context"] = document.get("@context")
        canonical = [rdfc(options), rdfc(unsecured)]
    return b"".join(hashlib.sha256(text).digest() for text in canonical)


def rdfc(document: dict) -> bytes:
    """The canonical N-Quads of a document (RDFC-1.0)."""

    def refuse(name: str) -> None:
        raise Refused(f"no context defines {name}")

    try:
        expanded = jsonld.expand(document, {"documentLoader": LOADER, "base": ""}, on_property_dropped=refuse)
        require_absolute(expanded)
        options = {"algorithm": "URDNA2015", "format": "application/n-quads", "documentLoader": LOADER}
        return jsonld.normalize(expanded, options).encode()
    except jsonld.JsonLdError as error:
        raise Refused(f"not JSON-LD: {error}") from error


def require_absolute(node: object) -> None:
    """Relative identifiers and types lose their quads."""
    if isinstance(node, list):
        for item in node:
            require_absolute(item)
    elif isinstance(node, dict) and "@value" not in node:
        for name in [*as_list(node.get("@id", [])), *as_list(node.get("@type", []))]:
            if ":" not in name:
                raise Refused(f"{name} is not an absolute IRI")
        require_absolute(list(node.values()))


def resolve(method: str, issuer: str, dids: dict[str, dict]) -> Ed25519PublicKey:
    """The key that a verification method names, if it may assert for the issuer."""
    did, _, fragment = method.partition("#")
    if did != issuer:
        raise Refused(f"{method} is not a key of {issuer}")
    if did.startswith("did:key:"):
        if fragment != did.removeprefix("did:key:"):
            raise Refused(f"{method} names no key")
        return public_key(fragment)
    document = dids.get(did)
    if document is None or method not in document.get("assertionMethod", []):
        raise Refused(f"{method} may not assert for {issuer}")
    found = [entry for entry in document["verificationMethod"] if entry["id"] == method]
    if len(found) != 1 or found[0].get("controller") != issuer:
        raise Refused(f"{method} is not in the DID document")
    return public_key(found[0].get("publicKeyMultibase", ""))


def public_key(multikey: str) -> Ed25519PublicKey:
    data = multibase_decode(multikey)
    if len(data) != 34 or not data.startswith(ED25519_PUBLIC):
        raise Refused("not an Ed25519 Multikey")
    return Ed25519PublicKey.from_public_bytes(data[2:])


def multikey_of(key: Ed25519PrivateKey) -> str:
    return multibase_encode(ED25519_PUBLIC + key.public_key().public_bytes_raw())


def multibase_decode(text: str) -> bytes:
    """Base58 of Bitcoin behind a "z", the only multibase form that the suites know."""
    if not text.startswith("z") or not set(text[1:]) <= set(ALPHABET):
        raise Refused("not base58")
    digits = text[1:]
    number = 0
    for digit in digits:
        number = number * 58 + ALPHABET.index(digit)
    zeros = len(digits) - len(digits.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)


def multibase_encode(data: bytes) -> str:
    number, text = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, 58)
        text = ALPHABET[digit] + text
    return "z" + "1" * (len(data) - len(data.lstrip(b"\0"))) + text


def proofs_of(document: dict) -> list[dict]:
    return as_list(document.get("proof", []))


def as_list(value: object) -> list:
    return value if isinstance(value, list) else [value]
