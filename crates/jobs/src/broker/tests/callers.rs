//! Tests many callers at the same time.

use super::*;

#[test]
fn a_hundred_callers_for_one_scope_are_one_exchange() {
    let mut play = Play::running(&ENDLESS, 5 * MINUTE, 60 * MINUTE);
    let ids: Vec<_> = (0..100).map(|_| play.get(ARM)).collect();
    assert_eq!((play.exchanges, play.replies.len()), (1, 0));
    play.succeed(5 * MINUTE, 60 * MINUTE);
    assert!(ids.iter().all(|id| play.body(*id)["access_token"] == "access-1"));
    assert_eq!(play.exchanges, 1);
}

#[test]
fn a_token_in_cache_is_handed_out_without_a_task() {
    let mut play = Play::running(&ENDLESS, 5 * MINUTE, 60 * MINUTE);
    play.get(ARM);
    play.succeed(5 * MINUTE, 60 * MINUTE);
    for _ in 0..1_000 {
        let id = play.get(ARM);
        assert_eq!(play.status(id), Some(200));
    }
    assert_eq!((play.exchanges, play.tasks.len()), (1, 0));
}

#[test]
fn fifty_providers_that_ask_for_the_id_token_are_one_mint() {
    let mut play = Play::running(&ENDLESS, 5 * MINUTE, 60 * MINUTE);
    play.now += 4 * MINUTE;
    let ids: Vec<_> = (0..50).map(|_| play.get_id_token()).collect();
    assert_eq!(play.mints, 2, "the first is that of the start");
    play.succeed(5 * MINUTE, 60 * MINUTE);
    assert!(ids.iter().all(|id| play.status(*id) == Some(200)));
    let id = play.get_id_token();
    assert_eq!((play.status(id), play.mints), (Some(200), 2));
}

#[test]
fn spellings_of_resource_manager_are_one_exchange_only_where_there_is_one_id_token() {
    const SPELLINGS: [&str; 4] = [
        "https://management.azure.com",
        "https://management.azure.com/",
        "https://management.core.windows.net",
        "https://management.core.windows.net/",
    ];
    for (setting, exchanges) in [(&ENDLESS, 4), (&ONCE, 1)] {
        let mut play = Play::running(setting, 60 * MINUTE, 60 * MINUTE);
        for spelling in SPELLINGS {
            let id = play.get(spelling);
            play.succeed(60 * MINUTE, 60 * MINUTE);
            assert_eq!(play.body(id)["resource"], spelling, "as it was asked for");
        }
        assert_eq!(play.exchanges, exchanges);
    }
}

#[test]
fn a_caller_waits_less_than_ten_seconds_and_is_told_to_come_back() {
    let mut play = Play::running(&ENDLESS, 5 * MINUTE, 60 * MINUTE);
    let id = play.get(ARM);
    play.wait(8_900, |_| {});
    assert_eq!(play.status(id), None);
    play.wait(1_000, |_| {});
    assert_eq!(play.status(id), Some(503));
    assert_eq!(play.replies[&id].retry_after, Some(1));
    // The exchange goes on, for the next caller.
    let next = play.get(ARM);
    play.succeed(5 * MINUTE, 60 * MINUTE);
    assert_eq!((play.status(next), play.exchanges), (Some(200), 1));
}

#[test]
fn a_fault_that_passes_is_not_seen_by_a_caller_that_can_wait() {
    let mut play = Play::running(&ENDLESS, 5 * MINUTE, 60 * MINUTE);
    let id = play.get(ARM);
    play.now += 2_000;
    play.end(unavailable(None));
    assert_eq!((play.status(id), play.tasks.len()), (None, 0), "after a pause");
    play.wait(5_000, |play| play.succeed(5 * MINUTE, 60 * MINUTE));
    assert_eq!((play.status(id), play.exchanges), (Some(200), 2));
}

#[test]
fn a_server_that_asks_to_wait_for_long_is_asked_once() {
    let mut play = Play::running(&ENDLESS, 5 * MINUTE, 60 * MINUTE);
    let id = play.get(ARM);
    play.end(unavailable(Some(60)));
    assert_eq!((play.status(id), play.replies[&id].retry_after), (Some(429), Some(60)));
    play.now += 20_000;
    let next = play.get(ARM);
    assert_eq!((play.status(next), play.replies[&next].retry_after), (Some(429), Some(40)));
    assert_eq!(play.exchanges, 1);
}

#[test]
fn a_refusal_answers_a_flood_for_a_while() {
    let mut play = Play::running(&ENDLESS, 5 * MINUTE, 60 * MINUTE);
    let first = play.get(ARM);
    play.end(refused());
    assert_eq!(play.status(first), Some(403));
    assert!(play.message(first).starts_with("AADSTS700213"));
    for _ in 0..1_000 {
        let id = play.get(ARM);
        assert_eq!(play.status(id), Some(403));
    }
    assert_eq!(play.exchanges, 1);
    play.now += 4_000;
    let later = play.get(ARM);
    play.succeed(5 * MINUTE, 60 * MINUTE);
    assert_eq!(play.status(later), Some(200), "the credential was created meanwhile");
}

#[test]
fn callers_scopes_and_tasks_are_bounded() {
    let mut play = Play::running(&ENDLESS, 5 * MINUTE, 60 * MINUTE);
    let ids: Vec<_> = (0..1_200).map(|_| play.get(ARM)).collect();
    assert_eq!(ids.iter().filter(|id| play.status(**id) == Some(503)).count(), 200);
    play.succeed(5 * MINUTE, 60 * MINUTE);
    for at in 0..100 {
        play.get(&format!("api://resource-{at}"));
    }
    assert!(play.tasks.len() <= 8, "{}", play.tasks.len());
    play.succeed(5 * MINUTE, 60 * MINUTE);
    let refused = play.replies.values().filter(|reply| reply.status == 400).count();
    assert_eq!((refused, play.exchanges), (37, 64));
}
