#!/usr/bin/env python3
"""Independent judge: each given PDF must be valid PDF/A-3a and PDF/UA-1 according to page-validation.

validate_pdf.py FILE...

Prints one line per file and profile, and every broken rule. Ends non-zero when a rule is broken or a file cannot be read.
"""

import sys

from page import PageError, ValidationProfile, validate_pdf

PROFILES = {"PDF/A-3a": ValidationProfile.PDF_A_3A, "PDF/UA-1": ValidationProfile.PDF_UA_1}


def conforms(path: str, name: str, profile: ValidationProfile) -> bool:
    try:
        report = validate_pdf(path, profile=profile)
    except (PageError, OSError) as error:
        print(f"FAILED  {path}: {name}: {error}")
        return False
    verdict = "ok     " if report.is_compliant else "FAILED "
    print(f"{verdict} {path}: {name}: {report.rules.passed} of {report.rules.total} rules")
    for failure in report.failures:
        print(f"          {failure.rule_id}: {failure.message}")
    return report.is_compliant


def main(paths: list[str]) -> int:
    if not paths:
        print(__doc__, file=sys.stderr)
        return 2
    verdicts = [conforms(path, name, profile) for path in paths for name, profile in PROFILES.items()]
    return 0 if all(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
