//! Compares `inspect` and `doctor` in each job with the files beside the job. `UPDATE_FIXTURES=1`
//! writes them.

use std::fs;

use azure_oidc_tests::{schema, secrets};

use crate::fixture::{Fixture, all, settled, stage};

fn usual() -> impl Iterator<Item = Fixture> {
    all().into_iter().filter(|fixture| fixture.path.file_name().is_some_and(|name| name == "exchange.toml"))
}

#[test]
fn inspect_prints_the_expected_text_for_each_platform() {
    for fixture in usual() {
        let stage = stage();
        let ran = fixture.job(&stage, "inspect").run().expect(0);
        assert_beside(&fixture, "inspect.txt", &settled(&ran.stdout, &stage));
        let json = fixture.job(&stage, "inspect").args(&["--output", "json"]).run().expect(0).json();
        schema::assert_valid("inspect", &json);
        let platform = fixture.name().split('/').next().unwrap_or_default().to_owned();
        if platform != "generic" {
            // SPIFFE and similar platforms are recognised by the subject, all others by the issuer.
            assert_eq!(json["platform"], platform.as_str(), "{json}");
        }
    }
}

#[test]
fn doctor_prints_the_expected_text_on_each_platform() {
    for fixture in usual() {
        let stage = stage();
        let ran = fixture.job(&stage, "doctor").run();
        secrets::assert_none_printed(&ran, "");
        let text = settled(&ran.stdout, &stage)
            .replace("differ by 1s", "differ by 0s")
            .replace("differ by -1s", "differ by 0s");
        assert_beside(&fixture, "doctor.txt", &format!("{text}exit code {}\n", ran.code));
        let json = fixture.job(&stage, "doctor").args(&["--output", "json"]).run().json();
        schema::assert_valid("doctor", &json);
    }
}

#[track_caller]
fn assert_beside(fixture: &Fixture, name: &str, text: &str) {
    let path = fixture.path.with_file_name(name);
    if std::env::var_os("UPDATE_FIXTURES").is_some() {
        fs::write(&path, text).expect("the fixture can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert!(text == expected, "{}: {name} says\n{text}\nand not\n{expected}", fixture.name());
}
