//! Recognises an error by Entra's sentence, when its code is missing or was cut off.

use super::{LONGEST, MAX_READ, Mention};

/// Sentences that belong to one code only, the special ones first.
const SENTENCES: [(&str, u32); 14] = [
    ("matches with case-insensitive comparison, but not with case-sensitive", 7_002_138),
    ("or no federated identity credential expression matched", 7_002_131),
    ("federated identity record found for presented assertion subject", 700_213),
    ("federated identity record found for presented assertion issuer", 700_211),
    ("federated identity record found for presented assertion audience", 700_212),
    ("federated identity record found for presented assertion", 70_021),
    ("has no configured federated identity credentials", 70_025),
    ("Client assertion is not within its valid time range", 700_024),
    ("used to sign the federated credential could not be found", 7_000_272),
    ("Request to External OIDC endpoint failed", 50_166),
    ("JWT token is invalid or malformed", 50_027),
    ("was not found in the directory '", 700_016),
    ("must contain the enterprise claim with value", 7_002_381),
    ("The access policy does not allow token issuance", 53_003),
];

/// The error whose sentence the text contains.
pub(super) fn mention(text: &str) -> Option<Mention> {
    let (sentence, code) = SENTENCES.iter().find(|(sentence, _)| text.contains(sentence))?;
    let places = text.match_indices(sentence).take(MAX_READ);
    let messages: Vec<_> = places.map(|(at, _)| message(text, at)).collect();
    Some(Mention { quoted: messages.first().cloned(), messages, ..Mention::of(*code, text) })
}

/// The message around a place in the text.
fn message(text: &str, at: usize) -> String {
    // A cell of a table or a member of JSON begins with a quote.
    let line = &text[text[..at].rfind(['\n', '"']).map_or(0, |end| end + 1)..];
    let ends = ["\n", "Trace ID:", "\",", "\"}"];
    let end = ends.iter().filter_map(|end| line.find(end)).min().unwrap_or(line.len());
    line[..line[..end].floor_char_boundary(LONGEST)].trim().to_owned()
}
