#!/usr/bin/env python3
"""Independent judge: openbadgeslib's complete verifier (Python, on PyLD) on each issued credential.

    verify_openbadgeslib.py DIRECTORY

DIRECTORY is laid out as `sceau demo` writes it: `*/credential.json`, `did-*.json`, and `urls.json` with the status lists. DID documents
and status lists come from those files, contexts from the package; nothing is fetched. The untouched document must verify, its status
must be told, and every tampered copy must be refused.

openbadgeslib knows status lists signed as JWT alone, so the proof of a list is verified by its own function for proofs, beforehand.
"""

import copy
import json
import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote

from openbadgeslib.errors import LibOpenBadgesException
from openbadgeslib.ob3.did import resolve_verification_method
from openbadgeslib.ob3.ldp import OB3LdpVerifier, verify_data_integrity_proof

Download = Callable[[str], bytes]


def retitle(document: dict) -> None:
    document["credentialSubject"]["achievement"]["name"] += " (avancé)"


def lengthen(document: dict) -> None:
    document["credentialSubject"]["result"][0]["value"] = "PT999H"


def change_objective(document: dict) -> None:
    document["credentialSubject"]["achievement"]["alignment"][0]["targetName"] = "Piloter un avion de ligne"


def rename_recipient(document: dict) -> None:
    digest = document["credentialSubject"]["identifier"][-1]
    digest["identityHash"] = digest["identityHash"][:-4] + ("0000" if digest["identityHash"][-4:] != "0000" else "1111")


def rename_issuer(document: dict) -> None:
    document["issuer"]["name"] = "Ministère de la Magie"


def hide_status(document: dict) -> None:
    del document["credentialStatus"]


def outlive(document: dict) -> None:
    document["validUntil"] = "2999-01-01T00:00:00Z"


def define_term(document: dict) -> None:
    document["@context"].append({"frobnicated": "https://example.org/frobnicated"})


def name_other_context(document: dict) -> None:
    document["@context"].append("https://example.org/unknown-context.json")


def flip_proof(document: dict) -> None:
    value = document["proof"][0]["proofValue"]
    document["proof"][0]["proofValue"] = value[:20] + ("3" if value[20] == "2" else "2") + value[21:]


TAMPERINGS: list[Callable[[dict], None]] = [
    retitle, lengthen, change_objective, rename_recipient, rename_issuer, hide_status, outlive, define_term,
    name_other_context, flip_proof,
]  # fmt: skip


def judge(document: dict, download: Download) -> tuple[list[str], str]:
    """What is wrong, and what there is to say of a credential with which nothing is."""
    verifier = OB3LdpVerifier()
    try:
        read = verifier.verify(json.dumps(document), download=download)
    except (LibOpenBadgesException, ValueError) as error:
        return [f"refused: {error}"], ""
    problems = []
    if read.issuer.id != document["issuer"]["id"]:
        problems.append("openbadgeslib reads another issuer")
    status = "in force"
    try:
        verify_list(document, download)
        verifier.verify(json.dumps(document), check_status=True, verify_status_list=False, download=download)
    except (LibOpenBadgesException, ValueError) as error:
        status = "revoked"
        if "'revocation' is set" not in str(error):
            problems.append(f"status: {error}")
    refused = 0
    for tamper in TAMPERINGS:
        tampered = copy.deepcopy(document)
        try:
            tamper(tampered)
        except (KeyError, IndexError):
            continue  # It has nothing of the kind.
        refused += 1
        try:
            OB3LdpVerifier().verify(json.dumps(tampered), download=download)
        except (LibOpenBadgesException, ValueError):
            continue
        problems.append(f"accepted after {tamper.__name__}")
    return problems, f"{status}; {refused} tampered copies refused"


def verify_list(document: dict, download: Download) -> None:
    status_list = json.loads(download(document["credentialStatus"]["statusListCredential"]))
    if status_list["issuer"] != document["issuer"]["id"]:
        raise ValueError("the list is of another issuer")
    proof = status_list["proof"]
    method = (proof[0] if isinstance(proof, list) else proof)["verificationMethod"]
    if method.partition("#")[0] != status_list["issuer"]:
        raise ValueError("the list is signed by another issuer")
    verify_data_integrity_proof(status_list, resolve_verification_method(method, download))


def from_files(directory: Path) -> Download:
    """Answers the look-ups of the verifier out of the directory; anything else does not exist."""
    known = {}
    for path in directory.glob("did-*.json"):
        host, *folders = map(unquote, read_json(path)["id"].removeprefix("did:web:").split(":"))
        known["/".join([f"https://{host}", *folders, "did.json"])] = path.read_bytes()
    urls = directory / "urls.json"
    for url, found in (read_json(urls).get("status_lists", {}) if urls.exists() else {}).items():
        known[url] = (directory / found).read_bytes() if isinstance(found, str) else json.dumps(found).encode()

    def download(url: str) -> bytes:
        if url not in known:
            raise ValueError(f"{url} is not among the files, and nothing is fetched")
        return known[url]

    return download


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    directory = Path(arguments[0])
    download = from_files(directory)
    credentials = sorted(directory.glob("*/credential.json"))
    failures = 0 if credentials else 1
    for path in credentials:
        problems, status = judge(read_json(path), download)
        failures += bool(problems)
        verdict = "FAILED " if problems else "ok     "
        detail = "; ".join(problems) or f"verified, {status}"
        print(f"{verdict} {path.parent.name}: {detail}")
    if not credentials:
        print(f"FAILED  {directory}: no */credential.json here")
    return 1 if failures else 0


def read_json(path: Path) -> dict:
    return json.loads(path.read_bytes())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
