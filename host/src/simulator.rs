//! Systems around the host, for trying it out: a SIS, vendors' test platforms and planning systems that keep state and
//! misbehave on request.
//!
//! They are peers, so they share nothing with the host: no codec, no domain type, no store. What they demand of a
//! message is written here a second time, from the agreement, so that a mistake of the host's codec meets a reader
//! that does not make the same mistake. They listen on loopback only and forget everything when they stop.
//!
//! - [`Sis`] is a deelnemerregistratie: it owns a [`School`], pushes flow 1 to a TPL, serves the DR face, takes flow 5.
//! - [`Ta`] is a vendor's test platform: it serves flow 0, takes flow 2, gives results (flow 3) and reports (flow 4),
//!   pushed to a TPL or left to be read.
//! - [`Tpl`] is a planning system outside the host: it plans at a TA face (flow 2) and takes results and reports.
//! - These answer `POST /control/…` beside their face, and the same verbs exist as methods of the handles.
//! - [`Toetskade`] is a vendor with an API of its own, driven by its methods only.
//!
//! To add a way to misbehave: a variant of [`Trouble`], its arm in `misbehaviour/incoming.rs` (or in `outgoing.rs` when it
//! concerns messages that the simulator sends), and its line in `TroubleRequest`.

mod client;
mod control;
#[cfg(test)]
mod meeting_codec;
mod misbehaviour;
mod moment;
mod outgoing;
mod paging;
mod problem;
#[cfg(test)]
mod recording_tpl;
mod scale;
mod school;
pub mod script;
mod seeded;
mod sis;
mod socket;
mod strict;
mod ta;
mod toetskade;
mod tokens;
mod tpl;

pub use client::client;
pub use misbehaviour::{Misbehaviour, MisbehaviourState, Trouble};
pub use moment::Now;
pub use outgoing::{Delivery, Outcome, PeerAccess};
pub use school::{Group, NeedsInFlow1, Person, PlannableTest, Registration, School, SchoolPlan, TestToPlan};
pub use sis::{
    AppliedMessage, AssociationState, FetchedDocument, Flow1Push, KindReport, PushReport, RefusedMessage, Sis,
    SisOptions, SisState,
};
pub use ta::{
    Auth, Catalogue, Cesuur, DeelnameState, DocumentState, RefusedWrite, ReportOrder, ResultForm, ResultMode,
    ResultsOrder, SittingState, Ta, TaOptions, TaState, Test,
};
pub use toetskade::{
    Toetskade, ToetskadeCandidate, ToetskadeExam, ToetskadeOptions, ToetskadeOutcome, ToetskadePeriod, ToetskadeWebhook,
};
pub use tokens::Credentials;
pub use tpl::{PlannedSitting, PlannedState, RefusedDelivery, SittingOrder, Tpl, TplOptions, TplState};

/// The entry in `consumers` that this standard's own fields live in (R13).
const CONSUMER_KEY: &str = "nl-test-admin";

/// The largest JSON body a simulator reads, in bytes; a larger one is answered with 400 (R21).
const LARGEST_BODY: usize = 1024 * 1024;

/// Why a simulator could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum SimulatorError {
    /// The address to listen on is not on this machine alone.
    #[error(
        "could not listen on {0}: a simulator keeps invented persons without protection, so it listens on loopback only; give 127.0.0.1:PORT"
    )]
    NotLoopback(std::net::SocketAddr),
    /// The socket could not be opened.
    #[error("could not listen on {address}")]
    CannotListen {
        /// The address that was asked for.
        address: std::net::SocketAddr,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A command needs an object that this simulator does not hold.
    #[error("no {kind} `{id}` here; GET /control/state lists those that are")]
    Unknown {
        /// The kind of object, as in `sitting`.
        kind: &'static str,
        /// The id that was given.
        id: String,
    },
    /// A command does not fit the present state of an object.
    #[error("{0}")]
    DoesNotFit(String),
    /// Something has to be sent, and nobody said to whom.
    #[error("this simulator does not know its peer yet: give its address and credentials with POST /control/peer")]
    NoPeer,
}
