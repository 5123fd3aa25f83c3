//! A Python wheel for each system, with the program as a script (PEP 427): `pipx install
//! azure-oidc` and `uvx azure-oidc` need no download of their own.

use anyhow::Result;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::{Entry, Packed, REPOSITORY, Release, SUMMARY, VERSION, archive};

/// Writes the wheel.
pub(crate) fn write(release: &Release<'_>, packed: &Packed<'_>) -> Result<()> {
    let info = format!("azure_oidc-{VERSION}.dist-info");
    let platform = packed.system.wheel;
    let tags: String = platform.split('.').map(|platform| format!("Tag: py3-none-{platform}\n")).collect();
    let metadata = format!(
        "Metadata-Version: 2.4\nName: azure-oidc\nVersion: {VERSION}\nSummary: {SUMMARY}\n\
         License-Expression: Apache-2.0\nLicense-File: LICENSE\nProject-URL: Source, {REPOSITORY}\n\
         Requires-Python: >=3.8\nDescription-Content-Type: text/markdown\n\n{}",
        String::from_utf8(packed.other("README.md")?)?
    );
    let wheel = format!("Wheel-Version: 1.0\nGenerator: azure-oidc-release\nRoot-Is-Purelib: false\n{tags}");
    let mut entries = vec![
        packed.program().below(&format!("azure_oidc-{VERSION}.data/scripts")),
        Entry::file("METADATA", metadata).below(&info),
        Entry::file("WHEEL", wheel).below(&info),
        Entry::file("licenses/LICENSE", packed.other("LICENSE")?).below(&info),
        Entry::file("sboms/azure-oidc.cdx.json", packed.other("azure-oidc.cdx.json")?).below(&info),
    ];
    let record = format!("{info}/RECORD");
    let lines: String = entries.iter().map(line).collect();
    entries.push(Entry::file(&record, format!("{lines}{record},,\n")));
    let name = format!("azure_oidc-{VERSION}-py3-none-{platform}.whl");
    write_file(release, &name, &entries)
}

/// The line of a file in `RECORD`.
fn line(entry: &Entry) -> String {
    let digest = BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&entry.bytes));
    format!("{},sha256={digest},{}\n", entry.path, entry.bytes.len())
}

fn write_file(release: &Release<'_>, name: &str, entries: &[Entry]) -> Result<()> {
    crate::write(release.folder, name, &archive::zip(entries, release.epoch)?)
}
