//! Every job gives the same answer through every interface: the command line of the native host and of a
//! stock host, the typed functions, and the HTTP service. The same verdict, codes, hints, remedies
//! and AADSTS numbers, for good and for bad input.

mod case;
mod interfaces;
mod summary;

use azure_oidc_tests::Stage;

use case::Suite;
use interfaces::Interfaces;

#[test]
fn every_door_gives_the_same_answer() {
    let stage = Stage::new();
    let mut interfaces = Interfaces::open(&stage);
    let mut wrong = Vec::new();
    for case in Suite::read().cases {
        let asked = case.asked(&stage, interfaces.authority());
        let answers = interfaces.ask(&asked);
        assert!(answers.len() > 1, "{}: only one interface was asked", case.name);
        for (interface, answer) in &answers {
            if let Some(difference) = case.expect.differs(answer) {
                wrong.push(format!("{}, {interface}: {difference}", case.name));
            }
            let (first, measure) = &answers[0];
            if answer != measure {
                wrong.push(format!("{}\n  {first}: {measure:#?}\n  {interface}: {answer:#?}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
