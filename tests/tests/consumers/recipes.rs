//! Recipes of `docs/consumers.md`, with the clients themselves and servers that take only a token
//! with their own audience.

use std::path::Path;

use azure_oidc_tests::{Ran, clients};

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
