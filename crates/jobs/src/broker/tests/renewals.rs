//! Tests that access tokens and ID tokens are renewed before they expire.

use super::*;

#[test]
fn a_token_is_exchanged_anew_when_a_third_to_a_half_of_its_life_is_left() {
    // Seconds, as in tests with short lives, and hours.
    for life in [5_000, 60_000, 30 * MINUTE, 60 * MINUTE, 90 * MINUTE, 24 * 60 * MINUTE] {
        let mut play = Play::running(&ENDLESS, 5 * MINUTE, life);
        play.get(ARM);
        play.succeed(5 * MINUTE, life);
        let due = play.wake.unwrap() - START;
        assert!(due >= life / 2 && due <= life / 3 * 2, "{life}: {due}");
    }
}

#[test]
fn no_caller_waits_for_a_renewal_and_each_half_life_has_one_exchange() {
    let mut play = Play::running(&ENDLESS, 5 * MINUTE, 60 * MINUTE);
    play.get(ARM);
    play.succeed(5 * MINUTE, 60 * MINUTE);
    let hours = 6;
    for _ in 0..hours * 60 {
        play.wait(MINUTE, |play| play.succeed(5 * MINUTE, 60 * MINUTE));
        let id = play.get(ARM);
        assert_eq!(play.status(id), Some(200));
        let left = play.body(id)["expires_on"].as_str().unwrap().parse::<u64>().unwrap() - play.now / 1000;
        assert!(left >= 20 * 60, "Terraform asks again below twenty minutes: {left}");
    }
    assert!(play.exchanges <= 1 + 2 * hours, "{}", play.exchanges);
}

#[test]
fn while_entra_is_down_a_valid_token_is_handed_out_and_nobody_notices() {
    let mut play = Play::running(&ENDLESS, 5 * MINUTE, 60 * MINUTE);
    play.get(ARM);
    play.succeed(5 * MINUTE, 60 * MINUTE);
    let fail = |play: &mut Play| {
        while !play.tasks.is_empty() {
            play.end(unavailable(None));
        }
    };
    for _ in 0..59 {
        play.wait(MINUTE, fail);
        let id = play.get(ARM);
        fail(&mut play);
        assert_eq!(play.status(id), Some(200));
    }
    assert!(play.exchanges < 12, "{} attempts", play.exchanges);
    assert_eq!(play.said, "");
    play.wait(2 * MINUTE, fail);
    let id = play.get(ARM);
    play.wait(20_000, fail);
    assert_eq!(play.status(id), Some(503));
}

#[test]
fn a_refused_renewal_is_said_once_and_the_token_serves_until_it_ends() {
    let mut play = Play::running(&ENDLESS, 5 * MINUTE, 60 * MINUTE);
    play.get(ARM);
    play.succeed(5 * MINUTE, 60 * MINUTE);
    let refuse = |play: &mut Play| {
        while let Some((_, task)) = play.tasks.first() {
            let outcome =
                if matches!(task, Task::Mint(_)) { Outcome::Minted(id_token(play.now, 5 * MINUTE)) } else { refused() };
            play.end(outcome);
        }
    };
    play.wait(59 * MINUTE, refuse);
    let id = play.get(ARM);
    assert_eq!(play.status(id), Some(200));
    assert_eq!(play.said.matches("warning:").count(), 1, "{}", play.said);
    assert!(play.said.contains("AADSTS700213") && play.said.contains("2026-08-21T11:00:00Z"), "{}", play.said);
    play.wait(2 * MINUTE, refuse);
    let id = play.get(ARM);
    refuse(&mut play);
    assert_eq!(play.status(id), Some(403));
}

#[test]
fn a_new_id_token_is_minted_when_less_than_half_of_its_life_is_left() {
    let mut play = Play::running(&ENDLESS, 10 * MINUTE, 60 * MINUTE);
    for (after, mints) in [(4 * MINUTE, 1), (2 * MINUTE, 2), (4 * MINUTE, 2), (2 * MINUTE, 3)] {
        play.now += after;
        let id = play.get_id_token();
        play.succeed(10 * MINUTE, 60 * MINUTE);
        assert_eq!((play.status(id), play.mints), (Some(200), mints));
    }
}

#[test]
fn an_id_token_that_cannot_be_renewed_serves_until_it_ends() {
    let mut play = Play::running(&ENDLESS, 10 * MINUTE, 60 * MINUTE);
    play.now += 6 * MINUTE;
    let id = play.get_id_token();
    play.end(unavailable(None));
    assert_eq!(play.status(id), Some(200));
    play.now += 5 * MINUTE;
    let id = play.get_id_token();
    play.end(unavailable(None));
    assert_eq!(play.status(id), Some(503));
}

#[test]
fn after_a_suspension_no_token_that_has_ended_is_handed_out() {
    let mut play = Play::running(&ENDLESS, 5 * MINUTE, 60 * MINUTE);
    play.get(ARM);
    play.succeed(5 * MINUTE, 60 * MINUTE);
    play.now += 24 * 60 * MINUTE;
    let id = play.get(ARM);
    assert_eq!(play.status(id), None);
    play.succeed(5 * MINUTE, 60 * MINUTE);
    assert_eq!(play.body(id)["access_token"], "access-2");
    assert_eq!(play.mints, 2);
}

#[test]
fn a_clock_that_is_set_back_makes_no_token_live_longer() {
    let mut play = Play::running(&ENDLESS, 5 * MINUTE, 60 * MINUTE);
    play.get(ARM);
    play.succeed(5 * MINUTE, 60 * MINUTE);
    play.now -= 600 * MINUTE;
    let id = play.get(ARM);
    let until = play.body(id)["expires_on"].as_str().unwrap().parse::<u64>().unwrap() * 1000;
    assert_eq!(until, play.now + 60 * MINUTE);
    play.wait(40 * MINUTE, |play| play.succeed(700 * MINUTE, 60 * MINUTE));
    assert_eq!(play.exchanges, 2, "it is renewed in time");
}

#[test]
fn a_clock_that_is_set_back_does_not_keep_a_caller_waiting() {
    let mut play = Play::running(&ENDLESS, 5 * MINUTE, 60 * MINUTE);
    let id = play.get(ARM);
    play.now -= 600 * MINUTE;
    let actions = play.session.tick(play.now);
    play.take(actions);
    play.wait(10_000, |_| {});
    assert_eq!(play.status(id), Some(503));
}

#[test]
fn the_file_of_the_sdks_holds_a_token_with_more_than_ten_minutes() {
    let offer = Offer { token_file: true, ..ENDLESS.offer };
    for life in [905_000, 60 * MINUTE] {
        let mut play = Play::running(&Setting { offer, ..ENDLESS }, life, 60 * MINUTE);
        assert_eq!(play.files.len(), 1, "before the program starts");
        for _ in 0..300 {
            play.wait(MINUTE, |play| play.succeed(life, 60 * MINUTE));
            let token = play.session.id_token.held.as_ref().unwrap();
            assert!(token.until >= play.now + 10 * MINUTE, "{life}");
            assert_eq!(play.files.last(), Some(&token.token));
        }
    }
}

#[test]
fn a_token_service_that_asks_to_wait_is_not_asked_before_that() {
    let mut play = Play::running(&ENDLESS, 5 * MINUTE, 60 * MINUTE);
    play.wait(6 * MINUTE, |_| {});
    let asked = play.get("https://vault.azure.net");
    play.end(unavailable(Some(40)));
    assert_eq!((play.status(asked), play.replies[&asked].retry_after), (Some(429), Some(40)));
    let mints = play.mints;
    for _ in 0..3 {
        play.wait(10_000, |_| {});
        let early = play.get("https://vault.azure.net");
        assert_eq!((play.status(early), play.mints), (Some(429), mints));
    }
    play.wait(11_000, |_| {});
    let late = play.get("https://vault.azure.net");
    play.succeed(5 * MINUTE, 60 * MINUTE);
    assert_eq!((play.status(late), play.mints), (Some(200), mints + 1));
}
