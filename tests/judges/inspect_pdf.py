#!/usr/bin/env python3
"""Independent judge: what a reader, a wallet and a phone find in each attestation, with qpdf, poppler and zbar.

    inspect_pdf.py DIRECTORY

For each `*/attestation.pdf` beside its `credential.json`: the file is sound (qpdf --check); the signed credential is attached,
byte for byte (pdfdetach); the only QR code leads to a verification page of the issuing site (pdftoppm, zbarimg); the text
(pdftotext) states the six mandated mentions as they are signed, and the dates. Ends non-zero on any failure.
"""

import json
import re
import subprocess
import sys
import tempfile
import unicodedata
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
MONTHS_FR = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
MONTHS_EN = "January February March April May June July August September October November December".split()


def problems_of(pdf: Path) -> Iterator[str]:
    credential_file = pdf.with_name("credential.json")
    credential = json.loads(credential_file.read_bytes())
    checked = subprocess.run(["qpdf", "--check", pdf], capture_output=True, text=True)
    if checked.returncode != 0:
        yield f"qpdf --check: {(checked.stdout + checked.stderr).strip()}"
    if credential_file.read_bytes() not in attachments(pdf):
        yield "no attachment is the signed credential, byte for byte"
    yield from qr_problems(pdf, credential)
    text = squeeze(run("pdftotext", pdf, "-"))
    for mention, expected in mentions(credential):
        if not re.search(expected, text):
            yield f"the text lacks the {mention}"


def attachments(pdf: Path) -> list[bytes]:
    with tempfile.TemporaryDirectory() as folder:
        run("pdfdetach", "-saveall", "-o", folder, pdf)
        return [path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()]


def qr_problems(pdf: Path, credential: dict) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        run("pdftoppm", "-r", "200", "-png", pdf, f"{folder}/page")
        # Status 4: no code on any page.
        read = subprocess.run(
            ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", *sorted(Path(folder).iterdir())],
            capture_output=True,
            text=True,
        )
    codes = set(read.stdout.split())
    if len(codes) != 1:
        yield f"one QR code expected, zbarimg reads {len(codes)}"
        return
    url, site = urlsplit(codes.pop()), urlsplit(credential["id"])
    if (url.scheme, url.netloc) != (site.scheme, site.netloc) or not re.fullmatch(r"/v/[\w-]{20,}", url.path):
        yield "the QR code is no verification URL of the issuing site"


def mentions(credential: dict) -> Iterator[tuple[str, str]]:
    """What must be found in the squeezed text: a name for people, a regular expression."""
    subject = credential["credentialSubject"]
    achievement = subject["achievement"]
    yield "title", literal(achievement["name"])
    for number, result in enumerate(subject["result"]):
        if "value" in result:
            yield "effective duration" if number else "duration", duration(result["value"])
    yield "issuer", literal(credential["issuer"]["name"])
    for alignment in achievement["alignment"]:
        kind = "objective" if alignment.get("targetType") == "ext:LearningObjective" else "competency"
        yield f"{kind} « {alignment['targetName']} »", literal(alignment["targetName"])
    for line in filter(None, map(squeeze, plain(achievement["criteria"]["narrative"]).splitlines())):
        yield f"criteria « {line} »", re.escape(line)
    for date in ("activityStartDate", "activityEndDate"):
        if date in subject:
            yield date, day(subject[date])


def plain(markdown: str) -> str:
    """Markdown without its markup, line by line; its escapes give the character itself."""
    without_bullets = re.sub(r"(?m)^\s*(?:[-*+]|\d+[.)]|#+|>)\s+", "", markdown)
    return re.sub(r"\\(.)|[*_`]", r"\1", without_bullets)


def duration(iso: str) -> str:
    """`PT7H30M` is found as 7 h 30, 7 h 30 min, 7 hours 30 minutes; `PT90M` as it stands or as 1 h 30."""
    parts = [(int(number), unit) for number, unit in re.findall(r"(\d+)([YMWDHS])", iso)]
    spellings = [parts]
    if re.fullmatch(r"PT(\d+H)?(\d+M)?", iso):
        hours, minutes = divmod(sum(number * {"H": 60, "M": 1}[unit] for number, unit in parts), 60)
        spellings.append([part for part in ((hours, "H"), (minutes, "M")) if part[0]])
    initial = {"H": "h", "M": "m", "D": "[jd]", "W": "[sw]", "Y": "[ay]", "S": "s"}
    return "|".join(
        rf"(?<!\d){first}{initial[unit]}" + "".join(rf"[a-zé,]*0?{number}(?!\d)" for number, _ in rest)
        for (first, unit), *rest in filter(None, spellings)
    )


def day(moment: str) -> str:
    """The day in Paris, in French, in English, or in figures."""
    date = datetime.fromisoformat(moment.replace("Z", "+00:00")).astimezone(PARIS)
    month = "|".join(re.escape(squeeze(names[date.month - 1])) for names in (MONTHS_FR, MONTHS_EN))
    # « du 1er au 3 mars 2026 » gives the month and the year once, for both days.
    return rf"(?<!\d){date.day}(?:er|st|nd|rd|th)?(?:(?:au|to|–|-)\d+(?:er)?)?(?:{month})|{date:%d/%m/%Y}|{date:%Y-%m-%d}"


def literal(text: str) -> str:
    return re.escape(squeeze(text))


def squeeze(text: str) -> str:
    """Comparable text: no white space or soft hyphen (lines are broken anywhere), ligatures undone, lower case, plain apostrophes."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("\u00ad", "")
    return "".join(folded.split())


def run(*command: str | Path) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    pdfs = sorted(Path(arguments[0]).glob("*/attestation.pdf"))
    failures = 0 if pdfs else 1
    for pdf in pdfs:
        try:
            problems = list(problems_of(pdf))
        except (subprocess.CalledProcessError, OSError, KeyError, ValueError) as error:
            problems = [f"{type(error).__name__}: {getattr(error, 'stderr', None) or error}"]
        failures += bool(problems)
        verdict = "FAILED " if problems else "ok     "
        print(f"{verdict} {pdf.parent.name}: {'; '.join(problems) or 'sound, credential attached, QR code read, mentions stated'}")
    if not pdfs:
        print(f"FAILED  {arguments[0]}: no */attestation.pdf here")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
