//! Sets of small numbers, all of one length.

/// A set of numbers below a fixed length. Operations on sets of different lengths treat the missing numbers as absent.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct BitSet {
    len: usize,
    words: Vec<u64>,
}

impl BitSet {
    /// The empty set of numbers below `len`.
    pub fn new(len: usize) -> Self {
        Self { len, words: vec![0; len.div_ceil(64)] }
    }

    /// All numbers below `len`.
    pub fn full(len: usize) -> Self {
        let mut words = vec![u64::MAX; len.div_ceil(64)];
        if let (Some(last), rest @ 1..) = (words.last_mut(), len % 64) {
            *last = (1 << rest) - 1;
        }
        Self { len, words }
    }

    /// One more than the largest number the set can hold.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether it holds no number.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|w| *w == 0)
    }

    /// Puts a number in; says whether it was absent. A number that is out of range stays out.
    pub fn insert(&mut self, number: usize) -> bool {
        if number >= self.len {
            return false;
        }
        let word = &mut self.words[number / 64];
        let before = *word;
        *word |= 1 << (number % 64);
        *word != before
    }

    /// Takes a number out; says whether it was present.
    pub fn remove(&mut self, number: usize) -> bool {
        if number >= self.len {
            return false;
        }
        let word = &mut self.words[number / 64];
        let before = *word;
        *word &= !(1 << (number % 64));
        *word != before
    }

    /// Whether a number is in.
    pub fn contains(&self, number: usize) -> bool {
        self.words.get(number / 64).is_some_and(|w| w & (1 << (number % 64)) != 0)
    }

    /// Whether every number of this set is in the other.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.words.iter().enumerate().all(|(i, w)| w & !other.word(i) == 0)
    }

    /// Whether a number is in both.
    pub fn intersects(&self, other: &Self) -> bool {
        self.words.iter().enumerate().any(|(i, w)| w & other.word(i) != 0)
    }

    /// Adds the numbers of the other set; the length grows to the longer one.
    pub fn union_with(&mut self, other: &Self) {
        self.len = self.len.max(other.len);
        self.words.resize(self.words.len().max(other.words.len()), 0);
        self.words.iter_mut().zip(&other.words).for_each(|(w, o)| *w |= o);
    }

    /// Keeps what is also in the other set.
    pub fn intersect_with(&mut self, other: &Self) {
        self.words.iter_mut().enumerate().for_each(|(i, w)| *w &= other.word(i));
    }

    /// What is in this set and not in the other.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Self {
        let words = self.words.iter().enumerate().map(|(i, w)| w & !other.word(i)).collect();
        Self { len: self.len, words }
    }

    /// How many numbers are in.
    pub fn count(&self) -> usize {
        self.words.iter().map(|w| w.count_ones() as usize).sum()
    }

    /// The numbers, smallest first.
    pub fn iter(&self) -> impl Iterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(i, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    i * 64 + bit
                })
            })
        })
    }

    /// The smallest number, if there is one.
    pub fn first(&self) -> Option<usize> {
        self.iter().next()
    }

    fn word(&self, index: usize) -> u64 {
        self.words.get(index).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::BitSet;

    fn of(len: usize, numbers: &BTreeSet<usize>) -> BitSet {
        let mut set = BitSet::new(len);
        numbers.iter().for_each(|n| assert!(set.insert(*n)));
        set
    }

    #[test]
    fn full_holds_exactly_the_numbers_below_its_length() {
        for len in [0, 1, 63, 64, 65, 200] {
            let set = BitSet::full(len);
            assert_eq!((set.count(), set.len()), (len, len));
            assert!(!set.contains(len));
            assert_eq!(set.iter().collect::<Vec<_>>(), (0..len).collect::<Vec<_>>());
        }
    }

    #[test]
    fn numbers_out_of_range_stay_out() {
        let mut set = BitSet::new(3);
        assert!(!set.insert(3) && !set.contains(3) && !set.contains(900) && set.is_empty());
    }

    proptest! {
        #[test]
        fn agrees_with_a_set_of_the_standard_library(
            a in proptest::collection::btree_set(0usize..150, 0..40),
            b in proptest::collection::btree_set(0usize..150, 0..40),
        ) {
            let (x, y) = (of(150, &a), of(150, &b));
            prop_assert_eq!(x.is_subset(&y), a.is_subset(&b));
            prop_assert_eq!(x.intersects(&y), !a.is_disjoint(&b));
            prop_assert_eq!(x.difference(&y), of(150, &a.difference(&b).copied().collect()));
            let mut union = x.clone();
            union.union_with(&y);
            prop_assert_eq!(union, of(150, &a.union(&b).copied().collect()));
            let mut both = x.clone();
            both.intersect_with(&y);
            prop_assert_eq!(both, of(150, &a.intersection(&b).copied().collect()));
            prop_assert_eq!(x.iter().collect::<Vec<_>>(), a.iter().copied().collect::<Vec<_>>());
            prop_assert_eq!(x.first(), a.first().copied());
            prop_assert_eq!(x == y, a == b);
        }
    }
}
