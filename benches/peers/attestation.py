"""The sample attestation of `sceau attestation preview`, drawn by WeasyPrint from HTML, as PDF/A-3u with tags. Prints the median of the
milliseconds of one document, measured after a warm start. PyPI: weasyprint, qrcode."""

import statistics
import time

import qrcode
import qrcode.image.svg
from weasyprint import HTML
from weasyprint.text.fonts import FontConfiguration

URL = "https://sceau.example.gouv.fr/v/Yq3vJ0zq1mYh0m8D4o2bXw"
FACTS = {
    "Durée estimée": "3 h 30 min",
    "Dates de formation": "Du 2 au 20 mars 2026",
    "Modalité": "En ligne, avec tutorat",
    "Date d’attribution": "20 mars 2026",
    "Délivrée par": "Institut de la gestion publique et du développement économique (Ministère de l’Économie et des Finances)",
}
STYLE = """@page { size: A4; margin: 50pt 60pt } body { font: 9.5pt 'DejaVu Sans'; color: #1d1d24 } h1, h4 { color: #000091 }
table { width: 100%; border-collapse: collapse } td { border-top: .6pt solid #d9d9e0; padding: 4pt 0 } td + td { font-weight: bold }
.panel { background: #f0f0f8; border-left: 3pt solid #000091; padding: 12pt } svg { width: 88pt; height: 88pt; float: left; margin-right: 16pt }"""
FONTS = FontConfiguration()


def document(number: int) -> bytes:
    code = qrcode.make(URL, image_factory=qrcode.image.svg.SvgPathImage).to_string(encoding="unicode")
    facts = "".join(f"<tr><td>{label}</td><td>{value}</td></tr>" for label, value in FACTS.items())
    html = f"""<html lang="fr"><title>Attestation de participation</title><style>{STYLE}</style><p><b>Institut de la gestion publique et du
    développement économique</b><br>Ministère de l’Économie et des Finances</p><h1>Attestation de participation</h1><p>délivrée à</p>
    <h2>Maëlys Nguyễn-Lefèvre {number}</h2><p>pour la formation</p><h3>Laïcité et neutralité du service public : les fondamentaux pour les agents
    d’accueil</h3><table>{facts}</table><h4>Objectifs</h4><ul><li>Connaître le cadre juridique de la laïcité et de la neutralité<li>Réagir avec
    justesse aux situations rencontrées à l’accueil du public<li>Savoir vers qui se tourner en cas de difficulté</ul><h4>Compétences
    travaillées</h4><ul><li>Appliquer les principes du service public (Dictionnaire interministériel des compétences · DIC-042)<li>Accueillir
    et orienter les publics</ul><h4>Critères d’attribution</h4><p>Pour obtenir cette attestation, il faut remplir toutes ces conditions :<ul>
    <li>terminer l’activité « Le cadre juridique »<li>au moins 2 des 3 activités suivantes :<ul><li>étude de cas « À l’accueil »<li>étude de
    cas « En équipe »<li>étude de cas « Sur les réseaux sociaux »</ul><li>répondre au questionnaire d’évaluation finale</ul><p>Critères
    publiés pour la session : https://sceau.example.gouv.fr/sessions/laicite-2026-03/criteria<div class="panel">{code}<h4>Vérifier ce
    document</h4><p>Scannez le code ou ouvrez le lien : la page affiche ce que l’organisme a signé et dit si ce document est authentique et
    toujours valable.<p><a href="{URL}">{URL}</a><p>Identifiant du badge :
    https://sceau.example.gouv.fr/credentials/0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e</div></html>"""
    return HTML(string=html).write_pdf(pdf_variant="pdf/a-3u", font_config=FONTS)


def main() -> None:
    size = [len(document(number)) for number in range(3)][-1]
    taken = []
    for number in range(9):
        start = time.perf_counter()
        document(number)
        taken.append((time.perf_counter() - start) * 1000)
    print(f"{statistics.median(taken):.2f} ms, {size} bytes")


main()
