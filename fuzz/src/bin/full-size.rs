//! `full-size TARGET FOLDER`: writes the inputs of full size for a target, as seeds for a fuzzer.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, folder] = arguments.as_slice() else {
        return Err(std::io::Error::other("usage: full-size TARGET FOLDER"));
    };
    for (number, input) in azure_oidc_fuzz::corpus::full_size(&azure_oidc_fuzz::target(name)).iter().enumerate() {
        std::fs::write(Path::new(folder).join(format!("{number:03}")), input)?;
    }
    Ok(())
}
