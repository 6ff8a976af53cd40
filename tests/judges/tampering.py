"""Ways to tamper with a signed credential, for the judges in Python. A judge must refuse every copy."""

import copy
from collections.abc import Callable, Iterator


def flip(text: str, at: int) -> str:
    """Another character of the same kind at this place: a digit, or a letter that base58 and hexadecimal know too."""
    return text[:at] + ("3" if text[at] == "2" else "2") + text[at + 1 :]


def proof_of(document: dict) -> dict:
    return document["proof"][0] if isinstance(document["proof"], list) else document["proof"]


def title_changed(document: dict) -> None:
    document["credentialSubject"]["achievement"]["name"] += " (avancé)"


def criteria_changed(document: dict) -> None:
    document["credentialSubject"]["achievement"]["criteria"]["narrative"] = "Aucun critère."


def subject_changed(document: dict) -> None:
    document["credentialSubject"]["id"] = "urn:uuid:00000000-0000-4000-8000-000000000000"


def issuer_renamed(document: dict) -> None:
    document["issuer"]["name"] = "Ministère de la Magie"


def issuer_swapped(document: dict) -> None:
    document["issuer"]["id"] = "did:web:example.org:issuers:stranger"


def date_changed(document: dict) -> None:
    document["validFrom"] = "2001-01-01T00:00:00Z"


def id_changed(document: dict) -> None:
    document["id"] += "0"


def known_term_added(document: dict) -> None:
    document["credentialSubject"]["role"] = "Directeur"


def unknown_term_added(document: dict) -> None:
    document["credentialSubject"]["frobnicated"] = "yes"


def own_term_added_with_its_context(document: dict) -> None:
    document["@context"].append({"frobnicated": "https://example.org/frobnicated"})
    unknown_term_added(document)


def context_removed(document: dict) -> None:
    del document["@context"][1]


def proof_value_flipped(document: dict) -> None:
    proof_of(document)["proofValue"] = flip(proof_of(document)["proofValue"], 20)


def proof_date_changed(document: dict) -> None:
    proof_of(document)["created"] = "2001-01-01T00:00:00Z"


def proof_purpose_changed(document: dict) -> None:
    proof_of(document)["proofPurpose"] = "authentication"


def proof_method_changed(document: dict) -> None:
    proof_of(document)["verificationMethod"] += "x"


def proof_suite_changed(document: dict) -> None:
    other = {"eddsa-jcs-2022": "eddsa-rdfc-2022", "eddsa-rdfc-2022": "eddsa-jcs-2022"}
    proof_of(document)["cryptosuite"] = other[proof_of(document)["cryptosuite"]]


def false_proof_added(document: dict) -> None:
    false = {**proof_of(document), "proofValue": flip(proof_of(document)["proofValue"], 20)}
    document["proof"] = [proof_of(document), false]


def proof_removed(document: dict) -> None:
    del document["proof"]


TAMPERINGS: list[Callable[[dict], None]] = [
    title_changed, criteria_changed, subject_changed, issuer_renamed, issuer_swapped, date_changed, id_changed, known_term_added,
    unknown_term_added, own_term_added_with_its_context, context_removed, proof_value_flipped, proof_date_changed,
    proof_purpose_changed, proof_method_changed, proof_suite_changed, false_proof_added, proof_removed,
]  # fmt: skip


def tampered(document: dict) -> Iterator[tuple[str, dict]]:
    """What was done, and the copy."""
    for tamper in TAMPERINGS:
        edited = copy.deepcopy(document)
        tamper(edited)
        yield tamper.__name__.replace("_", " "), edited
