//! Tests the output of `verify`.

use super::*;

/// The key and the token of RFC 7515 appendix A.2. The payload is not that of an ID token.
const KEY: &str = r#"{"keys": [{"kty": "RSA", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ", "e": "AQAB"}]}"#;
const TOKEN: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";

#[test]
fn a_good_signature_names_its_key() {
    let outcome = Job::with_token(TOKEN).file("k", KEY).run("verify --id-token-env T --jwks k");
    assert_eq!(
        (outcome.exit_code, outcome.stdout.as_str()),
        (0, "valid: signed with RS256 by key number 1 of the set\n")
    );
}

#[test]
fn a_bad_signature_is_an_answer_with_its_reason() {
    let (input, _) = TOKEN.rsplit_once('.').unwrap();
    for (signature, words) in
        [(BASE64_URL_SAFE_NO_PAD.encode([7; 256]), "(signature-mismatch)"), (String::new(), "(signature-missing)")]
    {
        let job = Job::with_token(&format!("{input}.{signature}")).file("k", KEY);
        let outcome = job.run("verify --id-token-env T --jwks k");
        assert_eq!(outcome.exit_code, 1);
        assert!(outcome.stdout.contains(words), "{}", outcome.stdout);
    }
}

#[test]
fn without_keys_nothing_is_verified() {
    let outcome = Job::with_token(TOKEN).run("verify --id-token-env T");
    assert_eq!((outcome.exit_code, outcome.stdout.as_str()), (2, ""));
    let outcome = Job::with_token(&token(GITHUB, "x", AUDIENCE)).run("verify --id-token-env T --discover");
    assert_eq!((outcome.exit_code, outcome.stdout.as_str()), (5, ""));
}
