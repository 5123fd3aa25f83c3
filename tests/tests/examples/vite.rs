//! Builds the page of `examples/vite` with the component under test.

use std::fs;

use azure_oidc_tests::conformance::packages;

use crate::folder;

#[test]
fn vite_puts_the_component_beside_the_page() {
    let (_, digest) = packages::component();
    let package = packages::node_package(&digest);
    let page = folder().join("vite");
    let _lock = packages::node_modules(&page);
    let built = tempfile::tempdir().expect("there is a temporary folder");
    let build = packages::with_environment("npm", &page).args(&["run", "build", "--", "--outDir"]);
    build.args(&[built.path()]).run().expect(0);
    let assets: Vec<_> = fs::read_dir(built.path().join("assets")).expect("it is built").flatten().collect();
    let ending = |end: &str| assets.iter().find(|file| file.path().extension().is_some_and(|found| found == end));
    let core = fs::read(package.join("dist/azure_oidc.core.wasm")).expect("the package is built");
    assert!(fs::read(ending("wasm").expect("the component is an asset").path()).is_ok_and(|asset| asset == core));
    let script = assets.iter().map(|file| fs::read_to_string(file.path()).unwrap_or_default());
    assert!(script.into_iter().any(|text| text.contains("claims") && text.contains("findings")));
}
