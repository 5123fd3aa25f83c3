//! Runs the commands that answer other tools in each job, and checks every byte: standard output is
//! their protocol, nothing else may be printed, and nothing is published.

use azure_oidc_tests::proxy::Proxy;
use azure_oidc_tests::{Ran, Stage, tokens};
use serde_json::Value;

use crate::fixture::{Fixture, all, stage};

const REGISTRY: &str = "contoso.azurecr.io";
const GIT: &str = "capability[]=authtype\nprotocol=https\nhost=dev.azure.com\n\n";

/// Commands, their verbs and inputs, the audience of the token, and the whole output around it.
type Row = (&'static str, &'static [&'static str], &'static str, &'static str, fn(&str, &Value) -> String);

const ROWS: [Row; 4] = [
    ("docker-credential", &["get"], REGISTRY, REGISTRY, |token, _| {
        format!("{{\"ServerURL\":\"{REGISTRY}\",\"Username\":\"<token>\",\"Secret\":\"{token}\"}}\n")
    }),
    ("kubernetes-credential", &[], "", "6dae42f8-4368-4678-94ff-3960e28e3630", |token, printed| {
        format!(
            "{{\"apiVersion\":\"client.authentication.k8s.io/v1beta1\",\"kind\":\"ExecCredential\",\"status\":\
             {{\"expirationTimestamp\":{},\"token\":\"{token}\"}}}}\n",
            printed["status"]["expirationTimestamp"]
        )
    }),
    ("git-credential", &["get"], GIT, "499b84ac-1321-427f-aa17-267ca6975798", |token, printed| {
        format!(
            "capability[]=authtype\nauthtype=Bearer\ncredential={token}\nephemeral=1\npassword_expiry_utc={}\n",
            printed["password_expiry_utc"].as_str().unwrap_or_default()
        )
    }),
    ("id-token", &[], "", "", |token, _| format!("{token}\n")),
];

#[test]
fn standard_output_is_the_protocol_in_each_job() {
    let mut wrong = Vec::new();
    for fixture in all().into_iter().filter(|fixture| fixture.expect.exit == 0) {
        for row in &ROWS {
            let stage = stage();
            let proxy = Proxy::leading_to(stage.emulator.url());
            let before = files(&fixture, &stage);
            let job = fixture.job(&stage, row.0).args(row.1).input(row.2);
            let ran = job.env("HTTPS_PROXY", proxy.url()).env("NO_PROXY", "localhost").run();
            if let Err(why) = judge(row, &ran) {
                wrong.push(format!("{} {}: {why}\n{ran:?}", fixture.name(), row.0));
            }
            if files(&fixture, &stage) != before || !stage.shell_file().is_empty() {
                wrong.push(format!("{} {}: something was published", fixture.name(), row.0));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The files that an exchange would write.
fn files(fixture: &Fixture, stage: &Stage) -> Vec<String> {
    fixture.expect.files.keys().map(|name| stage.read(name)).collect()
}

fn judge((command, _, _, audience, whole): &Row, ran: &Ran) -> Result<(), String> {
    if ran.code != 0 || !ran.stderr.is_empty() {
        return Err("a failure".to_owned());
    }
    let start = ran.stdout.find("eyJ").ok_or("no token")?;
    let token: String =
        ran.stdout[start..].chars().take_while(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
    let printed = match *command {
        "git-credential" => ran.stdout.lines().filter_map(|line| line.split_once('=')).map(pair).collect(),
        "id-token" => Value::Null,
        _ => ran.json(),
    };
    let expected = whole(&token, &printed);
    if ran.stdout != expected {
        return Err(format!("not {expected}"));
    }
    let is_for = audience.is_empty() || tokens::claims(&token)["aud"] == *audience;
    if is_for { Ok(()) } else { Err("a token for another audience".to_owned()) }
}

fn pair((name, value): (&str, &str)) -> (String, Value) {
    (name.to_owned(), value.into())
}
