//! Writes the interfaces as text and in binary form.

use std::fs;
use std::path::Path;

use anyhow::{Result, bail};
use wit_component::{DecodedWasm, WitPrinter};
use wit_parser::Resolve;

use crate::shell;

/// The imports and exports of a component, as WIT.
pub(super) fn of_component(component: &[u8]) -> Result<String> {
    let DecodedWasm::Component(resolve, world) = wit_component::decode(component)? else {
        bail!("this is a WIT package, not a component");
    };
    let Some(main) = resolve.worlds[world].package else { bail!("the component's world is in no package") };
    let others: Vec<_> = resolve.packages.iter().map(|(id, _)| id).filter(|id| *id != main).collect();
    let mut printer = WitPrinter::default();
    printer.print(&resolve, main, &others)?;
    Ok(printer.output.to_string())
}

/// Writes the package in `wit/` in the binary form of registries, with its documentation and
/// dependencies.
pub(super) fn package(to: &Path) -> Result<()> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(shell::root().join("wit"))?;
    Ok(fs::write(to, wit_component::encode(&resolve, package)?)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_that_is_published_can_be_read_back_with_its_documentation() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("package.wasm");
        package(&file).unwrap();
        let DecodedWasm::WitPackage(resolve, id) = wit_component::decode(&fs::read(&file).unwrap()).unwrap() else {
            panic!("not a package");
        };
        assert_eq!(resolve.packages[id].name.to_string(), "azure-oidc:federation@0.1.0");
        let world = resolve.packages[id].worlds["plugin"];
        assert!(resolve.worlds[world].docs.contents.is_some());
    }
}
