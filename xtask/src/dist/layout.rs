//! Writes the component as an OCI image layout whose manifest always has the same digest.
//!
//! `wkg` writes the time of the push into the config, so the same component has another digest in
//! each registry. Here that is the time of the commit.

use std::time::{Duration, UNIX_EPOCH};

use anyhow::{Result, bail};
use azure_oidc_release::{Entry, tar};
use serde_json::{Value, json};
use wit_component::DecodedWasm;
use wit_parser::WorldKey;

use super::digest;

const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// A layout in memory.
pub(super) struct Layout {
    /// The digest of the manifest, in hexadecimal.
    pub(super) manifest: String,
    files: Vec<Entry>,
}

impl Layout {
    /// The layout of a component with these annotations and this tag, created at this time in
    /// seconds since 1970. The config is that of `wkg` and of the CNCF's guidance for Wasm in OCI.
    pub(super) fn of(component: &[u8], annotations: &[(&str, &str)], tag: &str, epoch: u64) -> Result<Self> {
        let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
            bail!("this is a WIT package, not a component");
        };
        let world = &resolve.worlds[world];
        let name = |key: &WorldKey| resolve.name_world_key(key);
        let created = humantime::format_rfc3339_seconds(UNIX_EPOCH + Duration::from_secs(epoch)).to_string();
        let config = json!({
            "created": created,
            "author": null,
            "architecture": "wasm",
            "os": "wasip2",
            "layerDigests": [format!("sha256:{}", digest(component))],
            "component": {
                "exports": world.exports.keys().map(name).collect::<Vec<_>>(),
                "imports": world.imports.keys().map(name).collect::<Vec<_>>(),
                "target": null,
            },
        });
        let config = config.to_string().into_bytes();
        let mut layer = described("application/wasm", component);
        layer["annotations"] = json!({ "org.opencontainers.image.title": super::COMPONENT });
        let mut manifest = json!({
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": described("application/vnd.wasm.config.v0+json", &config),
            "layers": [layer],
            "annotations": { "org.opencontainers.image.created": created },
        });
        for (key, value) in annotations {
            manifest["annotations"][*key] = json!(value);
        }
        let manifest = manifest.to_string().into_bytes();
        let mut named = described(MANIFEST, &manifest);
        named["annotations"] = json!({ "org.opencontainers.image.ref.name": tag });
        let index = json!({ "schemaVersion": 2, "manifests": [named] }).to_string();
        let blob = |bytes: &[u8]| Entry::file(&format!("blobs/sha256/{}", digest(bytes)), bytes);
        let files = vec![
            Entry::file("oci-layout", json!({ "imageLayoutVersion": "1.0.0" }).to_string()),
            Entry::file("index.json", index),
            blob(&manifest),
            blob(&config),
            blob(component),
        ];
        Ok(Self { manifest: digest(&manifest), files })
    }

    /// A tar archive, the form that `skopeo` calls `oci-archive`.
    pub(super) fn archive(&self, epoch: u64) -> Result<Vec<u8>> {
        tar(&self.files, epoch)
    }
}

/// A descriptor: what the content is, and which it is.
fn described(media_type: &str, content: &[u8]) -> Value {
    json!({ "mediaType": media_type, "digest": format!("sha256:{}", digest(content)), "size": content.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A component that imports and exports nothing.
    const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";
    const ANNOTATIONS: [(&str, &str); 1] = [("org.opencontainers.image.revision", "0123")];

    fn layout(component: &[u8], revision: &str, epoch: u64) -> Layout {
        let annotations = ANNOTATIONS.map(|(key, _)| (key, revision));
        Layout::of(component, &annotations, "0.1.0", epoch).unwrap()
    }

    fn json(layout: &Layout, digest: &str) -> Value {
        let path = format!("blobs/sha256/{}", digest.trim_start_matches("sha256:"));
        let file = layout.files.iter().find(|file| file.path == path).unwrap_or_else(|| panic!("no {path}"));
        serde_json::from_slice(&file.bytes).unwrap()
    }

    /// If this digest changes, so does that of each release: members in another order, another
    /// config.
    #[test]
    fn the_digest_of_the_manifest_is_always_the_same() {
        let layout = layout(COMPONENT, "0123", 1_767_225_600);
        assert_eq!(layout.manifest, "a6667170c119c202c15e3fdcd0e72c82407666e4d509db4a140f84ce4723ff35");
        assert_eq!(layout.archive(1).unwrap(), layout.archive(1).unwrap());
    }

    #[test]
    fn the_digest_depends_on_the_component_the_commit_and_its_time() {
        let digests = [
            layout(COMPONENT, "0123", 1),
            layout(&[COMPONENT, b"\0\x03\x01xy"].concat(), "0123", 1),
            layout(COMPONENT, "4567", 1),
            layout(COMPONENT, "0123", 2),
        ]
        .map(|layout| layout.manifest);
        assert_eq!(digests.iter().collect::<std::collections::BTreeSet<_>>().len(), 4, "{digests:?}");
    }

    #[test]
    fn the_manifest_names_the_component_its_source_and_a_fixed_time() {
        let layout = layout(COMPONENT, "0123", 1_767_225_600);
        let manifest = json(&layout, &layout.manifest);
        assert_eq!(manifest["layers"][0]["digest"], format!("sha256:{}", digest(COMPONENT)));
        assert_eq!(manifest["annotations"]["org.opencontainers.image.revision"], "0123");
        assert_eq!(manifest["annotations"]["org.opencontainers.image.created"], "2026-01-01T00:00:00Z");
        let config = json(&layout, manifest["config"]["digest"].as_str().unwrap());
        assert_eq!(config["created"], "2026-01-01T00:00:00Z");
        assert_eq!(config["layerDigests"][0], manifest["layers"][0]["digest"]);
        let index = layout.files.iter().find(|file| file.path == "index.json").unwrap();
        let index: Value = serde_json::from_slice(&index.bytes).unwrap();
        assert_eq!(index["manifests"][0]["digest"], format!("sha256:{}", layout.manifest));
    }
}
