//! Runs the tests of the packages in `examples`, each in its own language.

use azure_oidc_tests::conformance::packages;

#[test]
fn the_package_for_node_passes_its_own_tests() {
    let (_, digest) = packages::component();
    let folder = packages::node_package(&digest);
    packages::with_environment("npm", &folder).args(&["test"]).run().expect(0);
}

#[test]
fn the_module_for_python_is_typed() {
    let (python, folder) = packages::python_module();
    let python = packages::with_environment(python, &folder);
    python
        .args(&["-m", "mypy", "--cache-dir", "/dev/null", "--strict", "azure_oidc.py", "check.py", "relay.py"])
        .run()
        .expect(0);
}
