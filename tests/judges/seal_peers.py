#!/usr/bin/env python3
"""Makes tests/peers/seals: a small PDF sealed by pyHanko (PAdES) with each kind of key and algorithm that is read, and the certificate of
its authority.

seal_peers.py DIRECTORY

The files are kept in the repository, so that the tests need neither Python nor openssl; keys are thrown away. Made again, they are others.
"""

import io
import subprocess
import sys
import tempfile
from pathlib import Path

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner

EXTENSIONS = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=1.3.6.1.5.5.7.3.36\n"


def curve(name: str) -> list[str]:
    return ["-newkey", "ec", "-pkeyopt", f"ec_paramgen_curve:{name}"]


# Name, options of openssl for a new key, hash, whether RSA signs with PSS.
PEERS = [
    ("p256", curve("P-256"), "sha256", False),
    ("p384", curve("P-384"), "sha384", False),
    ("rsa", ["-newkey", "rsa:2048"], "sha256", False),
    ("pss", ["-newkey", "rsa:3072"], "sha512", True),
]


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def small_pdf() -> bytes:
    """One empty page."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
    ]
    body, places = b"%PDF-1.7\n", []
    for number, text in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, text)
    table = len(body)
    body += b"xref\n0 4\n0000000000 65535 f\r\n" + b"".join(b"%010d 00000 n\r\n" % place for place in places)
    return body + b"trailer\n<</Size 4/Root 1 0 R/ID[<00><00>]>>\nstartxref\n%d\n%%%%EOF" % table


def make(output: Path, work: Path, name: str, new_key: list[str], digest: str, pss: bool) -> None:
    file = lambda suffix: str(work / f"{name}.{suffix}")  # noqa: E731
    openssl("req", "-x509", *new_key, "-nodes", "-keyout", file("ca.key"), "-out", file("ca.pem"), "-subj", "/O=Peer/CN=Root", "-days", "36500",
            "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    openssl("req", *new_key, "-nodes", "-keyout", file("key"), "-out", file("csr"), "-subj", f"/O=Peer/CN=Seal {name}")
    Path(file("ext")).write_text(EXTENSIONS)
    openssl("x509", "-req", "-in", file("csr"), "-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial", "-days", "36000", "-extfile", file("ext"),
            "-out", file("pem"), "-sha384")
    signer = signers.SimpleSigner.load(file("key"), file("pem"), ca_chain_files=(file("ca.pem"),), prefer_pss=pss)
    metadata = PdfSignatureMetadata(field_name="Seal", subfilter=fields.SigSeedSubFilter.PADES, md_algorithm=digest)
    sealed = PdfSigner(metadata, signer).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(small_pdf())))
    (output / f"{name}.pdf").write_bytes(sealed.getvalue())
    (output / f"{name}.pem").write_bytes(Path(file("ca.pem")).read_bytes())


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    output = Path(sys.argv[1])
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        for peer in PEERS:
            make(output, Path(work), *peer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
