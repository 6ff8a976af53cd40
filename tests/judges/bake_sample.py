#!/usr/bin/env python3
"""Judges the judges: bakes the credentials that sample.mjs signed into the simplest PNG and SVG, beside each.

bake_sample.py DIRECTORY
"""

import sys
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo

SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:openbadges="https://purl.imsglobal.org/ob/v3p0" viewBox="0 0 1 1">'
    "<openbadges:credential><![CDATA[{credential}]]></openbadges:credential></svg>"
)


def bake(path: Path) -> None:
    credential = path.read_text("utf-8")
    chunk = PngInfo()
    chunk.add_itxt("openbadgecredential", credential)
    Image.new("RGB", (8, 8)).save(path.with_name("badge.png"), pnginfo=chunk)
    path.with_name("badge.svg").write_text(SVG.replace("{credential}", credential), "utf-8")


for found in Path(sys.argv[1]).glob("*/credential.json"):
    bake(found)
