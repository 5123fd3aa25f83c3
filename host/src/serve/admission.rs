//! Decides which requests are answered now. Each kind of request has its own limit, so that one kind
//! never keeps out another.

use std::num::NonZero;
use std::thread;

use azure_oidc_core::settings::{SERVICE_EXCHANGE, SERVICE_LIVENESS};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::bounds::{LIVENESS, SMALL};

/// The places for requests.
#[derive(Debug)]
pub(super) struct Admission {
    liveness: Semaphore,
    exchanges: Semaphore,
    others: Semaphore,
    /// Large requests take turns, because they compute longest.
    turns: Semaphore,
    /// Large requests that have a turn or wait for one.
    queue: Semaphore,
}

/// The places of one request.
#[derive(Debug)]
pub(super) struct Admitted<'a> {
    _place: SemaphorePermit<'a>,
    _turn: Option<[SemaphorePermit<'a>; 2]>,
}

impl Admission {
    /// Room for this many exchanges and this many other requests.
    pub(super) fn new(concurrency: u32) -> Self {
        let concurrency = concurrency as usize;
        Self {
            liveness: Semaphore::new(LIVENESS as usize),
            exchanges: Semaphore::new(concurrency),
            others: Semaphore::new(concurrency),
            turns: Semaphore::new(thread::available_parallelism().map_or(1, NonZero::get)),
            queue: Semaphore::new(concurrency.div_ceil(2)),
        }
    }

    /// The most requests that are answered at the same time.
    pub(super) fn most(concurrency: u32) -> u32 {
        2 * concurrency + LIVENESS
    }

    /// Admits a request with a body of this length, or none if there is no place for it. A large
    /// request waits for its turn, and a request for liveness for its place.
    pub(super) async fn admit(&self, path: &str, length: usize) -> Option<Admitted<'_>> {
        let is_small = length <= SMALL;
        if path == SERVICE_LIVENESS && is_small {
            return Some(Admitted { _place: self.liveness.acquire().await.ok()?, _turn: None });
        }
        if path == SERVICE_EXCHANGE {
            return Some(Admitted { _place: self.exchanges.try_acquire().ok()?, _turn: None });
        }
        let turn = if is_small {
            None
        } else {
            let queue = self.queue.try_acquire().ok()?;
            Some([queue, self.turns.acquire().await.ok()?])
        };
        Some(Admitted { _place: self.others.try_acquire().ok()?, _turn: turn })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LARGE: usize = SMALL + 1;

    #[tokio::test]
    async fn no_kind_of_request_keeps_out_another() {
        let admission = Admission::new(1);
        let exchange = admission.admit(SERVICE_EXCHANGE, 2).await.unwrap();
        assert!(admission.admit(SERVICE_EXCHANGE, 2).await.is_none());
        let check = admission.admit("/v1/check", 2).await.unwrap();
        assert!(admission.admit("/v1/verify", 2).await.is_none());
        assert!(admission.admit(SERVICE_LIVENESS, 0).await.is_some());
        drop((exchange, check));
        assert!(admission.admit(SERVICE_EXCHANGE, LARGE).await.is_some());
    }

    #[tokio::test]
    async fn large_requests_wait_for_their_turn_and_small_ones_do_not() {
        let admission = Admission::new(64);
        let mut running = Vec::new();
        for _ in 0..admission.turns.available_permits() {
            running.push(admission.admit("/v1/check", LARGE).await.unwrap());
        }
        tokio::select! {
            biased;
            _ = admission.admit("/v1/check", LARGE) => panic!("it is admitted at once"),
            small = admission.admit("/v1/check", SMALL) => assert!(small.is_some()),
        }
        running.pop();
        assert!(admission.admit("/v1/check", LARGE).await.is_some());
    }

    #[tokio::test]
    async fn the_queue_of_large_requests_is_bounded() {
        let admission = Admission::new(2);
        let _queued = admission.queue.try_acquire().unwrap();
        assert!(admission.admit("/v1/check", LARGE).await.is_none());
        assert!(admission.admit("/v1/check", SMALL).await.is_some());
    }
}
