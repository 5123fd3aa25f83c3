//! Recipes of `docs/consumers.md`, with the clients themselves and servers that take only a token
//! with their own audience.

use std::path::Path;

use azure_oidc_tests::http::Message;
use azure_oidc_tests::proxy::Proxy;
use azure_oidc_tests::{Ran, clients};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;

use crate::https_server::HttpsServer;
use crate::{Place, install};

/// Runs a script of the job beside the servers.
fn recipe(place: &Place, script: &str) -> Ran {
    let server = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/consumers/recipes/server.py");
    let python = install::python();
    place
        .job(&python)
        .args(&[server.as_os_str(), "/bin/sh".as_ref(), "-euc".as_ref(), script.as_ref()])
        .env("PYTHON", &python)
        .env("ARM_ENVIRONMENT", "public")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .run()
}

/// Whether there is a client, which nobody installs for this.
fn has(name: &str) -> bool {
    let is_there = !clients::all(name).is_empty();
    if !is_there {
        println!("not tested: there is no {name}");
    }
    is_there
}

const AWS: &str = r#"
import botocore.session
print(botocore.session.Session().get_credentials().get_frozen_credentials().access_key)
"#;

#[test]
fn aws_gives_credentials_for_the_id_token_in_its_file() {
    let place = Place::new();
    place.stage.write("aws.py", AWS);
    let script = |audience: &str| {
        format!(
            "export AWS_ROLE_ARN=arn:aws:iam::111111111111:role/ci AWS_WEB_IDENTITY_TOKEN_FILE=\"$TMPDIR/aws-token\"
            export AWS_REGION=us-east-1 AWS_ENDPOINT_URL_STS=http://127.0.0.1:$HTTP_PORT AWS_EC2_METADATA_DISABLED=true
            azure-oidc id-token --audience {audience} --output file:\"$AWS_WEB_IDENTITY_TOKEN_FILE\"
            \"$PYTHON\" aws.py"
        )
    };
    assert_eq!(recipe(&place, &script("sts.amazonaws.com")).expect(0).stdout, "AKIDEXAMPLE\n");
    let other = recipe(&place, &script("https://vault.example"));
    assert!(other.code != 0 && other.stderr.contains("Incorrect token audience"), "{other:?}");
}

#[test]
fn psql_takes_the_token_as_password() {
    if !has("psql") {
        return;
    }
    let place = Place::new();
    let script = |scope: &str| {
        format!(
            "PGPASSWORD=$(azure-oidc exchange --scope {scope} --output text) \
             psql \"host=127.0.0.1 port=$POSTGRES_PORT user=web dbname=web sslmode=disable gssencmode=disable\" -c 'select'"
        )
    };
    recipe(&place, &script("postgres")).expect(0);
    let other = recipe(&place, &script("graph"));
    assert!(other.code != 0 && other.stderr.contains("wrong audience"), "{other:?}");
}

const MYSQL: &str = r#"
import os, pymysql
pymysql.connect(host="127.0.0.1", port=int(os.environ["MYSQL_PORT"]), user="web", password=os.environ["MYSQL_PWD"])
"#;

const REDIS: &str = r#"
import os, redis
port, token = int(os.environ["REDIS_PORT"]), os.environ["REDISCLI_AUTH"]
print(redis.Redis(port=port, username="web", password=token, protocol=2).ping())
"#;

#[test]
fn mysql_and_redis_take_the_token_as_password() {
    let place = Place::new();
    for (variable, scope, client) in [("MYSQL_PWD", "mysql", MYSQL), ("REDISCLI_AUTH", "redis", REDIS)] {
        place.stage.write("client.py", client);
        let script = |scope: &str| {
            format!("{variable}=$(azure-oidc exchange --scope {scope} --output text) \"$PYTHON\" client.py")
        };
        recipe(&place, &script(scope)).expect(0);
        let other = recipe(&place, &script("graph"));
        assert!(other.code != 0 && other.stderr.contains("wrong audience"), "{scope}: {other:?}");
    }
}

const VAULT: &str = r#"
import os, sys, hvac
vault = hvac.Client("http://127.0.0.1:" + os.environ["HTTP_PORT"])
print(vault.auth.jwt.jwt_login(role="ci", jwt=sys.stdin.read().strip())["auth"]["client_token"])
"#;

#[test]
fn vault_takes_the_id_token_from_a_pipe() {
    let place = Place::new();
    place.stage.write("vault.py", VAULT);
    let script = |audience: &str| format!("azure-oidc id-token --audience {audience} | \"$PYTHON\" vault.py");
    assert_eq!(recipe(&place, &script("https://vault.example")).expect(0).stdout, "hvs.EXAMPLE\n");
    let other = recipe(&place, &script("sts.amazonaws.com"));
    assert!(other.code != 0 && other.stderr.contains("invalid audience"), "{other:?}");
}

#[test]
fn pip_and_npm_take_the_token_for_a_feed() {
    let place = Place::new();
    let pip = "TOKEN=$(azure-oidc exchange --scope devops --output text)
        PIP_INDEX_URL=\"http://azure-oidc:$TOKEN@127.0.0.1:$HTTP_PORT/simple/\" \
        \"$PYTHON\" -m pip download --disable-pip-version-check --no-cache-dir -q web";
    recipe(&place, pip).expect(0);
    assert!(place.stage.path("web-1.0-py3-none-any.whl").exists());
    if !has("npm") {
        return;
    }
    let npm = "export TOKEN=$(azure-oidc exchange --scope devops --output text)
        echo \"//127.0.0.1:$HTTP_PORT/:_authToken=\\${TOKEN}\" >> .npmrc
        npm whoami --registry \"http://127.0.0.1:$HTTP_PORT/\" --no-update-notifier";
    assert_eq!(recipe(&place, npm).expect(0).stdout, "web\n");
}

const SETTINGS: &str = r"
<settings><servers><server>
  <id>feed</id><username>azure-oidc</username><password>${env.TOKEN}</password>
</server></servers></settings>
";

/// A project that needs something from the feed before any plugin runs.
const PROJECT: &str = r"
<project><modelVersion>4.0.0</modelVersion>
  <parent><groupId>web</groupId><artifactId>base</artifactId><version>1</version><relativePath/></parent>
  <artifactId>app</artifactId><packaging>pom</packaging>
  <repositories><repository><id>feed</id><url>http://127.0.0.1:PORT/maven</url></repository></repositories>
</project>
";

#[test]
fn maven_takes_the_token_for_a_feed() {
    if !has("mvn") {
        return;
    }
    let place = Place::new();
    place.stage.write("settings.xml", SETTINGS);

    let script = |scope: &str| {
        format!(
            "sed -i \"s/PORT/$HTTP_PORT/\" pom.xml
            export TOKEN=$(azure-oidc exchange --scope {scope} --output text)
            mvn --quiet --batch-mode --settings settings.xml -Dmaven.repo.local=\"$TMPDIR/m2-{scope}\" validate"
        )
    };
    place.stage.write("pom.xml", PROJECT);
    recipe(&place, &script("devops")).expect(0);
    place.stage.write("pom.xml", PROJECT);
    let other = recipe(&place, &script("graph"));
    assert!(other.code != 0 && other.stdout.contains("401"), "{other:?}");
}

/// A storage account with one blob, for tokens of its own.
fn blob(request: &Message) -> Vec<u8> {
    let is_read = request.header("authorization").is_some_and(|header| header.starts_with("Bearer "));
    let head = match is_read {
        true => {
            "200 OK\r\nContent-Length: 5\r\nx-ms-blob-type: BlockBlob\r\nETag: \"0x1\"\r\n\
             Last-Modified: Mon, 30 Nov 2026 10:00:00 GMT"
        }
        false => "401 Unauthorized\r\nContent-Length: 0",
    };
    let body = if is_read && request.first.starts_with("GET ") { "hello" } else { "" };
    format!("HTTP/1.1 {head}\r\nConnection: close\r\n\r\n{body}").into_bytes()
}

#[test]
fn azcopy_signs_in_by_the_managed_identity_of_exec() {
    if !has("npm") || !cfg!(target_arch = "x86_64") {
        return;
    }
    let packed = install::node().join("node_modules/@azure-tools/azcopy-linux/dist/bin/azcopy_linux_amd64");
    let place = Place::new();
    // The package leaves its program without the permission to run.
    let azcopy = place.stage.path("bin").join("azcopy");
    std::fs::copy(packed, &azcopy).expect("it is installed");
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&azcopy, executable).expect("it is ours");
    let server = HttpsServer::start("contoso.blob.core.windows.net", |request| Ok(blob(request)));
    let proxy = Proxy::leading_to(&server.url());
    let both = format!("{}{}", place.stage.emulator.ca_pem(), server.certificate());
    place
        .own(&["exec", "--", "azcopy", "copy", "https://contoso.blob.core.windows.net/web/a.txt", "a.txt"])
        .env("AZCOPY_AUTO_LOGIN_TYPE", "MSI")
        .env("SSL_CERT_FILE", place.stage.write("both.pem", &both))
        .env("HTTPS_PROXY", proxy.url())
        .env("https_proxy", proxy.url())
        .run()
        .expect(0);
    assert_eq!(std::fs::read_to_string(place.stage.path("a.txt")).expect("it was copied"), "hello");
    let last = server.headers().pop().expect("it asked");
    let payload = last.split('.').nth(1).expect("a token");
    let claims = BASE64_URL_SAFE_NO_PAD.decode(payload).expect("base64");
    let claims: serde_json::Value = serde_json::from_slice(&claims).expect("JSON");
    assert_eq!(claims["aud"], "https://storage.azure.com");
}
