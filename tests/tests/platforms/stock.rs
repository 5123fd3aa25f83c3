//! Runs the same jobs with the stock wasmtime CLI, which must give the same result.

use azure_oidc_tests::relay::Relay;
use azure_oidc_tests::stock;

use crate::fixture::{all, settled, stage};

#[test]
fn a_job_that_needs_no_files_comes_to_the_same_result_under_a_stock_host() {
    for fixture in all().into_iter().filter(|fixture| fixture.stock && fixture.expect.exit == 0) {
        let stage = stage();
        let relay = Relay::before(&stage.emulator);
        let variables = fixture.variables(&stage, relay.url());
        let shown: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let printed = |job: azure_oidc_tests::Job| settled(&job.run().expect(0).stdout, &stage);

        let inspected = printed(stock::run(&shown, &["inspect"]).args(&fixture.select(&stage)));
        assert_eq!(inspected, printed(fixture.job(&stage, "inspect")), "{}", fixture.name());

        let traded = stock::run(&shown, &["exchange", "--authority-host", relay.url(), "--output", "env"]);
        let traded = printed(traded.args(&fixture.select(&stage)));
        assert_eq!(traded, "AZURE_ACCESS_TOKEN='${access-token}'\n", "{}", fixture.name());
        assert_eq!(traded, printed(fixture.plain_exchange(&stage).args(&["--output", "env"])), "{}", fixture.name());
    }
}

#[test]
fn a_stock_host_writes_no_file_so_the_tools_get_the_id_token_itself_as_a_secret() {
    let stage = stage();
    let relay = Relay::before(&stage.emulator);
    let fixture = all().into_iter().find(|fixture| fixture.name() == "azure-pipelines/exchange").expect("it is there");
    let variables = fixture.variables(&stage, relay.url());
    let shown: Vec<_> = variables.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let arguments = ["exchange", "--authority-host", relay.url(), "--publish", "sdk-env"];
    let ran = stock::run(&shown, &arguments).run().expect(0);
    let lines = settled(&ran.stdout, &stage);
    assert!(lines.starts_with("##vso[task.setsecret]${id-token}\n"), "{lines}");
    assert!(lines.contains("##vso[task.setvariable variable=ARM_OIDC_TOKEN;issecret=true]${id-token}\n"), "{lines}");
    assert!(lines.contains("##vso[task.setvariable variable=ARM_USE_OIDC]true\n"), "{lines}");
    assert!(!lines.contains("TOKEN_FILE") && !lines.contains("${access-token}"), "{lines}");
}
