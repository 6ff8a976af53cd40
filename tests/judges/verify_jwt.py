#!/usr/bin/env python3
"""Independent judges: PyJWT and openbadgeslib on the credentials issued as VC-JWT.

    verify_jwt.py DIRECTORY

DIRECTORY is laid out as `sceau demo` writes it: `*/credential.jwt` and `did-*.json`. Both must accept each token with the key that its
`kid` names in the issuer's DID document; its claims must be those of its payload; both must refuse every tampered copy. Nothing is
fetched.
"""

import base64
import hashlib
import hmac
import json
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3.verifier import OB3Verifier

Verifier = Callable[[str, dict], None]
# By the kind of the published key, never by the token's header.
ALGORITHMS = {"EC": "ES256", "RSA": "RS256", "OKP": "EdDSA"}
STRANGERS = {
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
}


def with_pyjwt(token: str, document: dict) -> None:
    header = jwt.get_unverified_header(token)
    if header.keys() - {"alg", "kid", "typ"}:
        raise ValueError(f"the header has {sorted(header)}")
    jwk = published_key(document, header.get("kid"))
    payload = jwt.decode(token, jwt.PyJWK(jwk).key, algorithms=[ALGORITHMS[jwk["kty"]]], options={"require": ["iss", "jti", "sub", "nbf"]})
    expected = {
        "iss": payload["issuer"]["id"],
        "jti": payload["id"],
        "sub": payload["credentialSubject"]["id"],
        "nbf": seconds(payload["validFrom"]),
        "exp": seconds(payload.get("validUntil")),
    }
    for claim, value in expected.items():
        if payload.get(claim) != value:
            raise ValueError(f"{claim} is {payload.get(claim)}, not {value}")
    if payload["iss"] != document["id"]:
        raise ValueError("the key is another issuer's")


def with_openbadgeslib(token: str, document: dict) -> None:
    """Given the key to which `kid` leads, an https address as Open Badges 3.0 describes it: the library's own look-up takes only kids
    that are DID URLs (docs/adr/0011). That the issuer publishes the key under this address is checked here, as a caller has to."""
    jwk = published_key(document, jwt.get_unverified_header(token).get("kid"))
    pem = jwt.PyJWK(jwk).key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    OB3Verifier(pem, issuer_did=document["id"]).verify(token)


VERIFIERS: dict[str, Verifier] = {"PyJWT": with_pyjwt, "openbadgeslib": with_openbadgeslib}


def published_key(document: dict, kid: str | None) -> dict:
    if kid not in document["assertionMethod"]:
        raise ValueError(f"{kid} may not assert")
    return next(method["publicKeyJwk"] for method in document["verificationMethod"] if method["id"] == kid)


def seconds(time: str | None) -> int | None:
    return None if time is None else int(datetime.fromisoformat(time).timestamp())


def tampered(token: str, document: dict) -> Iterator[tuple[str, str]]:
    """What was done, and the copy. Whoever makes them knows the issuer's public key and holds a key of their own."""
    head, body, signature = token.split(".")
    header, payload = jwt.get_unverified_header(token), json.loads(decode(body))
    kid = header.get("kid", document["assertionMethod"][0])
    jwk = published_key(document, kid)
    public = jwt.PyJWK(jwk).key
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    stranger = STRANGERS[header["alg"]]()
    stranger_jwk = jwt.get_algorithm_by_name(header["alg"]).to_jwk(stranger.public_key(), as_dict=True)
    payload["credentialSubject"]["achievement"]["name"] += " (avancé)"
    yield "payload byte flipped", f"{head}.{flip(body)}.{signature}"
    yield "title changed", f"{head}.{encode(json.dumps(payload).encode())}.{signature}"
    yield "signature flipped", f"{head}.{body}.{flip(signature)}"
    yield "signature removed", f"{head}.{body}."
    yield "alg none", f"{with_header(header, alg='none')}.{body}."
    for name, secret in [("PEM", pem), ("JWK", json.dumps(jwk).encode())]:
        text = f"{with_header(header, alg='HS256')}.{body}"
        mac = hmac.new(secret, text.encode(), hashlib.sha256).digest()
        yield f"alg HS256 with the public key in {name} as secret", f"{text}.{encode(mac)}"
    sign = lambda extra: jwt.encode(payload, stranger, header["alg"], headers={**header, **extra})  # noqa: E731
    yield "signed by a stranger", sign({})
    yield "header jwk of a stranger", sign({"jwk": stranger_jwk})
    yield "header jwk of a stranger without kid", jwt.encode(payload, stranger, header["alg"], headers={"jwk": stranger_jwk})
    yield "kid of an unknown method", f"{with_header(header, kid=kid + 'x')}.{body}.{signature}"
    yield "kid in another DID", sign({"kid": "did:web:example.org:issuers:stranger#key"})


def with_header(header: dict, **changes: str) -> str:
    return encode(json.dumps({**header, **changes}).encode())


def encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def flip(text: str) -> str:
    data = bytearray(decode(text))
    data[len(data) // 2] ^= 1
    return encode(bytes(data))


def refusal(verifier: Verifier, token: str, document: dict) -> str | None:
    """Why it refuses the token, or None where it accepts it."""
    try:
        verifier(token, document)
    except (LibOpenBadgesException, jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
        return str(error) or type(error).__name__
    return None


def problems_of(token: str, dids: dict[str, dict]) -> tuple[list[str], int]:
    issuer = json.loads(decode(token.split(".")[1]))["issuer"]["id"]
    document = dids.get(issuer)
    if document is None:
        return [f"no DID document for {issuer}"], 0
    problems, copies = [], list(tampered(token, document))
    for name, verifier in VERIFIERS.items():
        if why := refusal(verifier, token, document):
            problems.append(f"{name} refuses it: {why}")
        problems += [f"{name} accepts it after {what}" for what, copy in copies if refusal(verifier, copy, document) is None]
    return problems, len(copies)


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    directory = Path(arguments[0])
    dids = {document["id"]: document for document in map(read_json, sorted(directory.glob("did-*.json")))}
    tokens = sorted(directory.glob("*/credential.jwt"))
    failures = 0
    for path in tokens:
        problems, copies = problems_of(path.read_text("ascii").strip(), dids)
        failures += bool(problems)
        praise = f"accepted by {' and '.join(VERIFIERS)}, {copies} tampered copies refused by each"
        print(f"{'FAILED ' if problems else 'ok     '} {path.parent.name}: {'; '.join(problems) or praise}")
    if not tokens:
        print(f"skipped: no */credential.jwt in {directory}")
    return 1 if failures else 0


def read_json(path: Path) -> dict:
    return json.loads(path.read_bytes())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
