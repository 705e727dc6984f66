//! Proposals: what is decided stays decided until two people change it. One proposes with a reason, another confirms.

use jiff::Timestamp;

use super::principal::{Account, Refusal};

/// What is proposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProposalKind {
    /// The present version takes the place of the one that was decided on.
    Correction,
    /// The vaststelling is taken back; the result goes on as not final.
    Withdrawal,
}

impl ProposalKind {
    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ProposalKind::Correction => "correction",
            ProposalKind::Withdrawal => "withdrawal",
        }
    }

    /// Reads [`ProposalKind::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<ProposalKind> {
        [ProposalKind::Correction, ProposalKind::Withdrawal]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// How a proposal ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// A second person confirmed it.
    Confirmed,
    /// Somebody turned it down.
    Rejected,
    /// What it was about is no longer there: the vendor delivered another version.
    Lapsed,
}

impl Ending {
    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Ending::Confirmed => "confirmed",
            Ending::Rejected => "rejected",
            Ending::Lapsed => "lapsed",
        }
    }

    /// Reads [`Ending::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Ending> {
        [Ending::Confirmed, Ending::Rejected, Ending::Lapsed]
            .into_iter()
            .find(|ending| ending.name() == name)
    }
}

/// By whom, when and why a proposal ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// How.
    pub ending: Ending,
    /// The account; `host` where no person did it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// A proposal to change what was decided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Id.
    pub id: String,
    /// What is proposed.
    pub kind: ProposalKind,
    /// The deelname.
    pub association: String,
    /// The version of the result that whoever proposed has seen.
    pub seq: i64,
    /// The decision that stands.
    pub decision: String,
    /// Who took that decision.
    pub decided_by: String,
    /// Who proposes.
    pub proposer: String,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
    /// How it ended; `None` while it waits.
    pub settled: Option<Settled>,
    /// Of the row; 0 before it is kept.
    pub version: i64,
}

impl Proposal {
    /// Who had a hand in it already, and so can't be its second person. A correction is a new decision: who took the
    /// standing one doesn't confirm it either. For a withdrawal two different people are enough.
    #[must_use]
    pub fn first_hands(&self) -> Vec<&str> {
        match self.kind {
            ProposalKind::Correction => vec![&self.proposer, &self.decided_by],
            ProposalKind::Withdrawal => vec![&self.proposer],
        }
    }

    /// Whether this account is a second person. `others` are the accounts behind [`Proposal::first_hands`] with the
    /// personId that each names: two accounts of one person are no two people.
    ///
    /// # Errors
    /// [`Refusal::SamePerson`].
    pub fn may_be_confirmed_by(&self, account: &Account, others: &[(String, Option<String>)]) -> Result<(), Refusal> {
        is_second_person(account, &self.first_hands(), others)
    }

    /// Whether it is still about what is there: of a correction the present version, of both the decision that stands.
    #[must_use]
    pub fn is_about(&self, seq: i64, decision: Option<&str>) -> bool {
        let same_version = self.kind == ProposalKind::Withdrawal || self.seq == seq;
        same_version && decision == Some(self.decision.as_str())
    }

    /// The proposal after it ended.
    #[must_use]
    pub fn settled(self, settled: Settled) -> Proposal {
        Proposal {
            settled: Some(settled),
            ..self
        }
    }
}

/// Whether an account is another person than those who had a hand in something first.
///
/// # Errors
/// [`Refusal::SamePerson`].
pub fn is_second_person(account: &Account, first: &[&str], others: &[(String, Option<String>)]) -> Result<(), Refusal> {
    let same_account = first.contains(&account.id.as_str());
    let same_person = account.person_id.is_some()
        && others
            .iter()
            .any(|(id, person)| first.contains(&id.as_str()) && *person == account.person_id);
    if same_account || same_person {
        return Err(Refusal::SamePerson {
            account: account.id.clone(),
        });
    }
    Ok(())
}
