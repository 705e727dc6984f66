//! Work inside the host that goes through many rows: a piece per run, each in a commit of its own with the job's end, so
//! that other traffic goes between and a stop in the middle loses nothing. Each piece has the next one follow.

use std::marker::PhantomData;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Done, JobContext, JobError, JobKind};
use crate::app::comparison::nightly::{self, Round};
use crate::app::files::keep;
use crate::app::files::plan;
use crate::app::judging::{self, Which};
use crate::app::mended::{self, Mending};
use crate::app::{Draft, Refused, deliver, duplicate, needs};
use crate::domain::retry::Blame;

/// Results are judged again after a person changed what they are judged by.
#[must_use]
pub fn judge_again() -> impl JobKind + 'static {
    Pieces::<ToJudge>(PhantomData)
}

/// The needs of a vendor's coming deelnames are settled anew after its table, its connector or a sitting has changed.
#[must_use]
pub fn settle_needs() -> impl JobKind + 'static {
    Pieces::<ToSettle>(PhantomData)
}

/// Duplicates are looked for among the enrolments of a planbare toets.
#[must_use]
pub fn find_duplicates() -> impl JobKind + 'static {
    Pieces::<ToCompare>(PhantomData)
}

/// What follows when a peer's endpoint, or what runs for it, was changed.
#[must_use]
pub fn mended() -> impl JobKind + 'static {
    Pieces::<Mending>(PhantomData)
}

/// What a person had stored of a file is kept.
#[must_use]
pub fn store_file() -> impl JobKind + 'static {
    StoreFile
}

/// A sitting at a vendor that works with files is looked at when it becomes fixed.
#[must_use]
pub fn check_taken() -> impl JobKind + 'static {
    Pieces::<ToLookAt>(PhantomData)
}

/// The nightly comparison of a vendor's sittings.
#[must_use]
pub fn compare_round() -> impl JobKind + 'static {
    Pieces::<Round>(PhantomData)
}

/// What a job's payload says of its piece.
trait Piece: DeserializeOwned + Clone + Send + Sync + 'static {
    /// Name of the kind.
    const KIND: &'static str;

    /// Decides on the piece, and has the next one follow.
    fn take(&self, draft: &mut Draft<'_>) -> impl Future<Output = Result<(), Refused>> + Send;
}

#[derive(Clone, Deserialize)]
struct ToJudge {
    which: Which,
    after: String,
}

impl Piece for ToJudge {
    const KIND: &'static str = deliver::JUDGE_AGAIN;

    async fn take(&self, draft: &mut Draft<'_>) -> Result<(), Refused> {
        judging::judge_piece(draft, &self.which, &self.after).await
    }
}

#[derive(Clone, Deserialize)]
struct ToSettle {
    peer: String,
    sitting: Option<String>,
    after: String,
}

impl Piece for ToSettle {
    const KIND: &'static str = needs::again::SETTLE_NEEDS;

    async fn take(&self, draft: &mut Draft<'_>) -> Result<(), Refused> {
        needs::again::settle_piece(draft, &self.peer, self.sitting.as_deref(), &self.after).await
    }
}

#[derive(Clone, Deserialize)]
struct ToCompare {
    plannable: String,
    after: String,
}

impl Piece for ToCompare {
    const KIND: &'static str = duplicate::again::FIND_DUPLICATES;

    async fn take(&self, draft: &mut Draft<'_>) -> Result<(), Refused> {
        duplicate::again::look_at_piece(draft, &self.plannable, &self.after).await
    }
}

impl Piece for Mending {
    const KIND: &'static str = mended::MENDED;

    async fn take(&self, draft: &mut Draft<'_>) -> Result<(), Refused> {
        mended::piece(draft, self).await
    }
}

#[derive(Clone, Deserialize)]
struct ToLookAt {
    sitting: String,
}

impl Piece for ToLookAt {
    const KIND: &'static str = plan::CHECK_TAKEN;

    async fn take(&self, draft: &mut Draft<'_>) -> Result<(), Refused> {
        plan::look(draft, &self.sitting).await
    }
}

impl Piece for Round {
    const KIND: &'static str = nightly::COMPARE_ROUND;

    async fn take(&self, draft: &mut Draft<'_>) -> Result<(), Refused> {
        nightly::piece(draft, self).await
    }
}

struct Pieces<P>(PhantomData<P>);

impl<P: Piece> JobKind for Pieces<P> {
    fn name(&self) -> &'static str {
        P::KIND
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        async move {
            let piece: P = read(&context)?;
            Ok(Done::deciding(move || {
                let (context, piece) = (context.clone(), piece.clone());
                async move {
                    let actor = format!("job:{}", P::KIND);
                    let mut draft = Draft::of(&context.core, &context.job.tenant, actor);
                    piece.take(&mut draft).await?;
                    Ok(draft.finish())
                }
            }))
        }
        .boxed()
    }
}

fn read<P: DeserializeOwned>(context: &JobContext) -> Result<P, JobError> {
    serde_json::from_str(&context.job.payload)
        .map_err(|error| JobError::permanent(Blame::Host, format!("a payload that this kind did not write: {error}")))
}

/// Pieces of a file in one run. Taking up a job costs as much as keeping a piece; a run that ends badly goes on where the
/// file's row says.
const PIECES_PER_RUN: usize = 25;

#[derive(Clone, Deserialize)]
struct ToStore {
    file: String,
}

struct StoreFile;

impl JobKind for StoreFile {
    fn name(&self) -> &'static str {
        keep::STORE_FILE
    }

    fn run(&self, context: JobContext) -> BoxFuture<'_, Result<Done, JobError>> {
        async move {
            let ToStore { file } = read(&context)?;
            for _ in 0..PIECES_PER_RUN {
                if !keep::keep_next(&context.core, &context.job.tenant, &file).await? {
                    return Ok(Done::nothing());
                }
            }
            Ok(Done::deciding(move || {
                let (context, file) = (context.clone(), file.clone());
                async move {
                    let actor = format!("job:{}", keep::STORE_FILE);
                    let mut draft = Draft::of(&context.core, &context.job.tenant, actor);
                    keep::follow(&mut draft, &file).await?;
                    Ok(draft.finish())
                }
            }))
        }
        .boxed()
    }
}
