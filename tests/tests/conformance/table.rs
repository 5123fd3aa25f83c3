//! Asserts that no cell in the table of hosts and cases differs.

use azure_oidc_tests::conformance;

#[test]
fn all_hosts_give_the_same_results() {
    let report = conformance::run();
    println!("{}", report.markdown());
    assert!(report.differences().is_empty(), "{}", report.differences().join("\n"));
    let asked: usize = report.tables.iter().map(|table| table.rows.len() * table.columns.len()).sum();
    assert!(asked > 100, "{asked} cells");
}
