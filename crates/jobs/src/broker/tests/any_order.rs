//! Property tests with requests, results, pauses and jumps of the clock in any order.

use super::*;

/// Numbers that differ and are the same in each run (a linear congruential generator, MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }

    fn outcome(&mut self, play: &Play, at: usize) -> Outcome {
        match (self.below(6), &play.tasks[at].1) {
            (0, _) => refused(),
            (1, _) => unavailable(None),
            (2, _) => unavailable(Some(u32::try_from(self.below(40)).unwrap())),
            (_, Task::Mint(_)) => Outcome::Minted(id_token(play.now, 1_000 + self.below(10 * MINUTE))),
            (_, Task::Exchange { .. }) => play.access(self.below(90 * MINUTE)),
        }
    }
}

#[test]
fn every_caller_is_answered_in_time_and_no_token_that_has_ended_is_handed_out() {
    for seed in 0..300 {
        let numbers = &mut Numbers(seed);
        let setting = if seed % 2 == 0 { ENDLESS } else { ONCE };
        let mut play = Play::running(&setting, 5 * MINUTE, 60 * MINUTE);
        let mut asked: BTreeMap<u64, u64> = BTreeMap::new();
        for _ in 0..400 {
            match numbers.below(10) {
                0..4 => {
                    let id = play.get(&format!("api://{}", numbers.below(12)));
                    asked.insert(id, play.now);
                }
                4 => {
                    let id = play.get_id_token();
                    asked.insert(id, play.now);
                }
                5..8 if !play.tasks.is_empty() => {
                    let at = usize::try_from(numbers.below(play.tasks.len() as u64)).unwrap();
                    let outcome = numbers.outcome(&play, at);
                    play.tasks.swap(0, at);
                    play.end(outcome);
                }
                8 => play.wait(numbers.below(20_000), |_| {}),
                9 if numbers.below(10) == 0 => {
                    // The clock is set, or the machine was suspended.
                    play.now = (play.now + numbers.below(60 * MINUTE)).saturating_sub(30 * MINUTE);
                    let actions = play.session.tick(play.now);
                    play.take(actions);
                    asked.values_mut().for_each(|at| *at = (*at).max(play.now));
                }
                _ => {}
            }
            assert!(play.tasks.len() <= 9, "{seed}");
            for (id, reply) in std::mem::take(&mut play.replies) {
                assert!(asked.remove(&id).is_some_and(|at| play.now.saturating_sub(at) <= 30_000), "{seed}");
                assert!(matches!(reply.status, 200 | 403 | 429 | 503), "{seed}");
                assert!(reply.status != 200 || reply.retry_after.is_none(), "{seed}");
                let body: Value = serde_json::from_str(reply.body.reveal()).unwrap();
                if let Some(until) = body["expires_on"].as_str() {
                    // The reply may be a wait of the test old.
                    assert!(until.parse::<u64>().unwrap() * 1000 + 20_000 > play.now, "{seed}");
                }
            }
        }
        play.wait(10_000, |_| {});
        assert!(asked.keys().all(|id| play.replies.contains_key(id)), "{seed}: nobody waits for ever");
    }
}
