#!/usr/bin/env python3
"""Peers that issue, for Sceau to verify (Python side; issue_peers.mjs is the other): openbadgeslib, and a signer of our own on PyLD.

    issue_peers.py OUT

Writes OUT/python/ and adds to OUT/manifest.json, whose form issue_peers.mjs describes. Each document is verified by the library that made
it, and each copy refused, before it is written. Nothing is fetched.
"""

import copy
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from data_integrity import Refused, multikey_of, sign, verify
from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.keys import KeyFactory, KeyType, alg_for_key_type, public_jwk_from_pem
from openbadgeslib.ob3.credential import Achievement, Alignment, IdentityObject, Issuer, OpenBadgeCredential
from openbadgeslib.ob3.did import build_did_document, did_key_from_pem
from openbadgeslib.ob3.ldp import OB3LdpSigner, OB3LdpVerifier
from openbadgeslib.ob3.signer import OB3Signer
from openbadgeslib.ob3.verifier import OB3Verifier
from tampering import flip, tampered
from verify_jwt import tampered as tampered_tokens

FOLDER = "python"
CREATED = "2026-03-02T10:00:01Z"
HOME_MADE = "PyLD, rfc8785 and cryptography"


class PeerOutput:
    """Where the documents go, and the entries of the manifest."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.entries: list[dict] = []
        (out / FOLDER).mkdir(parents=True, exist_ok=True)

    def add(
        self,
        name: str,
        content: dict | str,
        copies: Iterable[tuple[str, dict | str]],
        *,
        by: str,
        format: str,
        did_document: dict | None = None,
        accepts: Callable[[dict | str], None],
    ) -> None:
        """A document that `accepts` accepts, and its tampered copies, for which it raises."""
        documents = []
        if did_document is not None:
            documents = [f"{FOLDER}/did-{name}.json"]
            self.write(documents[0], did_document)
        entry = {"did_documents": documents, "by": by, "format": format}
        ending = "jwt" if isinstance(content, str) else "json"
        file = f"{FOLDER}/{name}.{ending}"
        accepts(content)
        self.write(file, content)
        self.entries.append({"file": file, **entry, "expect": "verified"})
        for number, (what, edited) in enumerate(copies, 1):
            try:
                accepts(edited)
            except (LibOpenBadgesException, Refused, KeyError, TypeError, ValueError):
                pass
            else:
                raise AssertionError(f"{name}: {by} accepts it although {what}")
            edited_file = f"{FOLDER}/{name}-tampered-{number}.{ending}"
            self.write(edited_file, edited)
            self.entries.append({"file": edited_file, **entry, "expect": "refused", "what": what, "of": file})

    def write(self, file: str, content: dict | str) -> None:
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        (self.out / file).write_text(text, "utf-8")

    def write_manifest(self) -> None:
        """Adds the entries to the manifest, in place of earlier ones of this folder."""
        path = self.out / "manifest.json"
        earlier = json.loads(path.read_bytes()) if path.exists() else []
        others = [entry for entry in earlier if not entry["file"].startswith(f"{FOLDER}/")]
        path.write_text(json.dumps([*others, *self.entries], indent=2, ensure_ascii=False), "utf-8")
        print(f"{len(self.entries)} documents in {FOLDER}/")


# ── openbadgeslib ───────────────────────────────────────────────────────────────────────────────────────────────────


def openbadgeslib_proofs(peers: PeerOutput) -> None:
    """Embedded proofs, by a did:key and by a did:web whose document holds a JWK."""
    private, public = KeyFactory(KeyType.ED25519).generate_keypair()
    did = did_key_from_pem(public)
    add_ldp(peers, "openbadgeslib-ldp-key", OB3LdpSigner(private), did, None)
    did = web_did("openbadgeslib-ldp")
    document = build_did_document(did, [("badge_1", public_jwk_from_pem(public))])
    add_ldp(peers, "openbadgeslib-ldp-web", OB3LdpSigner(private, f"{did}#badge_1"), did, document)


def add_ldp(peers: PeerOutput, name: str, signer: OB3LdpSigner, did: str, did_document: dict | None) -> None:
    verifier = OB3LdpVerifier.for_issuer_did(did, download=serving(did_document))
    signed = json.loads(signer.sign_to_json(credential(did)))
    # openbadgeslib is content with one sound proof among several.
    copies = [(what, edited) for what, edited in tampered(signed) if what != "false proof added"]

    def accepts(document: dict) -> None:
        verifier.verify(json.dumps(document), download=serving(did_document))

    options = {"by": "openbadgeslib", "format": "eddsa-rdfc-2022", "did_document": did_document, "accepts": accepts}
    peers.add(name, signed, copies, **options)


def openbadgeslib_tokens(peers: PeerOutput) -> None:
    """VC-JWTs. Their header names no `kid`: it carries the public key as `jwk`, which only the DID document ties to the issuer."""
    for kind in (KeyType.RSA, KeyType.ECC, KeyType.ED25519):
        private, public = KeyFactory(kind).generate_keypair()
        algorithm = alg_for_key_type(kind)
        did = web_did(f"openbadgeslib-{algorithm}")
        document = build_did_document(did, [("badge_1", public_jwk_from_pem(public))])
        verifier = OB3Verifier.for_issuer_did(did, download=serving(document))
        token = OB3Signer(private, algorithm).sign(credential(did))
        options = {"by": "openbadgeslib", "format": f"VC-JWT {algorithm}", "did_document": document, "accepts": verifier.verify}
        peers.add(f"openbadgeslib-{algorithm}", token, tampered_tokens(token, document), **options)


def credential(did: str) -> OpenBadgeCredential:
    return OpenBadgeCredential(
        issuer=Issuer(id=did, name="École d’à côté", url="https://peer.example.org"),
        recipient_id="urn:uuid:1b7f3c52-9a0d-4b8e-8c2f-6d5e4a3b2c1d",
        achievement=Achievement(
            id="https://peer.example.org/achievements/secours",
            name="Premiers secours",
            description="Alerter, protéger, secourir : « une demi-journée ».",
            criteria_narrative="Réussir les *trois* mises en situation.",
            achievement_type="Course",
            tags=["secours", "sécurité"],
            alignments=[Alignment(target_name="PSC1", target_url="https://peer.example.org/psc1")],
        ),
        issuance_date=datetime(2026, 3, 2, 10, tzinfo=UTC),
        expiration_date=datetime(2099, 12, 31, tzinfo=UTC),
        identifiers=[IdentityObject.create("zoe@example.org", salt="9f86d081884c7d65")],
    )


# ── A signer of our own ─────────────────────────────────────────────────────────────────────────────────────────────


def home_made(peers: PeerOutput) -> None:
    """Each suite by a did:key, a set and a chain. The contexts and terms are plain Open Badges."""
    for suite in ("eddsa-rdfc-2022", "eddsa-jcs-2022"):
        key = Ed25519PrivateKey.generate()
        multikey = multikey_of(key)
        did, method = f"did:key:{multikey}", f"did:key:{multikey}#{multikey}"
        options = {"by": HOME_MADE, "accepts": lambda document: verify(document, {})}
        unsigned = {name: value for name, value in credential(did).to_vc().items() if name != "credentialSchema"}
        once = sign(unsigned, key, method, suite, CREATED, id="urn:uuid:26329423-bec9-4b2e-88cb-a7c7d9dc4544")
        peers.add(f"pyld-{suite}", once, tampered(once), format=suite, **options)
        both = sign(once, key, method, suite, "2026-03-03T10:00:00Z")
        peers.add(f"pyld-set-{suite}", both, [*tampered(both), *second_tampered(both)], format=f"set of two {suite}", **options)
        chain = sign(once, key, method, suite, "2026-03-03T10:00:00Z", previousProof=once["proof"][0]["id"])
        copies = [*tampered(chain), *second_tampered(chain), *chain_tampered(chain)]
        peers.add(f"pyld-chain-{suite}", chain, copies, format=f"chain of two {suite}", **options)


def second_tampered(document: dict) -> Iterator[tuple[str, dict]]:
    for option, change in (("proofValue", lambda v: flip(v, 20)), ("created", lambda _: "2001-01-01T00:00:00Z")):
        edited = copy.deepcopy(document)
        edited["proof"][1][option] = change(edited["proof"][1][option])
        yield f"{option} of the second proof changed", edited


def chain_tampered(document: dict) -> Iterator[tuple[str, dict]]:
    lost = copy.deepcopy(document)
    del lost["proof"][0]
    yield "first proof of the chain removed", lost
    elsewhere = copy.deepcopy(document)
    elsewhere["proof"][1]["previousProof"] = "urn:uuid:00000000-0000-4000-8000-000000000000"
    yield "previousProof names no proof", elsewhere
    loose = copy.deepcopy(document)
    del loose["proof"][1]["previousProof"]
    yield "previousProof removed", loose


def web_did(name: str) -> str:
    return f"did:web:peer.example.org%3A8443:issuers:{name}"


def serving(document: dict | None) -> Callable[[str], bytes]:
    """What openbadgeslib downloads with: the DID document, whatever address it asks for."""
    return lambda url: json.dumps(document).encode()


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    peers = PeerOutput(Path(arguments[0]))
    openbadgeslib_proofs(peers)
    openbadgeslib_tokens(peers)
    home_made(peers)
    peers.write_manifest()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
