//! Many parts of a pipeline: the time for the credentials grows with their number only.

#![cfg(unix)]

use std::time::Duration;

use azure_oidc_jobs::credential::{self, Parts, Request};

/// A part that can be repeated: its platform, its name, and the others that it needs.
type Repeated = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const REPEATED: [Repeated; 3] = [
    ("kubernetes", "service-account", &[("namespace", "n"), ("issuer", "https://oidc.example")]),
    ("github", "branch", &[("repo", "o/r")]),
    ("github", "unknown", &[("repo", "o/r")]),
];

#[test]
fn the_time_for_many_parts_grows_with_their_number() {
    const FEW: usize = 1_000;
    const TIMES: u32 = 12;
    for (platform, name, others) in REPEATED {
        let few = shortest(|| written(platform, name, others, FEW));
        let many = shortest(|| written(platform, name, others, FEW * TIMES as usize));
        // Four times as much as expected is far less than the square.
        assert!(many < few * TIMES * 4 + Duration::from_millis(50), "{platform} {name}: {few:?}, {many:?}");
    }
}

fn shortest(run: impl Fn()) -> Duration {
    let time = |_| {
        let since = processor_time();
        run();
        processor_time().saturating_sub(since)
    };
    (0..3).map(time).min().unwrap_or_default()
}

/// The processor time of this thread, so that other programs on the machine do not count.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}

fn written(platform: &str, name: &str, others: &[(&str, &str)], count: usize) {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let mut parts: Vec<_> = others.iter().map(owned).collect();
    parts.extend((0..count).map(|at| (name.to_owned(), format!("v{at}"))));
    let (platform, parts) = (Some(platform.to_owned()), Some(Parts(parts)));
    let answer = credential::run(&Request { platform, parts, ..Request::default() });
    let code = if name == "unknown" { "subject-part-unknown" } else { "credentials-too-many" };
    assert_eq!(answer.err().map(|fault| fault.code), Some(code));
}
