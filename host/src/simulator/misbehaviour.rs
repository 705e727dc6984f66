//! Trouble on request: rules that say what goes wrong, how often and for which messages.

mod incoming;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::seeded::Seeded;

pub(super) use incoming::{Misbehaving, misbehave};

/// What goes wrong.
#[derive(Debug, Clone, PartialEq)]
pub enum Trouble {
    /// The request is handled after this pause.
    Slow {
        /// The pause.
        delay: Duration,
    },
    /// 429 with `Retry-After`; nothing is applied.
    TooManyRequests {
        /// Seconds to wait.
        retry_after: u32,
    },
    /// 500; nothing is applied.
    ServerError,
    /// The message is applied, and the connection ends without a byte of answer: the peer cannot know.
    DropAfterApplying,
    /// The connection ends before anything is applied.
    DropBeforeApplying,
    /// 403, as for a token of another scope.
    WrongScope,
    /// 401, and the token that was shown is worthless from now on.
    ExpiredToken,
    /// The message is applied and answered with JSON that ends halfway.
    InvalidJson,
    /// The message is applied and answered with a page of HTML.
    WrongContentType,
    /// The message is applied and answered with a body of this many bytes.
    OversizedBody {
        /// The size of the answer, in bytes.
        bytes: usize,
    },
    /// A message that this simulator sends goes out twice.
    DuplicateOutgoing,
    /// A message that this simulator sends is kept back until a later one about the same object has gone.
    ReorderOutgoing,
}

impl Trouble {
    /// The name by which `POST /control/misbehave` knows it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Slow { .. } => "slow",
            Self::TooManyRequests { .. } => "too-many-requests",
            Self::ServerError => "server-error",
            Self::DropAfterApplying => "drop-after-applying",
            Self::DropBeforeApplying => "drop-before-applying",
            Self::WrongScope => "wrong-scope",
            Self::ExpiredToken => "expired-token",
            Self::InvalidJson => "invalid-json",
            Self::WrongContentType => "wrong-content-type",
            Self::OversizedBody { .. } => "oversized-body",
            Self::DuplicateOutgoing => "duplicate-outgoing",
            Self::ReorderOutgoing => "reorder-outgoing",
        }
    }

    fn concerns_outgoing(&self) -> bool {
        matches!(self, Self::DuplicateOutgoing | Self::ReorderOutgoing)
    }
}

/// One rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Misbehaviour {
    /// What goes wrong.
    pub trouble: Trouble,
    /// For how many messages; `None` until it is cleared.
    pub count: Option<u32>,
    /// The chance that a message is hit, from 0.0 to 1.0.
    pub probability: f64,
    /// Only messages whose path starts with this, as in `/associations/`. Without it every message of the OKE face;
    /// the token endpoint is hit only by a rule that names it.
    pub path: Option<String>,
    /// Only messages with this method.
    pub method: Option<String>,
}

impl Misbehaviour {
    /// The trouble for every message of the face until cleared.
    pub fn always(trouble: Trouble) -> Self {
        Self {
            trouble,
            count: None,
            probability: 1.0,
            path: None,
            method: None,
        }
    }

    /// The trouble for the next `count` messages.
    pub fn next(count: u32, trouble: Trouble) -> Self {
        Self {
            count: Some(count),
            ..Self::always(trouble)
        }
    }

    /// Restricts the rule to a method and the start of a path.
    pub fn on(self, method: &str, path: &str) -> Self {
        Self {
            method: Some(method.to_ascii_uppercase()),
            path: Some(path.to_owned()),
            ..self
        }
    }

    fn hits(&self, method: &str, path: &str) -> bool {
        let hits_path = match &self.path {
            Some(start) => path.starts_with(start.as_str()),
            None => !path.starts_with("/oauth2/"),
        };
        hits_path && self.method.as_deref().is_none_or(|wanted| wanted == method)
    }
}

/// What has gone wrong so far and what still will.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MisbehaviourState {
    /// How often each trouble has happened, by name.
    pub happened: BTreeMap<String, u64>,
    /// The names of the rules that are still waiting, with what is left of their count.
    pub waiting: Vec<(String, Option<u32>)>,
}

/// The rules of one simulator.
#[derive(Debug)]
pub(super) struct Rules(Mutex<Inner>);

#[derive(Debug)]
struct Inner {
    rules: Vec<Misbehaviour>,
    happened: BTreeMap<String, u64>,
    chance: Seeded,
}

impl Rules {
    pub(super) fn seeded(seed: u64) -> Self {
        Self(Mutex::new(Inner {
            rules: Vec::new(),
            happened: BTreeMap::new(),
            chance: Seeded::from(seed),
        }))
    }

    pub(super) fn add(&self, rule: Misbehaviour) {
        self.locked().rules.push(rule);
    }

    pub(super) fn clear(&self) {
        self.locked().rules.clear();
    }

    pub(super) fn state(&self) -> MisbehaviourState {
        let inner = self.locked();
        MisbehaviourState {
            happened: inner.happened.clone(),
            waiting: inner
                .rules
                .iter()
                .map(|rule| (rule.trouble.name().to_owned(), rule.count))
                .collect(),
        }
    }

    /// The trouble for a message that arrives, if any rule hits it; the first rule that does is used up by one.
    pub(super) fn for_incoming(&self, method: &str, path: &str) -> Option<Trouble> {
        self.take(method, path, false)
    }

    /// The trouble for a message that is about to be sent.
    pub(super) fn for_outgoing(&self, method: &str, path: &str) -> Option<Trouble> {
        self.take(method, path, true)
    }

    fn take(&self, method: &str, path: &str, outgoing: bool) -> Option<Trouble> {
        let mut inner = self.locked();
        for index in 0..inner.rules.len() {
            let rule = &inner.rules[index];
            if rule.trouble.concerns_outgoing() != outgoing || !rule.hits(method, path) {
                continue;
            }
            let probability = rule.probability;
            if probability < 1.0 && inner.chance.fraction() >= probability {
                continue;
            }
            let trouble = inner.rules[index].trouble.clone();
            inner.use_up(index);
            *inner.happened.entry(trouble.name().to_owned()).or_default() += 1;
            return Some(trouble);
        }
        None
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn use_up(&mut self, index: usize) {
        let Some(left) = self.rules[index].count.as_mut() else {
            return;
        };
        *left = left.saturating_sub(1);
        if *left == 0 {
            self.rules.remove(index);
        }
    }
}

/// The body of `POST /control/misbehave`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct TroubleRequest {
    kind: String,
    count: Option<u32>,
    probability: Option<f64>,
    path: Option<String>,
    method: Option<String>,
    delay_ms: Option<u64>,
    retry_after: Option<u32>,
    bytes: Option<usize>,
}

impl TryFrom<TroubleRequest> for Misbehaviour {
    type Error = String;

    fn try_from(asked: TroubleRequest) -> Result<Self, String> {
        let trouble = match asked.kind.as_str() {
            "slow" => Trouble::Slow {
                delay: Duration::from_millis(asked.delay_ms.unwrap_or(1_000)),
            },
            "too-many-requests" => Trouble::TooManyRequests {
                retry_after: asked.retry_after.unwrap_or(1),
            },
            "server-error" => Trouble::ServerError,
            "drop-after-applying" => Trouble::DropAfterApplying,
            "drop-before-applying" => Trouble::DropBeforeApplying,
            "wrong-scope" => Trouble::WrongScope,
            "expired-token" => Trouble::ExpiredToken,
            "invalid-json" => Trouble::InvalidJson,
            "wrong-content-type" => Trouble::WrongContentType,
            "oversized-body" => Trouble::OversizedBody {
                bytes: asked.bytes.unwrap_or(8 * 1024 * 1024),
            },
            "duplicate-outgoing" => Trouble::DuplicateOutgoing,
            "reorder-outgoing" => Trouble::ReorderOutgoing,
            other => {
                return Err(format!(
                    "kind `{other}` is unknown; it is one of slow, too-many-requests, server-error, drop-after-applying, \
                     drop-before-applying, wrong-scope, expired-token, invalid-json, wrong-content-type, oversized-body, \
                     duplicate-outgoing, reorder-outgoing"
                ));
            }
        };
        let probability = asked.probability.unwrap_or(1.0);
        if !(0.0..=1.0).contains(&probability) {
            return Err(format!("probability {probability} does not lie between 0.0 and 1.0"));
        }
        if asked.count == Some(0) {
            return Err(
                "count 0 would do nothing; leave it out for a rule that stays until DELETE /control/misbehave".into(),
            );
        }
        let method = asked.method.map(|method| method.to_ascii_uppercase());
        Ok(Self {
            trouble,
            count: asked.count,
            probability,
            path: asked.path,
            method,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_ends_when_its_count_is_used_up() {
        let rules = Rules::seeded(1);
        rules.add(Misbehaviour::next(2, Trouble::ServerError).on("PUT", "/offerings/"));
        assert_eq!(rules.for_incoming("GET", "/offerings/1"), None);
        assert_eq!(rules.for_incoming("PUT", "/offerings/1"), Some(Trouble::ServerError));
        assert_eq!(rules.for_incoming("PUT", "/associations/1"), None);
        assert_eq!(rules.for_incoming("PUT", "/offerings/2"), Some(Trouble::ServerError));
        assert_eq!(rules.for_incoming("PUT", "/offerings/3"), None);
        assert_eq!(rules.state().happened["server-error"], 2);
        assert!(rules.state().waiting.is_empty());
    }

    #[test]
    fn a_probability_hits_some_messages_and_not_others() {
        let rules = Rules::seeded(1);
        rules.add(Misbehaviour {
            probability: 0.5,
            ..Misbehaviour::always(Trouble::ServerError)
        });
        let hits = (0..1_000)
            .filter(|_| rules.for_incoming("GET", "/offerings").is_some())
            .count();
        assert!((400..600).contains(&hits), "{hits} of 1000");
    }

    #[test]
    fn the_token_endpoint_is_left_alone_unless_a_rule_names_it() {
        let rules = Rules::seeded(1);
        rules.add(Misbehaviour::always(Trouble::ServerError));
        assert_eq!(rules.for_incoming("POST", "/oauth2/token"), None);
        rules.add(Misbehaviour::next(1, Trouble::ServerError).on("POST", "/oauth2/token"));
        assert_eq!(rules.for_incoming("POST", "/oauth2/token"), Some(Trouble::ServerError));
    }

    #[test]
    fn a_rule_that_could_never_work_is_refused_with_the_reason() {
        let asked = |json: &str| {
            let asked: TroubleRequest = serde_json::from_str(json).unwrap();
            Misbehaviour::try_from(asked)
        };
        assert!(
            asked(r#"{"kind":"slow","probability":2}"#)
                .unwrap_err()
                .contains("between 0.0 and 1.0")
        );
        assert!(asked(r#"{"kind":"slow","count":0}"#).unwrap_err().contains("count 0"));
        assert!(asked(r#"{"kind":"lazy"}"#).unwrap_err().contains("drop-after-applying"));
        assert!(serde_json::from_str::<TroubleRequest>(r#"{"kind":"slow","cuont":1}"#).is_err());
    }
}
