//! Adds name, version, licence and description to the component. The build script and
//! `cargo xtask reproduce` both include this file.

use std::borrow::Cow;

use wasm_encoder::{ComponentNameSection, ComponentSection, CustomSection, RawSection};
use wasmparser::{BinaryReader, Result};

/// The first eight bytes of a component. The last two differ from those of a core module.
pub(crate) const PREAMBLE: &[u8] = b"\0asm\x0d\0\x01\0";
const NAME: &str = "azure-oidc";
/// Sections that registries and `wasm-tools metadata show` read. Their names are the keys of OCI's
/// image annotations. The revision is left out: the same sources must give the same bytes at every
/// commit.
const SECTIONS: [(&str, &str); 3] = [
    (
        "description",
        "Trades a CI job's OIDC ID token for an Azure access token, and says why when Microsoft Entra refuses.",
    ),
    ("licenses", env!("CARGO_PKG_LICENSE")),
    ("version", env!("CARGO_PKG_VERSION")),
];

/// Returns the component with its name, version, licence and description.
///
/// The linker's names for the component's parts (11 KiB) are removed: tools show numbers without
/// them.
///
/// # Errors
///
/// If the bytes are not a component.
pub(crate) fn described(component: &[u8]) -> Result<Vec<u8>> {
    const CUSTOM: u8 = 0;
    let mut described = PREAMBLE.to_vec();
    let mut reader = BinaryReader::new(component, 0);
    reader.read_bytes(PREAMBLE.len())?;
    while !reader.eof() {
        let id = reader.read_u8()?;
        let length = reader.read_var_u32()? as usize;
        let data = reader.read_bytes(length)?;
        let is_names = id == CUSTOM && BinaryReader::new(data, 0).read_string()? == "component-name";
        if !is_names {
            RawSection { id, data }.append_to_component(&mut described);
        }
    }
    let mut names = ComponentNameSection::new();
    names.component(NAME);
    names.append_to_component(&mut described);
    for (name, text) in SECTIONS {
        CustomSection { name: name.into(), data: Cow::Borrowed(text.as_bytes()) }.append_to_component(&mut described);
    }
    Ok(described)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names and contents of the custom sections.
    fn sections(mut component: &[u8]) -> Vec<(&str, &[u8])> {
        let mut found = Vec::new();
        component = component.strip_prefix(PREAMBLE).unwrap();
        let mut reader = BinaryReader::new(component, 0);
        while !reader.eof() {
            assert_eq!(reader.read_u8().unwrap(), 0);
            let length = reader.read_var_u32().unwrap() as usize;
            let mut section = BinaryReader::new(reader.read_bytes(length).unwrap(), 0);
            let name = section.read_string().unwrap();
            found.push((name, section.read_bytes(section.bytes_remaining()).unwrap()));
        }
        found
    }

    #[test]
    fn the_description_is_added_and_other_sections_are_kept() {
        let mut made = PREAMBLE.to_vec();
        for (name, data) in [("component-name", &b"names of parts"[..]), ("producers", b"p")] {
            CustomSection { name: name.into(), data: data.into() }.append_to_component(&mut made);
        }
        let described = described(&made).unwrap();
        let sections = sections(&described);
        assert_eq!(
            sections.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
            ["producers", "component-name", "description", "licenses", "version"]
        );
        assert_eq!(sections[0].1, b"p");
        assert_eq!(sections[1].1, b"\0\x0b\x0aazure-oidc");
        assert_eq!(sections[4].1, env!("CARGO_PKG_VERSION").as_bytes());
    }

    #[test]
    fn a_truncated_component_is_an_error() {
        let mut cut = PREAMBLE.to_vec();
        cut.extend([0, 100, 1]);
        assert!(described(&cut).is_err());
    }
}
