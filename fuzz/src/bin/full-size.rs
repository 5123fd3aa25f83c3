//! `full-size TARGET FOLDER COUNT`: writes inputs of full size for a target, at most so many, as seeds
//! for a fuzzer.

use std::path::Path;

fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, folder, count] = arguments.as_slice() else {
        return Err(std::io::Error::other("usage: full-size TARGET FOLDER COUNT"));
    };
    let count: usize = count.parse().map_err(std::io::Error::other)?;
    let inputs = azure_oidc_fuzz::corpus::full_size(&azure_oidc_fuzz::target(name));
    // Evenly over all seeds.
    let step = inputs.len().div_ceil(count.max(1)).max(1);
    for (number, input) in inputs.iter().step_by(step).enumerate() {
        std::fs::write(Path::new(folder).join(format!("{number:03}")), input)?;
    }
    Ok(())
}
