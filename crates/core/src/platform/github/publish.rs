//! Writes values for later steps as GitHub's runner reads them.

use sha2::{Digest, Sha256};

use super::super::{File, Publication, Value, text};
use super::ENVIRONMENT;
use crate::fault::Fault;
use crate::secret::Secret;

/// Masks the secrets, then appends to each file its values.
pub(super) fn append(files: Vec<(File, Vec<Value>)>) -> Result<Vec<Publication>, Fault> {
    let mut publications = Vec::new();
    let mut masked: Vec<Value> = Vec::new();
    for (file, values) in &files {
        text::check(values)?;
        if *file == File::Variable(ENVIRONMENT)
            && let Some(blocked) = values.iter().find(|value| value.name == "NODE_OPTIONS")
        {
            return Err(text::unfit(
                blocked,
                "output-name-invalid",
                "cannot be published: the runner blocks that variable",
            ));
        }
        for secret in values.iter().filter(|value| value.secret && !value.value.is_empty()) {
            if !masked.contains(secret) {
                masked.push(secret.clone());
            }
        }
    }
    publications.extend(masked.iter().map(mask));
    publications.extend(files.into_iter().map(|(file, values)| {
        let lines: String = values.iter().map(heredoc).collect();
        Publication::Append { file, lines: Secret::new(lines) }
    }));
    Ok(publications)
}

/// The command that tells the runner to mask a value and each of its lines. The runner reads it
/// from the start of a line to the end of that line.
fn mask(value: &Value) -> Publication {
    let escaped = value.value.reveal().replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    Publication::Mask(Secret::new(format!("::add-mask::{escaped}\n")))
}

/// `NAME<<DELIMITER`, the value and `DELIMITER`, each on its own line.
fn heredoc(value: &Value) -> String {
    let (name, text) = (&value.name, value.value.reveal());
    let delimiter = delimiter(name, text);
    format!("{name}<<{delimiter}\n{text}\n{delimiter}\n")
}

/// A delimiter that does not occur in the value. The delimiter is a hash of the value, because
/// nobody can construct a value that contains its own hash.
fn delimiter(name: &str, text: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(name);
    hash.update([0]);
    hash.update(text);
    let mut delimiter = "ghadelimiter_".to_owned();
    for byte in hash.finalize() {
        delimiter.push_str(&format!("{byte:02x}"));
    }
    while text.contains(&delimiter) {
        delimiter.push('_');
    }
    delimiter
}
