//! Tests rules that hold for each row of the table of platforms.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::super::{ALL, SOCKETS, Secret, Source, Value};
use crate::fault::Category;
use crate::ports::Env;

#[test]
fn the_names_of_platforms_do_not_change() {
    let mut names: Vec<_> = ALL.iter().map(|platform| platform.name()).collect();
    assert_eq!(names.last(), Some(&"generic"), "whatever else it may be comes first");
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "azure-pipelines",
            "bitbucket",
            "buildkite",
            "circleci",
            "codefresh",
            "generic",
            "github",
            "gitlab",
            "google-cloud",
            "harness",
            "kubernetes",
            "pulumi",
            "semaphore",
            "spacelift",
            "spiffe",
            "terraform-cloud",
        ]
    );
}

/// Remembers what it was asked for. Everything is set, or everything but one.
struct Curious {
    asked: RefCell<BTreeSet<String>>,
    value: &'static str,
    but: Option<&'static str>,
}

impl Env for Curious {
    fn var(&self, name: &str) -> Option<String> {
        self.asked.borrow_mut().insert(name.to_owned());
        (self.but != Some(name)).then(|| self.value.to_owned())
    }

    fn all(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

#[test]
fn a_platform_reads_only_variables_that_it_lists() {
    for platform in ALL {
        let missing = platform.variables().iter().copied().map(Some).chain([None]);
        for (but, value) in missing.flat_map(|but| ["true", "", "unix:///x", "https://x"].map(|value| (but, value))) {
            let env = Curious { asked: RefCell::default(), value, but };
            let _ = platform.detect(&env);
            let _ = platform.id_token(&env, "audience");
            let _ = platform.id_token_for(&env, "audience");
            let _ = platform.outputs(&env);
            let _ = platform.outputs_with_settings(&env);
            let _ = platform.alternative(&env);
            let _ = platform.id_token_file(&env);
            let _ = platform.missing_setting(&[], &env);
            let _ = platform.publish(&[Value { name: "A".into(), value: Secret::new("x"), secret: true }], &env);
            let _ = platform.publish_with_settings(&[], &[], &env);
            let asked = env.asked.into_inner();
            let unlisted: Vec<_> = asked.iter().filter(|name| !platform.variables().contains(&name.as_str())).collect();
            assert!(unlisted.is_empty(), "{platform:?} {unlisted:?}");
        }
        for name in platform.variables() {
            assert!(platform.shows(name, ""), "{platform:?} {name}");
        }
    }
}

#[test]
fn debug_output_of_platforms_contains_no_secret() {
    let secret = "s3cr3t";
    let env = Curious { asked: RefCell::default(), value: secret, but: None };
    let value = [Value { name: "A".into(), value: Secret::new(secret), secret: true }];
    for platform in ALL {
        let debug = format!("{:?}{:?}", platform.detect(&env), platform.publish(&value, &env));
        assert!(!debug.contains(secret), "{platform:?} {debug}");
    }
}

#[test]
fn requests_are_local_or_encrypted() {
    for name in
        ["HARNESS_WI_MINT_URL", "BUILDKITE_AGENT_ENDPOINT", "ACTIONS_ID_TOKEN_REQUEST_URL", "SYSTEM_OIDCREQUESTURI"]
    {
        for platform in ALL.iter().filter(|platform| platform.variables().contains(&name)) {
            let env = Only(name, "http://ci.example/token");
            let fault = platform.id_token(&env, "audience").unwrap_err();
            assert_eq!((fault.code, fault.category), ("id-token-service-invalid", Category::IdToken), "{platform:?}");
            assert!(matches!(
                platform.id_token(&Only(name, "http://127.0.0.1:1/token"), "audience"),
                Ok(Source::Request { .. })
            ));
        }
    }
}

/// Every variable is `x`, but for one. What would give a token without a request is not set.
struct Only(&'static str, &'static str);

impl Env for Only {
    fn var(&self, name: &str) -> Option<String> {
        let direct = ["PLUGIN_OIDC_TOKEN_ID", "idToken"].contains(&name);
        (!direct).then(|| if name == self.0 { self.1.to_owned() } else { "x".to_owned() })
    }

    fn all(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

#[test]
fn a_bearer_token_with_a_line_end_is_refused() {
    for (name, bearer) in [
        ("github", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
        ("azure-pipelines", "SYSTEM_ACCESSTOKEN"),
        ("buildkite", "BUILDKITE_AGENT_ACCESS_TOKEN"),
    ] {
        let env = super::environment(
            "ACTIONS_ID_TOKEN_REQUEST_URL=https://x
             SYSTEM_OIDCREQUESTURI=https://x
             BUILDKITE_JOB_ID=j",
        );
        let with = |value: &str| {
            let mut env = env.clone();
            env.0.push((bearer.to_owned(), value.to_owned()));
            super::platform(name).id_token(&env, "audience")
        };
        assert!(with("good").is_ok(), "{name}");
        let fault = with("good\r\nx-evil: 1").unwrap_err();
        assert!(fault.message.contains(bearer) && !fault.message.contains("evil"), "{name}");
    }
}

#[test]
fn hosts_of_sockets_are_loopback() {
    for socket in SOCKETS {
        assert!(socket.host.ends_with(".localhost"), "{socket:?}");
        assert!(ALL.iter().any(|platform| platform.variables().contains(&socket.variable)), "{socket:?}");
    }
}

#[test]
fn parts_have_plain_names_meanings_and_examples() {
    for platform in ALL {
        for part in platform.parts() {
            let plain = |byte: u8| byte.is_ascii_lowercase() || byte == b'-';
            assert!(part.name.bytes().all(plain), "{platform:?} {part:?}");
            assert!(
                !part.meaning.is_empty() && !part.meaning.ends_with('.') && !part.example.is_empty(),
                "{platform:?} {part:?}"
            );
        }
    }
}
