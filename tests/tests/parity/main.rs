//! Every job gives the same answer through every door: the command line of the native host and of a
//! stock host, the typed functions, and the HTTP service. The same verdict, codes, hints, remedies
//! and AADSTS numbers, for good and for bad input.

mod case;
mod doors;
mod summary;

use azure_oidc_tests::Stage;

use case::Suite;
use doors::Doors;

#[test]
fn every_door_gives_the_same_answer() {
    let stage = Stage::new();
    let mut doors = Doors::open(&stage);
    let mut wrong = Vec::new();
    for case in Suite::read().cases {
        let asked = case.asked(&stage, doors.authority());
        let answers = doors.ask(&asked);
        assert!(answers.len() > 1, "{}: only one door was asked", case.name);
        for (door, answer) in &answers {
            if let Some(difference) = case.expect.differs(answer) {
                wrong.push(format!("{}, {door}: {difference}", case.name));
            }
            let (first, measure) = &answers[0];
            if answer != measure {
                wrong.push(format!("{}\n  {first}: {measure:#?}\n  {door}: {answer:#?}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
