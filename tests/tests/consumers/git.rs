//! `git-credential`: the protocol, and every git of this machine.

use std::path::Path;

use azure_oidc_tests::proxy::Proxy;
use azure_oidc_tests::{Job, Ran, clients, secrets, tokens};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::Place;
use crate::git_server::{self, PATH};
use crate::https_server::HttpsServer;

const DEVOPS: &str = "499b84ac-1321-427f-aa17-267ca6975798";
const NEW: &str = "capability[]=authtype\ncapability[]=state\n";

/// The helper under its own name, as git runs it.
fn helper(place: &Place, verb: &str, input: &str) -> Job {
    place.job(&place.stage.path("bin").join("git-credential-azure-oidc")).args(&[verb]).input(input)
}

fn asked(start: &str, host: &str, end: &str) -> String {
    format!("{start}protocol=https\nhost={host}\n{end}wwwauth[]=Bearer\n\n")
}

#[test]
fn get_gives_a_bearer_token_where_git_takes_one_and_a_password_elsewhere() {
    let place = Place::new();
    for (input, user) in [
        (asked(NEW, "dev.azure.com", ""), None),
        (asked(NEW, "contoso.visualstudio.com", "username=contoso\n"), None),
        (asked("", "dev.azure.com", ""), Some("azure-oidc")),
        (asked("", "pkgs.dev.azure.com", "username=contoso\n"), Some("contoso")),
        (asked("", "dev.azure.com:443", "username=id://x\n"), Some("azure-oidc")),
    ] {
        let ran = helper(&place, "get", &input).run().expect(0);
        let value = |name: &str| {
            ran.stdout
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
                .unwrap_or_default()
                .to_owned()
        };
        let end = value("password_expiry_utc");
        let token = if user.is_some() { value("password") } else { value("credential") };
        assert_eq!(tokens::claims(&token)["aud"], DEVOPS);
        assert!(end.parse::<u64>().is_ok(), "{end}");
        let expected = match user {
            None => format!(
                "capability[]=authtype\nauthtype=Bearer\ncredential={token}\nephemeral=1\npassword_expiry_utc={end}\n"
            ),
            Some(user) => format!("username={user}\npassword={token}\npassword_expiry_utc={end}\n"),
        };
        assert_eq!((ran.stdout.clone(), ran.stderr.as_str()), (expected, ""), "{input}");
    }
}

#[test]
fn other_servers_and_verbs_get_nothing_and_nobody_is_asked() {
    let place = Place::new();
    for (verb, input, stdout) in [
        ("get", asked(NEW, "github.com", ""), ""),
        ("get", asked("", "dev.azure.com.evil.example", ""), ""),
        ("get", asked("", "ssh.dev.azure.com", ""), ""),
        ("get", "protocol=http\nhost=dev.azure.com\n\n".to_owned(), ""),
        ("get", String::new(), ""),
        ("store", asked(NEW, "dev.azure.com", "password=hunter2\n"), ""),
        ("erase", asked("", "dev.azure.com", ""), ""),
        ("capability", String::new(), "version 0\ncapability authtype\n"),
        ("a-verb-of-tomorrow", asked("", "dev.azure.com", ""), ""),
    ] {
        let ran = helper(&place, verb, &input).without("AZURE_TENANT_ID").run().expect(0);
        assert_eq!((ran.stdout.as_str(), ran.stderr.as_str()), (stdout, ""), "{verb} {input}");
    }
    assert_eq!((place.asked().len(), place.proxy.opened().len()), (0, 0));
}

/// A failure: one line on standard error, and git must not go on.
#[track_caller]
fn assert_failure(ran: &Ran, part: &str) {
    assert_ne!(ran.code, 0);
    assert_eq!((ran.stderr.lines().count(), ran.stdout.as_str()), (1, "quit=1\n"), "{ran:?}");
    assert!(ran.stderr.starts_with("azure-oidc: ") && ran.stderr.contains(part), "{part}: {ran:?}");
    secrets::assert_none(&ran.stderr, "");
}

#[test]
fn a_refusal_stops_git() {
    let place = Place::new();
    let get = || helper(&place, "get", &asked(NEW, "dev.azure.com", ""));
    assert_failure(&get().without("AZURE_TENANT_ID").run(), "tenant id");
    assert_failure(&get().env("SSL_CERT_FILE", "/nowhere").run(), "`SSL_CERT_FILE`");
    assert_failure(&helper(&place, "get", "host=\u{fffd}\n").args(&["--no-such-option"]).run(), "--no-such-option");
    place.refuse();
    assert_failure(&get().run().expect(4), "AADSTS70025");
}

/// Whether a git takes a scheme and a header's value.
fn takes_authtype(git: &Path) -> bool {
    let version = Job::program(git).args(&["--version"]).run().expect(0).stdout;
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse::<u32>().ok());
    (numbers.next(), numbers.next()) >= (Some(2), Some(46))
}

fn git(place: &Place, git: &Path, server: &HttpsServer, arguments: &[&str]) -> Ran {
    let both = format!("{}{}", place.stage.emulator.ca_pem(), server.certificate());
    let proxy = Proxy::leading_to(&server.url());
    place
        .job(git)
        .args(&["-c", "credential.helper=", "-c", "credential.https://dev.azure.com.helper=azure-oidc"])
        .args(arguments)
        .env("SSL_CERT_FILE", place.stage.write("both.pem", &both))
        .env("GIT_SSL_CAINFO", place.stage.path("both.pem"))
        .env("HTTPS_PROXY", proxy.url())
        .env("https_proxy", proxy.url())
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .run()
}

#[test]
fn every_git_clones_and_shows_a_refusal() {
    let Some(_) = clients::program("git", "git") else { return };
    for program in clients::all("git") {
        let is_new = takes_authtype(&program);
        let place = Place::new();
        let server = git_server::start(&program, place.stage.folder());
        for (at, start) in ["https://", "https://contoso@"].into_iter().enumerate() {
            let (url, to) = (format!("{start}dev.azure.com{PATH}"), format!("clone-{at}"));
            git(&place, &program, &server, &["clone", "-q", &url, &to]).expect(0);
            assert!(place.stage.path(&to).join(".git/HEAD").exists());
            let headers = server.headers();
            let last = headers.last().expect("it asked").clone();
            let token = match last.strip_prefix("Bearer ") {
                Some(token) => token.to_owned(),
                None => {
                    let pair = BASE64_STANDARD.decode(last.strip_prefix("Basic ").expect("Basic")).expect("base64");
                    let pair = String::from_utf8(pair).expect("text");
                    pair.split_once(':').expect("a password").1.to_owned()
                }
            };
            assert_eq!(last.starts_with("Bearer "), is_new, "{}", program.display());
            assert_eq!(tokens::claims(&token)["aud"], DEVOPS);
            let kept = std::fs::read_to_string(place.stage.path(&to).join(".git/config")).expect("it is there");
            assert!(!kept.contains(&token), "the token is not kept");
        }
        place.refuse();
        let refused = git(&place, &program, &server, &["ls-remote", &format!("https://dev.azure.com{PATH}")]);
        assert!(refused.code != 0 && refused.stderr.contains("AADSTS70025"), "{refused:?}");
        assert!(refused.stderr.contains("told us to quit"), "{refused:?}");
        println!("{}: {}", program.display(), if is_new { "Bearer" } else { "password" });
    }
}
