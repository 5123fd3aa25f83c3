//! Checks outputs strictly with the JSON Schemas: here a member that the schema does not list is an
//! error. For users it is an addition.

use std::fs;
use std::path::Path;

use boon::{CompileError, Compiler, SchemaIndex, Schemas};
use serde_json::Value;

/// Asserts that a value is valid for `schemas/NAME.schema.json` and has no other members.
#[track_caller]
pub fn assert_valid(name: &str, value: &Value) {
    let mut schema = read(name);
    close(&mut schema);
    let (mut compiler, mut schemas) = (Compiler::new(), Schemas::new());
    let wrong =
        |error: CompileError| -> SchemaIndex { panic!("schemas/{name}.schema.json is no JSON Schema: {error}") };
    compiler.add_resource(name, schema).map_err(wrong).ok();
    let compiled = compiler.compile(name, &mut schemas).unwrap_or_else(wrong);
    if let Err(error) = schemas.validate(value, compiled) {
        panic!("{value:#}\nis not what schemas/{name}.schema.json describes: {error:#}");
    }
}

fn read(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas").join(format!("{name}.schema.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Forbids other members in each object that lists its members.
fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if members.get("properties").is_some_and(Value::is_object) && !members.contains_key("additionalProperties")
            {
                members.insert("additionalProperties".to_owned(), false.into());
            }
            members.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn is_valid(value: &Value) -> bool {
        std::panic::catch_unwind(|| assert_valid("error", value)).is_ok()
    }

    #[test]
    fn a_member_that_the_schema_does_not_list_is_an_error() {
        let error = |members: Value| json!({ "error": members });
        assert!(is_valid(&error(json!({ "code": "a-code", "message": "m", "hint": "" }))));
        assert!(!is_valid(&error(json!({ "code": "a-code", "message": "m" }))), "a member is missing");
        assert!(!is_valid(&error(json!({ "code": "A Code", "message": "m", "hint": "" }))), "that is no code");
        assert!(
            !is_valid(&error(json!({ "code": "a-code", "message": "m", "hint": "", "new": 1 }))),
            "a member is new"
        );
    }
}
