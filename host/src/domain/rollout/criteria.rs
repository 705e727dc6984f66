//! What the calls of a step of a rollout must have come to before it goes on, and what they came to.

/// What the calls of a step must have come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Criteria {
    /// Fewer calls than this say nothing.
    pub least_calls: u64,
    /// Failures that are the connector's, of a thousand calls.
    pub most_by_connector: u64,
    /// Failures that are the vendor's, of a thousand calls.
    pub most_by_vendor: u64,
    /// Failures that are the host's, of a thousand calls.
    pub most_by_host: u64,
    /// Messages that are stuck.
    pub most_unreconciled: u64,
    /// Ninety-five of a hundred calls take at most this long, milliseconds.
    pub most_p95_ms: u64,
}

impl Default for Criteria {
    /// A connector that makes no mistakes, at a vendor as vendors are.
    fn default() -> Self {
        Criteria {
            least_calls: 20,
            most_by_connector: 0,
            most_by_vendor: 50,
            most_by_host: 0,
            most_unreconciled: 0,
            most_p95_ms: 5_000,
        }
    }
}

/// What a criterion comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Met.
    Pass,
    /// Too few calls to say.
    NotEnough,
    /// Not met, however many calls still follow.
    Fail,
}

impl Outcome {
    /// As it is told.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Outcome::Pass => "pass",
            Outcome::NotEnough => "not enough yet",
            Outcome::Fail => "fail",
        }
    }
}

/// Upper bounds of the classes that durations of calls are counted in, milliseconds; what took longer is in one more.
pub const DURATION_CLASSES_MS: [u64; 11] = [10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000];

/// What calls came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Measured {
    /// Calls that did what they were for.
    pub done: u64,
    /// Failures that are the vendor's.
    pub by_vendor: u64,
    /// Failures that are the connector's.
    pub by_connector: u64,
    /// Failures that are the host's.
    pub by_host: u64,
    /// Calls per class of [`DURATION_CLASSES_MS`], and one more for those beyond.
    pub durations: [u64; DURATION_CLASSES_MS.len() + 1],
    /// Messages that are stuck.
    pub unreconciled: u64,
    /// What all of them took together.
    pub took: Took,
}

/// What calls took.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Took {
    /// From asking to answer, microseconds.
    pub wall_us: u64,
    /// Of that, computing in the connector, milliseconds; what takes under one is not counted.
    pub guest_ms: u64,
    /// Of that, in the network, microseconds.
    pub network_us: u64,
    /// Most memory of any of them, bytes.
    pub memory_peak: u64,
    /// Requests to the vendor.
    pub requests: u64,
    /// Bytes of their bodies.
    pub bytes_sent: u64,
    /// Bytes of the bodies that came back.
    pub bytes_received: u64,
}

impl Took {
    /// Of these and others.
    #[must_use]
    pub fn and(self, more: Took) -> Took {
        Took {
            wall_us: self.wall_us.saturating_add(more.wall_us),
            guest_ms: self.guest_ms.saturating_add(more.guest_ms),
            network_us: self.network_us.saturating_add(more.network_us),
            memory_peak: self.memory_peak.max(more.memory_peak),
            requests: self.requests.saturating_add(more.requests),
            bytes_sent: self.bytes_sent.saturating_add(more.bytes_sent),
            bytes_received: self.bytes_received.saturating_add(more.bytes_received),
        }
    }
}

impl Default for Measured {
    fn default() -> Self {
        Measured {
            done: 0,
            by_vendor: 0,
            by_connector: 0,
            by_host: 0,
            durations: [0; DURATION_CLASSES_MS.len() + 1],
            unreconciled: 0,
            took: Took::default(),
        }
    }
}

/// Which class a duration is counted in.
#[must_use]
pub fn class_of(millis: u64) -> usize {
    DURATION_CLASSES_MS
        .iter()
        .position(|bound| millis <= *bound)
        .unwrap_or(DURATION_CLASSES_MS.len())
}

/// A criterion with what was measured and what it comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Judged {
    /// Which.
    pub criterion: Criterion,
    /// What was measured: calls, failures, messages, milliseconds; none where nothing was.
    pub measured: Option<u64>,
    /// The threshold, as in [`Criteria`].
    pub threshold: u64,
    /// What it comes to.
    pub outcome: Outcome,
}

/// What is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Criterion {
    /// How many calls there were.
    Calls,
    /// Failures that are the connector's.
    ByConnector,
    /// Failures that are the vendor's.
    ByVendor,
    /// Failures that are the host's.
    ByHost,
    /// Messages that are stuck.
    Unreconciled,
    /// How long calls take.
    P95,
}

impl Criterion {
    /// As it is told.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Criterion::Calls => "calls",
            Criterion::ByConnector => "errors-by-connector",
            Criterion::ByVendor => "errors-by-vendor",
            Criterion::ByHost => "errors-by-host",
            Criterion::Unreconciled => "unreconciled",
            Criterion::P95 => "p95-ms",
        }
    }
}

impl Measured {
    /// All calls.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.done + self.by_vendor + self.by_connector + self.by_host
    }

    /// The bound of the class that ninety-five of a hundred calls don't exceed, milliseconds. For what lies beyond the
    /// last bound that bound is told twice over: longer than any call may take.
    #[must_use]
    pub fn p95_ms(&self) -> Option<u64> {
        let all: u64 = self.durations.iter().sum();
        let wanted = (all * 95).div_ceil(100);
        let mut counted = 0;
        for (class, count) in self.durations.iter().enumerate() {
            counted += count;
            if counted >= wanted && all > 0 {
                let last = DURATION_CLASSES_MS[DURATION_CLASSES_MS.len() - 1];
                return Some(DURATION_CLASSES_MS.get(class).copied().unwrap_or(last * 2));
            }
        }
        None
    }

    /// Held against the thresholds.
    #[must_use]
    pub fn judged(&self, criteria: &Criteria) -> Vec<Judged> {
        let calls = self.calls();
        let enough = calls >= criteria.least_calls;
        let when_enough = |met: bool| match (enough, met) {
            (false, _) => Outcome::NotEnough,
            (true, true) => Outcome::Pass,
            (true, false) => Outcome::Fail,
        };
        let failures = |criterion, count: u64, per_thousand: u64| {
            // Few calls may already hold more failures than the fewest that count would be allowed.
            let counted = calls.max(criteria.least_calls);
            let too_many = count.saturating_mul(1_000) > per_thousand.saturating_mul(counted);
            Judged {
                criterion,
                measured: Some(count),
                threshold: per_thousand,
                outcome: if too_many { Outcome::Fail } else { when_enough(true) },
            }
        };
        let p95 = self.p95_ms();
        vec![
            Judged {
                criterion: Criterion::Calls,
                measured: Some(calls),
                threshold: criteria.least_calls,
                outcome: when_enough(true),
            },
            failures(Criterion::ByConnector, self.by_connector, criteria.most_by_connector),
            failures(Criterion::ByVendor, self.by_vendor, criteria.most_by_vendor),
            failures(Criterion::ByHost, self.by_host, criteria.most_by_host),
            Judged {
                criterion: Criterion::Unreconciled,
                measured: Some(self.unreconciled),
                threshold: criteria.most_unreconciled,
                outcome: match self.unreconciled <= criteria.most_unreconciled {
                    true => Outcome::Pass,
                    false => Outcome::Fail,
                },
            },
            Judged {
                criterion: Criterion::P95,
                measured: p95,
                threshold: criteria.most_p95_ms,
                outcome: when_enough(p95.is_some_and(|p95| p95 <= criteria.most_p95_ms)),
            },
        ]
    }
}

/// What all criteria together come to: the worst.
#[must_use]
pub fn overall(judged: &[Judged]) -> Outcome {
    judged.iter().map(|one| one.outcome).max().unwrap_or(Outcome::NotEnough)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_beyond_all_numbers_allows_everything() {
        let criteria = Criteria {
            least_calls: 1,
            most_by_connector: u64::MAX,
            ..Criteria::default()
        };
        let measured = Measured {
            by_connector: 3,
            ..Measured::default()
        };
        let judged = measured.judged(&criteria);
        let by_connector = judged.iter().find(|one| one.criterion == Criterion::ByConnector);
        assert_eq!(by_connector.map(|one| one.outcome), Some(Outcome::Pass));
    }
}
