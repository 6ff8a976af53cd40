//! Our JSON Schemas: of what clients send, generated from the types that read it; of what we issue, written by hand from the
//! data models. `sceau schemas --check` fails where a file in `schemas/` differs.

use schemars::generate::SchemaSettings;

use crate::catalog::{Issuer, Rule, Session, Source, Training, WebhookEndpoint};
use crate::intake::CompletionEvent;
use crate::telling::WebhookMessage;

/// Every published schema: file name and text.
pub fn published() -> Vec<(&'static str, String)> {
    vec![
        ("issued-credential.schema.json", include_str!("../schemas/issued-credential.schema.json").to_owned()),
        ("issuer.schema.json", generate::<Issuer>()),
        ("training.schema.json", generate::<Training>()),
        ("session.schema.json", generate::<Session>()),
        ("source.schema.json", generate::<Source>()),
        ("criteria.schema.json", generate::<Rule>()),
        ("completion-event.schema.json", generate::<CompletionEvent>()),
        ("webhook-endpoint.schema.json", generate::<WebhookEndpoint>()),
        ("webhook-message.schema.json", generate::<WebhookMessage>()),
    ]
}

fn generate<T: schemars::JsonSchema>() -> String {
    let schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>();
    let mut text = serde_json::to_string_pretty(&schema).expect("a schema is JSON");
    text.push('\n');
    text
}
