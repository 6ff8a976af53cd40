//! What people open: the page behind a QR code, a learner's files, the home page.

use axum::extract::{Request, State};
use axum::response::Response;

use super::App;
use super::answer::{self, Keep};
use super::extract::Named;
use super::problem::{Kind, Problem};
use crate::audit::LinkKind;
use crate::ids::CapabilityToken;
use crate::pages::{HomePage, RecipientLine, VerificationLinks, VerificationPage};

/// `GET /`.
pub(super) async fn home(State(app): State<App>, request: Request) -> Result<Response, Problem> {
    let lang = answer::language(request.uri().query(), request.headers());
    let html = app.pages.home(&HomePage { public_url: &app.service.url, lang })?;
    Ok(answer::page(&app, Keep::Seconds(300), html))
}

/// `GET /v/{qr-token}`: the verification page, with the name for whoever holds the document.
pub(super) async fn verification(
    State(app): State<App>,
    Named(token): Named<String>,
    request: Request,
) -> Result<Response, Problem> {
    let lang = answer::language(request.uri().query(), request.headers());
    let service = &app.service;
    let unknown = || Problem::new(Kind::UnknownLink, "no attestation in use carries this code");
    let token: CapabilityToken = token.parse().map_err(|_| unknown())?;
    let award = service.store.award_by_qr_lookup(&token.lookup()).await?.ok_or_else(unknown)?;
    let current = service.store.current_credential(award.id).await?.ok_or_else(unknown)?;
    let signed = current.signed.as_ref().ok_or_else(unknown)?;
    let report = service.verify_own(signed.text.clone()).await?;
    let recipient = match (&current.recipient.name, &report.content, service.store.award_secrets(award.id).await?) {
        (Some(name), Some(content), Some(secrets)) => {
            let secret = service.open_name_secret(award.id, &secrets.name_secret)?;
            Some(RecipientLine { name: name.as_str().to_owned(), matches_commitment: content.names(name, &secret) })
        }
        _ => None,
    };
    if recipient.is_some() {
        service.note_name_shown(&award, LinkKind::Qr).await?;
    }
    let html = app.pages.verification(&VerificationPage {
        report: &report,
        recipient,
        links: VerificationLinks {
            credential_json: format!("{}?format=json", service.url.credential(current.id)),
            criteria: Some(service.url.session_criteria(&award.session)),
            replaced_by: None,
        },
        lang,
        zone: &award.snapshot.issuer.time_zone,
    })?;
    Ok(answer::page(&app, Keep::Never, html))
}

/// `GET /a/{download-token}/{file}`: the learner's attestation, badge and credential.
pub(super) async fn download(
    State(app): State<App>,
    Named((token, file)): Named<(String, String)>,
) -> Result<Response, Problem> {
    let service = &app.service;
    let unknown = || Problem::new(Kind::UnknownLink, "no award in use has this link");
    let token: CapabilityToken = token.parse().map_err(|_| unknown())?;
    let award = service.store.award_by_download_lookup(&token.lookup()).await?.ok_or_else(unknown)?;
    let not_yet = || Problem::new(Kind::NotIssuedYet, "the credential is being made");
    let current = service.store.current_credential(award.id).await?.ok_or_else(not_yet)?;
    let name = format!("{}-{}", award.session, award.kind.as_str());
    Ok(match file.as_str() {
        "attestation.pdf" => {
            service.note_name_shown(&award, LinkKind::Download).await?;
            let pdf = service.attestation(&award, &current).await?;
            answer::file("application/pdf", &format!("attestation-{name}.pdf"), pdf)
        }
        "badge.png" => {
            answer::file("image/png", &format!("badge-{name}.png"), service.badge(&award, &current).await?.png)
        }
        "badge.svg" => {
            answer::file("image/svg+xml", &format!("badge-{name}.svg"), service.badge(&award, &current).await?.svg)
        }
        "credential.json" => {
            let signed = current.signed.ok_or_else(not_yet)?;
            answer::file(answer::CREDENTIAL_TYPE, &format!("badge-{name}.json"), signed.text)
        }
        "credential.jwt" => {
            let token = current.jwt.ok_or_else(|| Problem::not_found("token of this credential"))?;
            answer::file(super::public::TOKEN_TYPE, &format!("badge-{name}.jwt"), token.text)
        }
        _ => return Err(Problem::not_found("file")),
    })
}
