//! Sorting of short lists.

/// Sorts so that each stands before those that it is `before` of; equals keep their order.
///
/// The time is quadratic for a list in disorder, and the code a hundredth of what the standard library's sort has.
pub(crate) fn sort_short<T>(list: &mut [T], before: impl Fn(&T, &T) -> bool) {
    for end in 1..list.len() {
        let mut at = end;
        while at > 0 && before(&list[at], &list[at - 1]) {
            list.swap(at, at - 1);
            at -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equals_keep_their_order() {
        let mut list = [(2, 'a'), (1, 'b'), (2, 'c'), (0, 'd'), (1, 'e')];
        sort_short(&mut list, |one, other| one.0 < other.0);
        assert_eq!(list, [(0, 'd'), (1, 'b'), (1, 'e'), (2, 'a'), (2, 'c')]);
        sort_short::<u8>(&mut [], |one, other| one < other);
    }
}
