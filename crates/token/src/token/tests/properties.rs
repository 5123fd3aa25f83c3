//! Property tests of the parser with arbitrary text and bytes.

use proptest::prelude::*;

use super::token;
use crate::token::{Jws, Token, pasted};

proptest! {
    #[test]
    fn any_text_is_read_or_refused_but_never_breaks(text in "(?s).*") {
        let _ = Token::parse(&text);
    }

    #[test]
    fn text_of_the_shape_of_a_token_never_breaks(text in "[A-Za-z0-9+/=_ .\"\n-]{0,200}") {
        let _ = Token::parse(&text);
    }

    #[test]
    fn any_bytes_in_any_segment_never_break(header in any::<Vec<u8>>(), payload in any::<Vec<u8>>()) {
        let _ = Token::parse(&format!("{}.{}.", super::encoded(&header), super::encoded(&payload)));
        let _ = Token::parse(&token(super::HEADER, payload));
    }

    #[test]
    fn three_segments_are_never_taken_for_a_mistake(text in "[A-Za-z0-9_-]{1,40}(\\.[A-Za-z0-9_-]{0,40}){2}") {
        prop_assert_eq!(pasted::instead_of_a_token(&text), None);
    }

    #[test]
    fn what_is_read_is_what_was_written(payload in any::<Vec<u8>>(), signature in any::<Vec<u8>>()) {
        let input = format!("{}.{}", super::encoded(super::HEADER), super::encoded(&payload));
        let jws = Jws::parse(&format!("{input}.{}", super::encoded(&signature))).unwrap();
        prop_assert_eq!((jws.payload(), jws.signature(), jws.signing_input()), (&payload[..], &signature[..], input.as_bytes()));
    }
}
