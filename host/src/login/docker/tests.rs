//! Tests the helpers in docker's configuration, and the name of the helper.

use azure_oidc_core::ports::fixed::Variables;
use serde_json::Value;

use super::*;

const HOST: &str = "contoso.azurecr.io";

#[test]
fn only_the_place_of_the_helper_changes() {
    let own = r#""contoso.azurecr.io": "azure-oidc""#;
    for (old, new, earlier) in [
        ("", format!("{{\"credHelpers\": {{{own}}}}}\n"), None),
        ("{}", format!("{{\"credHelpers\": {{{own}}}}}"), None),
        ("\t{ \n}", format!("\t{{\"credHelpers\": {{{own}}} \n}}"), None),
        (r#"{"credHelpers":null,"a":{}}"#, format!("{{\"credHelpers\":{{{own}}},\"a\":{{}}}}"), None),
        (
            "{\n\t\"auths\": {\"x\": {\"auth\": \"{\"}}\n}",
            format!("{{\"credHelpers\": {{{own}}}, \n\t\"auths\": {{\"x\": {{\"auth\": \"{{\"}}}}\n}}"),
            None,
        ),
        (
            r#"{"a":"\u00e4{", "credHelpers" : {"b":"c"}}"#,
            format!(r#"{{"a":"\u00e4{{", "credHelpers" : {{{own}, "b":"c"}}}}"#),
            None,
        ),
        (r#"{"credHelpers":{}}"#, format!("{{\"credHelpers\":{{{own}}}}}"), None),
        (
            r#"{"credHelpers":{"contoso.azurecr.io" : "acr-env" }}"#,
            r#"{"credHelpers":{"contoso.azurecr.io" : "azure-oidc" }}"#.to_owned(),
            Some("acr-env"),
        ),
    ] {
        assert_eq!(with_helper(old, HOST).unwrap(), (new.clone(), earlier.map(str::to_owned)), "{old}");
        assert_eq!(with_helper(&new, HOST).unwrap().0, new, "once");
        let read: Value = serde_json::from_str(&new).unwrap();
        assert_eq!(read[HELPERS][HOST], HELPER);
    }
    for broken in ["{", "[]", "{\"credHelpers\":[]}", "{\"credHelpers\":{\"contoso.azurecr.io\":1}}"] {
        assert!(with_helper(broken, HOST).is_err(), "{broken}");
    }
}

#[test]
fn what_docker_wrote_afterwards_stays_and_the_earlier_helper_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let env = Variables::from([("DOCKER_CONFIG", folder.path().to_str().unwrap())]);
    let path = folder.path().join("config.json");
    fs::write(&path, r#"{"credHelpers":{"contoso.azurecr.io":"acr-env"}}"#).unwrap();
    let hosts = [HOST.to_owned(), "fabrikam.azurecr.io".to_owned()];
    let change = Change::plan(&hosts, &env).unwrap().unwrap();
    change.make().unwrap();
    let mut now: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(now[HELPERS], json!({HOST: HELPER, "fabrikam.azurecr.io": HELPER}));
    now["auths"] = json!({"ghcr.io": {}});
    fs::write(&path, now.to_string()).unwrap();
    assert!(matches!(change.undo(), Undone::All(Some(text)) if text.contains("changed after login")));
    let read: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(read, json!({"auths": {"ghcr.io": {}}, HELPERS: {HOST: "acr-env"}}));
    assert_eq!(without_helpers("{", &change.registries, true), None);
}

#[test]
fn only_registries_of_azure_get_the_helper() {
    let env = Variables::from([(REGISTRIES, "localhost:5000")]);
    let named = |name: &str| registries(&[name.to_owned()], &env);
    assert_eq!(named("https://Contoso.azurecr.io/v2/").unwrap(), [HOST]);
    assert_eq!(named("localhost:5000").unwrap(), ["localhost:5000"]);
    for other in ["ghcr.io", "contoso", "x.azurecr.io.evil.example"] {
        assert_eq!(named(other).unwrap_err().code, "registry-unknown");
    }
    assert_eq!(registries(&[], &env).unwrap_err().code, "registry-missing");
}

#[cfg(unix)]
#[test]
fn docker_finds_the_helper_afterwards_or_an_error_says_that_it_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(folder.path()).unwrap();
    let program = root.join("azure-oidc");
    fs::write(&program, "").unwrap();
    let env = |path: &str| Variables::from([("PATH", path)]);
    assert_eq!(Link::plan(&program, &env("/nowhere")).unwrap_err().code, "helper-not-found");
    let search = format!("/nowhere:{}", root.display());
    let link = Link::plan(&program, &env(&search)).unwrap().unwrap();
    link.make().unwrap();
    assert_eq!(Link::plan(&program, &env(&search)).unwrap(), None);
    link.undo();
    assert_eq!(fs::read_dir(&root).unwrap().count(), 1);
}

/// What docker and the user make of a file after login, and what is there after logout.
#[track_caller]
fn assert_left(old: Option<&str>, changed: impl FnOnce(String) -> String, expected: Option<&str>) {
    let folder = tempfile::tempdir().unwrap();
    let env = Variables::from([("DOCKER_CONFIG", folder.path().to_str().unwrap())]);
    let path = folder.path().join("config.json");
    if let Some(old) = old {
        fs::write(&path, old).unwrap();
    }
    let change = Change::plan(&[HOST.to_owned(), "b.azurecr.io".to_owned()], &env).unwrap().unwrap();
    change.make().unwrap();
    fs::write(&path, changed(fs::read_to_string(&path).unwrap())).unwrap();
    assert!(matches!(change.undo(), Undone::All(Some(_))));
    assert_eq!(fs::read_to_string(&path).ok().as_deref(), expected);
}

#[test]
fn what_others_wrote_stays_byte_for_byte() {
    // Numbers, the order and the spaces.
    let old = "{ \"z\": 12345678901234567890123,\n\"a\" : [1.50] }";
    let expected = "{ \"z\": 12345678901234567890123,\n\"a\" : [2.50] }";
    assert_left(Some(old), |text| text.replace("1.50", "2.50"), Some(expected));
    // As docker writes it, in front, in between and at the end.
    let members = ["\"contoso.azurecr.io\": \"azure-oidc\"", "\"b.azurecr.io\": \"azure-oidc\"", "\"c\": \"d\""];
    for order in [[0, 1, 2], [0, 2, 1], [2, 1, 0]] {
        let members = order.map(|at| members[at]).join(",\n\t\t");
        let docker = format!("{{\n\t\"auths\": {{}},\n\t\"credHelpers\": {{\n\t\t{members}\n\t}}\n}}");
        let expected = "{\n\t\"auths\": {},\n\t\"credHelpers\": {\n\t\t\"c\": \"d\"\n\t}\n}";
        assert_left(Some("{\"credHelpers\":{\"c\":\"d\"}}"), |_| docker.clone(), Some(expected));
    }
    let docker = "{\n\t\"a\\\"\": 1,\n\t\"credHelpers\": {\n\t\t\"b.azurecr.io\": \"azure-oidc\"\n\t}\n}";
    assert_left(Some("{}"), |_| docker.to_owned(), Some("{\n\t\"a\\\"\": 1\n}"));
    assert_left(Some("{\"credHelpers\":{}}"), |text| format!("{text}\n"), Some("{\"credHelpers\":{}}\n"));
    assert_left(None, |text| format!("{text}\n"), None);
}

#[test]
fn what_the_user_took_out_himself_is_not_missed() {
    for own in ["{\"a\":1}", "{\"credHelpers\":{\"contoso.azurecr.io\":\"acr-env\"}}", "{\"credHelpers\":null}"] {
        assert_left(Some("{}"), |_| own.to_owned(), Some(own));
    }
}

#[test]
fn docker_reads_the_helpers_in_any_case() {
    let old = "{\"credhelpers\":{\"x\":\"y\"}}";
    let new = "{\"credhelpers\":{\"contoso.azurecr.io\": \"azure-oidc\", \"x\":\"y\"}}";
    assert_eq!(with_helper(old, HOST).unwrap(), (new.to_owned(), None));
    let taken = BTreeMap::from([(HOST.to_owned(), None)]);
    assert_eq!(without_helpers(new, &taken, false).unwrap(), old);
}

#[cfg(unix)]
#[test]
fn a_name_that_cannot_be_removed_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let program = fs::canonicalize(folder.path()).unwrap();
    // A folder in the place of the name is no name.
    let link = Link { path: program.clone(), program };
    assert!(matches!(link.undo(), Undone::Failed(text) if text.contains("cannot be removed")));
    let gone = Link { path: folder.path().join("gone"), program: folder.path().to_owned() };
    assert_eq!(gone.undo(), Undone::All(None));
}
