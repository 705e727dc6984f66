//! The circuit breaker of one outside system: after failures in a row it is left alone for a while, then one message
//! tries whether it is back. Pure: the time is an argument.

use std::time::Duration;

use jiff::Timestamp;

/// When the breaker opens and for how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BreakerPolicy {
    /// So many transient failures in a row open it.
    pub threshold: u32,
    /// The first rest; it doubles with every failed probe.
    pub rest: Duration,
    /// No rest is longer.
    pub longest_rest: Duration,
}

impl Default for BreakerPolicy {
    /// Five failures; five seconds up to five minutes, so that a vendor that is back is noticed within five minutes.
    fn default() -> Self {
        BreakerPolicy {
            threshold: 5,
            rest: Duration::from_secs(5),
            longest_rest: Duration::from_secs(300),
        }
    }
}

/// What the breaker lets through now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Passage {
    /// Everything.
    Free,
    /// One message at a time, to see whether the other side is back.
    Probe,
    /// Nothing until then.
    Shut(Timestamp),
}

/// Its state: failures in a row and until when nothing is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Breaker {
    /// Transient failures since the last success.
    pub failures: u32,
    /// Nothing is tried before this; also set alone, when the other side says we ask too often.
    pub open_until: Option<Timestamp>,
}

impl Breaker {
    /// What may pass at `now`.
    #[must_use]
    pub fn passage(&self, policy: &BreakerPolicy, now: Timestamp) -> Passage {
        match self.open_until {
            Some(until) if until > now => Passage::Shut(until),
            _ if self.is_down(policy) => Passage::Probe,
            _ => Passage::Free,
        }
    }

    /// Whether so much failed that the other side counts as down.
    #[must_use]
    pub fn is_down(&self, policy: &BreakerPolicy) -> bool {
        self.failures >= policy.threshold
    }

    /// After a transient failure. A failure of a message that was already under way when the breaker opened doesn't
    /// lengthen the rest.
    #[must_use]
    pub fn failed(self, policy: &BreakerPolicy, now: Timestamp) -> Self {
        if self.is_down(policy) && self.open_until.is_some_and(|until| until > now) {
            return self;
        }
        let failures = self.failures.saturating_add(1);
        let open_until = match failures.checked_sub(policy.threshold) {
            None => self.open_until,
            Some(probes) => Some(later(now, rest(policy, probes))),
        };
        Breaker { failures, open_until }
    }

    /// After a success: closed.
    #[must_use]
    pub fn succeeded(self) -> Self {
        Breaker::default()
    }

    /// After "too often": nobody goes before `wait` has passed, but nothing failed.
    #[must_use]
    pub fn rate_limited(self, now: Timestamp, wait: Duration) -> Self {
        Breaker {
            open_until: self.open_until.max(Some(later(now, wait))),
            ..self
        }
    }
}

fn rest(policy: &BreakerPolicy, probes: u32) -> Duration {
    let doubled = 2_u32.checked_pow(probes).unwrap_or(u32::MAX);
    policy.rest.saturating_mul(doubled).min(policy.longest_rest)
}

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("within the calendar")
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_in_between_does_not() {
        let policy = BreakerPolicy::default();
        let mut breaker = Breaker::default();
        for _ in 0..4 {
            breaker = breaker.failed(&policy, at(0));
        }
        assert_eq!(breaker.passage(&policy, at(0)), Passage::Free);
        let recovered = (0..4).fold(breaker.succeeded(), |it, _| it.failed(&policy, at(0)));
        assert_eq!(recovered.passage(&policy, at(0)), Passage::Free);
        assert_eq!(
            breaker.failed(&policy, at(0)).passage(&policy, at(4)),
            Passage::Shut(at(5))
        );
    }

    #[test]
    fn after_the_rest_one_probe_goes_and_a_failed_probe_doubles_the_rest() {
        let policy = BreakerPolicy::default();
        let open = (0..5).fold(Breaker::default(), |it, _| it.failed(&policy, at(0)));
        assert_eq!(open.passage(&policy, at(5)), Passage::Probe);
        let reopened = open.failed(&policy, at(5));
        assert_eq!(reopened.passage(&policy, at(14)), Passage::Shut(at(15)));
        assert_eq!(reopened.succeeded().passage(&policy, at(14)), Passage::Free);
        let longest = (0..60).fold(reopened, |it, _| it.failed(&policy, it.open_until.expect("open")));
        let last = longest.failed(&policy, at(100_000));
        assert_eq!(last.open_until, Some(at(100_300)));
    }

    #[test]
    fn a_straggler_that_fails_while_it_is_open_changes_nothing() {
        let policy = BreakerPolicy::default();
        let open = (0..5).fold(Breaker::default(), |it, _| it.failed(&policy, at(0)));
        assert_eq!(open.failed(&policy, at(1)), open);
    }

    #[test]
    fn too_often_shuts_the_whole_queue_without_a_failure() {
        let policy = BreakerPolicy::default();
        let limited = Breaker::default().rate_limited(at(0), Duration::from_secs(40));
        assert_eq!(limited.passage(&policy, at(39)), Passage::Shut(at(40)));
        assert_eq!(limited.passage(&policy, at(40)), Passage::Free);
        let shorter = limited.rate_limited(at(0), Duration::from_secs(2));
        assert_eq!(shorter.open_until, Some(at(40)));
    }
}
