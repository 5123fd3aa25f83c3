//! Tests platforms with one ID token, its end, and starts that fail.

use super::*;

#[test]
fn the_default_scope_is_exchanged_before_the_program_starts_where_there_is_one_id_token() {
    let play = Play::running(&ONCE, 5 * MINUTE, 60 * MINUTE);
    assert_eq!((play.mints, play.exchanges), (1, 1));
    let play = Play::running(&ENDLESS, 5 * MINUTE, 60 * MINUTE);
    assert_eq!((play.mints, play.exchanges), (1, 0));
    let play = Play::running(&Setting { scopes: &["arm", "graph"], ..ENDLESS }, 5 * MINUTE, 60 * MINUTE);
    assert_eq!(play.exchanges, 2);
}

#[test]
fn until_when_a_new_scope_can_be_had_is_said_at_the_start_and_in_the_ready_file() {
    let ready = |play: &Play| serde_json::from_str::<Value>(&play.session.ready_file(1, &[])).unwrap();
    let play = Play::running(&ONCE, 5 * MINUTE, 60 * MINUTE);
    assert!(play.said.contains("until 2026-08-21T10:05:00Z"), "{}", play.said);
    assert_eq!(ready(&play)["new_scopes_until"], "2026-08-21T10:05:00Z");
    let play = Play::running(&ENDLESS, 5 * MINUTE, 60 * MINUTE);
    assert_eq!((play.said.as_str(), &ready(&play)["new_scopes_until"]), ("", &Value::Null));
}

#[test]
fn one_last_exchange_just_before_the_id_token_ends_buys_the_longest_life() {
    for (id_life, life) in [(5 * MINUTE, 60 * MINUTE), (10_000, 60_000), (60 * MINUTE, 75 * MINUTE)] {
        let mut play = Play::running(&ONCE, id_life, life);
        let mut last = 0;
        play.wait(id_life + life / 2, |play| {
            last = if play.tasks.is_empty() { last } else { play.now };
            play.succeed(id_life, life);
        });
        let before_end = START + id_life - last;
        assert!(before_end > 0 && before_end <= id_life / 10, "{id_life}: {before_end}");
        let id = play.get(ARM);
        assert_eq!(play.status(id), Some(200));
        assert!(play.exchanges <= 3, "{}", play.exchanges);
    }
}

#[test]
fn when_the_only_id_token_has_ended_the_message_names_the_time_and_the_way_out() {
    let mut play = Play::running(&ONCE, 5 * MINUTE, 60 * MINUTE);
    play.wait(6 * MINUTE, |play| play.succeed(5 * MINUTE, 60 * MINUTE));
    let known = play.get("https://management.core.windows.net/");
    assert_eq!(play.status(known), Some(200), "az asks for another spelling");
    for id in [play.get("https://graph.microsoft.com"), play.get_id_token()] {
        assert_eq!(play.status(id), Some(403));
        let message = play.message(id);
        assert!(message.contains("2026-08-21T10:05:00Z") && message.contains("--scope"), "{message}");
    }
    play.now += 70 * MINUTE;
    let ended = play.get(ARM);
    assert_eq!((play.status(ended), play.tasks.len()), (Some(403), 0));
}

#[test]
fn a_start_that_fails_ends_as_an_exchange_does() {
    let mut play = Play::open(&ENDLESS);
    play.end(unavailable(None));
    assert_eq!(play.refusal.as_ref().map(|one| one.exit_code), Some(5));

    let mut play = Play::open(&Setting { scopes: &["arm", "graph"], ..ENDLESS });
    play.end(Outcome::Minted(id_token(START, 5 * MINUTE)));
    assert_eq!(play.tasks.len(), 2);
    play.end(refused());
    assert_eq!(play.refusal, Some(Refusal { exit_code: 4, text: "error: Entra refused\n".to_owned() }));
    let access = play.access(60 * MINUTE);
    play.end(access);
    assert_eq!(play.environment, None, "the program does not run");
}

#[test]
fn a_file_whose_token_would_end_before_it_is_read_again_is_refused_at_the_start() {
    let offer = Offer { token_file: true, ..ENDLESS.offer };
    let mut play = Play::open(&Setting { offer, ..ENDLESS });
    play.end(Outcome::Minted(id_token(START, 5 * MINUTE)));
    let refusal = play.refusal.unwrap();
    assert_eq!(refusal.exit_code, 2);
    for word in ["--federated-token-file", "5 minutes"] {
        assert!(refusal.text.contains(word), "{}", refusal.text);
    }
    assert_eq!(play.files, []);
}

#[test]
fn entras_choice_of_another_id_token_counts_from_then_on() {
    let mut play = Play::running(&ENDLESS, 10 * MINUTE, 60 * MINUTE);
    play.get(ARM);
    let other = id_token(START, 9 * MINUTE);
    let Outcome::Exchanged(exchanged) = play.access(60 * MINUTE) else { panic!() };
    play.end(Outcome::Exchanged(Exchanged { id_token: Some(other.clone()), ..exchanged }));
    let id = play.get_id_token();
    assert_eq!(play.body(id)["value"], other.reveal());
}

#[test]
fn an_answer_of_entra_that_has_ended_already_is_not_handed_out() {
    let mut play = Play::running(&ENDLESS, 10 * MINUTE, 60 * MINUTE);
    let id = play.get(ARM);
    let access = play.access(0);
    play.end(access);
    assert_eq!(play.status(id), Some(403));
}
