//! Time of the processor, and the ratio of two things that are measured in turn.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// No pair is measured for longer than this, once each side has had three rounds.
const LONGEST: Duration = Duration::from_secs(20);

/// Most rounds of a pair.
const ROUNDS: usize = 25;

/// Two medians.
#[derive(Clone, Copy)]
pub(crate) struct Pair {
    pub(crate) ours: Duration,
    pub(crate) reference: Duration,
}

impl Pair {
    pub(crate) fn ratio(self) -> f64 {
        self.ours.as_secs_f64() / self.reference.as_secs_f64().max(1e-9)
    }
}

/// The medians of rounds taken in turn, so that what else the machine does falls on both alike.
pub(crate) fn paired(mut ours: impl FnMut() -> Duration, mut reference: impl FnMut() -> Duration) -> Pair {
    let begin = Instant::now();
    let (mut a, mut b) = (Vec::new(), Vec::new());
    while a.len() < 3 || (a.len() < ROUNDS && begin.elapsed() < LONGEST) {
        a.push(ours());
        b.push(reference());
    }
    a.sort_unstable();
    b.sort_unstable();
    Pair { ours: a[a.len() / 2], reference: b[b.len() / 2] }
}

/// What a piece of work takes of the processor; of the clock on the wall where the system does not tell.
pub(crate) fn cpu(work: impl FnOnce()) -> Duration {
    let now = || {
        // The system brings its account up to date when the thread gives way.
        std::thread::yield_now();
        let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        Some(Duration::from_nanos(text.split(' ').next()?.parse().ok()?))
    };
    let (begin, wall) = (now(), Instant::now());
    work();
    begin.zip(now()).map_or_else(|| wall.elapsed(), |(begin, end)| end.saturating_sub(begin))
}

/// What runs of a binary take of the processor together, or of the clock on the wall. The system counts hundredths of a second: ask for many.
pub(crate) fn runs(times: usize, binary: &Path, folder: &Path, words: &[&str]) -> Duration {
    let (begin, wall) = (of_children(), Instant::now());
    (0..times).for_each(|_| run(binary, folder, words));
    begin.zip(of_children()).map_or_else(|| wall.elapsed(), |(begin, end)| end.saturating_sub(begin))
}

/// What a piece of work takes by the clock on the wall.
pub(crate) fn taken(work: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}

/// Runs a binary to its end without a word.
pub(crate) fn run(binary: &Path, folder: &Path, words: &[&str]) {
    let mut command = Command::new(binary);
    command.args(words).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let code = command.status().expect("the binary starts").code();
    assert!(code.is_some_and(|code| code < 2), "{words:?} ends with {code:?}");
}

/// User and system time of all processes that were waited for: fields 16 and 17 of proc(5), `stat`, in hundredths of a second.
fn of_children() -> Option<Duration> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace().skip(13);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(Duration::from_millis((next()? + next()?) * 10))
}
