#!/usr/bin/env python3
"""Asks page-validation (PyPI) whether PDF files conform to PDF/A-3a and PDF/UA-1.

Usage: validate_pdf.py FILE...
Prints each file with its rules passed, and each failed rule. Exit status: 0 if every rule of both standards holds for every file, 1 if
not, 2 without files or without the judge.
"""

import sys

try:
    from page import ValidationProfile, validate_pdf
except ImportError:
    print("page-validation is not installed: pip install page-validation", file=sys.stderr)
    sys.exit(2)

PROFILES = [("PDF/A-3a", ValidationProfile.PDF_A_3A), ("PDF/UA-1", ValidationProfile.PDF_UA_1)]


def main(files):
    if not files:
        print(__doc__, file=sys.stderr)
        return 2
    conforms = True
    for file in files:
        for name, profile in PROFILES:
            try:
                report = validate_pdf(file, profile=profile)
            except Exception as error:  # an unreadable file is a failed one
                print(f"{file}: {name}: {error}")
                conforms = False
                continue
            print(f"{file}: {name}: {report.rules.passed} of {report.rules.total} rules")
            for failure in report.failures:
                print(f"  {failure.rule_id}: {failure.message}")
            conforms = conforms and report.is_compliant and not report.failures
    return 0 if conforms else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
