#!/usr/bin/env python3
"""Independent judge: prints the Open Badges 3.0 credential that each given PNG or SVG carries.

    extract_badge.py FILE... [--expect CREDENTIAL.json]

PNG is read with Pillow, SVG with the standard library; where openbadgeslib is installed it must find the same credential.
With --expect, each credential must be that file's text, byte for byte. Ends non-zero on any failure.
Needs: Pillow. Optional: openbadgeslib 4.6.3.
"""

import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from PIL import Image

try:
    from openbadgeslib import baking
except ImportError:
    baking = None

CREDENTIAL = "{https://purl.imsglobal.org/ob/v3p0}credential"


def from_png(path: Path) -> str:
    with Image.open(path) as image:
        image.load()  # decodes the pixels too: a broken image fails here
        return str(image.text["openbadgecredential"])


def from_svg(path: Path) -> str:
    root = ElementTree.parse(path).getroot()
    found = list(root.iter(CREDENTIAL))
    if len(found) != 1 or root[0] is not found[0]:
        raise ValueError("the credential is not the first and only one")
    return found[0].get("verify") or found[0].text or ""


def second_opinion(path: Path) -> str | None:
    if baking is None:
        return None
    data = path.read_bytes()
    if path.suffix == ".png":
        return baking.extract_png(data, keyword=baking.ITXT_KEYWORD_OB3)
    return baking.extract_svg(data, element=baking.SVG_ELEMENT_OB3, text_fallback=True)


def main(arguments: list[str]) -> int:
    expected = None
    if "--expect" in arguments:
        at = arguments.index("--expect")
        expected = Path(arguments[at + 1]).read_bytes().decode("utf-8")
        del arguments[at : at + 2]
    if not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    failures = 0
    for path in map(Path, arguments):
        try:
            credential = from_png(path) if path.suffix == ".png" else from_svg(path)
            if expected is not None and credential != expected:
                raise ValueError("the credential differs from the expected one")
            # openbadgeslib trims the text of an SVG element.
            if baking is not None and (second_opinion(path) or "").strip() != credential.strip():
                raise ValueError("openbadgeslib finds another credential")
        except Exception as error:  # a judge reports every failure, then goes on
            print(f"{path}: {type(error).__name__}: {error}", file=sys.stderr)
            failures += 1
        else:
            sys.stdout.buffer.write(credential.encode("utf-8") + b"\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
