#!/usr/bin/env python3
"""Independent judge: openbadgeslib (Python, on PyLD) verifies the eddsa-rdfc-2022 proof of each issued credential.

    verify_openbadgeslib.py DIRECTORY

DIRECTORY is laid out as `sceau demo` writes it: `*/credential.json` and `did-*.json`. Keys come from those DID documents, contexts
from the package; nothing is fetched. The untouched document must verify, copies with a changed value or proof must not, and the
badge library must read the document as an OpenBadgeCredential.

What is not judged here: openbadgeslib's full verifier (OB3LdpVerifier) refuses every inline @context object on principle, ours
included, because it accepts only contexts that it bundles. So its building blocks are called one by one: types, form, key, proof.
"""

import copy
import json
import sys
from collections.abc import Callable
from pathlib import Path

from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3.credential import OpenBadgeCredential
from openbadgeslib.ob3.did import pem_for_kid
from openbadgeslib.ob3.ldp import verify_data_integrity_proof


def retitle(document: dict) -> None:
    document["credentialSubject"]["achievement"]["name"] += " (avancé)"


def rename_issuer(document: dict) -> None:
    document["issuer"]["name"] = "Ministère de la Magie"


def redefine_term(document: dict) -> None:
    inline = next(context for context in document["@context"] if isinstance(context, dict))
    term = next(name for name in inline if not name.startswith("@"))
    inline[term] = "https://example.org/other-meaning"


def flip_proof(document: dict) -> None:
    value = document["proof"][0]["proofValue"]
    document["proof"][0]["proofValue"] = value[:20] + ("3" if value[20] == "2" else "2") + value[21:]


TAMPERINGS: list[Callable[[dict], None]] = [retitle, rename_issuer, redefine_term, flip_proof]


def verify(document: dict, dids: dict[str, dict]) -> None:
    issuer = document["issuer"]["id"]
    method = document["proof"][0]["verificationMethod"]
    if issuer not in dids:
        raise ValueError(f"no DID document for {issuer}")
    if method not in dids[issuer]["assertionMethod"]:
        raise ValueError(f"{method} may not assert for {issuer}")
    verify_data_integrity_proof(document, pem_for_kid(dids[issuer], issuer, method))


def problems_of(document: dict, dids: dict[str, dict]) -> list[str]:
    problems = []
    try:
        verify(document, dids)
        read = OpenBadgeCredential.from_vc_document(document)
        if read.issuer.id != document["issuer"]["id"]:
            problems.append("openbadgeslib reads another issuer")
    except (LibOpenBadgesException, KeyError, TypeError, ValueError) as error:
        problems.append(f"refused: {error}")
    for tamper in TAMPERINGS:
        tampered = copy.deepcopy(document)
        tamper(tampered)
        try:
            verify(tampered, dids)
        except (LibOpenBadgesException, ValueError):
            continue
        problems.append(f"accepted after {tamper.__name__}")
    return problems


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    directory = Path(arguments[0])
    dids = {document["id"]: document for document in map(read_json, sorted(directory.glob("did-*.json")))}
    credentials = sorted(directory.glob("*/credential.json"))
    failures = 0 if credentials else 1
    for path in credentials:
        problems = problems_of(read_json(path), dids)
        failures += bool(problems)
        verdict = "FAILED " if problems else "ok     "
        detail = "; ".join(problems) or f"proof verified, {len(TAMPERINGS)} tampered copies refused"
        print(f"{verdict} {path.parent.name}: {detail}")
    if not credentials:
        print(f"FAILED  {directory}: no */credential.json here")
    return 1 if failures else 0


def read_json(path: Path) -> dict:
    return json.loads(path.read_bytes())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
