//! Tests the curves with the attack vectors of Wycheproof.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::super::{Key, verify::Algorithm};

#[derive(Deserialize)]
struct Vectors {
    groups: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    alg: String,
    key: Map<String, Value>,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    id: u32,
    flag: String,
    comment: String,
    message: String,
    signature: String,
    valid: bool,
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn every_case_of_wycheproof_ends_as_it_says() {
    let vectors: Vectors = serde_json::from_str(include_str!("../../../testdata/wycheproof/ecdsa.json")).unwrap();
    let mut wrong = Vec::new();
    let mut kinds = BTreeSet::new();
    for Group { alg, key, cases } in &vectors.groups {
        let key = Key::new(key);
        let material = key.material.as_ref().unwrap();
        for case in cases {
            let algorithm = Algorithm::from_name(alg).unwrap();
            let outcome = algorithm.verify(material, &bytes(&case.message), &bytes(&case.signature));
            if outcome.is_ok() != case.valid {
                wrong.push(format!("{alg} {}: {}: {outcome:?}", case.id, case.comment));
            }
            kinds.insert((alg.as_str(), case.flag.as_str(), case.valid));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for alg in ["ES256", "ES384", "ES512"] {
        for (flag, valid) in
            [("InvalidSignature", false), ("RangeCheck", false), ("ArithmeticError", true), ("PointDuplication", false)]
        {
            assert!(kinds.contains(&(alg, flag, valid)), "{alg} {flag}");
        }
    }
}
