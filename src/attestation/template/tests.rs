//! What a template may write, what it is refused for, and that no value is ever markup.

use proptest::prelude::*;

use super::super::tests::draw_with;
use super::sample::french;
use super::*;
use crate::credential::CredentialView;
use crate::text::PersonName;

const KIND: AwardKind = AwardKind::Participation;

fn files(of: &[(&str, &str)]) -> TemplateFiles {
    of.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect()
}

fn read_with(markdown: &str, style: &str) -> Result<Template, TemplateError> {
    let markdown = if markdown.is_empty() { builtin::source(KIND, Lang::Fr) } else { markdown };
    Template::new(KIND, Lang::Fr, &files(&[("participation.fr.md", markdown), ("style.toml", style)]))
}

/// The built-in template with a text at its top, three lines down.
fn ours_with(text: &str) -> String {
    format!("{{# 1 #}}\n\n{text}\n\n{}", builtin::source(KIND, Lang::Fr))
}

fn refused(markdown: &str) -> (usize, String) {
    let error = read_with(markdown, "").expect_err(markdown);
    assert_eq!(error.file, "participation.fr.md");
    (error.line, error.problem)
}

fn blocks(template: &Template, content: &CredentialView, recipient: &str) -> Vec<Block> {
    let sample = sample::Sample::with(content.clone(), PersonName::new(recipient).unwrap());
    let input = sample.input(template);
    template.read(&input, QrMatrix::encode(sample::URL).unwrap()).unwrap().blocks
}

#[test]
fn what_does_not_work_is_refused_with_its_line() {
    let cases = [
        ("{{ nom }}", 3, "unknown value: {{ nom }}"),
        ("{{ recipient.nom }}", 3, "unknown value"),
        ("{% for i in range(900000) %}{{ i }}{% endfor %}", 3, ""),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", 3, ""),
        ("{% if %}", 3, "syntax error"),
        ("{{ title|safe }}", 3, "unknown filter"),
        ("{{ title|escape }}", 3, "unknown filter"),
        ("{% include 'x' %}", 3, "not"),
        ("<b>{{ title }}</b>", 3, "HTML can't be laid out"),
        ("<!-- a -->", 3, "HTML"),
        ("`code`", 3, "code can't be laid out"),
        ("![x](https://a.example/b.png)", 3, "there are the figures qr, logo and signature"),
        ("![x](logo)", 3, "the style sheet names no logo"),
        ("![](qr)", 3, "alternative text"),
        ("{.huge} x", 3, "the style sheet has no [styles.huge]"),
        ("> > a", 3, "a panel can't stand in a panel"),
        ("- ![x](qr)", 3, "not in a heading, list or table"),
        ("# ![x](qr)", 3, "not in a heading, list or table"),
        ("![x](qr) ![x](qr)", 3, "one figure"),
        ("x {{ criteria|narrative }}", 3, "stands alone"),
        ("- {{ criteria|narrative }}", 3, ""),
        ("{% autoescape 'html' %}{{ title }}{% endautoescape %}", 3, "autoescape"),
        ("{{ title|replace('a', 'b') }}", 3, "unknown filter"),
        ("{{ '%s'|format(title) }}", 3, "unknown filter"),
        ("| a | b | c | d | e | f | g | h | i |\n|-|-|-|-|-|-|-|-|-|", 3, "8 columns"),
        ("漢", 3, "no embedded font draws U+6F22"),
        ("a\u{7}b", 3, "control or private characters"),
        ("a\u{f0000}61\u{f0002}", 3, "control or private characters"),
    ];
    for (text, line, part) in cases {
        let (at, problem) = refused(&ours_with(text));
        assert!(at == line && problem.contains(part), "{text}: line {at}: {problem}");
    }
}

#[test]
fn a_loop_without_end_is_stopped() {
    let text = "{% for a in range(1000) %}{% for b in range(1000) %}{% for c in range(1000) %}{% endfor %}{% endfor %}{% endfor %}";
    assert!(refused(&ours_with(text)).1.contains("a loop without end"));
}

#[test]
fn every_mandated_mention_must_be_shown() {
    let ours = builtin::source(KIND, Lang::Fr);
    let last = ours.lines().count();
    for (without, name) in [
        ("{.name} {{ recipient.name }}", "recipient.name"),
        ("{.training} {{ title }}", "title"),
        (": {{ fact.value }}", "duration"),
        ("- {{ objective }}", "objectives"),
        ("- {{ competency.name }}", "competencies"),
        ("{{ criteria|narrative }}", "criteria"),
        ("{.link} [{{ verification_url }}]({{ verification_url }})", "verification_url"),
        ("{{ id }}", "id"),
        ("{{ name_secret }}", "name_secret"),
    ] {
        assert!(ours.contains(without), "{without}");
        let (line, problem) = refused(&ours.replace(without, "x"));
        assert!(line == last && problem.contains(&format!("{{{{ {name} }}}}")), "{without}: line {line}: {problem}");
    }
    let code = ours.lines().find(|line| line.contains("](qr)")).unwrap();
    assert!(refused(&ours.replace(code, ">")).1.contains("must show the QR code"));
    assert!(refused(&ours.replace("# {{ kind_label }}", "## {{ kind_label }}")).1.contains("level 1"));
    assert!(refused(&ours.replace("## Objectifs", "### Objectifs")).1.contains("skips a level"));
    assert!(refused(&ours_with("## Avant")).1.contains("first heading"));
    assert!(refused(&ours.replace("## Objectifs", "# Objectifs")).1.contains("there are several"));
    for copied in ["{{ name_secret }}", "[{{ verification_url }}]"] {
        let other = copied.replace(" }}", "|upper }}");
        assert!(refused(&ours.replace(copied, &other)).1.contains("must show"), "{other}");
    }
    // Behind a condition that samples don't meet, too.
    assert!(refused(&ours.replace("{{ title }}", "{% if title == 'x' %}{{ title }}{% endif %}")).1.contains("title"));
}

#[test]
fn a_template_that_hides_a_mention_on_one_award_alone_is_stopped_there() {
    let ours = builtin::source(KIND, Lang::Fr);
    let sly = ours.replace(
        "{.name} {{ recipient.name }}",
        "{.name} {% if recipient.name != 'Zoé' %}{{ recipient.name }}{% endif %}",
    );
    let template = read_with(&sly, "").unwrap();
    let error = draw_with(&template, &french(), &PersonName::new("Zoé").unwrap()).unwrap_err();
    assert!(error.to_string().contains("recipient.name"), "{error}");
}

#[test]
fn a_style_sheet_is_checked_with_its_files() {
    let refused = |style: &str| read_with("", style).expect_err(style);
    assert!(refused("[logo]\nfile = \"logo.svg\"\n").problem.contains("logo.svg is not in the folder"));
    assert_eq!(refused("[page]\nband = -1\n").line, 2);
    assert!(refused("[page]\nband = 45\n").problem.contains("10 points above the text"));
    assert!(refused("[styles.footer]\nsize = 20\n").problem.contains("12 at most"));
    let mut all = files(&[("style.toml", "[logo]\nfile = \"logo.svg\"\n"), ("logo.svg", "<svg><script/></svg>")]);
    let error = Template::new(KIND, Lang::Fr, &all).unwrap_err();
    assert!(error.file == "style.toml" && error.problem.starts_with("logo.svg: "), "{error}");
    all = files(&[("style.toml", "[fonts]\nregular = \"a.ttf\"\nbold = \"a.ttf\"\n"), ("a.ttf", "no font")]);
    assert!(Template::new(KIND, Lang::Fr, &all).unwrap_err().problem.contains("not a TrueType"));
    all = TemplateFiles::from([("participation.fr.md".to_owned(), b"a\n\xff".to_vec())]);
    assert_eq!(
        Template::new(KIND, Lang::Fr, &all).unwrap_err().to_string(),
        "participation.fr.md, line 2: it is not UTF-8"
    );
    all = TemplateFiles::from([("participation.fr.md".to_owned(), vec![b'a'; MAX_SOURCE_BYTES + 1])]);
    assert!(Template::new(KIND, Lang::Fr, &all).unwrap_err().problem.contains("65536"));
}

/// A template with everything: logo, signature, own font, table, numbered list.
pub(in crate::attestation) fn rich() -> Template {
    let logo =
        br##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 30 10"><path fill="#063" d="M0 0h30v10H0z"/></svg>"##;
    let style = "[colours]\naccent = \"#006633\"\n[logo]\nfile = \"logo.svg\"\nheight = 40\n[fonts]\nregular = \"own.ttf\"\nbold = \"own.ttf\"\n\
                 [signature]\nname = \"Anne Martin\"\nrole = \"Directrice\"\nplace = \"Lyon\"\nfile = \"logo.svg\"\n";
    let table = "| Module | Heures |\n|---|---|\n| Un | 2 |\n| Deux, qui est bien plus long que le premier | 3 |\n\n1. d’abord\n2. ensuite\n   - dedans\n\n> Cadre";
    let mut files = files(&[("style.toml", style), ("participation.fr.md", &ours_with(table))]);
    files.insert("logo.svg".to_owned(), logo.to_vec());
    files.insert("own.ttf".to_owned(), include_bytes!("../../../templates/fonts/DejaVuSans.ttf").to_vec());
    Template::new(KIND, Lang::Fr, &files).unwrap()
}

#[test]
fn a_kept_template_gives_the_same_bytes() {
    let template = rich();
    let kept = Template::from_stored(template.stored()).unwrap();
    assert_eq!((kept.hash(), kept.stored()), (template.hash(), template.stored()));
    let name = PersonName::new("Zoé Lefèvre").unwrap();
    let drawn = draw_with(&template, &french(), &name).unwrap();
    assert!(drawn == draw_with(&kept, &french(), &name).unwrap());
    assert!(drawn != draw_with(&Template::builtin(KIND, Lang::Fr), &french(), &name).unwrap());
    assert!(Template::from_stored("{}").is_err());
}

#[test]
fn tables_lists_and_panels_are_what_they_look_like() {
    let blocks = blocks(&rich(), &french(), "Zoé");
    let table = blocks.iter().find_map(|block| match block {
        Block::Table { head, rows, .. } => Some((head.len(), rows.len())),
        _ => None,
    });
    assert_eq!(table, Some((2, 2)));
    let list = blocks.iter().find_map(|block| match block {
        Block::List { first, items, .. } => Some((*first, items.len(), items[1].children.len())),
        _ => None,
    });
    assert_eq!(list, Some((Some(1), 2, 1)));
    let figures = blocks.iter().filter(|block| matches!(block, Block::Beside { .. } | Block::Figure(..))).count();
    assert_eq!(figures, 4, "logo, first panel, signature, verification");
}

#[test]
fn what_a_block_of_the_template_says_of_a_value_is_no_markup_either() {
    let content = CredentialView { title: "[x](https://evil.example) *a* # b".to_owned(), ..french() };
    let captured = "{% set s %}**{{ title }}**{% endset %}";
    for (sly, works) in [
        ("{{ s }}", true),
        ("{% macro m(x) %}*{{ x }}*{% endmacro %}{{ m(title) }}", true),
        // A filter of a block leaves the values in it as they are.
        ("{{ s|upper }}", true),
        // What would hide a value twice shows what no font draws.
        ("{{ [s, title]|join('# ') }}", true),
        ("{{ s ~ title }}", false),
    ] {
        let template = read_with(&ours_with(&format!("{captured}{sly}")), "");
        assert_eq!(template.is_ok(), works, "{sly}");
        for block in template.iter().flat_map(|template| blocks(template, &content, "Zoé")) {
            if let Block::Paragraph { spans, .. } = block {
                let evil = |span: &Span| span.link.as_ref().is_some_and(|link| link.url.contains("evil"));
                assert!(!spans.iter().any(evil), "{spans:?}");
            }
        }
    }
}

#[test]
fn beside_a_wide_logo_nothing_is_squeezed_out_of_the_page() {
    let logo = br#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 20"><path fill="green" d="M0 0h300v20H0z"/></svg>"#;
    let style = "[page]\nmargin_side = 20\n[logo]\nfile = \"logo.svg\"\nheight = 48\n";
    let mut all = files(&[("style.toml", style)]);
    all.insert("logo.svg".to_owned(), logo.to_vec());
    let template = Template::new(KIND, Lang::Fr, &all).unwrap();
    draw_with(&template, &french(), &PersonName::new("Zoé").unwrap()).unwrap();
    // Deep lists leave no room for words: refused, never drawn outside.
    let deep: String = (0..40).map(|depth| format!("{}- x\n", "  ".repeat(depth))).collect();
    assert!(refused(&ours_with(&deep)).1.contains("outside the margins"));
}

#[test]
fn an_issuer_overrides_what_it_brings_and_nothing_else() {
    let code = |text: &str| text.parse::<crate::ids::Code>().unwrap();
    let own = files(&[("style.toml", "[colours]\naccent = \"#770000\"\n")]);
    let templates = Templates::new(&TemplateFiles::new(), &BTreeMap::from([(code("dgafp"), own)])).unwrap();
    assert_eq!(templates.of(&code("dgafp"), KIND, Lang::En).sheet().accent, Some([0x77, 0, 0]));
    assert_eq!(templates.of(&code("igpde"), KIND, Lang::En).hash(), Template::builtin(KIND, Lang::En).hash());
    let misspelt = files(&[("atestation.fr.md", "x")]);
    let error = Templates::new(&TemplateFiles::new(), &BTreeMap::from([(code("dgafp"), misspelt)])).unwrap_err();
    assert!(error.to_string().starts_with("dgafp/atestation.fr.md, line 1: it replaces no template"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// Whatever a value holds, the document has the blocks that it has for an ordinary value: values are never markup.
    #[test]
    fn a_value_is_never_markup(
        name in "[#>*_`|\\-+1-9.!\\[\\](){}%<&~:=\\\\ a-zé]{0,30}x",
        title in "(\n|# |> |- |1\\. |\\||\\{\\{ id \\}\\}|\\{\\.title\\}|<b>|\u{f0000}41\u{f0002}|[a-z ]){1,12}x",
    ) {
        let shape = |blocks: &[Block]| blocks.iter().map(std::mem::discriminant).collect::<Vec<_>>();
        let template = Template::builtin(KIND, Lang::Fr);
        let ordinary = blocks(&template, &french(), "Zoé");
        let content = CredentialView { title: title.clone(), objectives: vec![title.clone(); 3], ..french() };
        let strange = blocks(&template, &content, &name);
        prop_assert_eq!(shape(&ordinary), shape(&strange));
        let said = strange.iter().any(|block| match block {
            Block::Paragraph { spans, .. } => spans.iter().map(|span| span.text.as_str()).collect::<String>() == read::clean(&title).trim(),
            _ => false,
        });
        prop_assert!(said, "{:?}", strange);
    }
}
