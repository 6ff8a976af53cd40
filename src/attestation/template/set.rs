//! The templates of an installation: the built-in ones, those that replace them for all issuers, those of one issuer.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Template, TemplateError, TemplateFiles, builtin, style};
use crate::catalog::AwardKind;
use crate::ids::Code;
use crate::text::Lang;

/// Every template, read and tried.
#[derive(Debug)]
pub struct Templates {
    common: Vec<Arc<Template>>,
    own: BTreeMap<Code, Vec<Arc<Template>>>,
}

impl Default for Templates {
    /// The built-in ones.
    fn default() -> Self {
        Self { common: builtin::ALL.map(|(kind, lang)| builtin::template(kind, lang)).to_vec(), own: BTreeMap::new() }
    }
}

impl Templates {
    /// Reads templates: `common` replaces ours, an issuer's files replace those.
    ///
    /// # Errors
    /// [`TemplateError`] of the first one that does not work; a file that replaces nothing is an error, too. The name of an
    /// issuer's file starts with the issuer's code.
    pub fn new(common: &TemplateFiles, own: &BTreeMap<Code, TemplateFiles>) -> Result<Self, TemplateError> {
        let mut read = BTreeMap::new();
        for (issuer, files) in own {
            // An issuer that brings a style sheet replaces the whole of the common one: nothing is inherited by accident.
            let mut all = common.clone();
            all.extend(files.clone());
            let named = |error: TemplateError| match files.contains_key(&error.file) {
                true => TemplateError { file: format!("{issuer}/{}", error.file), ..error },
                false => error,
            };
            check_names(files).map_err(named)?;
            read.insert(issuer.clone(), all_of(&all).map_err(named)?);
        }
        check_names(common)?;
        let common = if common.is_empty() { Self::default().common } else { all_of(common)? };
        Ok(Self { common, own: read })
    }

    /// The template of issuers that have none of their own.
    pub fn common(&self, kind: AwardKind, lang: Lang) -> &Arc<Template> {
        &self.common[builtin::place(kind, lang)]
    }

    /// The issuers that have their own.
    pub fn issuers(&self) -> impl Iterator<Item = &Code> {
        self.own.keys()
    }

    /// The template of an issuer for a kind and a language.
    pub fn of(&self, issuer: &Code, kind: AwardKind, lang: Lang) -> &Arc<Template> {
        &self.own.get(issuer).unwrap_or(&self.common)[builtin::place(kind, lang)]
    }
}

fn all_of(files: &TemplateFiles) -> Result<Vec<Arc<Template>>, TemplateError> {
    builtin::ALL.into_iter().map(|(kind, lang)| Template::new(kind, lang, files).map(Arc::new)).collect()
}

/// A name that replaces nothing is most likely a misspelt one.
fn check_names(files: &TemplateFiles) -> Result<(), TemplateError> {
    let documents: Vec<&str> = builtin::ALL.into_iter().map(|(kind, lang)| builtin::file(kind, lang)).collect();
    let known = |name: &str| {
        let extension = name.rsplit('.').next().unwrap_or("");
        name == style::FILE
            || name == "README.md"
            || documents.contains(&name)
            || matches!(extension, "png" | "svg" | "ttf" | "otf" | "txt")
    };
    match files.keys().find(|name| !known(name)) {
        None => Ok(()),
        Some(name) => Err(TemplateError {
            file: name.clone(),
            line: 1,
            problem: format!("it replaces no template; there are {}, {}", documents.join(", "), style::FILE),
        }),
    }
}
