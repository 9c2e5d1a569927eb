//! Placeholder of units.
/// A span of time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Duration {
    /// Seconds.
    pub seconds: u64,
}
/// An exact number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Decimal;
/// Five fields.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cron;
