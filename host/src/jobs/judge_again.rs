//! Many results are judged again after a person changed what they are judged by: a piece per run, each in a commit of its
//! own with the job's end, so that a stop in between loses nothing.

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::{Done, JobContext, JobError, JobKind};
use crate::app::judging::{self, Which};
use crate::app::{Draft, deliver};
use crate::domain::retry::Blame;

/// The kind.
pub struct JudgeAgain;

#[derive(Debug, Clone, Deserialize)]
struct Piece {
    which: Which,
    after: String,
}

impl JobKind for JudgeAgain {
    fn name(&self) -> &'static str {
        deliver::JUDGE_AGAIN
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        async move {
            let piece: Piece = serde_json::from_str(&context.job.payload).map_err(|error| {
                JobError::permanent(Blame::Host, format!("a payload that this kind did not write: {error}"))
            })?;
            Ok(Done::deciding(move || {
                let (context, piece) = (context.clone(), piece.clone());
                async move {
                    let mut draft = Draft::of(&context.core, &context.job.tenant, "job:judge_again");
                    judging::judge_piece(&mut draft, &piece.which, &piece.after).await?;
                    Ok(draft.finish())
                }
            }))
        }
        .boxed()
    }
}
