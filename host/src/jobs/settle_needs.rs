//! The needs of a vendor's coming deelnames are settled anew after its table, its connector or a sitting has changed: a
//! piece per run, each in a commit of its own with the job's end, so that a stop in between loses nothing.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::{Done, JobContext, JobError, JobKind};
use crate::app::Draft;
use crate::app::needs::again;
use crate::domain::retry::Blame;

/// The kind.
pub struct SettleNeeds;

#[derive(Debug, Clone, Deserialize)]
struct Piece {
    peer: String,
    sitting: Option<String>,
    after: String,
}

impl JobKind for SettleNeeds {
    fn name(&self) -> &'static str {
        again::SETTLE_NEEDS
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        async move {
            let piece: Piece = serde_json::from_str(&context.job.payload).map_err(|error| {
                JobError::permanent(Blame::Host, format!("a payload that this kind did not write: {error}"))
            })?;
            Ok(Done::deciding(move || {
                let (context, piece) = (context.clone(), piece.clone());
                async move {
                    let mut draft = Draft::of(&context.core, &context.job.tenant, "job:settle_needs");
                    again::settle_piece(&mut draft, &piece.peer, piece.sitting.as_deref(), &piece.after).await?;
                    Ok(draft.finish())
                }
            }))
        }
        .boxed()
    }
}
