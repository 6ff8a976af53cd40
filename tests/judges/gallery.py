#!/usr/bin/env python3
"""Independent judge: attestations of every size, with page-validation, qpdf and poppler.

    gallery.py DIRECTORY

For each `NNN.pdf` beside its `NNN.json` (what must be read, in which order): no rule of PDF/A-3a or PDF/UA-1 is broken
(page-validation); the file is sound (qpdf --check); the structure has one H1, H2, lists, tables, and headers where there must be
(pdfinfo -struct-text), and is read in the order of the JSON; so is a document of one page by pdftotext. No line leaves its page
(pdftotext -bbox). Ends non-zero on any failure.
"""

import json
import re
import subprocess
import sys
import unicodedata
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from page import ValidationProfile, validate_pdf

PROFILES = {"PDF/A-3a": ValidationProfile.PDF_A_3A, "PDF/UA-1": ValidationProfile.PDF_UA_1}
LEAST = 200


def problems_of(pdf: Path) -> tuple[list[str], Counter]:
    problems, seen = [], Counter()
    expected = json.loads(pdf.with_suffix(".json").read_text())
    for name, profile in PROFILES.items():
        report = validate_pdf(str(pdf), profile=profile)
        seen[name] += report.rules.total
        problems += [f"{name} {failure.rule_id}: {failure.message}" for failure in report.failures]
        if not report.is_compliant and not report.failures:
            problems.append(f"{name}: not compliant")
    checked = subprocess.run(["qpdf", "--check", pdf], capture_output=True, text=True)
    if checked.returncode != 0:
        problems.append(f"qpdf: {(checked.stdout + checked.stderr).strip()}")
    structure = run("pdfinfo", "-struct-text", pdf)
    roles = Counter(re.findall(r"(?m)^ *([A-Z][A-Za-z0-9]*)\b(?: |:|$)", structure))
    wanted = {"H1": roles["H1"] == 1, "H2": roles["H2"] > 0, "Table": roles["Table"] > 0, "TR": roles["TR"] > 0, "TD": roles["TD"] > 0}
    wanted |= {"Figure": roles["Figure"] > 0, "L": roles["L"] > 0 or not expected["lists"], "LI": roles["LI"] > 0 or not expected["lists"]}
    wanted |= {"TH": (roles["TH"] > 0) == expected["headers"], "Link": roles["Link"] > 0}
    problems += [f"structure: {role} is not as it must be ({roles[role]})" for role, fine in wanted.items() if not fine]
    read_aloud = "".join(re.findall(r'(?m)^ *"(.*)"$', structure))
    problems += [f"read aloud: {text}" for text in out_of_order(expected["order"], read_aloud)]
    pages = int(re.search(r"(?m)^Pages: +(\d+)", run("pdfinfo", pdf)).group(1))
    seen["pages"] += pages
    text = run("pdftotext", pdf, "-")
    # On several pages, what verifies the document stands at the foot of the first one, and is read last.
    order = expected["order"] if pages == 1 else expected["order"][:4]
    problems += [f"pdftotext: {text}" for text in out_of_order(order, text)]
    problems += outside(run("pdftotext", "-bbox", pdf, "-"))
    return problems, seen


def out_of_order(order: list[str], text: str) -> list[str]:
    """The first text that does not stand after those before it, if any."""
    place, whole = 0, squeeze(text)
    for wanted in order:
        found = whole.find(squeeze(wanted), place)
        if found < 0:
            return [f"« {wanted} » is not read where it must be"]
        place = found + len(squeeze(wanted))
    return []


def outside(boxes: str) -> list[str]:
    problems, width, height = [], 0.0, 0.0
    for line in boxes.splitlines():
        if page := re.search(r'<page width="([\d.]+)" height="([\d.]+)"', line):
            width, height = float(page[1]), float(page[2])
        elif word := re.search(r'<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">(.*)</word>', line):
            left, top, right, bottom = map(float, word.groups()[:4])
            # Ours keep at least 20 points from each edge.
            if left < 20 or top < 20 or right > width - 20 or bottom > height - 20:
                problems.append(f"« {word[5]} » leaves the page: {left} {top} {right} {bottom}")
    return problems[:3]


def squeeze(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).replace("\u00ad", "")
    return "".join(folded.split())


def run(*command: str | Path) -> str:
    # pdfinfo prints titles of elements as they are encoded in the file.
    return subprocess.run(command, check=True, capture_output=True).stdout.decode("utf-8", "replace")


def main(arguments: list[str]) -> int:
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    pdfs = sorted(Path(arguments[0]).glob("*.pdf"))
    failed, seen = 0, Counter()
    with ProcessPoolExecutor() as workers:
        for pdf, (problems, counted) in zip(pdfs, workers.map(problems_of, pdfs)):
            seen += counted
            failed += bool(problems)
            for problem in problems:
                print(f"FAILED  {pdf.name}: {problem}")
    rules = ", ".join(f"{seen[name]} checks of {name}" for name in PROFILES)
    print(f"{'FAILED ' if failed else 'ok     '} {len(pdfs)} attestations of {seen['pages']} pages, {failed} with a problem; {rules}")
    if len(pdfs) < LEAST:
        print(f"FAILED  at least {LEAST} attestations were expected")
    return 1 if failed or len(pdfs) < LEAST else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
