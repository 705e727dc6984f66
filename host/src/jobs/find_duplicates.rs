//! Duplicates are looked for among the enrolments of a planbare toets: a piece per run, each in a commit of its own with
//! the job's end, so that a stop in between loses nothing.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::{Done, JobContext, JobError, JobKind};
use crate::app::Draft;
use crate::app::duplicate::again;
use crate::domain::retry::Blame;

/// The kind.
pub struct FindDuplicates;

#[derive(Debug, Clone, Deserialize)]
struct Piece {
    plannable: String,
    after: String,
}

impl JobKind for FindDuplicates {
    fn name(&self) -> &'static str {
        again::FIND_DUPLICATES
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        async move {
            let piece: Piece = serde_json::from_str(&context.job.payload).map_err(|error| {
                JobError::permanent(Blame::Host, format!("a payload that this kind did not write: {error}"))
            })?;
            Ok(Done::deciding(move || {
                let (context, piece) = (context.clone(), piece.clone());
                async move {
                    let mut draft = Draft::of(&context.core, &context.job.tenant, "job:find_duplicates");
                    again::look_at_piece(&mut draft, &piece.plannable, &piece.after).await?;
                    Ok(draft.finish())
                }
            }))
        }
        .boxed()
    }
}
