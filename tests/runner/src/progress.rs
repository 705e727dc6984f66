//! One line per step on stderr: what begins, and how long it took. Stdout belongs to the command that is run.

use std::time::{Duration, Instant};

/// Counts from the moment the runner began.
pub struct Progress {
    begun: Instant,
}

/// A step that has begun; `done` closes it.
pub struct Step<'a> {
    progress: &'a Progress,
    begun: Instant,
}

impl Progress {
    /// Starts counting now.
    pub fn new() -> Self {
        Self { begun: Instant::now() }
    }

    /// Announces a step that may take long.
    pub fn step(&self, what: &str) -> Step<'_> {
        self.say(what);
        Step {
            progress: self,
            begun: Instant::now(),
        }
    }

    /// One line with the time since the beginning.
    pub fn say(&self, what: &str) {
        eprintln!("{} {what}", stamp(self.begun.elapsed()));
    }
}

impl Step<'_> {
    /// Tells what came of the step and how long it took.
    pub fn done(self, outcome: &str) {
        let took = self.begun.elapsed().as_secs_f64();
        self.progress.say(&format!("  {outcome} ({took:.1} s)"));
    }
}

fn stamp(elapsed: Duration) -> String {
    let seconds = elapsed.as_secs();
    format!("[{:>2}:{:02}]", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_counts_minutes_and_seconds() {
        assert_eq!(stamp(Duration::from_millis(7_900)), "[ 0:07]");
        assert_eq!(stamp(Duration::from_secs(3_725)), "[62:05]");
    }
}
