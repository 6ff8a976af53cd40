//! The second half of the demo: what was issued, written to files, verified as anybody could, and one of it revoked.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::Demo;
use super::cast::{CAST, MALIK, THEO, ZOE};
use super::catalog::OVERRIDING_SESSION;
use crate::award::RevocationCategory;
use crate::catalog::AwardKind;
use crate::ids::{CapabilityToken, Code};
use crate::status_list::Bitstring;
use crate::text::Lang;

/// The files of an award, by the name of the link that leads to each.
const FILES: [(&str, &str); 5] = [
    ("attestation", "attestation.pdf"),
    ("badge_png", "badge.png"),
    ("badge_svg", "badge.svg"),
    ("credential", "credential.json"),
    ("jwt", "credential.jwt"),
];

/// An issued award, as the API tells it.
pub(super) struct Issued {
    /// The folder of its files.
    slug: String,
    /// The learner's name.
    name: &'static str,
    kind: AwardKind,
    source: String,
    learner: String,
    issuer: Code,
    credential_id: String,
    revoked: bool,
    links: BTreeMap<String, String>,
}

/// An award whose files were written.
pub(super) struct Written<'a> {
    award: &'a Issued,
    folder: PathBuf,
    files: BTreeMap<&'static str, Vec<u8>>,
}

impl Issued {
    fn link(&self, name: &str) -> anyhow::Result<&str> {
        self.links.get(name).map(String::as_str).with_context(|| format!("the award {} has no link {name}", self.slug))
    }

    fn is_of(&self, learner: &super::Learner, kind: AwardKind) -> bool {
        self.source == learner.source && self.learner == learner.id && self.kind == kind
    }
}

impl Demo<'_> {
    /// All awards of the demo's learners, each of which must be issued.
    pub(super) async fn awards(&self) -> anyhow::Result<Vec<Issued>> {
        let mut awards = Vec::new();
        for (issuer, token) in &self.installation.tokens {
            let answer = self.client.api_get(token, "/api/v1/awards?limit=500").await?;
            for award in answer["awards"].as_array().into_iter().flatten() {
                awards.extend(read_award(issuer, award)?);
            }
        }
        let place = |award: &Issued| {
            CAST.iter().position(|learner| learner.source == award.source && learner.id == award.learner)
        };
        awards.sort_by_key(|award| (place(award), award.kind));
        for learner in CAST {
            for kind in learner.earns {
                let count = awards.iter().filter(|award| award.is_of(learner, *kind)).count();
                ensure!(count == 1, "{} should have one {}, and has {count}", learner.name, kind.as_str());
            }
        }
        Ok(awards)
    }

    /// Downloads the files of each award, and the issuers' DID documents.
    pub(super) async fn write_files<'a>(&self, awards: &'a [Issued]) -> anyhow::Result<Vec<Written<'a>>> {
        let Self { story, options, client, installation } = self;
        story.step("Les fichiers que reçoivent les agents", "The files that learners get");
        let unit = story.lang.pick("Ko", "kB");
        let width =
            awards.iter().map(|award| options.output.join(&award.slug).display().to_string().len()).max().unwrap_or(0);
        let heads = ["PDF", "PNG", "SVG", "JSON", "JWT"].map(|name| format!("{name:>7}")).concat();
        story.say(&format!("  {:width$}{heads}", "Dossier"), &format!("  {:width$}{heads}", "Folder"));
        let mut written = Vec::new();
        for award in awards {
            let folder = options.output.join(&award.slug);
            let mut files = BTreeMap::new();
            for (link, name) in FILES {
                // What an earlier version of the demo issued has no token, and never gets one.
                if link == "jwt" && !award.links.contains_key(link) {
                    continue;
                }
                let content = client.get(award.link(link)?, &[]).await?.expect(200)?;
                write(&folder.join(name), &content)?;
                files.insert(name, content);
            }
            let size = |content: &Vec<u8>| format!("{:>4} {unit}", content.len().div_ceil(1000));
            let sizes: String = files.values().map(size).collect();
            story.done(format!("{:width$}{sizes}", folder.display().to_string()));
            written.push(Written { award, folder, files });
        }
        for issuer in &installation.issuers {
            let url = format!("{}/issuers/{}/did.json", installation.service.url, issuer.code);
            let document = client.get(&url, &[]).await?.expect(200)?;
            let path = options.output.join(format!("did-{}.json", issuer.code));
            write(&path, &document)?;
            story.done(path.display());
        }
        if let Some(authority) = &installation.seal_authority {
            let path = options.output.join("seal-ca.pem");
            write(&path, authority)?;
            story.done(path.display());
        }
        Ok(written)
    }

    /// Verifies each file through the public endpoint, each page behind a QR code, and a tampered copy.
    pub(super) async fn verify_files(&self, files: &[Written<'_>]) -> anyhow::Result<()> {
        let Self { story, client, .. } = self;
        story.step("N’importe qui vérifie", "Anybody verifies");
        for written in files {
            let award = written.award;
            let expected = if award.revoked { "revoked" } else { "valid" };
            for (name, file) in written.files.iter().filter(|(name, _)| **name != "attestation.pdf") {
                expect_verdict(&client.verify(file.clone()).await?, expected, &format!("{} {name}", award.slug))?;
            }
            let headline = self.page(award, expected).await?;
            let name = award.name;
            let [open, close] = quotes(story.lang);
            story.done(format!("{name:<18} JSON, JWT, PNG, SVG = {expected:<9} QR = {open}{headline}{close}"));
        }
        let original = files.iter().find(|written| written.award.is_of(&ZOE, AwardKind::Participation));
        let original = original.context("an award to tamper with")?;
        let text = String::from_utf8_lossy(&original.files["credential.json"]);
        let tampered = text.replace("PT2H40M", "PT9H40M");
        ensure!(tampered != text, "the credential does not state its duration");
        expect_verdict(&client.verify(tampered.into_bytes()).await?, "invalid", "a tampered copy")?;
        story.refused(story.lang.pick(
            "une copie où 2 h 40 devient 9 h 40 : invalid, la signature ne tient plus",
            "a copy in which 2 h 40 becomes 9 h 40: invalid, the signature no longer holds",
        ));
        Ok(())
    }

    /// What the page behind an award's QR code says first; it must name the learner.
    async fn page(&self, award: &Issued, tone: &str) -> anyhow::Result<String> {
        let headers = [("accept", "text/html"), ("accept-language", self.story.lang.tag())];
        let page = self.client.get(award.link("verification")?, &headers).await?.expect(200)?;
        let page = String::from_utf8(page).context("the verification page")?;
        ensure!(page.contains(award.name), "the page of {} does not name the learner", award.slug);
        ensure!(page.contains(&format!("class=\"verdict {tone}\"")), "the page of {} does not say {tone}", award.slug);
        let headline = page.split_once("<h1 id=\"verdict\">").and_then(|(_, rest)| rest.split_once("</h1>"));
        Ok(headline.context("the page has no headline")?.0.trim().replace("&#x27;", "’"))
    }

    /// Revokes one award, and shows that whoever looks sees it.
    pub(super) async fn revoke_one(&self, awards: &[Issued]) -> anyhow::Result<()> {
        let Self { story, client, installation, .. } = self;
        story.step("Un badge est révoqué", "One badge is revoked");
        let award = awards.iter().find(|award| award.is_of(&THEO, AwardKind::Participation));
        let award = award.context("an award to revoke")?;
        let id = award.credential_id.rsplit('/').next().unwrap_or_default();
        if award.revoked {
            story.done(
                story.lang.pick("déjà révoqué lors d’une exécution précédente", "already revoked in a run before"),
            );
        } else {
            let category = RevocationCategory::EvidenceWithdrawn;
            let why =
                json!({ "category": category, "internal_text": "Feuille d’émargement corrigée par la formatrice." });
            let token = installation.token(award.issuer.as_str())?;
            client.api_send("POST", token, &format!("/api/v1/credentials/{id}/revoke"), &why).await?;
            story.fact("Bénéficiaire", "Learner", format!("{}, {}", award.name, award.kind.label(story.lang)));
            story.fact("Motif public", "Public reason", category.label(story.lang));
        }
        let credential = client.get(award.link("credential")?, &[]).await?.expect(200)?;
        for link in ["credential", "jwt", "badge_png", "badge_svg"] {
            let Some(address) = award.links.get(link) else { continue };
            let file = client.get(address, &[]).await?.expect(200)?;
            expect_verdict(&client.verify(file).await?, "revoked", &award.slug)?;
        }
        story.done("JSON, JWT, PNG, SVG = revoked");
        let headline = self.page(award, "revoked").await?;
        let [open, close] = quotes(story.lang);
        story.done(format!("QR = {open}{headline}{close}"));
        let credential: Value = serde_json::from_slice(&credential)?;
        let status = &credential["credentialStatus"];
        let list = client.get(status["statusListCredential"].as_str().context("a status list")?, &[]).await?.json()?;
        let bits = Bitstring::decode(list["credentialSubject"]["encodedList"].as_str().unwrap_or_default())?;
        let index: u64 = status["statusListIndex"].as_str().unwrap_or_default().parse().context("a status index")?;
        ensure!(bits.get(index)?, "the bit of the revoked badge is not set");
        story.done(format!(
            "{} {index} = 1",
            story.lang.pick("liste de statuts publique, bit", "public status list, bit")
        ));
        Ok(())
    }

    /// How far a learner is, as the LMS reads it.
    async fn progress(&self, learner: &super::Learner) -> anyhow::Result<Value> {
        let Self { client, installation, .. } = self;
        let session = installation.service.store.effective_session(&learner.session.parse()?).await?;
        let session = session.context("a session of the catalog")?;
        let path =
            format!("/api/v1/sessions/{}/learners/{}/progress?source={}", learner.session, learner.id, learner.source);
        client.api_get(installation.token(session.issuer().as_str())?, &path).await
    }

    /// Writes the status lists and `urls.json`, and says what to try.
    pub(super) async fn conclude(&self, files: &[Written<'_>]) -> anyhow::Result<()> {
        let Self { story, options, client, installation } = self;
        let service = &installation.service;
        let mut lists = serde_json::Map::new();
        for written in files {
            let credential: Value = serde_json::from_slice(&written.files["credential.json"])?;
            let url = credential["credentialStatus"]["statusListCredential"].as_str().context("a status list")?;
            if !lists.contains_key(url) {
                let list = client.get(url, &[]).await?.expect(200)?;
                // The demo never fills a list, so an issuer has one.
                let name = format!("status-{}.json", written.award.issuer);
                write(&options.output.join(&name), &list)?;
                lists.insert(url.to_owned(), json!(name));
            }
        }
        let find = |learner| files.iter().find(|written| written.award.is_of(learner, AwardKind::Participation));
        let (valid, revoked) = (find(&ZOE).context("a valid award")?, find(&THEO).context("a revoked award")?);
        let unknown = service.url.verification(&CapabilityToken::random(&*service.entropy));
        let progress_of_malik = self.progress(&MALIK).await?;
        let urls = json!({
            "home": format!("{}/", service.url),
            "criteria": service.url.session_criteria(&OVERRIDING_SESSION.parse()?),
            "valid": valid.award.link("verification")?,
            "revoked": revoked.award.link("verification")?,
            "unknown": unknown,
            "progress": progress_of_malik["links"]["page"],
            "progress_embed": progress_of_malik["links"]["embed"],
            "progress_awarded": self.progress(&ZOE).await?["links"]["page"],
            "status_lists": lists,
        });
        write(&options.output.join("urls.json"), format!("{urls:#}").as_bytes())?;

        story.step("À vous", "Your turn");
        let percent = &progress_of_malik["kinds"][0]["percent"];
        let (page, name) = (progress_of_malik["links"]["page"].as_str().unwrap_or_default(), MALIK.name);
        story.fact("Progression", "Progress", format!("{name}, {percent}\u{a0}%"));
        story.row("", page);
        story.fact("Fichiers", "Files", options.output.display());
        story.fact("Attestation", "Attestation", valid.folder.join("attestation.pdf").display());
        let (output, issuer) = (options.output.display(), &valid.award.issuer);
        story.fact("Vérifier", "Verify", "cargo run --release -- verify \\");
        story.row(
            "",
            format!("  --did-document {output}/did-{issuer}.json --status-list {output}/status-{issuer}.json \\"),
        );
        story.row("", format!("  {}", valid.folder.join("badge.png").display()));
        if options.serve {
            let pages = [
                ("Accueil", "Home", "home"),
                ("Critères", "Criteria", "criteria"),
                ("Progression", "Progress", "progress"),
                ("Badge valide", "Valid badge", "valid"),
                ("Badge révoqué", "Revoked badge", "revoked"),
                ("Lien inconnu", "Unknown link", "unknown"),
            ];
            story.pause();
            for (label, english, name) in pages {
                story.fact(label, english, urls[name].as_str().unwrap_or_default());
            }
        } else {
            story.fact("Pages", "Pages", "cargo run --release -- demo --serve");
        }
        story.pause();
        Ok(())
    }
}

/// An award of one of the demo's learners; none for somebody else's.
fn read_award(issuer: &Code, award: &Value) -> anyhow::Result<Option<Issued>> {
    let text = |pointer: &str| award.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (source, learner) = (text("/learner/source"), text("/learner/id"));
    let Some(known) = CAST.iter().find(|known| known.source == source && known.id == learner) else { return Ok(None) };
    let kind: AwardKind = serde_json::from_value(award["kind"].clone()).context("an award's kind")?;
    ensure!(text("/state") == "issued", "the award of {} is {}", known.name, text("/state"));
    let slug = format!("{}-{}-{}", text("/session"), kind.as_str(), known.slug);
    let links: BTreeMap<String, String> = serde_json::from_value(award["links"].clone()).context("an award's links")?;
    let revoked = !award["credential"]["revoked"].is_null();
    let (name, issuer, credential_id) = (known.name, issuer.clone(), text("/credential/id"));
    Ok(Some(Issued { slug, name, kind, source, learner, issuer, credential_id, revoked, links }))
}

fn quotes(lang: Lang) -> [&'static str; 2] {
    match lang {
        Lang::Fr => ["«\u{202f}", "\u{202f}»"],
        Lang::En => ["“", "”"],
    }
}

fn expect_verdict(report: &Value, expected: &str, what: &str) -> anyhow::Result<()> {
    ensure!(report["verdict"] == expected, "{what} should be {expected}: {report:#}");
    Ok(())
}

fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let folder = path.parent().context("a file in a folder")?;
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    std::fs::write(path, content).with_context(|| path.display().to_string())
}
