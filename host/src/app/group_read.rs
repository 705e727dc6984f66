//! Group reads, the twin of group commits: verbs that run at the same time hand in what they want to know, and a reader
//! answers all that waits at once, so that many verbs cost about as many queries as one. There is no timer: a lone
//! question is answered at once; while that runs, the next ones gather.
//!
//! A question is answered by a read that begins after it was asked, so that it sees all that was committed before.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::{BoxFuture, try_join_all};
use tokio::sync::{mpsc, oneshot};
use tracing::debug;

use crate::store::StoreError;

/// The most questions answered by one read.
const GROUP: usize = 64;
/// So many may wait before an asker waits for a place in the queue.
const QUEUE: usize = 1024;

/// Answers many questions at once: one answer per question, in their order.
pub(super) type ReadMany<Q, A> = Arc<dyn Fn(Vec<Q>) -> BoxFuture<'static, Result<Vec<A>, StoreError>> + Send + Sync>;

/// The way to a reader. It ends when the last asker is gone.
pub(super) struct GroupReader<Q, A> {
    queue: mpsc::Sender<Asking<Q, A>>,
    read: ReadMany<Q, A>,
}

struct Asking<Q, A> {
    question: Q,
    answer: oneshot::Sender<A>,
}

impl<Q: Clone + Send + 'static, A: Send + 'static> GroupReader<Q, A> {
    /// Starts the reader in the present tokio runtime.
    pub(super) fn start(read: ReadMany<Q, A>) -> Self {
        let (queue, asked) = mpsc::channel(QUEUE);
        tokio::spawn(answer_groups(asked, read.clone()));
        GroupReader { queue, read }
    }

    /// Asks one question. When the group it went with could not be read, it is asked once more by itself, so that a bad
    /// row stops only those who asked for it.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn ask(&self, question: Q) -> Result<A, StoreError> {
        let (answer, heard) = oneshot::channel();
        let asking = Asking {
            question: question.clone(),
            answer,
        };
        if self.queue.send(asking).await.is_ok()
            && let Ok(answer) = heard.await
        {
            return Ok(answer);
        }
        let mut answers = (self.read)(vec![question]).await?;
        Ok(answers.pop().expect("one answer per question"))
    }
}

async fn answer_groups<Q, A>(mut asked: mpsc::Receiver<Asking<Q, A>>, read: ReadMany<Q, A>) {
    let mut group = Vec::with_capacity(GROUP);
    while asked.recv_many(&mut group, GROUP).await > 0 {
        // Who is ready to ask asks first, for as long as that brings more.
        let mut before = 0;
        while group.len() > before && group.len() < GROUP {
            before = group.len();
            tokio::task::yield_now().await;
            while group.len() < GROUP
                && let Ok(asking) = asked.try_recv()
            {
                group.push(asking);
            }
        }
        let (questions, waiting): (Vec<Q>, Vec<_>) = group.drain(..).map(|it| (it.question, it.answer)).unzip();
        match read(questions).await {
            Ok(answers) => {
                for (waiting, answer) in waiting.into_iter().zip(answers) {
                    // Whoever asked may have stopped waiting.
                    let _gone = waiting.send(answer);
                }
            }
            Err(error) => debug!("could not read for a group, now one by one: {error}"),
        }
    }
}

/// Reads each different question once, for readers who are often asked the same: one answer per question, in their order.
///
/// # Errors
/// What the database says.
pub(super) async fn each_once<Q, A, F>(asked: &[Q], read: impl Fn(Q) -> F) -> Result<Vec<A>, StoreError>
where
    Q: Ord + Clone,
    A: Clone,
    F: Future<Output = Result<A, StoreError>>,
{
    let mut different: Vec<Q> = asked.to_vec();
    different.sort_unstable();
    different.dedup();
    let answers = try_join_all(different.iter().cloned().map(read)).await?;
    let answers: BTreeMap<Q, A> = different.into_iter().zip(answers).collect();
    Ok(asked.iter().map(|question| answers[question].clone()).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::future::{FutureExt as _, join_all};
    use tokio::sync::Semaphore;

    use super::*;

    /// A reader that answers a number by its double and notes what it was asked together. Each read waits to be let go.
    struct Noted {
        reader: GroupReader<i64, i64>,
        reads: Arc<Mutex<Vec<Vec<i64>>>>,
        gate: Arc<Semaphore>,
    }

    fn noted() -> Noted {
        let (reads, gate) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Semaphore::new(0)));
        let (noting, waiting) = (reads.clone(), gate.clone());
        let reader = GroupReader::start(Arc::new(move |asked: Vec<i64>| {
            noting.lock().unwrap().push(asked.clone());
            let waiting = waiting.clone();
            async move {
                waiting.acquire().await.unwrap().forget();
                match asked.contains(&13) {
                    true => Err(StoreError::unknown_word("number", "13")),
                    false => Ok(asked.iter().map(|number| number * 2).collect()),
                }
            }
            .boxed()
        }));
        Noted { reader, reads, gate }
    }

    /// What was committed before a question is in its answer: a read that has begun takes up no more questions.
    #[tokio::test]
    async fn what_is_asked_while_a_read_runs_waits_for_the_next_one() {
        let noted = noted();
        let first = noted.reader.ask(1);
        let later = async {
            while noted.reads.lock().unwrap().is_empty() {
                tokio::task::yield_now().await;
            }
            let asking = join_all([2, 3].map(|number| noted.reader.ask(number)));
            let letting_go = async {
                for _ in 0..10 {
                    tokio::task::yield_now().await;
                }
                noted.gate.add_permits(2);
            };
            tokio::join!(asking, letting_go).0
        };
        let (first, later) = tokio::join!(first, later);
        assert_eq!(first.unwrap(), 2);
        assert_eq!(later.into_iter().map(Result::unwrap).collect::<Vec<_>>(), [4, 6]);
        assert_eq!(*noted.reads.lock().unwrap(), [vec![1], vec![2, 3]]);
    }

    #[tokio::test]
    async fn a_question_that_cannot_be_answered_fails_by_itself() {
        let noted = noted();
        noted.gate.add_permits(10);
        let answers = join_all([7, 13, 8].map(|number| noted.reader.ask(number))).await;
        let answers: Vec<Option<i64>> = answers.into_iter().map(Result::ok).collect();
        assert_eq!(answers, [Some(14), None, Some(16)]);
        assert_eq!(noted.reads.lock().unwrap()[0], [7, 13, 8]);
    }

    #[tokio::test]
    async fn the_same_question_is_read_once_for_all_who_ask_it() {
        let read = Mutex::new(Vec::new());
        let answers = each_once(&["sis", "facet", "sis", "sis"], |peer: &str| {
            read.lock().unwrap().push(peer);
            async move { Ok(peer.len()) }
        });
        assert_eq!(answers.await.unwrap(), [3, 5, 3, 3]);
        assert_eq!(*read.lock().unwrap(), ["facet", "sis"]);
    }
}
