//! `sceau lint`: applies every rule to a document and explains what it finds; lists and explains the rules themselves.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::json::{self, Limits};
use crate::lint::{self, Finding, Rule, Severity};

/// The largest document, in bytes.
const MAX_BYTES: usize = 5 * 1024 * 1024;

/// Options of `sceau lint`.
#[derive(Debug, clap::Args)]
pub(super) struct LintOptions {
    /// A credential, presentation or status list as JSON, signed or not; - for standard input.
    #[arg(required_unless_present_any = ["rules", "explain"])]
    file: Option<PathBuf>,
    /// Also apply what this service demands of the badges that it issues itself.
    #[arg(long)]
    ours: bool,
    /// The findings, or the rules, as JSON.
    #[arg(long)]
    json: bool,
    /// List all rules.
    #[arg(long, conflicts_with_all = ["file", "explain"])]
    rules: bool,
    /// Explain the rule of a code.
    #[arg(long, value_name = "CODE", conflicts_with = "file")]
    explain: Option<String>,
}

/// Runs the command: status 0 where nothing is wrong, 1 where a rule is broken.
pub(super) fn run(options: &LintOptions) -> anyhow::Result<ExitCode> {
    if options.rules {
        list(options.json);
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(code) = &options.explain {
        let rule = lint::rule(code).with_context(|| format!("no rule {code}; sceau lint --rules lists them"))?;
        if options.json {
            println!("{:#}", document_of(rule));
        } else {
            explain(rule);
        }
        return Ok(ExitCode::SUCCESS);
    }
    let file = options.file.as_deref().context("which file?")?;
    let bytes = super::read_input(file, MAX_BYTES)?;
    let document = json::parse_strict(&bytes, &Limits::default()).with_context(|| file.display().to_string())?;
    let findings = lint::check_all(&document, options.ours);
    let errors = findings.iter().filter(|finding| severity_of(finding) == Severity::Error).count();
    if options.json {
        let findings: Vec<_> = findings.iter().map(document_of_finding).collect();
        println!("{:#}", json!({ "clean": errors == 0, "findings": findings }));
    } else {
        findings.iter().for_each(print_finding);
        println!("{}: {}, {}", kind(&document), count(errors, "error"), count(findings.len() - errors, "warning"));
    }
    Ok(if errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print_finding(finding: &Finding) {
    let Some(rule) = lint::rule(finding.code) else { return };
    let mark = match rule.severity {
        Severity::Error => "✗",
        Severity::Warning => "!",
    };
    let pointer = if finding.pointer.is_empty() { "the document" } else { &finding.pointer };
    println!("{mark} {} at {pointer}\n    found     {}", rule.code, finding.problem);
    println!("    demanded  {}\n    by        {}, {}\n", rule.demand, rule.document.name(), rule.section);
}

fn explain(rule: &Rule) {
    let severity = match rule.severity {
        Severity::Error => "error: what breaks it is not signed, and does not pass as well-formed",
        Severity::Warning => "warning: allowed, but not advised or not understood everywhere",
    };
    println!("{}\n\n  demand    {}", rule.code, rule.demand);
    println!("  by        {}, {}\n  severity  {severity}", rule.document.name(), rule.section);
    println!("  examples  tests/lint/{0}.pass.json, tests/lint/{0}.fail.json", rule.code);
}

fn list(as_json: bool) {
    if as_json {
        println!("{:#}", lint::rules().map(document_of).collect::<Value>());
        return;
    }
    let rules: Vec<_> = lint::rules().collect();
    for (place, group) in rules.chunk_by(|one, next| one.document == next.document).enumerate() {
        let width = |of: fn(&Rule) -> &str| group.iter().map(|rule| of(rule).len()).max().unwrap_or_default();
        let (code, section) = (width(|rule| rule.code), width(|rule| rule.section));
        println!("{}{}", if place == 0 { "" } else { "\n" }, group.first().map_or("", |rule| rule.document.name()));
        for rule in group {
            let warning = if rule.severity == Severity::Warning { "(warning) " } else { "" };
            println!("  {:code$}  {:section$}  {warning}{}", rule.code, rule.section, rule.demand);
        }
    }
}

fn document_of(rule: &Rule) -> Value {
    json!({
        "code": rule.code,
        "severity": rule.severity,
        "standard": rule.document,
        "section": rule.section,
        "demand": rule.demand,
    })
}

fn document_of_finding(finding: &Finding) -> Value {
    let mut document = lint::rule(finding.code).map_or_else(|| json!({}), document_of);
    document["pointer"] = json!(finding.pointer);
    document["problem"] = json!(finding.problem);
    document
}

fn severity_of(finding: &Finding) -> Severity {
    lint::rule(finding.code).map_or(Severity::Error, |rule| rule.severity)
}

/// As what the document was judged.
fn kind(document: &Value) -> &'static str {
    let types = document.get("type").map(Value::to_string).unwrap_or_default();
    match () {
        () if lint::is_open_badge(document) => "Open Badge",
        () if types.contains("VerifiablePresentation") => "presentation",
        () if types.contains("BitstringStatusListCredential") => "status list",
        () => "credential",
    }
}

fn count(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
