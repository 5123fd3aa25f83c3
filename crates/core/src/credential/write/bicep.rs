//! Writes Bicep for credentials of a managed identity.

use crate::credential::{Credential, Matcher};
use crate::platform::text::{is_unprintable, with_escaped_signs};

/// The API version for exact subjects, which every region has.
pub(super) const API: &str = "2024-11-30";

/// The API version for expressions, which older versions do not support.
const API_WITH_EXPRESSIONS: &str = "2026-05-31";

/// The type of managed identities in Resource Manager.
pub(super) const IDENTITIES: &str = "Microsoft.ManagedIdentity/userAssignedIdentities";

/// The API version for a credential.
pub(super) const fn api(matcher: &Matcher) -> &'static str {
    match matcher {
        Matcher::Subject(_) => API,
        Matcher::Expression { .. } => API_WITH_EXPRESSIONS,
    }
}

/// The identity, then its credentials. Each depends on the one before, because the service refuses
/// to write two at the same time.
pub(super) fn bicep(credentials: &[Credential], identity: Option<&str>) -> String {
    let default = identity.map(|name| format!(" = {}", quoted(name))).unwrap_or_default();
    let mut text = format!("param identityName string{default}\n\n");
    text += &format!("resource identity '{IDENTITIES}@{API}' existing = {{\n  name: identityName\n}}\n");
    text + &resources(credentials)
}

/// The credentials of the resource `identity`.
pub(super) fn resources(credentials: &[Credential]) -> String {
    credentials.iter().enumerate().map(|(index, credential)| format!("\n{}", resource(index + 1, credential))).collect()
}

fn resource(number: usize, credential: &Credential) -> String {
    let api = api(&credential.matcher);
    let matcher = match &credential.matcher {
        Matcher::Subject(subject) => format!("    subject: {}\n", quoted(subject)),
        Matcher::Expression { value, language_version } => {
            let value = quoted(value);
            let object = format!("{{\n      value: {value}\n      languageVersion: {language_version}\n    }}\n");
            format!("    claimsMatchingExpression: {object}")
        }
    };
    let mut text = String::new();
    if let Some(description) = &credential.description {
        text += &format!("@description({})\n", quoted(description));
    }
    text += &format!("resource credential{number} '{IDENTITIES}/federatedIdentityCredentials@{api}' = {{\n");
    text += &format!("  parent: identity\n  name: {}\n  properties: {{\n", quoted(&credential.name));
    text += &format!("    issuer: {}\n{matcher}    audiences: [\n", quoted(&credential.issuer));
    text += &format!("      {}\n    ]\n  }}\n", quoted(credential.audience().unwrap_or_default()));
    if number > 1 {
        text += &format!("  dependsOn: [\n    credential{}\n  ]\n", number - 1);
    }
    text + "}\n"
}

pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\'' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted += "\\n",
            '\r' => quoted += "\\r",
            '\t' => quoted += "\\t",
            '$' if rest.peek() == Some(&'{') => quoted += "\\$",
            c if is_unprintable(c) => quoted += &format!("\\u{{{:x}}}", u32::from(c)),
            c => quoted.push(c),
        }
    }
    quoted.push('\'');
    with_escaped_signs(quoted, "\\u{23}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped() {
        for (text, expected) in [
            ("", "''"),
            ("claims['sub'] eq 'a'", r"'claims[\'sub\'] eq \'a\''"),
            ("${x} $x $ {", r"'\${x} $x $ {'"),
            ("$${x}", r"'$\${x}'"),
            ("##vso[x]", r"'\u{23}#vso[x]'"),
            ("a\\${\n\t\r\u{1}\u{85}é", r"'a\\\${\n\t\r\u{1}\u{85}é'"),
        ] {
            assert_eq!(quoted(text), expected);
        }
    }
}
