//! What holds for every attestation, asked of whole PDFs. Conformance has its own judge: `tests/judges/validate_pdf.py`.

use proptest::prelude::*;

use super::template::sample::{SECRET, URL, bare, english, french, longest};
use super::*;
use crate::catalog::AwardKind;
use crate::credential::{CompetencyView, IssuerView};
const NAME: &str = "Maëlys Nguyễn-Lefèvre";

pub(super) fn name() -> PersonName {
    PersonName::new(NAME).unwrap()
}

/// The built-in template of a credential.
pub(super) fn template_of(content: &CredentialView) -> std::sync::Arc<Template> {
    Template::builtin(content.kind.unwrap_or(AwardKind::Participation), content.language)
}

fn draw(content: &CredentialView, recipient: &PersonName) -> Result<Vec<u8>, AttestationError> {
    draw_with(&template_of(content), content, recipient)
}

pub(super) fn draw_with(
    template: &Template,
    content: &CredentialView,
    recipient: &PersonName,
) -> Result<Vec<u8>, AttestationError> {
    let content = CredentialView { recipient_name_digest: Some(recipient.digest(&SECRET)), ..content.clone() };
    render(&AttestationInput {
        content: &content,
        credential_json: r#"{"type":["VerifiableCredential","OpenBadgeCredential"]}"#,
        recipient,
        name_secret: &SECRET,
        verification_url: URL,
        zone: &Zone::default(),
        accent: [0x00, 0x00, 0x91],
        credential_jwt: None,
        template,
    })
}

/// The number of pages, as the metadata say it in clear.
fn pages(pdf: &[u8]) -> usize {
    let text = String::from_utf8_lossy(pdf);
    let (_, after) = text.split_once("<xmpTPg:NPages>").expect("the metadata count the pages");
    after.split('<').next().unwrap().parse().unwrap()
}

#[test]
fn the_same_award_gives_the_same_bytes_on_any_thread() {
    let here = draw(&french(), &name()).unwrap();
    let there = std::thread::spawn(|| draw(&french(), &name()).unwrap()).join().unwrap();
    assert!(here == there && here == draw(&french(), &name()).unwrap());
    assert!(here != draw(&CredentialView { title: "Autre".to_owned(), ..french() }, &name()).unwrap());
}

#[test]
fn an_ordinary_attestation_is_one_page_in_both_languages() {
    for content in [french(), english()] {
        assert_eq!(pages(&draw(&content, &name()).unwrap()), 1, "{}", content.language.tag());
    }
}

#[test]
fn what_is_long_flows_over_pages() {
    let count = pages(&draw(&longest(), &name()).unwrap());
    assert!((5..=9).contains(&count), "{count} pages");
    let unbroken = CredentialView { title: "W".repeat(400), objectives: vec!["m".repeat(400); 3], ..french() };
    assert_eq!(pages(&draw(&unbroken, &name()).unwrap()), 2);
    assert_eq!(pages(&draw(&french(), &PersonName::new(&"Wilhelmine ".repeat(18)).unwrap()).unwrap()), 2);
}

#[test]
fn a_sparse_credential_is_drawn_too() {
    assert_eq!(pages(&draw(&bare(), &name()).unwrap()), 1);
}

#[test]
fn markup_is_only_text() {
    let pdf = draw(&hostile(), &PersonName::new("<i>Zoé</i> \u{301}\u{301}\u{301}").unwrap()).unwrap();
    assert!(String::from_utf8_lossy(&pdf).contains("&lt;b&gt;x&lt;/b&gt;"), "the title is escaped in the metadata");
}

/// Markup of every kind in every text.
pub(super) fn hostile() -> CredentialView {
    let hostile = "<b>x</b> </script> **y** # z [a](javascript:b) & \\ ) ( % ${jndi} {{ name }} • -- '\" \u{301}";
    CredentialView {
        title: hostile.to_owned(),
        objectives: vec![hostile.to_owned(), String::new(), " ".to_owned(), "a\nb\tc".to_owned()],
        criteria: format!("# {hostile}\n- {hostile}\n      - {hostile}\n- \n-\n```\n| a | b |\n1. {hostile}"),
        issuer: IssuerView { name: hostile.to_owned(), parent: Some(hostile.to_owned()), ..french().issuer },
        competencies: vec![CompetencyView {
            name: hostile.to_owned(),
            framework: Some(hostile.to_owned()),
            code: Some(hostile.to_owned()),
            url: "javascript:alert(1)".to_owned(),
        }],
        criteria_url: Some("javascript:alert(1)".to_owned()),
        ..french()
    }
}

#[test]
fn what_no_font_draws_is_refused_by_field_and_character() {
    let mut content = french();
    content.title = "Laïcité 法".to_owned();
    content.objectives[1] = "סוד".to_owned();
    content.competencies[0].framework = Some("🎓".to_owned());
    content.criteria = "a\u{202e}b".to_owned();
    let expected = [
        ("recipient", vec!['م', 'ح', 'د']),
        ("title", vec!['法']),
        ("objectives[1]", vec!['ס', 'ו', 'ד']),
        ("competencies[0].framework", vec!['🎓']),
        ("criteria", vec!['\u{202e}']),
    ]
    .map(|(field, characters)| (field.to_owned(), characters))
    .to_vec();
    let recipient = PersonName::new("محمد").unwrap();
    assert_eq!(check_drawable(&content, &recipient), expected);
    let error = draw(&content, &recipient).unwrap_err();
    assert!(error.to_string().contains("U+6CD5 in title"), "{error}");
    assert_eq!(error, AttestationError::Undrawable(expected));
    assert_eq!(check_drawable(&longest(), &name()), vec![]);
}

#[test]
fn another_name_than_the_one_committed_to_is_refused() {
    let content = CredentialView { recipient_name_digest: Some(name().digest(&SECRET)), ..french() };
    let zone = Zone::default();
    let other = PersonName::new("Autre Personne").unwrap();
    let recipient = name();
    let input = AttestationInput {
        content: &content,
        credential_json: "{}",
        recipient: &recipient,
        name_secret: &SECRET,
        verification_url: URL,
        zone: &zone,
        accent: [255, 255, 0],
        credential_jwt: None,
        template: &template_of(&content),
    };
    assert!(render(&input).is_ok());
    assert_eq!(render(&AttestationInput { recipient: &other, ..input }), Err(AttestationError::Name));
    assert_eq!(render(&AttestationInput { name_secret: &[0; 16], ..input }), Err(AttestationError::Name));
    assert_eq!(
        render(&AttestationInput { verification_url: "https://exämple.fr", ..input }),
        Err(AttestationError::Qr(QrError::NotAscii))
    );
}

#[test]
fn an_endless_link_moves_the_panel_to_the_end() {
    let content = french();
    let url = format!("{URL}?{}", "a".repeat(2000));
    let zone = Zone::default();
    let recipient = name();
    let pdf = render(&AttestationInput {
        content: &content,
        credential_json: "{}",
        recipient: &recipient,
        name_secret: &SECRET,
        verification_url: &url,
        zone: &zone,
        accent: [0; 3],
        credential_jwt: None,
        template: &template_of(&content),
    });
    assert_eq!(pages(&pdf.unwrap()), 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever a text holds, there is a conforming file or a list of characters; krilla itself never has to refuse.
    #[test]
    fn a_text_is_drawn_or_named_undrawable(
        title in admitted_text(),
        objective in prop_oneof![9 => admitted_text(), 1 => "\\PC{1,40}".boxed()],
        criteria in "(- |  - |\n|[a-zé<&{*_`#|]){0,60}",
    ) {
        let content = CredentialView { title, objectives: vec![objective], criteria, ..french() };
        match draw(&content, &name()) {
            Ok(_) => prop_assert!(check_drawable(&content, &name()).is_empty()),
            Err(AttestationError::Undrawable(problems)) => prop_assert!(!problems.is_empty()),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }
}

/// Texts of characters that are each drawable alone, in any combination; marks apart, which not every base can carry.
fn admitted_text() -> impl Strategy<Value = String> {
    let drawable: Vec<char> = (0x20..0xac00)
        .filter_map(char::from_u32)
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .filter(|c| undrawable(c.encode_utf8(&mut [0; 4])).is_empty())
        .collect();
    let text = proptest::collection::vec(proptest::sample::select(drawable), 1..60);
    text.prop_map(|characters| characters.into_iter().collect())
}
