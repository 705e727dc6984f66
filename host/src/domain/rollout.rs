//! A connector revision comes to a school step by step: which revision serves which sitting, when a rollout may go on,
//! and what its calls must have come to first (DESIGN §7, R24).

use jiff::Timestamp;

use super::interface::Interface;
use super::principal::Duty;

pub mod criteria;
mod serving;

pub use serving::{Off, Served, Serving, Share, Trial, Whose};

use criteria::{Criteria, Outcome};

/// The flow that an interface belongs to: a vendor is enabled flow by flow. What belongs to none, webhooks and files,
/// brings results.
#[must_use]
pub fn flow_of(interface: Interface) -> i64 {
    match interface {
        Interface::TaToetscatalogus => 0,
        Interface::TplToetsdeelnemers | Interface::DrToetsdeelnemers => 1,
        Interface::TaZittingsplan => 2,
        Interface::TaResultaten | Interface::TplResultaten | Interface::Webhook | Interface::Files => 3,
        Interface::TaZittingsverslag | Interface::TplZittingsverslag => 4,
        Interface::DrStudentresultaat => 5,
        Interface::DrAnalyse => 6,
    }
}

/// The flows that go by sitting, and so by unit.
pub const FLOWS_BY_UNIT: [i64; 4] = [2, 3, 4, 5];

/// Where a rollout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It goes on, step by step.
    Running,
    /// Nobody new comes on it for now.
    Paused,
    /// Nobody new comes on it any more; those that are on it stay.
    Stopped,
    /// Everybody has it.
    Completed,
    /// Those that were on it were taken back.
    RolledBack,
}

impl Stage {
    /// All of them.
    pub const ALL: [Stage; 5] = [
        Stage::Running,
        Stage::Paused,
        Stage::Stopped,
        Stage::Completed,
        Stage::RolledBack,
    ];

    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Stage::Running => "running",
            Stage::Paused => "paused",
            Stage::Stopped => "stopped",
            Stage::Completed => "completed",
            Stage::RolledBack => "rolled-back",
        }
    }

    /// Reads [`Stage::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Stage> {
        Stage::ALL.into_iter().find(|stage| stage.name() == name)
    }

    /// Whether it may still bring the revision to somebody.
    #[must_use]
    pub fn is_open(self) -> bool {
        matches!(self, Stage::Running | Stage::Paused)
    }
}

/// What the named role said of the present step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Nothing yet.
    Undecided,
    /// Go: the next step may be taken.
    Go,
    /// No-Go: nobody new comes on it.
    NoGo,
}

impl Verdict {
    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Undecided => "undecided",
            Verdict::Go => "go",
            Verdict::NoGo => "no-go",
        }
    }

    /// Reads [`Verdict::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Verdict> {
        [Verdict::Undecided, Verdict::Go, Verdict::NoGo]
            .into_iter()
            .find(|verdict| verdict.name() == name)
    }
}

/// How a revision comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Route {
    /// Units, a share, everybody: step by step.
    #[default]
    Steps,
    /// A fix in an hour: a package that may do just what the old one may, approved by two people, comes to one sitting
    /// and then to those that had the old version, in a freeze too.
    Fast,
}

impl Route {
    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Route::Steps => "steps",
            Route::Fast => "fast",
        }
    }

    /// Reads [`Route::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Route> {
        [Route::Steps, Route::Fast]
            .into_iter()
            .find(|route| route.name() == name)
    }
}

/// So many different people approve a rollout on the fast route.
pub const APPROVALS: usize = 2;

/// A rollout of one revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollout {
    /// Counts up per peer.
    pub seq: i64,
    /// What comes.
    pub revision: i64,
    /// What everybody had when it began.
    pub replaces: Option<i64>,
    /// How it comes.
    pub route: Route,
    /// On the fast route: the sitting that has it before all others.
    pub sitting: Option<String>,
    /// Where it stands.
    pub stage: Stage,
    /// How many of a hundred sittings of units that are not named have it.
    pub share: u8,
    /// How many steps were taken.
    pub steps: u32,
    /// What was said of the last one.
    pub verdict: Verdict,
    /// The function that says it.
    pub go_by: Duty,
    /// What its calls must have come to.
    pub criteria: Criteria,
    /// The account that began it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// When.
    pub started_at: Timestamp,
    /// When the last step was taken: calls count from then on.
    pub step_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Of the row; 0 before it is kept.
    pub version: i64,
}

/// Why a rollout can't do that now. The sentence is for whoever asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotNow {
    /// It has ended.
    #[error("this rollout is {}: begin another one", .0.name())]
    Ended(Stage),
    /// It is paused.
    #[error("this rollout is paused: resume it first")]
    Paused,
    /// It is not paused.
    #[error("this rollout is not paused")]
    NotPaused,
    /// The step before has no Go.
    #[error("the present step has no Go yet: that is said by whoever holds `{}`", .0.name())]
    NoGo(Duty),
    /// There is no step to judge.
    #[error("no step was taken yet: enable units or a share first")]
    NoStep,
    /// A Go although the criteria were not met, without saying that one knows.
    #[error("the criteria of this step are not met ({0}): say Go despite that, or wait")]
    NotMet(&'static str),
    /// A step of the fast route in an ordinary rollout.
    #[error(
        "this rollout goes step by step: enable units, a share or everybody, or begin another one on the fast route"
    )]
    NotFast,
    /// A step of an ordinary rollout on the fast route.
    #[error("this rollout is on the fast route: one sitting first, then those that had the old version")]
    FastOnly,
    /// It was tried on a sitting, and that has its Go.
    #[error("it was tried on a sitting already, with a Go: those that had the old version come next")]
    TriedAlready,
    /// Not enough people approved it.
    #[error("{0} of {APPROVALS} different people have approved this fix; the others must do so first")]
    NotApproved(usize),
    /// A share that is no share, or not more than before.
    #[error("a share is a whole number from {least} to 99 (percent); for everybody take the step to all")]
    Share {
        /// One more than those that have it.
        least: u8,
    },
}

impl Rollout {
    /// A next step is taken.
    ///
    /// # Errors
    /// [`NotNow`]: it has ended, is paused, or the step before has no Go.
    pub fn stepped(self, now: Timestamp) -> Result<Rollout, NotNow> {
        self.open()?;
        if self.stage == Stage::Paused {
            return Err(NotNow::Paused);
        }
        if self.steps > 0 && self.verdict != Verdict::Go {
            return Err(NotNow::NoGo(self.go_by));
        }
        Ok(Rollout {
            steps: self.steps + 1,
            verdict: Verdict::Undecided,
            step_at: Some(now),
            ..self
        })
    }

    /// A next step is taken: this share of the sittings of units that are not named.
    ///
    /// # Errors
    /// [`NotNow`]; a share never shrinks, since those on it stay.
    pub fn shared(self, percent: u8, now: Timestamp) -> Result<Rollout, NotNow> {
        let least = self.share.saturating_add(1);
        if !(least..100).contains(&percent) {
            return Err(NotNow::Share { least });
        }
        let share = percent;
        Ok(Rollout {
            share,
            ..self.stepped(now)?
        })
    }

    /// The last step: everybody has it.
    ///
    /// # Errors
    /// [`NotNow`].
    pub fn completed(self, now: Timestamp) -> Result<Rollout, NotNow> {
        Ok(self.stepped(now)?.ended(Stage::Completed, now))
    }

    /// The first step of the fast route: this sitting has it.
    ///
    /// # Errors
    /// [`NotNow`].
    pub fn tried_on(self, sitting: &str, approvals: usize, now: Timestamp) -> Result<Rollout, NotNow> {
        self.fast(approvals)?;
        if self.verdict == Verdict::Go {
            return Err(NotNow::TriedAlready);
        }
        let stepped = self.stepped(now)?;
        Ok(Rollout {
            sitting: Some(sitting.to_owned()),
            ..stepped
        })
    }

    /// The last step of the fast route, after its Go: those that had the old version have it.
    ///
    /// # Errors
    /// [`NotNow`].
    pub fn fixed(self, approvals: usize, now: Timestamp) -> Result<Rollout, NotNow> {
        self.fast(approvals)?;
        if self.steps == 0 {
            return Err(NotNow::NoStep);
        }
        self.completed(now)
    }

    fn fast(&self, approvals: usize) -> Result<(), NotNow> {
        match self.route {
            Route::Steps => Err(NotNow::NotFast),
            Route::Fast if approvals < APPROVALS => Err(NotNow::NotApproved(approvals)),
            Route::Fast => Ok(()),
        }
    }

    /// Refuses the steps of an ordinary rollout on the fast route.
    ///
    /// # Errors
    /// [`NotNow::FastOnly`].
    pub fn ordinary(self) -> Result<Rollout, NotNow> {
        match self.route {
            Route::Steps => Ok(self),
            Route::Fast => Err(NotNow::FastOnly),
        }
    }

    /// Go, on what the criteria come to. `despite` says that one knows that they are not met.
    ///
    /// # Errors
    /// [`NotNow`].
    pub fn go(self, measured: Outcome, despite: bool) -> Result<Rollout, NotNow> {
        self.open()?;
        if self.steps == 0 {
            return Err(NotNow::NoStep);
        }
        if measured != Outcome::Pass && !despite {
            return Err(NotNow::NotMet(measured.name()));
        }
        Ok(Rollout {
            verdict: Verdict::Go,
            ..self
        })
    }

    /// No-Go: nobody new comes on it, until somebody resumes it.
    ///
    /// # Errors
    /// [`NotNow`].
    pub fn no_go(self) -> Result<Rollout, NotNow> {
        self.open()?;
        if self.steps == 0 {
            return Err(NotNow::NoStep);
        }
        Ok(Rollout {
            verdict: Verdict::NoGo,
            stage: Stage::Paused,
            ..self
        })
    }

    /// Nobody new comes on it for now.
    ///
    /// # Errors
    /// [`NotNow`].
    pub fn paused(self) -> Result<Rollout, NotNow> {
        self.open()?;
        Ok(Rollout {
            stage: Stage::Paused,
            ..self
        })
    }

    /// It goes on. A No-Go stays said: the next step takes a Go.
    ///
    /// # Errors
    /// [`NotNow`].
    pub fn resumed(self) -> Result<Rollout, NotNow> {
        self.open()?;
        if self.stage != Stage::Paused {
            return Err(NotNow::NotPaused);
        }
        Ok(Rollout {
            stage: Stage::Running,
            ..self
        })
    }

    /// Nobody new comes on it any more; those that are on it stay.
    ///
    /// # Errors
    /// [`NotNow`].
    pub fn stopped(self, now: Timestamp) -> Result<Rollout, NotNow> {
        self.open()?;
        Ok(self.ended(Stage::Stopped, now))
    }

    /// Calls must come to something else from now on.
    ///
    /// # Errors
    /// [`NotNow`].
    pub fn judged_by(self, criteria: Criteria) -> Result<Rollout, NotNow> {
        self.open()?;
        Ok(Rollout { criteria, ..self })
    }

    /// Those on it were taken back; that may be done at any time.
    #[must_use]
    pub fn rolled_back(self, now: Timestamp) -> Rollout {
        self.ended(Stage::RolledBack, now)
    }

    fn ended(self, stage: Stage, now: Timestamp) -> Rollout {
        Rollout {
            stage,
            ended_at: Some(now),
            ..self
        }
    }

    fn open(&self) -> Result<(), NotNow> {
        match self.stage.is_open() {
            true => Ok(()),
            false => Err(NotNow::Ended(self.stage)),
        }
    }
}

/// A time in which no connector is rolled out, such as the central exams. A rollback is always allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freeze {
    /// Id.
    pub id: String,
    /// From this moment.
    pub from: Timestamp,
    /// Until this one, exclusive.
    pub until: Timestamp,
    /// Dutch, such as `Centrale examens, periode 3`.
    pub name: String,
    /// The account that entered it.
    pub entered_by: String,
    /// When it was withdrawn.
    pub withdrawn_at: Option<Timestamp>,
    /// Of the row; 0 before it is kept.
    pub version: i64,
}

impl Freeze {
    /// Whether nothing may be rolled out at this moment.
    #[must_use]
    pub fn holds_at(&self, now: Timestamp) -> bool {
        self.withdrawn_at.is_none() && self.from <= now && now < self.until
    }
}

/// What a peer is, for people: nothing is decided by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Environment {
    /// Where one tries things.
    Test,
    /// Where a school accepts a version.
    Acceptance,
    /// Where students are examined.
    #[default]
    Production,
}

impl Environment {
    /// All of them.
    pub const ALL: [Environment; 3] = [Environment::Test, Environment::Acceptance, Environment::Production];

    /// As it is kept.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Environment::Test => "test",
            Environment::Acceptance => "acceptance",
            Environment::Production => "production",
        }
    }

    /// Reads [`Environment::name`] back.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Environment> {
        Environment::ALL.into_iter().find(|one| one.name() == name)
    }
}
