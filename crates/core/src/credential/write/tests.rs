//! Tests the written credentials in each format with a reader of that format.

use std::process::Command;

use proptest::prelude::*;

use super::*;
use crate::cloud::{CLOUDS, PUBLIC};
use crate::credential::{Identity, Matcher, forms};

mod powershell;
mod reading;

use reading::{arguments, bicep_text, hcl, literals, option};

const GITHUB: &str = "https://token.actions.githubusercontent.com";
const AUDIENCE: &str = "api://AzureADTokenExchange";

fn exact(name: &str, subject: &str) -> Credential {
    Credential {
        name: name.into(),
        issuer: GITHUB.into(),
        matcher: Matcher::Subject(subject.into()),
        audiences: vec![AUDIENCE.into()],
        description: None,
        application: None,
        identity: None,
    }
}

fn flexible(name: &str, value: &str) -> Credential {
    let matcher = Matcher::Expression { value: value.into(), language_version: 1 };
    Credential { matcher, ..exact(name, "") }
}

fn samples() -> Vec<Credential> {
    let expression = "claims['sub'] matches 'repo:contoso/web:*' and claims['repository_id'] eq '74'";
    vec![
        Credential {
            description: Some("Releases of \"web\"".into()),
            ..exact("main", "repo:contoso/web:ref:refs/heads/main")
        },
        exact("2nd", "it's ${x}"),
        flexible("any", expression),
    ]
}

fn application(client_id: Option<&str>) -> Target {
    Target { owner: Owner::Application { client_id: client_id.map(str::to_owned) }, cloud: PUBLIC, shell: Shell::Bash }
}

fn identity(name: Option<&str>, group: Option<&str>) -> Target {
    let owner = Owner::ManagedIdentity {
        name: name.map(str::to_owned),
        resource_group: group.map(str::to_owned),
        subscription: None,
    };
    Target { owner, cloud: PUBLIC, shell: Shell::Bash }
}

/// The same target, for PowerShell.
fn in_powershell(target: Target) -> Target {
    Target { shell: Shell::Powershell, ..target }
}

/// A target that the format can write for.
fn fitting(format: Format) -> Target {
    match format {
        Format::ArmJson | Format::AzIdentity | Format::Bicep => identity(Some("ci"), Some("rg-ci")),
        _ => application(Some("8b0b57f8-7a2e-4b0c-a7b3-3d2a1c7b9d10")),
    }
}

#[test]
fn each_format_writes_what_its_readers_expect() {
    for format in Format::ALL {
        let text = write(&samples(), format, &fitting(format)).unwrap();
        insta::assert_snapshot!(format!("{}-format", format.name()), text);
    }
}

#[test]
fn terraform_writes_credentials_of_identities_one_after_the_other() {
    let two = &samples()[..2];
    insta::assert_snapshot!(write(two, Format::Terraform, &identity(Some("ci"), Some("rg-ci"))).unwrap());
}

#[test]
fn unknown_values_become_variables() {
    let mut text = String::new();
    for format in Format::ALL {
        let target = match fitting(format).owner {
            Owner::Application { .. } => application(None),
            Owner::ManagedIdentity { .. } => identity(None, None),
        };
        if !matches!(format, Format::GraphJson | Format::ArmJson) {
            let both = [exact("main", "s"), flexible("any", "claims['sub'] eq 's'")];
            text += &format!("--- {}\n{}", format.name(), write(&both, format, &target).unwrap());
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_address_of_graph_depends_on_the_cloud() {
    let usgov = CLOUDS.iter().find(|cloud| cloud.name == "usgov").unwrap();
    let target = Target { cloud: usgov, ..application(Some("id")) };
    let text = write(&[flexible("any", "claims['sub'] eq 's'")], Format::Az, &target).unwrap();
    assert!(text.starts_with(
        "az rest --method post --url \"https://graph.microsoft.us/beta/applications(appId='id')/federatedIdentityCredentials\""
    ));
}

#[test]
fn one_credential_is_one_body_and_several_are_an_array() {
    for format in [Format::GraphJson, Format::ArmJson] {
        assert!(write(&samples()[..1], format, &fitting(format)).unwrap().starts_with('{'));
        assert!(write(&samples(), format, &fitting(format)).unwrap().starts_with('['));
    }
}

#[test]
fn invalid_credentials_are_not_written() {
    let app = application(None);
    let identity = identity(None, None);
    for (credentials, format, target, code) in [
        (vec![], Format::Az, &app, "credential-missing"),
        (vec![exact("a b", "s")], Format::Az, &app, "credential-name-invalid"),
        (vec![exact("main", "s "), exact("main2", "s")], Format::Az, &app, "member-white-space"),
        (vec![exact("main", "s"), exact("other", "s")], Format::Az, &app, "credential-duplicate"),
        (vec![Credential { audiences: vec![], ..exact("main", "s") }], Format::Az, &app, "audience-count"),
        (vec![exact("main", "https://repo:o@1/r@2:environment:prod")], Format::Az, &app, "credential-holds-secret"),
        (samples(), Format::Az, &identity, "format-for-other-owner"),
        (samples(), Format::GraphJson, &identity, "format-for-other-owner"),
        (samples(), Format::Bicep, &app, "format-for-other-owner"),
        (samples(), Format::ArmJson, &app, "format-for-other-owner"),
        (samples(), Format::AzIdentity, &app, "format-for-other-owner"),
        (samples(), Format::Terraform, &identity, "format-without-expressions"),
        (vec![exact("main", "a\0b")], Format::AzIdentity, &identity, "value-not-for-shell"),
    ] {
        assert_eq!(write(&credentials, format, target).unwrap_err().code, code);
    }
}

#[test]
fn formats_are_found_by_their_names() {
    for format in Format::ALL {
        assert_eq!(Format::by_name(format.name()), Some(format));
    }
    assert_eq!(Format::by_name("Bicep"), None);
}

#[test]
fn a_missing_variable_stops_the_command() {
    let script = write(&[exact("main", "s")], Format::Az, &application(None)).unwrap();
    let output =
        Command::new("sh").env_remove("AZURE_CLIENT_ID").arg("-c").arg(format!("az() {{ :; }}\n{script}")).output();
    let output = output.unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("AZURE_CLIENT_ID"));
}

/// Texts that mean something to one of the languages, with others between them.
fn text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        "'", "\"", "`", "$", "${", "$${", "%{", "%%{", "}", "\\", "\\n", "!", "!!", "@", "=@", "=", "-", "--", "#",
        "*", "?", "[", "]", "{", ";", "&", "|", "<", ">", "(", ")", "~", "/", "'/", ",", " ", "é", "日", "𝒳", "\n",
        "\t", "\r", "\u{1b}", "\u{2018}", "\u{2019}", "\u{201b}", "\u{201c}", "\u{201d}", "%", "%PATH%", "^", "\u{85}",
        "null", "??", "$(id)", "$HOME", "\\u0040",
    ]);
    let part = prop_oneof![special.prop_map(str::to_owned), "[a-zA-Z0-9:/_.-]{1,8}"];
    prop::collection::vec(part, 1..8)
        .prop_map(|parts| parts.concat())
        .prop_filter("white space at an end is refused", |text| text.trim() == text && !text.is_empty())
        .prop_filter("the mask of a log is refused", |text| !text.contains("***"))
}

/// A client id: for a command it does not begin with `@`.
fn client_id() -> impl Strategy<Value = String> {
    text().prop_filter("the CLI would read a file", |text| !text.starts_with('@'))
}

fn credentials() -> impl Strategy<Value = Vec<Credential>> {
    let one = (text(), text(), text(), prop::option::of(text()), prop::bool::ANY);
    prop::collection::btree_map("[a-zA-Z0-9][a-zA-Z0-9_-]{2,20}", one, 1..4)
        .prop_map(|map| {
            let make = |(name, (issuer, subject, audience, description, is_exact)): (String, (String, _, _, _, _))| {
                let matcher = if is_exact {
                    Matcher::Subject(subject)
                } else {
                    Matcher::Expression { value: subject, language_version: 1 }
                };
                // The names keep pairs of issuer and subject apart.
                let issuer = format!("https://{name}.example/{issuer}");
                Credential {
                    name,
                    issuer,
                    matcher,
                    audiences: vec![audience],
                    description,
                    application: None,
                    identity: None,
                }
            };
            map.into_iter().map(make).collect::<Vec<_>>()
        })
        .prop_filter("a value that looks like a secret is refused", |all| !all.iter().any(super::holds_secret))
}

/// As they are read from the forms of an identity, which have no description.
fn of_an_identity(credentials: &[Credential]) -> Vec<Credential> {
    let identity = Some(Identity::default());
    let of = |one: &Credential| Credential { description: None, identity: identity.clone(), ..one.clone() };
    credentials.iter().map(of).collect()
}

fn by_name(mut credentials: Vec<Credential>) -> Vec<Credential> {
    credentials.sort_by(|a, b| a.name.cmp(&b.name));
    credentials
}

proptest! {
    #[test]
    fn json_is_parsed_to_the_same_credentials(credentials in credentials()) {
        let graph = write(&credentials, Format::GraphJson, &application(None)).unwrap();
        prop_assert_eq!(forms::parse(&graph).unwrap(), credentials.clone());
        let arm = write(&credentials, Format::ArmJson, &identity(None, None)).unwrap();
        prop_assert_eq!(forms::parse(&arm).unwrap(), of_an_identity(&credentials));
        let terraform = write(&credentials, Format::TerraformJson, &application(None)).unwrap();
        let without_owner = |one| Credential { application: None, ..one };
        let parsed = forms::parse(&terraform).unwrap().into_iter().map(without_owner).collect();
        prop_assert_eq!(by_name(parsed), by_name(credentials.clone()));
        let exact: Vec<_> = credentials.into_iter().filter(|credential| credential.matcher.subject().is_some()).collect();
        if !exact.is_empty() {
            let azurerm = write(&exact, Format::TerraformJson, &identity(None, None)).unwrap();
            prop_assert_eq!(by_name(forms::parse(&azurerm).unwrap()), by_name(of_an_identity(&exact)));
        }
    }

    #[test]
    fn a_shell_passes_each_value_unchanged(credentials in credentials(), id in client_id(), group in text()) {
        let script = write(&credentials, Format::Az, &application(Some(&id))).unwrap();
        prop_assert_eq!(script.lines().count() >= credentials.len(), true);
        for (words, credential) in arguments(&script).iter().zip(&credentials) {
            let flag = if credential.matcher.subject().is_some() { "--parameters" } else { "--body" };
            let body = &words[words.iter().position(|word| word == flag).unwrap() + 1];
            prop_assert!(!body.contains("=@"), "the CLI would read a file");
            prop_assert_eq!(&forms::parse(body).unwrap()[0], credential);
            prop_assert!(words.iter().any(|word| word.contains(&id)));
        }

        let script = write(&credentials, Format::AzIdentity, &identity(Some(&id), Some(&group))).unwrap();
        let commands = arguments(&script);
        prop_assert_eq!(commands.len(), credentials.len());
        for (words, credential) in commands.iter().zip(&credentials) {
            let flag = if credential.matcher.subject().is_some() { "--subject" } else { "--claims-matching-expression-value" };
            prop_assert_eq!(option(words, "--identity-name"), id.clone());
            prop_assert_eq!(option(words, "--resource-group"), group.clone());
            prop_assert_eq!(option(words, "--name"), credential.name.clone());
            prop_assert_eq!(option(words, "--issuer"), credential.issuer.clone());
            prop_assert_eq!(option(words, flag), credential.matcher.text());
            prop_assert_eq!(option(words, "--audiences"), credential.audiences[0].clone());
        }
    }

    #[test]
    fn string_literals_of_terraform_and_bicep_have_the_same_value(credentials in credentials()) {
        let terraform = write(&credentials, Format::Terraform, &application(None)).unwrap();
        let read: Vec<_> = literals(&terraform, '"').iter().filter_map(|literal| hcl(literal)).collect();
        let bicep = write(&credentials, Format::Bicep, &identity(None, None)).unwrap();
        let read_bicep: Vec<_> = literals(&bicep, '\'').iter().filter_map(|literal| bicep_text(literal)).collect();
        for credential in &credentials {
            for value in [&credential.name, &credential.issuer, credential.matcher.text(), &credential.audiences[0]] {
                prop_assert!(read.iter().any(|text| text == value), "{value:?} in\n{terraform}");
                prop_assert!(read_bicep.iter().any(|text| text == value), "{value:?} in\n{bicep}");
            }
        }
    }
}
