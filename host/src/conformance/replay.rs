//! A recorded call, played again with a candidate: the vendor's recorded answers are served to it in the sandbox, what it
//! asks is compared with what was asked then, and so is how it ends. What is told is masked.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::Trial;
use crate::connector::egress::{Credentials, Endpoint};
use crate::connector::manifest::Configuration;
use crate::connector::mask;
use crate::connector::recorder::{Asked, Exchanged};
use crate::domain::keuring::{Outcome, Verdict};
use crate::simulator::script::{Difference, How, Line, Script};

/// The name under which outcomes of calls that were played again are kept.
const REPLAY: &str = "replay";
/// The most differences that are told of one call.
const MOST_TOLD: usize = 5;

/// A call as it was recorded.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// What was called.
    pub asked: Asked,
    /// What went out and came back, in order.
    pub exchanged: Vec<Exchanged>,
    /// Whether something of it is missing, or is no text.
    pub is_partial: bool,
    /// How it ended: `done`, or why not and whose fault that was.
    pub outcome: String,
    /// When.
    pub at: Timestamp,
    /// What is set for this vendor.
    pub config: Configuration,
}

impl Trial {
    /// Plays a recorded call again.
    pub async fn replay(&self, recorded: &Recorded) -> Outcome {
        let started = Instant::now();
        let (verdict, why) = self.replayed(recorded).await;
        Outcome {
            interface: recorded.asked.interface(),
            scenario: REPLAY.to_owned(),
            verdict,
            why,
            millis: u32::try_from(started.elapsed().as_millis()).unwrap_or(u32::MAX),
        }
    }

    async fn replayed(&self, recorded: &Recorded) -> (Verdict, Option<String>) {
        let not_tried = |why: &str| (Verdict::NotTried, Some(why.to_owned()));
        if !self.loaded.serves().contains(&recorded.asked.interface()) {
            return not_tried("the connector does not serve this interface");
        }
        let is_cut = |one: &Exchanged| one.sent.is_cut() || one.received.is_cut();
        if recorded.is_partial || recorded.exchanged.iter().any(is_cut) {
            return not_tried("what was recorded is too long to be played again, or is no text");
        }
        if recorded.outcome == "done" && recorded.exchanged.iter().any(|one| one.status.is_none()) {
            return not_tried("an answer was lost and asked for again, which can't be played again");
        }
        let Ok(config) = self.manifest.config.complete(&recorded.config) else {
            return not_tried("what is set for this vendor does not fit this connector");
        };
        let (script, endpoint) = match stage(&recorded.exchanged).await {
            Ok(staged) => staged,
            Err(error) => return not_tried(&format!("the recorded answers could not be served: {error}")),
        };
        let budget = Duration::from_millis(u64::from(self.manifest.limits.budget_ms));
        let caller = self.caller(&endpoint, (config, recorded.at), budget, "replay");
        let ended = recorded.asked.again(&caller).await;
        let ended = ended.map_or_else(|error| error.told(), |()| "done".to_owned());
        let differences = script.differences().iter().map(told).collect();
        judge(&recorded.outcome, &ended, differences)
    }
}

/// A call that ends as it did then, or better, is as good as it was; what it asks otherwise is told.
fn judge(then: &str, now: &str, mut differences: Vec<String>) -> (Verdict, Option<String>) {
    let is_good = now == "done" || (now == then && !now.starts_with("bug"));
    if now != then {
        differences.insert(0, format!("it ended as {now}, and then as {then}"));
    } else if !is_good {
        differences.insert(0, format!("it still ends as {now}"));
    }
    differences.truncate(MOST_TOLD);
    let why = Some(differences.join("; ")).filter(|why| !why.is_empty());
    match is_good {
        true => (Verdict::Passed, why),
        false => (Verdict::Failed, why),
    }
}

/// The vendor with its recorded answers, and the endpoint that leads to it.
async fn stage(exchanged: &[Exchanged]) -> Result<(Script, Endpoint), String> {
    let script = Script::open().await.map_err(|error| error.to_string())?;
    let endpoint = Endpoint::new(script.base_url(), Credentials::None).map_err(|error| error.to_string())?;
    let endpoint = endpoint.allowing(["127.0.0.1".parse()?]);
    let line = |one: &Exchanged| {
        let url = endpoint.url(&one.path, &one.query);
        let address = url.map_or_else(String::new, |url| match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        });
        Line {
            method: one.method.clone(),
            address,
            sent: one.sent.text.clone(),
            status: one.status,
            headers: one.headers.clone(),
            answer: one.received.text.clone(),
        }
    };
    script.learn(exchanged.iter().map(line).collect());
    Ok((script, endpoint))
}

/// A difference in words, masked.
fn told(difference: &Difference) -> String {
    let request = format!("{} {}", difference.method, mask::path(&difference.path));
    match difference.how {
        How::Strange => format!("{request} was not asked then"),
        How::Query => format!("{request} is asked with another query"),
        How::Body => format!("{request} is sent with another body"),
        How::Left => format!("{request} is not asked any more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_that_ends_as_it_did_or_better_passes_and_says_what_differs() {
        let told = |then, now| judge(then, now, Vec::new());
        assert_eq!(told("done", "done"), (Verdict::Passed, None));
        assert_eq!(told("bug (connector)", "done").0, Verdict::Passed);
        assert_eq!(told("rejected (vendor)", "rejected (vendor)"), (Verdict::Passed, None));
        assert_eq!(told("bug (connector)", "bug (connector)").0, Verdict::Failed);
        assert_eq!(told("done", "rejected (vendor)").0, Verdict::Failed);
        let (verdict, why) = judge("done", "done", vec!["GET /x was not asked then".to_owned()]);
        assert_eq!(
            (verdict, why.as_deref()),
            (Verdict::Passed, Some("GET /x was not asked then"))
        );
    }
}
