//! What follows a failed job: again after a while, or dead until a person looks. Pure: time and dice are arguments.

use std::time::Duration;

/// Who has to act on a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The system on the other side: its answer, its absence.
    Vendor,
    /// The connector in between: a trap, a value that breaks the model, a refused endpoint.
    Connector,
    /// This host.
    Host,
}

impl Blame {
    /// The word kept in the database.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Blame::Vendor => "vendor",
            Blame::Connector => "connector",
            Blame::Host => "host",
        }
    }

    /// Reads [`Blame::as_str`] back.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        [Blame::Vendor, Blame::Connector, Blame::Host]
            .into_iter()
            .find(|blame| blame.as_str() == word)
    }
}

/// What the error itself decides about trying again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It may work later; `after` is what the other side asked for (`Retry-After`).
    Retry {
        /// Not before this has passed.
        after: Option<Duration>,
    },
    /// The other side says we ask too often: its whole queue waits, and the message is not held against itself.
    RateLimited {
        /// Not before this has passed.
        after: Option<Duration>,
    },
    /// What waits is wanted by nobody yet, until a person decides otherwise: no fault of the message nor of the receiver.
    Waits {
        /// Looked at again after this, should nobody have said so before.
        after: Duration,
    },
    /// Sending the same again can't help; a person has to look (`R21`: an unlisted 4xx).
    Permanent,
}

/// How patient the host is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Patience {
    /// Ceiling of the first wait; it doubles with every strike.
    pub base: Duration,
    /// No wait is drawn from a longer span than this.
    pub ceiling: Duration,
    /// So many failures held against the message itself make it a dead letter.
    pub strikes: u32,
    /// A message older than this is held to its strikes even while its receiver is down.
    pub age: Duration,
    /// The wait after "too often" without a `Retry-After`.
    pub rate_limit: Duration,
}

impl Default for Patience {
    /// Ten strikes span about a quarter of an hour. A receiver that is down gives no strikes for three days, so that
    /// an outage of a day or a weekend leaves no dead letters.
    fn default() -> Self {
        Patience {
            base: Duration::from_secs(2),
            ceiling: Duration::from_secs(15 * 60),
            strikes: 10,
            age: Duration::from_secs(72 * 3600),
            rate_limit: Duration::from_secs(30),
        }
    }
}

/// What is known about the failed message.
#[derive(Debug, Clone, Copy)]
pub struct Failed {
    /// What the error decided.
    pub verdict: Verdict,
    /// Strikes before this failure.
    pub strikes: u32,
    /// Since the message was made.
    pub age: Duration,
    /// Whether the receiver fails for everything: then it is not this message's fault.
    pub receiver_down: bool,
}

/// What happens to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Try again after `wait`; `strike` tells whether this failure counts.
    Again {
        /// From now.
        wait: Duration,
        /// Whether it counts towards [`Patience::strikes`].
        strike: bool,
    },
    /// A dead letter: stays head of its lane until a person decides.
    Dead,
}

impl Patience {
    /// Decides. `dice` is uniform over all of `u64` and spreads the waits (full jitter), so that a thousand messages
    /// that failed together don't come back together. What the other side asked for is a floor, never undercut.
    #[must_use]
    pub fn next(&self, failed: Failed, dice: u64) -> Next {
        let counts = !failed.receiver_down || failed.age >= self.age;
        match failed.verdict {
            Verdict::Permanent => Next::Dead,
            Verdict::Waits { after } => Next::Again {
                wait: spread_above(after, dice),
                strike: false,
            },
            Verdict::RateLimited { after } => Next::Again {
                wait: spread_above(after.unwrap_or(self.rate_limit), dice),
                strike: false,
            },
            Verdict::Retry { .. } if counts && failed.strikes + 1 >= self.strikes => Next::Dead,
            Verdict::Retry { after: Some(after) } => Next::Again {
                wait: spread_above(after, dice),
                strike: counts,
            },
            Verdict::Retry { after: None } => Next::Again {
                wait: share(self.span(failed.strikes), dice),
                strike: counts,
            },
        }
    }

    /// The span the wait is drawn from, after so many strikes.
    fn span(&self, strikes: u32) -> Duration {
        let doubled = 2_u32.checked_pow(strikes).unwrap_or(u32::MAX);
        self.base.saturating_mul(doubled).min(self.ceiling)
    }
}

/// Between `floor` and a tenth more.
fn spread_above(floor: Duration, dice: u64) -> Duration {
    floor.saturating_add(share(floor / 10, dice))
}

/// A uniformly drawn part of `span`, in whole milliseconds.
fn share(span: Duration, dice: u64) -> Duration {
    let millis = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    match millis.checked_add(1) {
        Some(sides) => Duration::from_millis(dice % sides),
        None => span,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(verdict: Verdict, strikes: u32) -> Failed {
        Failed {
            verdict,
            strikes,
            age: Duration::from_secs(60),
            receiver_down: false,
        }
    }

    #[test]
    fn the_wait_is_drawn_from_a_span_that_doubles_up_to_the_ceiling() {
        let patience = Patience {
            strikes: 100,
            ..Patience::default()
        };
        let longest = |strikes| {
            let spans = (0..4000_u64).map(|dice| {
                match patience.next(failed(Verdict::Retry { after: None }, strikes), dice * 977) {
                    Next::Again { wait, strike: true } => wait,
                    other => panic!("expected another try, got {other:?}"),
                }
            });
            spans.max().expect("four thousand draws")
        };
        assert!(longest(0) <= Duration::from_secs(2) && longest(0) > Duration::from_millis(1900));
        assert!(longest(3) <= Duration::from_secs(16) && longest(3) > Duration::from_secs(15));
        assert!(longest(90) <= Duration::from_secs(900));
    }

    #[test]
    fn what_the_other_side_asks_for_is_never_undercut() {
        let asked = Duration::from_secs(40);
        for dice in [0, 1, 39_999, u64::MAX] {
            for verdict in [
                Verdict::Retry { after: Some(asked) },
                Verdict::RateLimited { after: Some(asked) },
            ] {
                let Next::Again { wait, .. } = Patience::default().next(failed(verdict, 0), dice) else {
                    panic!("one failure is no reason to give up");
                };
                assert!(wait >= asked && wait <= asked + asked / 10, "{wait:?}");
            }
        }
    }

    #[test]
    fn the_last_strike_and_a_permanent_error_make_a_dead_letter() {
        let patience = Patience::default();
        let retry = Verdict::Retry { after: None };
        assert!(matches!(patience.next(failed(retry, 8), 7), Next::Again { .. }));
        assert_eq!(patience.next(failed(retry, 9), 7), Next::Dead);
        assert_eq!(patience.next(failed(Verdict::Permanent, 0), 7), Next::Dead);
        let limited = Verdict::RateLimited { after: None };
        assert!(matches!(
            patience.next(failed(limited, 9), 7),
            Next::Again { strike: false, .. }
        ));
    }

    #[test]
    fn an_outage_of_the_receiver_is_not_held_against_the_message_until_it_is_old() {
        let patience = Patience::default();
        let mut during_outage = Failed {
            receiver_down: true,
            ..failed(Verdict::Retry { after: None }, 9)
        };
        assert!(matches!(
            patience.next(during_outage, 3),
            Next::Again { strike: false, .. }
        ));
        during_outage.age = patience.age;
        assert_eq!(patience.next(during_outage, 3), Next::Dead);
    }
}
