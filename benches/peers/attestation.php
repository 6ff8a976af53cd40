<?php
// The sample attestation of `sceau attestation preview`, as certificate plugins of Moodle draw theirs: TCPDF, core and DejaVu fonts, a vector
// QR code. Prints the median of the milliseconds of one document, measured after a warm start. Debian: php-cli, php-tcpdf.
require '/usr/share/php/tcpdf/tcpdf.php';

const URL = 'https://sceau.example.gouv.fr/v/Yq3vJ0zq1mYh0m8D4o2bXw';

function document(int $number): string {
    $pdf = new TCPDF('P', 'pt', 'A4', true, 'UTF-8', false); // fonts are subset, as in the plugins; its PDF/A mode embeds them whole
    $pdf->setPrintHeader(false);
    $pdf->setPrintFooter(false);
    $pdf->setMargins(60, 50, 60);
    $pdf->SetTitle('Attestation de participation');
    $pdf->AddPage();
    $pdf->Rect(0, 0, 595.28, 9, 'F', [], [0, 0, 145]);
    $pdf->setFont('dejavusans', '', 9.5);
    $facts = '';
    foreach ([
        'Durée estimée' => '3 h 30 min', 'Dates de formation' => 'Du 2 au 20 mars 2026', 'Modalité' => 'En ligne, avec tutorat',
        'Date d’attribution' => '20 mars 2026',
        'Délivrée par' => 'Institut de la gestion publique et du développement économique (Ministère de l’Économie et des Finances)',
    ] as $label => $value) {
        $facts .= "<tr><td width=\"31%\">$label</td><td width=\"69%\"><b>$value</b></td></tr>";
    }
    $html = '<b>Institut de la gestion publique et du développement économique</b><br>Ministère de l’Économie et des Finances'
        . '<h1 style="color:#000091">Attestation de participation</h1><p>délivrée à</p><h2>Maëlys Nguyễn-Lefèvre ' . $number . '</h2><p>pour la formation</p>'
        . '<h3>Laïcité et neutralité du service public : les fondamentaux pour les agents d’accueil</h3>'
        . "<table cellpadding=\"4\" border=\"0\">$facts</table>"
        . '<h4 style="color:#000091">Objectifs</h4><ul><li>Connaître le cadre juridique de la laïcité et de la neutralité</li><li>Réagir avec justesse '
        . 'aux situations rencontrées à l’accueil du public</li><li>Savoir vers qui se tourner en cas de difficulté</li></ul>'
        . '<h4 style="color:#000091">Compétences travaillées</h4><ul><li>Appliquer les principes du service public (Dictionnaire interministériel des '
        . 'compétences · DIC-042)</li><li>Accueillir et orienter les publics</li></ul>'
        . '<h4 style="color:#000091">Critères d’attribution</h4>Pour obtenir cette attestation, il faut remplir toutes ces conditions :<ul><li>terminer '
        . 'l’activité « Le cadre juridique »</li><li>au moins 2 des 3 activités suivantes :<ul><li>étude de cas « À l’accueil »</li><li>étude de cas « En '
        . 'équipe »</li><li>étude de cas « Sur les réseaux sociaux »</li></ul></li><li>répondre au questionnaire d’évaluation finale</li></ul>'
        . '<p>Critères publiés pour la session : https://sceau.example.gouv.fr/sessions/laicite-2026-03/criteria</p>';
    $pdf->writeHTML($html);
    $y = $pdf->GetY() + 10;
    $pdf->write2DBarcode(URL, 'QRCODE,M', 72, $y, 88, 88, ['fgcolor' => [29, 29, 36]]);
    $pdf->writeHTMLCell(370, 0, 175, $y, '<b>Vérifier ce document</b><br>Scannez le code ou ouvrez le lien : la page affiche ce que l’organisme a signé '
        . 'et dit si ce document est authentique et toujours valable.<br>' . URL . '<br>Identifiant du badge : '
        . 'https://sceau.example.gouv.fr/credentials/0b0c3a5e-4f2d-4a1c-9b1e-2f3a4b5c6d7e');
    return $pdf->Output('', 'S');
}

for ($i = 0; $i < 3; $i++) {
    $size = strlen(document($i));
}
$taken = [];
for ($i = 0; $i < 15; $i++) {
    $start = hrtime(true);
    document($i);
    $taken[] = (hrtime(true) - $start) / 1e6;
}
sort($taken);
printf("%.2f ms, %d bytes\n", $taken[7], $size);
