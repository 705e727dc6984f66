//! A write set in the making, and what the verbs of the chain put into it again and again: audit entries, jobs with
//! their number in their lane, exceptions, messages of the inbox.

use std::collections::HashMap;

use jiff::Timestamp;
use oke_codec::Dialect;

use super::around::{self, Around, Asked, Versie};
use super::{Core, Refused};
use crate::domain::exception::Exception;
use crate::store::job::{self, JobRow, NewJob};
use crate::store::message::MessageRow;
use crate::store::task::{self, NewTask, TaskRow};
use crate::store::{AuditEntry, Write, WriteSet};

/// A write set in the making. Made anew each time a verb runs.
pub struct Draft<'a> {
    /// The core.
    pub core: &'a Core,
    /// The school.
    pub tenant: &'a str,
    /// Who acts, for the audit.
    pub actor: String,
    /// The time of this run of the verb.
    pub now: Timestamp,
    /// The connector revision that brought what is decided on, where one did.
    pub revision: Option<i64>,
    set: WriteSet,
    lanes: HashMap<String, i64>,
    /// Exceptions that are open now, read once per object; what this draft opens or closes is kept up with.
    exceptions: HashMap<(String, String), Vec<TaskRow>>,
    /// What was looked up beforehand, and not asked for yet.
    around: HashMap<Asked, Option<Around>>,
}

/// Work that follows, before it has its number in its lane.
#[derive(Debug, Clone)]
pub struct Follow<'a> {
    /// Kind of the job.
    pub kind: &'static str,
    /// The outside system; empty for work inside the host.
    pub peer: &'a str,
    /// The flow.
    pub flow: i64,
    /// Its lane.
    pub lane: String,
    /// Lane of the sitting it belongs to, and the number up to which that lane goes first.
    pub parent: Option<(String, i64)>,
    /// What the kind needs.
    pub payload: serde_json::Value,
    /// Whether it delivers or reads the whole present state, so that it may take the place of dead letters before it.
    pub full_state: bool,
}

/// What an exception is about.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Kind of the object.
    pub kind: &'a str,
    /// Its id.
    pub id: &'a str,
    /// Its owning unit.
    pub unit: Option<&'a str>,
    /// The outside system it concerns.
    pub peer: Option<&'a str>,
}

/// Who sent a message over a face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The school.
    pub tenant: String,
    /// The peer that the client acts for.
    pub peer: String,
    /// The client.
    pub client: String,
    /// How the peer writes and reads.
    pub dialect: Dialect,
}

impl Sender {
    /// A system whose answer a job has read: as it is in the model, whatever its dialect.
    #[must_use]
    pub fn of_job(draft: &Draft<'_>, peer: &str) -> Self {
        Sender {
            tenant: draft.tenant.to_owned(),
            peer: peer.to_owned(),
            client: String::new(),
            dialect: Dialect::default(),
        }
    }

    /// For the audit.
    #[must_use]
    pub fn actor(&self) -> String {
        format!("client:{}", self.client)
    }
}

/// A message that came in over a face.
#[derive(Debug, Clone, Copy)]
pub struct Arrived<'a> {
    /// The flow.
    pub flow: i64,
    /// Who sent it.
    pub peer: &'a str,
    /// PUT or PATCH.
    pub method: &'a str,
    /// Kind of the object it is about.
    pub subject_kind: &'a str,
    /// That object's id.
    pub subject_id: &'a str,
    /// As it came.
    pub content: &'a [u8],
    /// Whether it carries the data of a person. That lives in the person's own row, so that it can be erased (R5); the
    /// inbox doesn't keep it a second time.
    pub carries_person: bool,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It made something new.
    Created,
    /// It changed something.
    Applied,
    /// It said what was known already (R10).
    Repeated,
    /// It is kept, and waits for a person.
    Held,
}

impl Outcome {
    /// Of what is told of an object, held against what is known of it (R10).
    #[must_use]
    pub fn of<T: PartialEq>(known: Option<&T>, told: &T) -> Outcome {
        match known {
            None => Outcome::Created,
            Some(known) if known == told => Outcome::Repeated,
            Some(_) => Outcome::Applied,
        }
    }

    /// As the inbox keeps it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Created | Outcome::Applied => "applied",
            Outcome::Repeated => "repeated",
            Outcome::Held => "held",
        }
    }
}

impl<'a> Draft<'a> {
    /// An empty draft.
    #[must_use]
    pub fn of(core: &'a Core, tenant: &'a str, actor: impl Into<String>) -> Self {
        Draft {
            core,
            tenant,
            actor: actor.into(),
            now: core.now(),
            revision: None,
            set: WriteSet::of(tenant),
            lanes: HashMap::new(),
            exceptions: HashMap::new(),
            around: HashMap::new(),
        }
    }

    /// The write set.
    #[must_use]
    pub fn finish(self) -> WriteSet {
        self.set
    }

    /// Adds a row.
    pub fn put(&mut self, write: Write) {
        self.set.put(write);
    }

    /// Makes the whole depend on a row that was only read; 0 when there was none.
    pub fn expect(&mut self, table: &'static crate::store::Table, key: Vec<crate::store::sql::Value>, version: i64) {
        self.set.expect(table, key, version);
    }

    /// Erases rows for good.
    pub fn erase(&mut self, erasure: crate::store::write_set::Erasure) {
        self.set.erase(erasure);
    }

    /// Says who did what to which object.
    pub fn audit(&mut self, verb: &'static str, subject: (&'static str, &str), detail: String, content: &[u8]) {
        let (subject_kind, subject_id) = subject;
        self.set.audit(AuditEntry {
            actor: self.actor.clone(),
            verb,
            subject_kind,
            subject_id: subject_id.to_owned(),
            detail,
            content: content.to_vec(),
        });
    }

    /// Adds a job with the number that its cause gives it.
    pub fn follow_as(&mut self, follow: Follow<'_>, seq: i64, due_at: Timestamp) {
        let new = NewJob {
            kind: follow.kind.to_owned(),
            peer: follow.peer.to_owned(),
            flow: Some(follow.flow),
            lane: follow.lane,
            seq,
            parent: follow.parent,
            payload: follow.payload.to_string(),
            full_state: follow.full_state,
            due_at,
        };
        self.set.put(new.write(self.tenant, &self.core.id(), self.now));
    }

    /// Adds a job as the last of its lane. Another verb that takes the same number is a conflict: one of them runs
    /// again and takes the next.
    ///
    /// # Errors
    /// What the database says.
    pub async fn follow(&mut self, follow: Follow<'_>) -> Result<(), Refused> {
        let now = self.now;
        self.follow_at(follow, now).await
    }

    /// The same, not before a moment.
    ///
    /// # Errors
    /// What the database says.
    pub async fn follow_at(&mut self, follow: Follow<'_>, due_at: Timestamp) -> Result<(), Refused> {
        let last = match self.lanes.get(&follow.lane) {
            Some(last) => *last,
            None => job::last_in_lane(&self.core.db, self.tenant, &follow.lane).await?,
        };
        let seq = last + 1;
        self.lanes.insert(follow.lane.clone(), seq);
        self.follow_as(follow, seq, due_at);
        Ok(())
    }

    /// Adds a job unless the same one waits in its lane already, which will see what this draft changes: should that one
    /// be taken up before this draft is stored, the verb runs again.
    ///
    /// # Errors
    /// What the database says.
    pub async fn follow_once(&mut self, follow: Follow<'_>) -> Result<(), Refused> {
        let payload = follow.payload.to_string();
        self.follow_unless(follow, |job, _| job.payload == payload).await
    }

    /// The same, where a waiting job of the kind does as well as this one; of each it is said whether it is the last.
    ///
    /// # Errors
    /// What the database says.
    pub async fn follow_unless(
        &mut self,
        follow: Follow<'_>,
        does_as_well: impl Fn(&JobRow, bool) -> bool + Send,
    ) -> Result<(), Refused> {
        if self.lanes.contains_key(&follow.lane) {
            return Ok(());
        }
        let waiting = job::waiting_in_lane(&self.core.db, self.tenant, &follow.lane).await?;
        let last = waiting.len().saturating_sub(1);
        let found = waiting
            .iter()
            .enumerate()
            .find(|(place, job)| job.kind == follow.kind && does_as_well(job, *place == last));
        match found {
            Some((_, job)) => {
                self.set
                    .expect(&job::JOB, crate::values![self.tenant, &job.id], job.version);
                Ok(())
            }
            None => self.follow(follow).await,
        }
    }

    /// Opens an exception about an object. One of the same kind that is open says it already; when it says something
    /// else, it is closed and the new one takes its place.
    ///
    /// # Errors
    /// What the database says.
    pub async fn open(&mut self, exception: &Exception, about: About<'_>) -> Result<(), Refused> {
        let new = NewTask {
            kind: exception.kind.to_owned(),
            owner: exception.owner.name().to_owned(),
            unit: about.unit.map(str::to_owned),
            peer: about.peer.map(str::to_owned),
            subject_kind: about.kind.to_owned(),
            subject_id: about.id.to_owned(),
            title: exception.title.clone(),
            next_step: exception.next_step.clone(),
        };
        if let Some(opened) = self.opens(new).await? {
            self.set.put(opened.next());
        }
        Ok(())
    }

    /// The row of a new exception; `None` where one stands that says the same.
    async fn opens(&mut self, new: NewTask) -> Result<Option<TaskRow>, Refused> {
        self.read_exceptions(&new.subject_kind, &new.subject_id).await?;
        let key = (new.subject_kind.clone(), new.subject_id.clone());
        let open = self.exceptions.entry(key).or_default();
        let same_kind = open.iter().position(|task| task.about.kind == new.kind);
        let replaced = match same_kind {
            Some(place) if open[place].about.title == new.title => return Ok(None),
            Some(place) => Some(open.remove(place)),
            None => None,
        };
        // Whoever was at it still is.
        let claimed = replaced.as_ref().and_then(|earlier| earlier.claimed.clone());
        let opened = TaskRow {
            tenant: self.tenant.to_owned(),
            id: self.core.id(),
            about: new,
            opened_at: self.now,
            claimed,
            closed: None,
            version: 0,
        };
        open.push(opened.clone());
        // One that this very draft opened has no row yet: the first word stands.
        match replaced {
            Some(earlier) if earlier.version == 0 => Ok(None),
            Some(earlier) => {
                self.set
                    .put(earlier.closed("host", "Vervangen door een nieuwe melding.", self.now));
                Ok(Some(opened))
            }
            None => Ok(Some(opened)),
        }
    }

    /// Looks around many deelnames at once, for [`Draft::around`] to find them.
    ///
    /// # Errors
    /// What the database says.
    pub async fn look_around(&mut self, deelnames: impl Iterator<Item = (&str, Versie)>) -> Result<(), Refused> {
        let asked: Vec<Asked> = deelnames
            .map(|(deelname, versie)| self.asked(deelname, versie))
            .collect();
        let found = around::read(&self.core.db, &asked).await?;
        self.around.extend(asked.into_iter().zip(found));
        Ok(())
    }

    /// What is known around a deelname; `None` when it is not there.
    ///
    /// # Errors
    /// What the database says.
    pub async fn around(&mut self, deelname: &str, versie: Versie) -> Result<Option<Around>, Refused> {
        let asked = self.asked(deelname, versie);
        let around = match self.around.remove(&asked) {
            Some(beforehand) => beforehand,
            None => self.core.around(asked).await?,
        };
        if let Some(around) = &around {
            let key = ("association".to_owned(), around.deelname.id.clone());
            self.exceptions.entry(key).or_insert_with(|| around.exceptions.clone());
        }
        Ok(around)
    }

    /// What was looked at beforehand around a deelname, while no verb has taken it.
    #[must_use]
    pub fn beforehand(&self, deelname: &str, versie: Versie) -> Option<&Around> {
        self.around.get(&self.asked(deelname, versie))?.as_ref()
    }

    fn asked(&self, deelname: &str, versie: Versie) -> Asked {
        Asked {
            tenant: self.tenant.to_owned(),
            deelname: deelname.to_owned(),
            versie,
        }
    }

    async fn read_exceptions(&mut self, kind: &str, id: &str) -> Result<(), Refused> {
        let key = (kind.to_owned(), id.to_owned());
        if !self.exceptions.contains_key(&key) {
            let open = task::open_about(&self.core.db, self.tenant, kind, id).await?;
            self.exceptions.insert(key, open);
        }
        Ok(())
    }

    /// Closes the open exceptions of a kind about an object.
    ///
    /// # Errors
    /// What the database says.
    pub async fn close(&mut self, kind: &str, subject: (&str, &str), resolution: &str) -> Result<(), Refused> {
        let (subject_kind, subject_id) = subject;
        self.read_exceptions(subject_kind, subject_id).await?;
        let key = (subject_kind.to_owned(), subject_id.to_owned());
        let open = self.exceptions.remove(&key).unwrap_or_default();
        let (closing, staying): (Vec<_>, Vec<_>) = open
            .into_iter()
            .partition(|task| task.about.kind == kind && task.version > 0);
        self.exceptions.insert(key, staying);
        for task in closing {
            let by = self.actor.clone();
            self.set.put(task.closed(&by, resolution, self.now));
        }
        Ok(())
    }

    /// Puts a message in the inbox with what became of it, and returns its id. The content of a repeat is not kept
    /// twice, nor that of a person.
    ///
    /// # Errors
    /// When the content can't be sealed.
    pub fn note(&mut self, arrived: Arrived<'_>, outcome: Outcome) -> Result<String, Refused> {
        let id = self.core.id();
        let sealed = match outcome {
            Outcome::Repeated => None,
            _ if arrived.carries_person => None,
            _ => Some(MessageRow::seal(&self.core.sealer, self.tenant, &id, arrived.content)?),
        };
        let row = MessageRow {
            tenant: self.tenant.to_owned(),
            id: id.clone(),
            flow: arrived.flow,
            peer: arrived.peer.to_owned(),
            method: arrived.method.to_owned(),
            subject_kind: arrived.subject_kind.to_owned(),
            subject_id: arrived.subject_id.to_owned(),
            outcome: outcome.word().to_owned(),
            sealed,
            received_at: self.now,
            revision: self.revision,
        };
        self.set.put(row.write());
        Ok(id)
    }
}
