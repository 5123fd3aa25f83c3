//! Any pipeline for which credentials are written. The first line of the input is the platform; the
//! others are its parts, as `name=value`.

use azure_oidc_core::credential::{Credential, forms};
use azure_oidc_jobs::credential::{self, Parts, Request};

/// Credentials that are written in JSON and read again have the same issuer, subject and audience,
/// in both forms.
pub(crate) fn credentials(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let mut lines = text.lines();
    let mut platform = lines.next().unwrap_or_default();
    let flexible = platform.strip_suffix(" flexible").inspect(|name| platform = name).is_some();
    let parts: Vec<_> = lines
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let written = |format: &str| {
        let request = Request {
            platform: (!platform.is_empty()).then(|| platform.to_owned()),
            issuer: value(&parts, "issuer"),
            subject: value(&parts, "subject"),
            parts: Some(Parts(
                parts.iter().filter(|(name, _)| name != "issuer" && name != "subject").cloned().collect(),
            )),
            flexible: Some(flexible),
            format: Some(format.to_owned()),
            ..Request::default()
        };
        credential::run(&request).ok().map(|answer| answer.text)
    };
    for format in ["az", "az-identity", "terraform", "terraform-json", "bicep"] {
        let _ = written(format);
    }
    let [graph, arm] = ["graph", "arm"].map(|format| written(format).map(|text| read(&text)));
    if let (Some(graph), Some(arm)) = (graph, arm) {
        assert_eq!(graph, arm, "the two forms of JSON differ");
    }
}

fn value(parts: &[(String, String)], name: &str) -> Option<String> {
    parts.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// What Entra compares of each credential.
fn read(text: &str) -> Vec<(String, String, Vec<String>)> {
    let credentials = forms::parse(text).unwrap_or_else(|fault| panic!("{}: {text}", fault.message));
    assert!(!credentials.is_empty(), "nothing is read from {text}");
    let compared = |credential: Credential| {
        let text = credential.matcher.text().to_owned();
        (credential.issuer, text, credential.audiences)
    };
    credentials.into_iter().map(compared).collect()
}
