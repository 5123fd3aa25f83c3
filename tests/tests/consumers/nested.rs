//! The commands inside `exec`: the broker answers them, also when the platform's one ID token has
//! gone.

use azure_oidc_tests::{APPLICATION, Job, Ran, TENANT, tokens};

use crate::Place;

/// `exec` of a script in a job whose one ID token is in a variable.
fn exec(place: &Place, options: &[&str], script: &str) -> Ran {
    let variables =
        place.variables().into_iter().filter(|(name, _)| !name.starts_with("ACTIONS_") && name != "GITHUB_ACTIONS");
    let job = Job::host(&["exec", "--id-token-env", "MY_TOKEN"]).args(options).args(&["--", "/bin/sh", "-euc", script]);
    let job = variables.fold(job, |job, (name, value)| job.env(&name, value)).env("MY_TOKEN", place.stage.id_token());
    let job = job.env("ARM_ENVIRONMENT", "public");
    job.within(place.stage.folder()).run()
}

/// The scopes that Entra was asked for.
fn scopes(place: &Place) -> Vec<String> {
    let posts = place.stage.requests().into_iter().filter(|request| request.path.ends_with("/oauth2/v2.0/token"));
    posts.filter_map(|request| request.form.get("scope").cloned()).collect()
}

const DOCKER: &str = "echo contoso.azurecr.io | azure-oidc docker-credential get";
const AKS: &str = "6dae42f8-4368-4678-94ff-3960e28e3630/.default";

#[test]
fn the_broker_answers_without_another_exchange() {
    let place = Place::new();
    let script = format!("test -z \"${{MY_TOKEN:-}}\"; {DOCKER}; {DOCKER}; azure-oidc kubernetes-credential");
    let ran = exec(&place, &["--scope", "acr,aks"], &script).expect(0);
    let lines: Vec<serde_json::Value> =
        ran.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 3, "{ran:?}");
    for line in &lines[..2] {
        assert_eq!(tokens::claims(line["Secret"].as_str().expect("a text"))["aud"], "contoso.azurecr.io");
    }
    assert_eq!(scopes(&place), ["https://containerregistry.azure.net/.default", AKS], "each once, before the script");
}

#[test]
fn what_nobody_exchanged_before_is_exchanged_by_the_broker() {
    let place = Place::new();
    let git = "printf 'protocol=https\\nhost=dev.azure.com\\n\\n' | git-credential-azure-oidc get";
    let ran = exec(&place, &["--scope", "arm"], git).expect(0);
    assert!(ran.stdout.starts_with("username=azure-oidc\npassword=eyJ"), "{ran:?}");
    assert_eq!(scopes(&place).len(), 2);
}

#[test]
fn another_identity_is_not_the_brokers() {
    let place = Place::new();
    let script = format!("azure-oidc docker-credential get --tenant-id {TENANT} --client-id {APPLICATION}");
    let ran = exec(&place, &["--scope", "acr"], &format!("echo contoso.azurecr.io | {script}")).expect(0);
    assert!(ran.stdout.contains("\"Secret\":\"eyJ"), "{ran:?}");
    assert_eq!(scopes(&place).len(), 2, "an exchange of its own");
}

#[test]
fn the_id_token_is_the_one_that_the_broker_holds() {
    let place = Place::new();
    let ran = exec(&place, &["--scope", "arm"], "azure-oidc id-token").expect(0);
    assert_eq!(tokens::claims(ran.stdout.trim())["aud"], "api://AzureADTokenExchange");
    let refused = exec(&place, &["--scope", "arm"], "azure-oidc id-token --audience sts.amazonaws.com").expect(3);
    assert!(refused.stderr.contains("api://AzureADTokenExchange"), "{refused:?}");
}

#[test]
fn a_refusal_is_told_in_the_words_of_the_tool() {
    let place = Place::new();
    let script = format!(
        "azure-oidc kubernetes-credential --server-id 77777777-7777-4777-8777-777777777777 || echo $?; {DOCKER} | head -c 20"
    );
    let ran = exec(&place, &["--scope", "acr"], &script).expect(0);
    assert!(ran.stdout.starts_with("4\n"), "{ran:?}");
    let told: Vec<_> = ran.stderr.lines().filter(|line| line.contains("AADSTS500011")).collect();
    assert!(matches!(told[..], [line] if line.starts_with("azure-oidc: ")), "{ran:?}");
}
