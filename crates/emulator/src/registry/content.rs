//! What the registry holds: a Helm chart under names below `charts/`, and a small image under every
//! other name.

use std::io;

use flate2::{Compression, GzBuilder};
use serde_json::json;

use super::digest;

/// The media type of each manifest.
pub(super) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
/// The version of each chart.
const VERSION: &str = "0.1.0";

/// A manifest and the blobs that it names.
pub(super) struct Artifact {
    pub(super) manifest: Vec<u8>,
    pub(super) blobs: [Vec<u8>; 2],
}

/// The only tag of a repository. The tag of a chart is its version.
pub(super) fn tag(repository: &str) -> &'static str {
    if chart_name(repository).is_some() { VERSION } else { "latest" }
}

/// The content of a repository. None if a chart cannot be packed.
pub(super) fn artifact(repository: &str) -> Option<Artifact> {
    Some(match chart_name(repository) {
        Some(name) => {
            let description = json!({ "apiVersion": "v2", "name": name, "version": VERSION });
            let layer = packed(name, &description.to_string()).ok()?;
            let kind = "application/vnd.cncf.helm";
            let types = [format!("{kind}.config.v1+json"), format!("{kind}.chart.content.v1.tar+gzip")];
            described(&types, description.to_string().into_bytes(), layer)
        }
        None => {
            let layer = vec![0; 1024];
            let rootfs = json!({ "type": "layers", "diff_ids": [digest(&layer)] });
            let config = json!({ "architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs });
            let kind = "application/vnd.oci.image";
            let types = [format!("{kind}.config.v1+json"), format!("{kind}.layer.v1.tar")];
            described(&types, config.to_string().into_bytes(), layer)
        }
    })
}

fn chart_name(repository: &str) -> Option<&str> {
    repository.strip_prefix("charts/").and_then(|rest| rest.rsplit('/').next())
}

fn described(types: &[String; 2], config: Vec<u8>, layer: Vec<u8>) -> Artifact {
    let part = |kind: &str, bytes: &[u8]| json!({ "mediaType": kind, "digest": digest(bytes), "size": bytes.len() });
    let [config_type, layer_type] = types;
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": part(config_type, &config),
        "layers": [part(layer_type, &layer)],
    });
    Artifact { manifest: manifest.to_string().into_bytes(), blobs: [config, layer] }
}

/// A chart without templates, as `helm package` writes it. JSON is YAML too. The bytes are equal
/// each time, because a client asks for them by their digest.
fn packed(name: &str, description: &str) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzBuilder::new().mtime(0).write(Vec::new(), Compression::default()));
    let mut header = tar::Header::new_gnu();
    header.set_size(description.len() as u64);
    header.set_mode(0o644);
    archive.append_data(&mut header, format!("{name}/Chart.yaml"), description.as_bytes())?;
    archive.into_inner()?.finish()
}
