//! One file per kind of job that follows a commit. Each reads the present state, calls the peer's connector, and stores
//! what comes back through a verb of `app`, in one commit with the job's end.
//!
//! To add a kind: a file here with a type that implements [`JobKind`](super::JobKind), and its line in [`registry`].
//! What surrounds every call (which revision, blame, metrics, tasks for a peer as a whole) is in `call`.

use crate::app::running::Connectors;

use super::Registry;

mod call;
mod check_sitting;
mod compare;
mod comparing;
mod deliver_deelname;
mod deliver_result;
mod deliver_sitting;
mod drain;
mod failure;
mod fetch_association;
mod fetch_catalogue;
mod fetch_document;
mod fetch_offering;
mod fetch_person;
mod keur_package;
mod poll_reports;
mod poll_results;
mod pull_registrations;
mod read_back;
mod relay_report;
mod relay_result;
mod relay_student_result;
mod take_push;

pub use drain::Drain;

/// Every kind there is.
#[must_use]
pub fn registry(connectors: &Connectors) -> Registry {
    let connectors = || connectors.clone();
    Registry::new()
        .with(deliver_sitting::DeliverSitting(connectors()))
        .with(deliver_deelname::DeliverDeelname(connectors()))
        .with(deliver_result::DeliverResult(connectors()))
        .with(fetch_person::FetchPerson(connectors()))
        .with(fetch_offering::FetchOffering(connectors()))
        .with(fetch_association::FetchAssociation(connectors()))
        .with(compare::Compare(connectors()))
        .with(fetch_document::FetchDocument(connectors()))
        .with(fetch_catalogue::FetchCatalogue(connectors()))
        .with(poll_results::PollResults(connectors()))
        .with(poll_reports::PollReports(connectors()))
        .with(pull_registrations::PullRegistrations(connectors()))
        .with(read_back::ReadBack(connectors()))
        .with(relay_result::RelayResult(connectors()))
        .with(relay_report::RelayReport(connectors()))
        .with(relay_student_result::RelayStudentResult(connectors()))
        .with(keur_package::KeurPackage(connectors()))
        .with(take_push::TakePush(connectors()))
        .with(check_sitting::CheckSitting(connectors()))
        .with(Drain)
        .with(super::pieces::judge_again())
        .with(super::pieces::settle_needs())
        .with(super::pieces::find_duplicates())
        .with(super::pieces::mended())
        .with(super::pieces::store_file())
        .with(super::pieces::check_taken())
        .with(super::pieces::compare_round())
}
