//! Reads the source as text and fails where a module breaks the layers that `src/lib.rs` lists: it uses a module declared later,
//! or names a crate that its layer may not know. The order and the layers come from `src/lib.rs` itself; [`RULES`] adds what a
//! list of modules cannot say. Test code (`#[cfg(test)]`) is exempt, and so are comments and strings.
//!
//! Not here: visibility within a module, and what macros expand to.

#![expect(clippy::unwrap_used, reason = "a test that cannot read the tree has nothing to say")]

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use tokens::{Token, tokens};

// Beside the root of a test, cargo would take it for a test of its own.
#[path = "architecture/tokens.rs"]
mod tokens;

/// A path that only some modules may name.
struct Rule {
    /// The paths, each matched where it stands within a longer one: `std::fs` matches `std::fs::read`.
    paths: &'static [&'static [&'static str]],
    /// Whether the module, of this layer and name, may name them.
    allowed: fn(layer: u32, module: &str) -> bool,
    /// Completes "… names `path`, but ".
    because: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        paths: &[&["tokio"], &["std", "fs"], &["std", "net"], &["std", "process"]],
        allowed: |layer, _| !matches!(layer, 1 | 2 | 3 | 5),
        because: "layers 1, 2, 3 and 5 are pure: no runtime, no files, no network",
    },
    Rule {
        paths: &[&["SystemTime"], &["Instant"], &["Timestamp", "now"], &["Zoned", "now"], &["TimeZone", "system"]],
        allowed: |layer, _| !matches!(layer, 1 | 2 | 3 | 5),
        because: "layers 1, 2, 3 and 5 take the time as a parameter",
    },
    Rule { paths: &[&["sqlx"]], allowed: |_, module| module == "store", because: "only `store` knows SQL" },
    Rule { paths: &[&["axum"], &["tower_http"]], allowed: |layer, _| layer == 8, because: "only layer 8 knows HTTP" },
    Rule {
        paths: &[&["ureq"], &["webpki_roots"], &["TcpStream"], &["ToSocketAddrs"], &["ClientConfig"]],
        allowed: |_, module| matches!(module, "fetch" | "demo"),
        because: "only `fetch` fetches (and `demo`, from its own server on loopback)",
    },
    Rule {
        paths: &[&["rustls"], &["tokio_rustls"]],
        allowed: |_, module| matches!(module, "fetch" | "conformance"),
        because: "only `fetch` speaks TLS (and `conformance` serves its status list over it)",
    },
    Rule {
        paths: &[&["lettre"]],
        allowed: |_, module| module == "mailer",
        because: "only `mailer` speaks to the mail server",
    },
    Rule {
        paths: &[&["std", "env"]],
        allowed: |_, module| module == "config",
        because: "only `config` reads the environment",
    },
    Rule {
        paths: &[&["SigningKey"], &["ExpandedSecretKey"], &["EcdsaKeyPair"], &["rsa", "KeyPair"]],
        allowed: |_, module| matches!(module, "keyring" | "proof"),
        because: "private keys live in `keyring`, which lends them to `proof` alone",
    },
];

#[test]
fn no_module_breaks_its_layer() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lib = std::fs::read_to_string(root.join("src/lib.rs")).unwrap();
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    let sources: Vec<(String, String)> = files
        .iter()
        .map(|path| {
            let name = path.strip_prefix(root).unwrap().components().map(|part| part.as_os_str().to_string_lossy());
            (name.collect::<Vec<_>>().join("/"), std::fs::read_to_string(path).unwrap())
        })
        .collect();
    let sources: Vec<(&str, &str)> = sources.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let violations = violations(&lib, &sources);
    assert!(violations.is_empty(), "the layers of src/lib.rs are broken:\n  {}\n", violations.join("\n  "));
}

#[test]
fn the_map_names_every_module() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lib = std::fs::read_to_string(root.join("src/lib.rs")).unwrap();
    let map = std::fs::read_to_string(root.join("docs/architecture.md")).unwrap_or_default();
    let missing: Vec<String> = layers(&lib)
        .unwrap()
        .into_iter()
        .map(|module| module.name)
        .filter(|name| !map.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "docs/architecture.md does not name, in backticks: {}", missing.join(", "));
}

fn collect(directory: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
}

/// One line for each broken rule, `file:line: what`, given `src/lib.rs` and every source file as (path, text).
fn violations(lib: &str, sources: &[(&str, &str)]) -> Vec<String> {
    let modules = match layers(lib) {
        Ok(modules) => modules,
        Err(problem) => return vec![format!("src/lib.rs: {problem}")],
    };
    let places: HashMap<&str, (usize, u32)> =
        modules.iter().enumerate().map(|(place, module)| (module.name.as_str(), (place, module.layer))).collect();
    let parsed: Vec<(&str, Source)> = sources.iter().map(|(path, text)| (*path, Source::read(path, text))).collect();
    let test_only: BTreeSet<&str> =
        parsed.iter().flat_map(|(_, source)| source.test_modules.iter().map(String::as_str)).collect();
    let mut found = Vec::new();
    for (file, source) in &parsed {
        let Some(module) = source.module_path.first() else { continue };
        if (1..=source.module_path.len()).any(|end| test_only.contains(source.module_path[..end].join("::").as_str())) {
            continue;
        }
        let Some(&(place, layer)) = places.get(module.as_str()) else {
            found.push(format!("{file}: module `{module}` is not declared in src/lib.rs"));
            continue;
        };
        for used in &source.uses {
            let at = format!("{file}:{}: layer {layer} `{module}`", used.line);
            if used.path[0] == "crate" && used.path.len() > 1 {
                match places.get(used.path[1].as_str()) {
                    Some(&(other, of)) if other > place => {
                        found.push(format!(
                            "{at} uses `{}` of layer {of}, which src/lib.rs declares later",
                            used.path[1]
                        ));
                    }
                    Some(_) => {}
                    None if used.is_macro => {}
                    None => {
                        found.push(format!("{at} uses `{}`, which is no module of src/lib.rs", used.path.join("::")))
                    }
                }
            }
            for rule in RULES.iter().filter(|rule| !(rule.allowed)(layer, module)) {
                if !used.is_macro
                    && rule.paths.iter().any(|path| used.path.windows(path.len()).any(|window| window == *path))
                {
                    found.push(format!("{at} names `{}`, but {}", used.path.join("::"), rule.because));
                }
            }
        }
    }
    found
}

struct Module {
    name: String,
    layer: u32,
}

/// The modules in the order of declaration, each under the comment line `// Layer N…` above it.
fn layers(lib: &str) -> Result<Vec<Module>, String> {
    let mut layer = 0;
    let mut modules = Vec::new();
    for line in lib.lines().map(str::trim) {
        if let Some(heading) = line.strip_prefix("// Layer ") {
            let digits = heading.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
            let next: u32 = digits.parse().map_err(|_| format!("`{line}` does not number its layer"))?;
            if next != layer + 1 {
                return Err(format!("layer {next} follows layer {layer}"));
            }
            layer = next;
        }
        let declaration = line.strip_prefix("pub ").unwrap_or(line);
        if let Some(name) = declaration.strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';')) {
            if layer == 0 {
                return Err(format!("module `{name}` stands above the first layer"));
            }
            modules.push(Module { name: name.to_owned(), layer });
        }
    }
    if modules.is_empty() { Err("no module found".to_owned()) } else { Ok(modules) }
}

/// What one file uses, outside of its test code.
struct Source {
    /// `["store", "sqlite"]` for `src/store/sqlite.rs`; empty for the crate's roots.
    module_path: Vec<String>,
    uses: Vec<Use>,
    /// Modules, `a::b`, that this file declares under `#[cfg(test)]` and that have a file of their own.
    test_modules: Vec<String>,
}

/// One path, groups expanded: `use a::{b, c::d}` gives `a::b` and `a::c::d`. A path from the crate's root starts with `crate`.
struct Use {
    line: usize,
    path: Vec<String>,
    is_macro: bool,
}

impl Source {
    fn read(file: &str, text: &str) -> Self {
        let mut module_path: Vec<String> =
            file.trim_start_matches("src/").trim_end_matches(".rs").split('/').map(str::to_owned).collect();
        if module_path.last().is_some_and(|last| matches!(last.as_str(), "mod" | "lib" | "main")) {
            module_path.pop();
        }
        let mut reader = Reader {
            tokens: tokens(text),
            at: 0,
            module_path: module_path.clone(),
            uses: Vec::new(),
            test_modules: Vec::new(),
        };
        reader.items();
        Self { module_path, uses: reader.uses, test_modules: reader.test_modules }
    }
}

struct Reader {
    tokens: Vec<Token>,
    at: usize,
    /// The module that the current token stands in, inline modules included.
    module_path: Vec<String>,
    uses: Vec<Use>,
    test_modules: Vec<String>,
}

impl Reader {
    /// Everything up to the end of the file, or to the brace that closes the current inline module.
    fn items(&mut self) {
        let mut depth = 0;
        while let Some(token) = self.tokens.get(self.at) {
            match token.text.as_str() {
                "#" if self.looking_at(&["#", "[", "cfg", "(", "test", ")", "]"]) => self.skip_test_item(),
                "mod" if self.text(2) == "{" => {
                    self.module_path.push(self.text(1).to_owned());
                    self.at += 3;
                    self.items();
                    self.module_path.pop();
                }
                "{" => {
                    depth += 1;
                    self.at += 1;
                }
                "}" => {
                    self.at += 1;
                    if depth == 0 {
                        return;
                    }
                    depth -= 1;
                }
                word if is_word(word) => self.path(&[]),
                _ => self.at += 1,
            }
        }
    }

    /// A path, or a branch of a `use` tree below `prefix`.
    fn path(&mut self, prefix: &[String]) {
        let line = self.tokens[self.at].line;
        let mut path = prefix.to_vec();
        loop {
            if self.text(0) == "{" {
                self.at += 1;
                while !matches!(self.text(0), "}" | "") {
                    if is_word(self.text(0)) || matches!(self.text(0), "{" | "*") {
                        self.path(&path)
                    } else {
                        self.at += 1
                    }
                }
                self.at += 1;
                return;
            }
            path.push(self.text(0).to_owned());
            self.at += 1;
            if self.text(0) != "::" {
                break;
            }
            self.at += 1;
            if !(is_word(self.text(0)) || matches!(self.text(0), "{" | "*")) {
                break; // a turbofish
            }
        }
        let is_macro = self.text(0) == "!";
        self.uses.push(Use { line, path: self.resolved(path), is_macro });
    }

    /// The same path with leading `self` and `super` resolved, if it leaves the file's own top-level module.
    fn resolved(&self, path: Vec<String>) -> Vec<String> {
        let supers =
            path.iter().take_while(|part| *part == "super" || *part == "self").filter(|part| *part == "super").count();
        if supers == 0 || supers > self.module_path.len() {
            return path;
        }
        let kept = &self.module_path[..self.module_path.len() - supers];
        let rest = path.into_iter().skip_while(|part| part == "super" || part == "self");
        std::iter::once("crate".to_owned()).chain(kept.iter().cloned()).chain(rest).collect()
    }

    /// Passes over the item below `#[cfg(test)]`, and notes the file of a test module.
    fn skip_test_item(&mut self) {
        self.at += 7;
        let mut depth = 0;
        while self.at < self.tokens.len() {
            if depth == 0 && self.text(0) == "mod" && self.text(2) == ";" {
                self.test_modules.push([self.module_path.join("::"), self.text(1).to_owned()].join("::"));
            }
            match self.text(0) {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" => depth -= 1,
                "}" => {
                    depth -= 1;
                    if depth == 0 {
                        self.at += 1;
                        return;
                    }
                }
                ";" if depth == 0 => {
                    self.at += 1;
                    return;
                }
                _ => {}
            }
            self.at += 1;
        }
    }

    fn text(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", |token| token.text.as_str())
    }

    fn looking_at(&self, texts: &[&str]) -> bool {
        texts.iter().enumerate().all(|(ahead, text)| self.text(ahead) == *text)
    }
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The checker must be able to fail, and must not cry wolf.
mod checker {
    use super::violations;

    const LIB: &str = "//! Doc.\n// Layer 1, vocabulary.\npub mod ids;\n// Layer 2, decision.\npub mod award;\n// Layer 3.\nmod lint;\n\
                       // Layer 4.\nmod proof;\nmod keyring;\n// Layer 5.\nmod pages;\n// Layer 6.\nmod store;\n// Layer 7.\n\
                       mod issuance;\n// Layer 8.\nmod config;\nmod http;\n";

    fn refused(file: &str, text: &str, expected: &str) {
        let found = violations(LIB, &[(file, text)]);
        assert!(
            found.iter().any(|line| line.contains(expected)),
            "expected « {expected} », found {found:?}\nin {text}"
        );
    }

    fn accepted(file: &str, text: &str) {
        assert_eq!(violations(LIB, &[(file, text)]), Vec::<String>::new(), "in {text}");
    }

    #[test]
    fn refuses_a_module_declared_later_however_it_is_written() {
        let expected = "layer 2 `award` uses `store` of layer 6, which src/lib.rs declares later";
        for text in [
            "use crate::store::Store;",
            "use crate::{ids::Code, store};",
            "use crate::{\n    ids::{Code, Name},\n    store::{self, Store},\n};",
            "pub(crate) use crate::store::*;",
            "fn f() { let x = crate::store::open::<u8>(); }",
            "fn f(x: &'static crate::store::Store) -> char { '\"' }",
            "use super::store::Store;",
            "mod inner { use super::super::store::Store; }",
            "macro_rules! m { () => { $crate::store::open() } }",
        ] {
            refused("src/award.rs", text, expected);
        }
        refused("src/award/deep.rs", "use super::super::store::Store;", expected);
        refused("src/award/mod.rs", "use super::store::Store;", expected);
        refused("src/award.rs", "\n\nuse crate::store;", "src/award.rs:3: ");
        refused("src/proof.rs", "use crate::keyring::Keyring;", "layer 4 `proof` uses `keyring` of layer 4");
    }

    #[test]
    fn refuses_names_that_a_layer_may_not_know() {
        refused("src/ids.rs", "use std::{fs, io};", "names `std::fs`, but layers 1, 2, 3 and 5 are pure");
        refused("src/pages.rs", "fn f() { tokio::spawn(x); }", "names `tokio::spawn`");
        refused("src/lint.rs", "fn f() -> Timestamp { jiff::Timestamp::now() }", "take the time as a parameter");
        refused("src/award.rs", "use std::time::SystemTime;", "take the time as a parameter");
        refused("src/issuance.rs", "fn f(e: sqlx::Error) {}", "only `store` knows SQL");
        refused("src/store.rs", "use axum::Router;", "only layer 8 knows HTTP");
        refused("src/issuance.rs", "use ureq::Agent;", "only `fetch` fetches");
        refused("src/http.rs", "fn f() { let s = std::net::TcpStream::connect(a); }", "only `fetch` fetches");
        refused("src/http.rs", "fn f() { std::env::var(\"X\"); }", "only `config` reads the environment");
        refused("src/store.rs", "use ed25519_dalek::{Signature, SigningKey};", "private keys live in `keyring`");
        refused("src/store.rs", "use aws_lc_rs::rsa::{KeyPair as Pair, KeySize};", "private keys live in `keyring`");
    }

    #[test]
    fn refuses_modules_that_the_list_does_not_know() {
        refused("src/stray.rs", "", "module `stray` is not declared");
        refused("src/award.rs", "use crate::stray::Thing;", "`crate::stray::Thing`, which is no module");
        assert_eq!(violations("pub mod ids;", &[]), ["src/lib.rs: module `ids` stands above the first layer"]);
        assert_eq!(violations("// Layer 2\nmod a;", &[]), ["src/lib.rs: layer 2 follows layer 0"]);
    }

    #[test]
    fn accepts_what_the_layers_allow() {
        accepted("src/award.rs", "use crate::ids::Code;\nuse crate::award::Kind;\nuse super::ids;");
        accepted("src/award/mod.rs", "mod deep; use self::deep::Thing; fn f() { crate::log_once!() }");
        accepted("src/award/deep.rs", "use super::Kind;\nmod inner { use super::super::Kind; }\npub(crate) fn f() {}");
        accepted("src/store.rs", "use sqlx::Row; use tokio::fs;");
        accepted("src/config.rs", "use std::env;");
        accepted(
            "src/http.rs",
            "use axum::Router; const V: &str = env!(\"CARGO_PKG_VERSION\"); const W: &str = std::env!(\"X\");",
        );
        accepted("src/proof.rs", "use ed25519_dalek::SigningKey;");
        accepted("src/main.rs", "fn main() { std::env::args(); }");
    }

    #[test]
    fn reads_neither_comments_nor_strings_nor_tests() {
        accepted("src/award.rs", "//! See [`crate::store`].\n/* crate::store /* crate::http */ sqlx::x */\n");
        accepted(
            "src/award.rs",
            r####"const A: &str = "crate::store\"sqlx::x"; const B: &str = r#"" crate::store "#; const C: char = '"';"####,
        );
        accepted(
            "src/award.rs",
            "fn f<'a>(x: &'a str) -> u8 { b'\\'' }\n#[cfg(test)]\nmod tests { use crate::store; fn g() { tokio::x() } }",
        );
        accepted("src/award.rs", "#[cfg(test)]\nuse crate::store::Store;\nuse crate::ids::Code;");
        let found = violations(
            LIB,
            &[("src/award/mod.rs", "#[cfg(test)]\nmod tests;"), ("src/award/tests.rs", "use crate::store::Store;")],
        );
        assert_eq!(found, Vec::<String>::new());
        refused("src/award.rs", "#[cfg(test)]\nmod tests { use crate::store; }\nuse crate::http;", "`http` of layer 8");
    }
}
