//! `doctor`: which platform this is and how that was recognised, what is missing, whether the authority can be reached.

mod answer;

pub use answer::{Answer, Check, Detector, Recognised};
