//! Compares the files in `schemas/` with the types of requests and answers.

mod openapi;

use std::path::{Path, PathBuf};
use std::{env, fs};

use azure_oidc_cli::failure;
use azure_oidc_jobs::{audit, broker, check, doctor, exchange, explain, id_token, inspect, verify};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

#[test]
fn the_committed_schemas_are_those_of_the_types() {
    let files = [
        ("audit.schema.json", titled("azure-oidc audit --output json", answer::<audit::Answer>())),
        ("check.schema.json", titled("azure-oidc check --output json", answer::<check::Answer>())),
        ("doctor.schema.json", titled("azure-oidc doctor --output json", answer::<doctor::Answer>())),
        ("error.schema.json", titled("azure-oidc with --output json, when it fails", answer::<failure::Document>())),
        ("exchange.schema.json", titled("azure-oidc exchange --output json", answer::<exchange::Answer>())),
        ("explain.schema.json", titled("azure-oidc explain --output json", answer::<explain::Answer>())),
        ("id-token.schema.json", titled("azure-oidc id-token --output json", answer::<id_token::Answer>())),
        ("inspect.schema.json", titled("azure-oidc inspect --output json", answer::<inspect::Answer>())),
        ("ready-file.schema.json", titled("azure-oidc broker --ready-file FILE", answer::<broker::ReadyFile>())),
        ("verify.schema.json", titled("azure-oidc verify --output json", answer::<verify::Answer>())),
        ("openapi.json", openapi::document()),
    ];
    let stale: Vec<_> = files.iter().filter(|(name, wanted)| !is_current(name, wanted)).map(|(name, _)| name).collect();
    assert!(stale.is_empty(), "{stale:?} in `schemas/` are stale. Renew them with: cargo xtask schemas");
}

fn is_current(name: &str, wanted: &Value) -> bool {
    let path = folder().join(name);
    if env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(&path, format!("{wanted:#}\n")).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    serde_json::from_str::<Value>(&committed).is_ok_and(|committed| committed == *wanted)
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

/// Adds the members that a schema in a separate file needs.
fn titled(title: &str, mut schema: Value) -> Value {
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema".into();
    schema["title"] = title.into();
    schema
}

/// The schema of a serialized type.
fn answer<T: JsonSchema>() -> Value {
    schema::<T>(SchemaSettings::draft2020_12().for_serialize())
}

/// The schema of a deserialized type.
fn request<T: JsonSchema>() -> Value {
    schema::<T>(SchemaSettings::draft2020_12().for_deserialize())
}

fn schema<T: JsonSchema>(settings: SchemaSettings) -> Value {
    let settings = settings.with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>().to_value();
    for name in ["$schema", "title"] {
        schema.as_object_mut().map(|members| members.remove(name));
    }
    tidy(&mut schema);
    schema
}

/// Joins the lines of descriptions and lists names of enums in `enum`. Removes `format`, which
/// names Rust types, and `default` if it is null.
fn tidy(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("format").is_some_and(Value::is_string) {
                members.remove("format");
            }
            if members.get("default").is_some_and(Value::is_null) {
                members.remove("default");
            }
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = text.replace('\n', " ");
            }
            if let Some(names) = members.get("oneOf").and_then(names) {
                members.remove("oneOf");
                members.insert("type".to_owned(), "string".into());
                members.insert("enum".to_owned(), names);
            }
            members.values_mut().for_each(tidy);
        }
        Value::Array(items) => items.iter_mut().for_each(tidy),
        _ => {}
    }
}

/// The names in an enum that schemars writes as one constant with a description each. More tools
/// support `enum`.
fn names(variants: &Value) -> Option<Value> {
    variants.as_array()?.iter().map(|variant| variant.get("const").cloned()).collect()
}

#[test]
fn a_body_refuses_unknown_members_and_an_answer_requires_all() {
    let body = request::<check::Request>();
    assert_eq!(body["additionalProperties"], false);
    assert_eq!(body["required"], json!(["credentials"]));
    assert_eq!(body["properties"].get("discover"), None);
    let schema = answer::<check::Answer>();
    let members = schema["properties"].as_object().map(|members| members.keys().cloned().collect::<Vec<_>>());
    assert_eq!(schema["required"], json!(members.unwrap_or_default()));
}
