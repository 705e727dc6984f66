//! The core that every verb works with: the database, the world, the keys, and the way to commit.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use jiff::Timestamp;
use oke_codec::Dialect;

use super::World;
use super::around::{self, Around, Asked};
use super::committer::{CommitError, Committer, Urgency};
use super::group_read::{GroupReader, each_once};
use super::key_locks::KeyLocks;
use super::rollout;
use super::set_up::{self, SetUp};
use crate::audit::append::Chains;
use crate::domain::clock;
use crate::domain::rollout::Serving;
use crate::jobs::wake::Wake;
use crate::store::client::{self, Holder};
use crate::store::peer::PeerRow;
use crate::store::write_set::WriteSet;
use crate::store::{Database, Sealer, StoreError};

/// So often a verb is run again after a conflict before its caller hears of it.
const TRIES: u32 = 25;

/// What every verb works with. Cheap to clone.
#[derive(Clone)]
pub struct Core {
    /// For reading; writing goes through [`Core::decide`] or [`Core::commit`].
    pub db: Database,
    /// The time and the dice.
    pub world: World,
    /// Seals and opens what lies encrypted.
    pub sealer: Sealer,
    /// This process, by a name of its own per start.
    pub node: Arc<str>,
    /// Rings when there may be work.
    pub wake: Arc<Wake>,
    committer: Committer,
    urgency: Urgency,
    readers: Arc<Readers>,
    locks: Arc<KeyLocks>,
    /// In which dialect each revision writes that has delivered something: a revision never changes.
    pub(super) dialects: Arc<Mutex<Dialects>>,
}

/// The dialect of each revision, by school, peer and number; none where its system speaks no OKE.
type Dialects = HashMap<(String, String, i64), Option<Dialect>>;

/// What many verbs ask for at the same time.
struct Readers {
    around: GroupReader<Asked, Option<Around>>,
    holders: GroupReader<String, Option<Holder>>,
    serving: GroupReader<(String, String), Option<(PeerRow, Serving)>>,
    set_up: GroupReader<(String, String, i64), Option<Arc<SetUp>>>,
}

impl Readers {
    fn start(db: &Database) -> Self {
        let (around_db, holders_db) = (db.clone(), db.clone());
        Readers {
            around: GroupReader::start(Arc::new(move |asked: Vec<Asked>| {
                let db = around_db.clone();
                async move { around::read(&db, &asked).await }.boxed()
            })),
            holders: GroupReader::start(Arc::new(move |digests: Vec<String>| {
                let db = holders_db.clone();
                async move {
                    let holders = client::holders(&db, &digests).await?;
                    Ok(digests.iter().map(|digest| holders.get(digest).cloned()).collect())
                }
                .boxed()
            })),
            serving: each(db, |db, (tenant, peer): (String, String)| async move {
                rollout::serving(&db, &tenant, &peer).await
            }),
            set_up: each(db, |db, (tenant, peer, number): (String, String, i64)| async move {
                set_up::read(&db, &tenant, &peer, number).await
            }),
        }
    }
}

/// A reader for what many ask alike.
fn each<Q, A, F>(db: &Database, read: impl Fn(Database, Q) -> F + Copy + Send + Sync + 'static) -> GroupReader<Q, A>
where
    Q: Ord + Clone + Send + Sync + 'static,
    A: Clone + Send + Sync + 'static,
    F: Future<Output = Result<A, StoreError>> + Send + 'static,
{
    let db = db.clone();
    GroupReader::start(Arc::new(move |asked: Vec<Q>| {
        let db = db.clone();
        async move { each_once(&asked, |question| read(db.clone(), question)).await }.boxed()
    }))
}

/// What a verb decided: what changes, and what its caller hears once that is durable.
#[derive(Debug)]
pub struct Decision<T> {
    /// What changes; empty when nothing does.
    pub write_set: WriteSet,
    /// What the caller hears.
    pub answer: T,
}

impl Core {
    /// Starts the committer in the present tokio runtime.
    #[must_use]
    pub fn start(db: Database, world: World, sealer: Sealer) -> Self {
        let node: Arc<str> = clock::id(&*world.clock, &*world.random).into();
        let wake = Arc::new(Wake::default());
        let chains = Chains::of(&node, sealer.clone());
        let readers = Arc::new(Readers::start(&db));
        let committer = Committer::start(db.clone(), world.clock.clone(), chains, wake.clone());
        Core {
            db,
            world,
            sealer,
            node,
            wake,
            committer,
            urgency: Urgency::Awaited,
            readers,
            locks: Arc::default(),
            dialects: Arc::default(),
        }
    }

    /// The same for work that nobody waits for at a screen or a socket: what it commits lets go first what somebody does
    /// wait for.
    #[must_use]
    pub fn patient(&self) -> Self {
        Core {
            urgency: Urgency::Patient,
            ..self.clone()
        }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.world.clock.now()
    }

    /// A new id.
    #[must_use]
    pub fn id(&self) -> String {
        clock::id(&*self.world.clock, &*self.world.random)
    }

    /// A throw of the dice, uniform over all of `u64`.
    #[must_use]
    pub fn dice(&self) -> u64 {
        let mut bytes = [0; 8];
        self.world.random.fill(&mut bytes);
        u64::from_le_bytes(bytes)
    }

    /// Looks around a deelname, together with other verbs that do so now; `None` when it is not there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn around(&self, asked: Asked) -> Result<Option<Around>, StoreError> {
        self.readers.around.ask(asked).await
    }

    /// Who holds the token with this digest, if anybody, as [`client::holders`] has it.
    ///
    /// # Errors
    /// What the database says.
    pub async fn holder(&self, token_digest: String) -> Result<Option<Holder>, StoreError> {
        self.readers.holders.ask(token_digest).await
    }

    /// Who is served by which revision of a peer, as [`rollout::serving`] has it, read together with others who ask now.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn serving(&self, tenant: &str, peer: &str) -> Result<Option<(PeerRow, Serving)>, StoreError> {
        self.readers.serving.ask((tenant.to_owned(), peer.to_owned())).await
    }

    /// What a call on a revision needs to know, read together with others who ask now.
    ///
    /// # Errors
    /// What the database says.
    pub(super) async fn set_up(&self, tenant: &str, peer: &str, number: i64) -> Result<Option<Arc<SetUp>>, StoreError> {
        let asked = (tenant.to_owned(), peer.to_owned(), number);
        self.readers.set_up.ask(asked).await
    }

    /// Runs a verb, commits what it decided, and returns its answer only after that is durable. When something it was
    /// decided on has changed meanwhile, here or on another node, the verb runs again: it must read everything afresh
    /// and have no effects of its own. `keys` are locks inside this process that spare needless conflicts, such as
    /// `association/TENANT/ID`; they are taken in order and held until the commit.
    ///
    /// # Errors
    /// What the verb returns, and [`CommitError`].
    pub async fn decide<T, E, F, Fut>(&self, keys: &[String], verb: F) -> Result<T, E>
    where
        F: Fn() -> Fut,
        Fut: Future<Output = Result<Decision<T>, E>>,
        E: From<CommitError>,
    {
        let _held = self.locks.take(keys).await;
        let mut tries = 0;
        loop {
            let decision = verb().await?;
            match self.committer.commit(decision.write_set, self.urgency).await {
                Ok(()) => return Ok(decision.answer),
                Err(error) if error.is_conflict() && tries < TRIES => tries += 1,
                Err(error) => return Err(error.into()),
            }
            self.step_aside(tries).await;
        }
    }

    /// Stores a write set that depends on nothing but its own row versions.
    ///
    /// # Errors
    /// [`CommitError`], among them a conflict: nothing is tried again here.
    pub async fn commit(&self, write_set: WriteSet) -> Result<(), CommitError> {
        self.committer.commit(write_set, self.urgency).await
    }

    /// The first run after a conflict is at once; later ones wait a random while, so that nodes don't keep meeting.
    async fn step_aside(&self, tries: u32) {
        if tries < 2 {
            return;
        }
        let longest = Duration::from_millis(2 << tries.min(7));
        let millis = u64::try_from(longest.as_millis()).unwrap_or(u64::MAX);
        tokio::time::sleep(Duration::from_millis(self.dice() % millis)).await;
    }
}
