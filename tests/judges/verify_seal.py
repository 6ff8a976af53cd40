#!/usr/bin/env python3
"""Independent judges of seals: pyHanko (PAdES, Python) and pdfsig (poppler, NSS) over the sealed attestations of a demo's output.

verify_seal.py OUTPUT [--authorities FILE] [--least N]

Each sealed PDF must have exactly one signature, valid, over the whole document, by a certificate that leads to one of FILE
(OUTPUT/seal-ca.pem by default) and to nothing else; qpdf must find nothing in it. After a change of one byte (in a text, in the attachment, in the metadata, in the
catalog, in the moment of the seal, behind everything) neither judge may call it valid. Ends non-zero otherwise, or where fewer than
N PDFs (1 by default) are sealed.
"""

import argparse
import io
import logging
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import SignatureCoverageLevel, validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko_certvalidator import ValidationContext

# pyHanko tells of what it refuses on its own; here that is what is expected.
logging.disable(logging.CRITICAL)

SUB_FILTER = "/ETSI.CAdES.detached"
SIGNED_ATTRIBUTES = {"content_type", "message_digest", "signing_certificate_v2"}


def pyhanko(pdf: bytes, roots: list) -> list[str]:
    """What pyHanko has against a seal; nothing where it calls it valid and trusted."""
    try:
        signatures = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
        if len(signatures) != 1:
            return [f"{len(signatures)} signatures"]
        [signature] = signatures
        status = validate_pdf_signature(signature, ValidationContext(trust_roots=roots, allow_fetching=False))
    except (PdfError, SignatureValidationError, ValueError, KeyError, IndexError, TypeError) as error:
        return [f"{type(error).__name__}: {error}"]
    found = []
    if not status.bottom_line:
        found.append(f"not valid: {status.summary()}")
    if status.coverage != SignatureCoverageLevel.ENTIRE_FILE:
        found.append(f"covers {status.coverage.name}")
    if status.modification_level != ModificationLevel.NONE:
        found.append(f"changed since: {status.modification_level.name}")
    if signature.sig_object["/SubFilter"] != SUB_FILTER:
        found.append(f"SubFilter {signature.sig_object['/SubFilter']}")
    if "/M" not in signature.sig_object:
        found.append("no entry M")
    names = {attribute["type"].native for attribute in signature.signer_info["signed_attrs"]}
    if names != SIGNED_ATTRIBUTES:
        found.append(f"signed attributes {sorted(names)}")
    return found


def pdfsig(pdf: bytes) -> list[str]:
    """What pdfsig has against a seal. Certificates are not its business here: it knows those of NSS alone."""
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf)
        file.flush()
        said = subprocess.run(["pdfsig", "-nocert", file.name], capture_output=True, text=True, check=False).stdout
    found = []
    if said.count("Signature #") != 1:
        found.append(f"{said.count('Signature #')} signatures")
    if "Signature Validation: Signature is Valid." not in said:
        found.append(next((line.strip() for line in said.splitlines() if "Validation" in line), "nothing validated"))
    if "Total document signed" not in said or "Not total document signed" in said:
        found.append("not the whole document")
    return found


def qpdf(path: Path) -> list[str]:
    done = subprocess.run(["qpdf", "--check", str(path)], capture_output=True, text=True, check=False)
    return [] if done.returncode == 0 else [done.stdout + done.stderr]


def stream_after(pdf: bytes, start: int) -> int:
    """A place well inside the next stream."""
    found = re.compile(rb"stream\r?\n").search(pdf, start)
    if not found:
        raise ValueError("no stream there")
    return found.end() + 12


def places(pdf: bytes) -> dict[str, int]:
    """Where one byte is to be changed, by what stands there."""
    page = re.search(rb"/Type\s*/Page\b[^>]*?/Contents\s+(\d+) 0 R", pdf) or re.search(rb"/Contents\s+(\d+) 0 R", pdf)
    text = re.search(rb"(?:^|\s)" + page.group(1) + rb" 0 obj", pdf)
    return {
        "a page's text": stream_after(pdf, text.end()),
        "the attachment": stream_after(pdf, re.search(rb"/Type\s*/EmbeddedFile\b", pdf).start()),
        "the metadata": pdf.index(b"<dc:title>") + 60,
        "the catalog": pdf.rindex(b"/SigFlags ") + 10,
        "the moment of the seal": pdf.rindex(b"/M(D:") + 10,
        "the end": len(pdf) - 8,
    }


def changed(pdf: bytes, place: int) -> bytes:
    byte = pdf[place]
    return pdf[:place] + bytes([byte ^ 0x01]) + pdf[place + 1 :]


def subject(pdf: bytes) -> str:
    [signature] = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    return signature.signer_cert.subject.human_friendly


def judge(path: Path, roots: list) -> list[str]:
    pdf = path.read_bytes()
    found = [f"pyHanko: {what}" for what in pyhanko(pdf, roots)]
    found += [f"pdfsig: {what}" for what in pdfsig(pdf)]
    found += [f"qpdf: {what}" for what in qpdf(path)]
    if not pyhanko(pdf, []):
        found.append("pyHanko trusts it without the authority: this judge says yes to everything")
    for what, place in places(pdf).items():
        other = changed(pdf, place)
        if not pyhanko(other, roots):
            found.append(f"pyHanko calls it valid after a change of one byte in {what}")
        if not pdfsig(other):
            found.append(f"pdfsig calls it valid after a change of one byte in {what}")
    for what, other in {"an appended line": pdf + b"\n% more\n", "a byte in front": b"\n" + pdf}.items():
        if not pyhanko(other, roots) and not pdfsig(other):
            found.append(f"both call it valid with {what}")
    return found


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("output", type=Path)
    arguments.add_argument("--authorities", type=Path)
    arguments.add_argument("--least", type=int, default=1)
    given = arguments.parse_args()
    roots = list(load_certs_from_pemder([str(given.authorities or given.output / "seal-ca.pem")]))
    sealed, failed = 0, 0
    for path in sorted(given.output.glob("*/attestation.pdf")):
        if b"/ByteRange" not in path.read_bytes():
            print(f"        {path.parent.name}: not sealed")
            continue
        sealed += 1
        found = judge(path, roots)
        failed += bool(found)
        print(f"{'FAILED ' if found else 'ok     '} {path.parent.name}{'' if found else ': ' + subject(path.read_bytes())}")
        for what in found:
            print(f"          {what}")
    if sealed < given.least:
        print(f"{sealed} sealed, at least {given.least} are wanted")
    return 0 if failed == 0 and sealed >= given.least else 1


if __name__ == "__main__":
    sys.exit(main())
