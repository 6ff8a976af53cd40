#!/usr/bin/env python3
"""Attestations edited with tools that are not ours: `sceau verify` must pass none, and must pass each as it was issued.

    pdf_edits.py DEMO-OUTPUT DEMO-DATA SCEAU

Each edit of each `*/attestation.pdf` is judged twice: by the installation in DEMO-DATA that issued it, and by one that has nothing but
what is published (DID documents, status lists and the seals' authority in DEMO-OUTPUT). The first is edited without its seal, too. An
edited name, title or duration must be reported as that, even of a sealed file. Ends non-zero on any failure.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pikepdf
import pypdf
import pypdf.annotations
from pikepdf import Array, Dictionary, Name, Operator, String
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen import canvas

# ── Text of a page, by its fonts ──


class Page:
    """The operations of a first page, and the texts that they show."""

    def __init__(self, pdf: pikepdf.Pdf):
        self.pdf = pdf
        self.page = pdf.pages[0]
        self.operations = list(pikepdf.parse_content_stream(self.page))
        self.maps = {str(name): read_map(font.ToUnicode) for name, font in self.page.Resources.Font.items()}

    def save(self) -> None:
        self.page.Contents = self.pdf.make_stream(pikepdf.unparse_content_stream(self.operations))

    def texts(self) -> list[tuple[int, str, bytes, str]]:
        """Place, font, codes and text of each operation that shows one."""
        found, font = [], ""
        for place, (operands, operator) in enumerate(self.operations):
            if str(operator) == "Tf":
                font = str(operands[0])
            if str(operator) in ("Tj", "TJ"):
                items = operands[0] if str(operator) == "TJ" else operands
                codes = b"".join(bytes(item) for item in items if isinstance(item, String))
                text = "".join(self.maps[font].get(code, "?") for code in split(codes))
                found.append((place, font, codes, text))
        return found

    def change(self, words: str, change: Callable[[bytes], bytes]) -> int:
        """Other codes for each text that has these words; how many there were."""
        changed = 0
        for place, _, codes, text in self.texts():
            if words in text.replace("\u00a0", " ").replace("\u202f", " "):
                self.operations[place] = ([String(change(codes))], Operator("Tj"))
                changed += 1
        self.save()
        return changed


def split(codes: bytes) -> list[int]:
    return [int.from_bytes(codes[at : at + 2], "big") for at in range(0, len(codes), 2)]


def join(codes: list[int]) -> bytes:
    return b"".join(code.to_bytes(2, "big") for code in codes)


def read_map(stream) -> dict[int, str]:
    pairs = {}
    for line in stream.read_bytes().decode("ascii").splitlines():
        parts = line.replace("<", " ").replace(">", " ").split()
        if line.startswith("<") and len(parts) == 2 and parts != ["0000", "FFFF"]:
            pairs[int(parts[0], 16)] = bytes.fromhex(parts[1]).decode("utf-16-be")
    return pairs


def turned(codes: bytes) -> bytes:
    """The same letters, the second half first: another text in the glyphs that the font has."""
    letters = split(codes)
    return join(letters[len(letters) // 2 :] + letters[: len(letters) // 2])


def doubled(codes: bytes) -> bytes:
    """The first digit twice: seven hours become seventy-seven."""
    letters = split(codes)
    return join(letters[:1] + letters)


# ── Edits: each takes the bytes and what is signed, and gives other bytes, or None where it does not apply ──


def edited(edit: Callable[[pikepdf.Pdf, dict], object], **saving) -> Callable[[bytes, dict], bytes]:
    def run(original: bytes, signed: dict) -> bytes:
        with pikepdf.open(io.BytesIO(original)) as pdf:
            edit(pdf, signed)
            out = io.BytesIO()
            pdf.save(out, **saving)
            return out.getvalue()

    return run


def on_text(field: str, change: Callable[[bytes], bytes]):
    def run(pdf: pikepdf.Pdf, signed: dict) -> None:
        assert Page(pdf).change(signed[field], change), f"{field} is on no line: {signed[field]}"

    return edited(run)


def drawn(paint: Callable[[canvas.Canvas], None]) -> bytes:
    out = io.BytesIO()
    sheet = canvas.Canvas(out, pagesize=(595.28, 841.89))
    paint(sheet)
    sheet.save()
    return out.getvalue()


def white_box_and_name(sheet: canvas.Canvas) -> None:
    sheet.setFillColorRGB(1, 1, 1)
    sheet.rect(55, 630, 400, 32, stroke=0, fill=1)
    sheet.setFillColorRGB(0, 0, 0)
    sheet.setFont("Helvetica-Bold", 19)
    sheet.drawString(60, 640, "Jean Dupont")


def picture(sheet: canvas.Canvas) -> None:
    sheet.drawImage(ImageReader(Image.new("RGB", (300, 24), "white")), 55, 630, 400, 32)


def drawing(sheet: canvas.Canvas) -> None:
    sheet.setLineWidth(24)
    sheet.setStrokeColorRGB(1, 1, 1)
    sheet.line(55, 642, 455, 642)


def overlay(paint: Callable[[canvas.Canvas], None]):
    def run(pdf: pikepdf.Pdf, _: dict) -> None:
        with pikepdf.open(io.BytesIO(drawn(paint))) as over:
            pdf.pages[0].add_overlay(over.pages[0])

    return edited(run)


def underlay(pdf: pikepdf.Pdf, _: dict) -> None:
    with pikepdf.open(io.BytesIO(drawn(white_box_and_name))) as under:
        pdf.pages[0].add_underlay(under.pages[0])


def merged_by_pypdf(original: bytes, _: dict) -> bytes:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(original))
    writer.pages[0].merge_page(pypdf.PdfReader(io.BytesIO(drawn(white_box_and_name))).pages[0])
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def annotated_in_an_update(original: bytes, _: dict) -> bytes:
    writer = pypdf.PdfWriter(io.BytesIO(original), incremental=True)
    note = pypdf.annotations.FreeText(text="35 h", rect=(60, 560, 300, 580), font_size="12pt")
    writer.add_annotation(0, note)
    out = io.BytesIO()
    writer.write(out)
    assert out.getvalue().startswith(original[:1000]), "pypdf wrote no update"
    return out.getvalue()


def annotation(pdf: pikepdf.Pdf, **entries) -> None:
    page = pdf.pages[0]
    found = pdf.make_indirect(Dictionary(Type=Name.Annot, Rect=Array([60, 630, 460, 662]), F=4, **entries))
    page.Annots = Array([*page.get("/Annots", []), found])


def form(pdf: pikepdf.Pdf):
    found = pdf.make_stream(b"1 g 0 0 400 32 re f")
    found.Type, found.Subtype, found.BBox = Name.XObject, Name.Form, Array([0, 0, 400, 32])
    return found


def hidden_behind_a_layer(pdf: pikepdf.Pdf, signed: dict) -> None:
    layer = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("x")))
    pdf.Root.OCProperties = Dictionary(OCGs=Array([layer]), D=Dictionary(OFF=Array([layer])))
    page = Page(pdf)
    page.page.Resources.Properties = Dictionary(L0=layer)
    for place, _, _, text in reversed(page.texts()):
        if signed["title"].split()[0] in text:
            page.operations[place + 1 : place + 1] = [([], Operator("EMC"))]
            page.operations[place:place] = [([Name.OC, Name.L0], Operator("BDC"))]
    page.save()


def glyphs_behind_another_map(pdf: pikepdf.Pdf, _: dict) -> None:
    """The map of each font says that two letters are each other, and the page shows them so: a program reads what was signed."""
    page = Page(pdf)
    swaps = {}
    for name, font in page.page.Resources.Font.items():
        codes = {text: code for code, text in page.maps[str(name)].items()}
        if "e" not in codes or "a" not in codes:
            continue
        swaps[str(name)] = {codes["e"]: codes["a"], codes["a"]: codes["e"]}
        lines = font.ToUnicode.read_bytes().decode("ascii")
        lines = lines.replace(f"<{codes['e']:04X}> <0065>", "#").replace(f"<{codes['a']:04X}> <0061>", f"<{codes['a']:04X}> <0065>")
        font.ToUnicode.write(lines.replace("#", f"<{codes['e']:04X}> <0061>").encode("ascii"))
    assert swaps, "no font has both letters"
    for place, font, codes, _ in page.texts():
        swap = swaps.get(font, {})
        page.operations[place] = ([String(join([swap.get(code, code) for code in split(codes)]))], Operator("Tj"))
    page.save()


def in_white(pdf: pikepdf.Pdf, signed: dict) -> None:
    page = Page(pdf)
    for place, _, _, text in reversed(page.texts()):
        if signed["title"].split()[0] in text:
            page.operations.insert(place, ([Decimal(1)] * 3, Operator("scn")))
    page.save()


def never_painted(pdf: pikepdf.Pdf, signed: dict) -> None:
    page = Page(pdf)
    for place, _, _, text in reversed(page.texts()):
        if signed["title"].split()[0] in text:
            page.operations.insert(place, ([3], Operator("Tr")))
    page.save()


def script(pdf: pikepdf.Pdf, _: dict) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("app.alert('x')"))


def attached(name: str):
    def run(pdf: pikepdf.Pdf, _: dict) -> None:
        pdf.attachments[f"{name}-2"] = pikepdf.AttachedFileSpec(pdf, b"{}", filename=name)

    return edited(run)


def page_added(pdf: pikepdf.Pdf, _: dict) -> None:
    with pikepdf.open(io.BytesIO(drawn(white_box_and_name))) as more:
        pdf.pages.extend(more.pages)


def nothing(_pdf: pikepdf.Pdf, _: dict) -> None:
    pass


def turned_page(pdf: pikepdf.Pdf, _: dict) -> None:
    pdf.pages[0].rotate(180, relative=False)


def square(pdf: pikepdf.Pdf, _: dict) -> None:
    annotation(pdf, Subtype=Name.Square, AP=Dictionary(N=form(pdf)))


def stamp(pdf: pikepdf.Pdf, _: dict) -> None:
    annotation(pdf, Subtype=Name.Stamp, AP=Dictionary(N=form(pdf)))


def field(pdf: pikepdf.Pdf, _: dict) -> None:
    annotation(pdf, Subtype=Name.Widget, FT=Name.Tx, T=String("nom"), V=String("Jean Dupont"), AP=Dictionary(N=form(pdf)))
    pdf.Root.AcroForm = Dictionary(Fields=Array([pdf.pages[0].Annots[-1]]))


ANY: set[str] = set()
REPORTED = {"pdf_other_name", "pdf_other_title", "pdf_other_duration"}
EDITS: list[tuple[str, Callable[[bytes, dict], bytes], set[str]]] = [
    ("another name in the text", on_text("name", turned), {"pdf_other_name"}),
    ("another title in the text", on_text("title_line", turned), {"pdf_other_title"}),
    ("another duration in the text", on_text("duration", doubled), {"pdf_other_duration"}),
    ("a white box and a name over it", overlay(white_box_and_name), {"pdf_not_verifiable"}),
    ("a picture over it", overlay(picture), {"pdf_not_verifiable"}),
    ("a drawing over it", overlay(drawing), {"pdf_not_verifiable"}),
    ("a name under it", edited(underlay), {"pdf_not_verifiable"}),
    ("a page merged by pypdf", merged_by_pypdf, ANY),
    ("an annotation in an incremental update", annotated_in_an_update, ANY),
    ("a square annotation", edited(square), {"pdf_not_verifiable"}),
    ("a stamp", edited(stamp), {"pdf_not_verifiable"}),
    ("a form field", edited(field), {"pdf_not_verifiable"}),
    ("a layer that is off", edited(hidden_behind_a_layer), {"pdf_not_verifiable"}),
    ("glyphs behind another map", edited(glyphs_behind_another_map), {"pdf_text_agrees", "pdf_other_text"}),
    ("the title in white", edited(in_white), {"pdf_not_verifiable"}),
    ("the title never painted", edited(never_painted), {"pdf_not_verifiable"}),
    ("a page more", edited(page_added), {"pdf_not_verifiable"}),
    ("a page turned round", edited(turned_page), {"pdf_not_verifiable"}),
    ("a script", edited(script), {"pdf_active"}),
    ("another file attached", attached("releve.xlsx"), {"pdf_other_files"}),
    ("a second credential", attached("credential.json"), {"several_credentials"}),
    ("encrypted", edited(nothing, encryption=pikepdf.Encryption(owner="o", user="")), {"pdf_encrypted"}),
    ("encrypted with a password", edited(nothing, encryption=pikepdf.Encryption(owner="o", user="u")), {"pdf_encrypted"}),
    ("saved again", edited(nothing), ANY),
    ("saved again in object streams", edited(nothing, object_stream_mode=pikepdf.ObjectStreamMode.generate), ANY),
    ("saved again for the web", edited(nothing, linearize=True), ANY),
    ("cut in half", lambda original, _: original[: len(original) // 2], {"pdf_damaged"}),
    ("one byte changed", lambda original, _: original[:-9000] + bytes([original[-9000] ^ 1]) + original[-8999:], ANY),
]  # fmt: skip


# ── The verifier ──


class Verifier:
    def __init__(self, binary: Path, options: list[str], environment: dict[str, str]):
        self.command = [binary, "verify", "--json", "--fetch", "off", *options]
        self.environment = environment

    def judge(self, pdf: bytes) -> tuple[dict, int]:
        ran = subprocess.run([*self.command, "-"], input=pdf, capture_output=True, env=self.environment, cwd=tempfile.gettempdir())
        assert ran.stdout, ran.stderr.decode()
        return json.loads(ran.stdout), ran.returncode


def verifiers(output: Path, data: Path, binary: Path) -> tuple[Verifier, Verifier]:
    port = json.loads((data / "demo.json").read_bytes())["port"]
    here = {
        "DATABASE_URL": f"sqlite:{data / 'sceau.db'}",
        "SCEAU_KEYS": str(data / "keys"),
        "SCEAU_AGE_IDENTITY_FILE": str(data / "identity.txt"),
        "SCEAU_PUBLIC_URL": f"http://localhost:{port}",
    }
    published = [f"--did-document={path}" for path in sorted(output.glob("did-*.json"))]
    published += [f"--status-list={path}" for path in sorted(output.glob("status-*.json"))]
    published += [f"--trust-seal={path}" for path in output.glob("seal-ca.pem")]
    path = {"PATH": os.environ["PATH"]}
    return Verifier(binary, [], {**path, **here}), Verifier(binary, published, path)


def signed_content(pdf: bytes, credential: dict) -> dict:
    """What is signed, as it stands on a line of the page."""
    achievement = credential["credentialSubject"]["achievement"]
    kind = next(it["id"] for it in achievement["resultDescription"] if it["resultType"] == "ext:Duration")
    duration = next(it["value"] for it in credential["credentialSubject"]["result"] if it["resultDescription"] == kind)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        texts = [text.replace("\u00a0", " ").replace("\u202f", " ") for *_, text in Page(opened).texts()]
    title = achievement["name"].replace("\u00a0", " ")
    title_line = next(text for text in texts if text.strip() and title.startswith(text.strip()) and len(text.strip()) > 3)
    # Under the words that announce it, the name stands alone on its line.
    announced = next(at for at, text in enumerate(texts) if text.strip().lower() in ("délivrée à", "délivré à", "awarded to"))
    hours, _, rest = duration.removeprefix("PT").partition("H")
    spoken = [f"{hours} h"] if rest is not duration else []
    return {"title": title, "title_line": title_line.strip(), "name": texts[announced + 1].strip(), "duration": spoken[0]}


def is_sealed(pdf: bytes) -> bool:
    return b"/ByteRange" in pdf


def unsealed(pdf: bytes) -> bytes:
    """The file before the update that seals it."""
    return pdf[: pdf.index(b"startxref") + pdf[pdf.index(b"startxref") :].index(b"%%EOF") + len(b"%%EOF")]


def main(output: Path, data: Path, binary: Path) -> int:
    here, elsewhere = verifiers(output.absolute(), data.absolute(), binary.absolute())
    failures, judged = [], 0
    found = [(path.parent, path.read_bytes()) for path in sorted(output.glob("*/attestation.pdf"))]
    originals = [(folder.name, folder, pdf) for folder, pdf in found]
    originals += [(f"{folder.name} without its seal", folder, unsealed(pdf)) for folder, pdf in found[:1] if is_sealed(pdf)]
    for name, folder, original in originals:
        signed = signed_content(original, json.loads((folder / "credential.json").read_bytes()))
        # A file under a seal of an authority that is trusted; else it is of our template, and in our zone.
        expected = "pdf_sealed" if is_sealed(original) else "pdf_as_rendered"
        for verifier, reason in ((here, "pdf_as_issued"), (elsewhere, expected)):
            report, _ = verifier.judge(original)
            form = report["checks"][0]
            if (form["outcome"], form["reason"]) != ("pass", reason):
                failures.append(f"{name}: as it was issued: {form}, not {reason}")
        for what, edit, reasons in EDITS:
            copy = edit(original, signed)
            assert copy != original, what
            # What is changed behind a seal breaks it; a text that contradicts is said all the same.
            if is_sealed(original) and not reasons & REPORTED:
                reasons = reasons | {"pdf_seal_broken"} if reasons else reasons
            for who, verifier in (("here", here), ("elsewhere", elsewhere)):
                report, status = verifier.judge(copy)
                form = report["checks"][0]
                judged += 1
                said = f"{report['verdict']}, {form['reason']} {form.get('detail', '')}"
                if report["verdict"] == "valid" or status == 0 or form["outcome"] in ("pass", "warn"):
                    failures.append(f"{name}: {what}: {who}: PASSED as {said}")
                elif reasons and form["reason"] not in reasons:
                    failures.append(f"{name}: {what}: {who}: {said}, not {' or '.join(sorted(reasons))}")
                elif who == "elsewhere" and folder is found[0][0]:
                    print(f"ok      {name}: {what}: {said}")
    print(f"{len(originals)} attestations, {len(EDITS)} edits, {judged} reports")
    for failure in failures:
        print(f"FAILED  {failure}")
    return 1 if failures or not originals else 0


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:4])))
