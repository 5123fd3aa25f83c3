//! Tests the file for kubectl, and when `logout` keeps it.

use azure_oidc_core::ports::fixed::Variables;

use super::*;

fn config() -> Value {
    json!({
        "contexts": [
            {"name": "aks", "context": {"cluster": "a", "user": "one", "namespace": "web"}},
            {"name": "own", "context": {"cluster": "b", "user": "two"}},
            {"name": "old", "context": {"cluster": "c", "user": "three"}},
            {"name": "kind", "context": {"cluster": "d", "user": "four"}},
            {"name": "broken", "context": {"cluster": "d", "user": "nobody"}},
        ],
        "users": [
            {"name": "one", "user": {"exec": {"command": "/usr/bin/kubelogin", "args": ["get-token"]}}},
            {"name": "two", "user": {"exec": {"command": "kubelogin", "args": ["get-token", "--server-id", "s"]}}},
            {"name": "three", "user": {"auth-provider": {"name": "azure", "config": {"apiserver-id": "t"}}}},
            {"name": "four", "user": {"client-certificate-data": "DATA+OMITTED"}},
        ],
    })
}

#[test]
fn only_contexts_that_sign_in_by_kubelogin_change_unless_others_are_named() {
    let names = |named: &[&str]| {
        let named: Vec<_> = named.iter().map(ToString::to_string).collect();
        let found = contexts(&config(), &named)?;
        Ok::<_, Fault>(found.into_iter().map(|one| (one.name, one.server.unwrap_or_default())).collect::<Vec<_>>())
    };
    let pair = |name: &str, server: &str| (name.to_owned(), server.to_owned());
    assert_eq!(names(&[]).unwrap(), [pair("aks", ""), pair("own", "s"), pair("old", "t")]);
    assert_eq!(names(&["kind", "own"]).unwrap(), [pair("kind", ""), pair("own", "s")]);
    assert_eq!(names(&["none"]).unwrap_err().code, "context-unknown");
    assert_eq!(contexts(&Value::Null, &[]).unwrap(), []);
}

#[test]
fn each_application_has_a_user_and_contexts_keep_their_cluster_and_namespace() {
    let words = ["/opt/azure-oidc", "kubernetes-credential"].map(str::to_owned);
    let written = file(&words, &contexts(&config(), &[]).unwrap());
    let users: Vec<_> = written["users"].as_array().unwrap().iter().map(|user| &user["name"]).collect();
    assert_eq!(users, ["azure-oidc", "azure-oidc-s", "azure-oidc-t"]);
    assert_eq!(written["users"][1]["user"]["exec"]["args"], json!(["kubernetes-credential", "--server-id=s"]));
    let context = json!({"cluster": "a", "user": "azure-oidc", "namespace": "web"});
    assert_eq!(written["contexts"][0], json!({"name": "aks", "context": context}));
    assert_eq!(file(&words, &[])["users"][0]["name"], "azure-oidc", "for `kubectl --user`");
}

#[cfg(unix)]
#[test]
fn our_file_stands_before_those_of_the_user() {
    let path = Path::new("/job/kubeconfig");
    for (env, expected) in [
        (("KUBECONFIG", "/a:/b"), "/job/kubeconfig:/a:/b"),
        (("HOME", "/home/u"), "/job/kubeconfig:/home/u/.kube/config"),
        (("OTHER", ""), "/job/kubeconfig"),
    ] {
        assert_eq!(variable(path, &Variables::from([env])), (FILES, expected.to_owned()));
    }
}

#[test]
fn a_file_with_new_definitions_stays_and_any_other_is_removed() {
    let ours = || file(&["azure-oidc".to_owned()], &contexts(&config(), &[]).unwrap());
    let mut chosen = ours();
    chosen["current-context"] = "aks".into();
    chosen["contexts"][0]["context"]["namespace"] = "other".into();
    let mut more = chosen.clone();
    more["contexts"].as_array_mut().unwrap().push(json!({"name": "new", "context": {"cluster": "a", "user": "u"}}));
    let cluster = json!({"clusters": [{"name": "azure-oidc", "cluster": {}}]});
    for (written, stays) in
        [(None, false), (Some(chosen), false), (Some(Value::Null), false), (Some(more), true), (Some(cluster), true)]
    {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("own");
        let planned = File { contents: ours(), contexts: Vec::new() }.plan(&folder).unwrap();
        planned.make().unwrap();
        if let Some(written) = &written {
            std::fs::write(planned.path(), format!("# by kubectl\n{written}")).unwrap();
        }
        let undone = planned.undo_with(|| written);
        assert_eq!(matches!(&undone, Undone::Left(text) if text.contains("--kubeconfig")), stays, "{undone:?}");
        assert_eq!(folder.exists(), stays);
        if stays {
            assert!(matches!(planned.undo_with(|| None), Undone::Left(_)), "without kubectl");
        }
    }
}
