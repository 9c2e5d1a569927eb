//! Values with a unit: times, sizes, shares, exact numbers. No floating point: limits are compared as they are written.

use std::cmp::Ordering;
use std::fmt;

/// Why a text is not a value of the unit asked for. The caller knows where the text stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UnitError {
    /// What is wrong, without a full stop.
    pub message: String,
    /// The way out.
    pub help: String,
}

impl UnitError {
    /// What is wrong and how to get out.
    pub fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

impl fmt::Display for UnitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for UnitError {}

/// An exact decimal number: up to 20 digits before the point and 18 behind it.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// Without trailing zeros behind the point, so that equal numbers are equal values.
    digits: i128,
    /// How many of the digits stand behind the point.
    places: u32,
}

impl Decimal {
    /// Most digits before the point.
    const WHOLE: u32 = 20;
    /// Most digits behind the point. Any two numbers can be brought to it and compared within 128 bits.
    const PLACES: u32 = 18;
    /// Nothing.
    pub const ZERO: Self = Self { digits: 0, places: 0 };
    /// One.
    pub const ONE: Self = Self { digits: 1, places: 0 };
    /// A hundred.
    pub const HUNDRED: Self = Self { digits: 100, places: 0 };

    /// Reads `5`, `-0.05`, `83.10`.
    ///
    /// # Errors
    /// For anything else: no exponent, no separators, no lone point.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let no_number =
            || UnitError::new(format!("`{text}` is not a number"), "write digits and at most one point, such as `0.05`");
        let unsigned = text.strip_prefix('-').unwrap_or(text);
        let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
        if [whole, part].iter().any(|d| d.is_empty() || !d.bytes().all(|b| b.is_ascii_digit())) {
            return Err(no_number());
        }
        let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
        if whole.len() > Self::WHOLE as usize || part.len() > Self::PLACES as usize {
            let help = format!("at most {} digits before the point and {} behind it", Self::WHOLE, Self::PLACES);
            return Err(UnitError::new(format!("`{text}` has too many digits"), help));
        }
        let digits: i128 = format!("0{whole}{part}").parse().map_err(|_| no_number())?;
        let sign = if unsigned.len() < text.len() { -1 } else { 1 };
        Ok(Self { digits: sign * digits, places: part.len() as u32 })
    }

    /// A number of `places` digits behind the point, if it is small enough.
    fn of(mut digits: i128, mut places: u32) -> Option<Self> {
        while places > 0 && digits % 10 == 0 {
            digits /= 10;
            places -= 1;
        }
        let small = places <= Self::PLACES && digits.unsigned_abs() / 10u128.pow(places) < 10u128.pow(Self::WHOLE);
        small.then_some(Self { digits, places })
    }

    /// The product, unless it has too many digits.
    pub fn times(self, other: Self) -> Option<Self> {
        Self::of(self.digits.checked_mul(other.digits)?, self.places + other.places)
    }

    /// The number divided by a power of ten, unless it has too many digits.
    pub fn shift_right(self, by: u32) -> Option<Self> {
        Self::of(self.digits, self.places.checked_add(by).filter(|p| *p <= 2 * Self::PLACES)?)
    }

    /// The exact quotient; none if it has too many digits or no end.
    pub fn over(self, other: Self) -> Option<Self> {
        let divided = |more: u32| {
            let top = self.digits.checked_mul(10i128.checked_pow(other.places + more)?)?;
            (other.digits != 0 && top % other.digits == 0).then(|| Self::of(top / other.digits, self.places + more))?
        };
        (0..=Self::PLACES).find_map(divided)
    }

    /// Whether it is below zero.
    pub fn is_negative(self) -> bool {
        self.digits < 0
    }

    /// The number as an integer, if it is one and fits.
    pub fn whole(self) -> Option<i64> {
        if self.places == 0 { i64::try_from(self.digits).ok() } else { None }
    }

    /// In units of 10^-18.
    fn common(self) -> i128 {
        self.digits * 10i128.pow(Self::PLACES - self.places)
    }
}

impl From<u64> for Decimal {
    fn from(value: u64) -> Self {
        Self { digits: i128::from(value), places: 0 }
    }
}

impl From<i64> for Decimal {
    fn from(value: i64) -> Self {
        Self { digits: i128::from(value), places: 0 }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        self.common().cmp(&other.common())
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let unit = 10u128.pow(self.places);
        let (whole, part) = (self.digits.unsigned_abs() / unit, self.digits.unsigned_abs() % unit);
        match self.places {
            0 => write!(f, "{sign}{whole}"),
            places => write!(f, "{sign}{whole}.{part:0width$}", width = places as usize),
        }
    }
}

impl fmt::Debug for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decimal({self})")
    }
}

/// A share of a whole, written `80%`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Percent(Decimal);

impl Percent {
    /// Reads `80%`, `99.5%`.
    ///
    /// # Errors
    /// Without the sign, or when what stands before it is no number.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let Some(number) = text.strip_suffix('%') else {
            let help = if Decimal::parse(text).is_ok() { format!("write \"{text}%\"") } else { "write such as \"80%\"".into() };
            return Err(UnitError::new(format!("`{text}` is not a percentage"), help));
        };
        Decimal::parse(number)
            .map(Self)
            .map_err(|_| UnitError::new(format!("`{text}` is not a percentage"), "write such as \"80%\""))
    }

    /// The number before the sign.
    pub fn value(self) -> Decimal {
        self.0
    }

    /// As a part of one: `0.8` of `80%`. None if it has more than 16 digits behind the point.
    pub fn ratio(self) -> Option<Decimal> {
        self.0.shift_right(2)
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}%", self.0)
    }
}

/// A length of time in whole seconds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Duration {
    /// Seconds.
    pub seconds: u64,
}

const TIMES: [(&str, u64); 4] = [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)];

impl Duration {
    /// Longest time that can be written: a hundred years.
    const MAX: u64 = 36_525 * 86_400;

    /// So many seconds.
    pub fn from_seconds(seconds: u64) -> Self {
        Self { seconds }
    }

    /// Reads `90s`, `10m`, `1h30m`, `7d`: each unit at most once, the larger ones first.
    ///
    /// # Errors
    /// For anything else, and for more than a hundred years.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let wrong = |help: String| UnitError::new(format!("`{text}` is not a duration"), help);
        if text.ends_with("ms") {
            return Err(wrong("the smallest unit is a second: write such as \"1s\"".into()));
        }
        if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(wrong(format!("add the unit: \"{text}s\", \"{text}m\", \"{text}h\" or \"{text}d\"")));
        }
        let shape = || wrong("write whole numbers with `d`, `h`, `m`, `s`, such as \"10m\" or \"1h30m\"".into());
        let (mut rest, mut seconds, mut larger) = (text, 0u64, u64::MAX);
        while !rest.is_empty() {
            let end = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(shape)?;
            let (unit, size) = *TIMES.iter().find(|(u, _)| rest[end..].starts_with(u)).ok_or_else(shape)?;
            if size >= larger {
                return Err(wrong("name each unit once, the larger one first, such as \"1h30m\"".into()));
            }
            let count: u64 = rest[..end].parse().map_err(|_| shape())?;
            seconds = seconds.saturating_add(count.saturating_mul(size));
            larger = size;
            rest = &rest[end + unit.len()..];
        }
        match seconds {
            _ if text.is_empty() => Err(shape()),
            s if s > Self::MAX => Err(UnitError::new(format!("`{text}` is longer than a hundred years"), "write a shorter time")),
            seconds => Ok(Self { seconds }),
        }
    }

    /// Reads a limit of a measured time, exactly: what [`Duration::parse`] reads, or milliseconds such as `200ms`. In seconds.
    ///
    /// # Errors
    /// As [`Duration::parse`].
    pub fn parse_limit(text: &str) -> Result<Decimal, UnitError> {
        match text.strip_suffix("ms").map(Decimal::parse) {
            Some(Ok(millis)) if !millis.is_negative() => {
                millis.shift_right(3).ok_or_else(|| UnitError::new(format!("`{text}` has too many digits"), "write fewer digits"))
            }
            Some(_) => Err(UnitError::new(format!("`{text}` is not a duration"), "write such as \"200ms\"")),
            None => Self::parse(text).map(|d| Decimal::from(d.seconds)),
        }
    }

    /// Whole minutes, rounded up, for vendors that count in minutes.
    pub fn minutes_ceil(self) -> u64 {
        self.seconds.div_ceil(60)
    }

    /// Whole days, rounded up, for vendors that count in days.
    pub fn days_ceil(self) -> u64 {
        self.seconds.div_ceil(86_400)
    }
}

impl fmt::Display for Duration {
    /// The shortest text that reads back as the same time; of equally short ones that with the largest unit.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let spell = |from: usize| {
            let mut rest = self.seconds;
            let mut text = String::new();
            for (unit, size) in &TIMES[from..] {
                if rest >= *size {
                    text.push_str(&format!("{}{unit}", rest / size));
                    rest %= size;
                }
            }
            text
        };
        let shortest = (0..TIMES.len()).map(spell).min_by_key(String::len).filter(|t| !t.is_empty());
        f.write_str(shortest.as_deref().unwrap_or("0s"))
    }
}

/// An amount of data in bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Size {
    /// Bytes.
    pub bytes: u64,
}

const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

impl Size {
    /// Reads `512MiB`, `1.5GB`, `100B`.
    ///
    /// # Errors
    /// Without a unit, with another one, below zero, and where it is no whole number of bytes.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let wrong = |help: String| UnitError::new(format!("`{text}` is not a size"), help);
        let at = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (number, unit) = text.split_at(at);
        let Some((_, size)) = SIZES.iter().find(|(u, _)| *u == unit) else {
            let near = SIZES.iter().find(|(u, _)| !unit.is_empty() && u.to_lowercase().starts_with(&unit.to_lowercase()));
            return Err(wrong(match near {
                Some((near, _)) if !number.is_empty() => format!("write \"{number}{near}\""),
                _ => "write a number and one of B, KB, MB, GB, TB, KiB, MiB, GiB, TiB".into(),
            }));
        };
        let number = Decimal::parse(number).map_err(|e| wrong(e.help))?;
        let bytes = number.times(Decimal::from(*size)).filter(|b| b.places == 0).and_then(|b| u64::try_from(b.digits).ok());
        bytes.map(|bytes| Self { bytes }).ok_or_else(|| wrong("write a whole number of bytes".into()))
    }

    /// Whole mebibytes, rounded up.
    pub fn mebibytes_ceil(self) -> u64 {
        self.bytes.div_ceil(1 << 20)
    }
}

impl fmt::Display for Size {
    /// The shortest text with a whole number; binary units win a tie.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = SIZES.iter().filter(|(_, size)| self.bytes.is_multiple_of(*size) && (self.bytes > 0 || *size == 1));
        let texts = exact.map(|(unit, size)| (self.bytes / size, unit));
        let (count, unit) = texts.min_by_key(|(count, _)| *count).unwrap_or((self.bytes, &"B"));
        write!(f, "{count}{unit}")
    }
}

/// A share of processors in thousandths of one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Cpu {
    /// Thousandths of a processor.
    pub millis: u64,
}

impl Cpu {
    /// Reads `500m`, `2`, `0.5`.
    ///
    /// # Errors
    /// For anything else, for nothing, and for less than a thousandth.
    pub fn parse(text: &str) -> Result<Self, UnitError> {
        let (number, scale) = text.strip_suffix('m').map_or((text, 1_000u64), |n| (n, 1));
        let millis = Decimal::parse(number).ok().and_then(|n| n.times(Decimal::from(scale)));
        let millis = millis.filter(|n| n.places == 0 && n.digits > 0).and_then(|n| u64::try_from(n.digits).ok());
        millis.map(|millis| Self { millis }).ok_or_else(|| {
            UnitError::new(
                format!("`{text}` is not a share of processors"),
                "write thousandths such as \"500m\", or processors such as \"2\"",
            )
        })
    }
}

impl fmt::Display for Cpu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.millis % 1_000 {
            0 => write!(f, "{}", self.millis / 1_000),
            _ => write!(f, "{}m", self.millis),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Cpu, Decimal, Duration, Percent, Size};

    fn number(text: &str) -> Decimal {
        Decimal::parse(text).unwrap()
    }

    #[test]
    fn numbers_are_exact() {
        for (text, shown) in [
            ("5", "5"),
            ("-0.050", "-0.05"),
            ("007.10", "7.1"),
            ("0.0", "0"),
            ("-0", "0"),
            ("99999999999999999999", "99999999999999999999"),
        ] {
            assert_eq!(number(text).to_string(), shown);
        }
        for bad in [
            "",
            "-",
            ".",
            ".5",
            "5.",
            "1e3",
            "1_000",
            "+1",
            "1.2.3",
            "٣",
            "0x10",
            "100000000000000000000",
            "0.0000000000000000001",
        ] {
            assert!(Decimal::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(number("0.1").times(number("3")), Some(number("0.3")));
        assert_eq!(number("0.831").times(Decimal::HUNDRED), Some(number("83.1")));
        assert_eq!(number("99999999999999999999").times(number("10")), None);
        assert_eq!((number("4").whole(), number("4.5").whole()), (Some(4), None));
        assert!(number("-1").is_negative() && number("0.3") > number("0.29999999999999999") && number("-2") < number("-1.5"));
    }

    #[test]
    fn quotients_are_exact_or_none() {
        for (top, bottom, expected) in [
            ("0.2", "0.001", Some("200")),
            ("1", "8", Some("0.125")),
            ("5", "1", Some("5")),
            ("-3", "1024", Some("-0.0029296875")),
            ("1", "3", None),
            ("1", "0", None),
        ] {
            assert_eq!(number(top).over(number(bottom)), expected.map(number), "{top} / {bottom}");
        }
    }

    #[test]
    fn percentages_need_their_sign() {
        assert_eq!(Percent::parse("80%").unwrap().ratio(), Some(number("0.8")));
        assert_eq!(Percent::parse("99.50%").unwrap().to_string(), "99.5%");
        assert_eq!(Percent::parse("80").unwrap_err().help, "write \"80%\"");
        assert!(Percent::parse("%").is_err() && Percent::parse("x%").is_err());
    }

    #[test]
    fn durations_read_and_print() {
        for (text, seconds, shown) in [
            ("90s", 90, "90s"),
            ("10m", 600, "10m"),
            ("1h30m", 5_400, "90m"),
            ("7d", 604_800, "7d"),
            ("24h", 86_400, "1d"),
            ("0s", 0, "0s"),
            ("1d1s", 86_401, "1d1s"),
        ] {
            let value = Duration::parse(text).unwrap();
            assert_eq!((value.seconds, value.to_string().as_str()), (seconds, shown));
        }
        for bad in [
            "",
            "m",
            "10",
            "1.5h",
            "5 m",
            "30m1h",
            "1m1m",
            "10M",
            "1w",
            "-5m",
            "500ms",
            "99999999999999999999s",
            "40000d",
            "1h ",
            "٣m",
        ] {
            assert!(Duration::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Duration::parse("10").unwrap_err().help, "add the unit: \"10s\", \"10m\", \"10h\" or \"10d\"");
        assert_eq!((Duration::from_seconds(61).minutes_ceil(), Duration::from_seconds(60).minutes_ceil()), (2, 1));
        assert_eq!(Duration::from_seconds(86_401).days_ceil(), 2);
        assert_eq!(Duration::parse_limit("200ms").unwrap(), number("0.2"));
        assert_eq!(Duration::parse_limit("2m").unwrap(), number("120"));
        assert!(["ms", "-1ms", "10", "1e3ms"].iter().all(|bad| Duration::parse_limit(bad).is_err()));
    }

    #[test]
    fn sizes_read_and_print() {
        for (text, bytes, shown) in [
            ("512MiB", 512 << 20, "512MiB"),
            ("1.5KB", 1_500, "1500B"),
            ("1024KiB", 1 << 20, "1MiB"),
            ("2GB", 2_000_000_000, "2GB"),
            ("0B", 0, "0B"),
        ] {
            let value = Size::parse(text).unwrap();
            assert_eq!((value.bytes, value.to_string().as_str()), (bytes, shown));
        }
        for bad in ["", "512", "MiB", "-1B", "0.5B", "1.2.3KB", "1 MB", "99999999999TiB"] {
            assert!(Size::parse(bad).is_err(), "{bad}");
        }
        assert_eq!(Size::parse("512Mi").unwrap_err().help, "write \"512MiB\"");
        assert_eq!(Size::parse("512mib").unwrap_err().help, "write \"512MiB\"");
        assert_eq!(Size { bytes: (1 << 20) + 1 }.mebibytes_ceil(), 2);
    }

    #[test]
    fn processors_read_and_print() {
        for (text, millis, shown) in [("500m", 500, "500m"), ("2", 2_000, "2"), ("0.5", 500, "500m"), ("1500m", 1_500, "1500m")] {
            let value = Cpu::parse(text).unwrap();
            assert_eq!((value.millis, value.to_string().as_str()), (millis, shown));
        }
        for bad in ["", "0", "m", "0.5m", "0.0001", "-1", "2 cores"] {
            assert!(Cpu::parse(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_prints_reads_back(seconds in 0u64..100_000_000, bytes in any::<u64>(), millis in 1u64..1_000_000) {
            prop_assert_eq!(Duration::parse(&Duration { seconds }.to_string()).unwrap(), Duration { seconds });
            prop_assert_eq!(Size::parse(&Size { bytes }.to_string()).unwrap(), Size { bytes });
            prop_assert_eq!(Cpu::parse(&Cpu { millis }.to_string()).unwrap(), Cpu { millis });
        }

        #[test]
        fn order_is_that_of_the_numbers(a in -1_000_000i64..1_000_000, b in -1_000_000i64..1_000_000, places in 0u32..6) {
            let of = |n: i64| Decimal::from(n).shift_right(places).unwrap();
            prop_assert_eq!(of(a).cmp(&of(b)), a.cmp(&b));
            prop_assert_eq!(of(a) == of(b), a == b);
            prop_assert_eq!(number(&of(a).to_string()), of(a));
        }

        #[test]
        fn nothing_panics(text in any::<String>()) {
            let _ = (Decimal::parse(&text), Percent::parse(&text), Duration::parse(&text), Size::parse(&text), Cpu::parse(&text));
        }
    }
}
