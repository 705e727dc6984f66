//! The loss report: what a system can't be told in the dialect that its connector writes, what the last delivery of each
//! object left out, and what a system can't read at our faces in the dialect that is set for it. What an answer leaves out
//! is told beforehand only: reading writes nothing. Of systems with a format of their own nothing is noted here: their
//! connector refuses what it can't carry.

use oke_codec::loss::{self, Loss, Told};
use oke_codec::{Dialect, Quirks, Version};
use serde_json::{Map, Value};

use super::draft::Draft;
use super::{Core, Refused, revision};
use crate::connector::manifest::{ConfigValue, Configuration, Speaks};
use crate::domain::interface::Interface;
use crate::store::loss::{self as loss_store, LossRow};
use crate::store::revision::RevisionRow;
use crate::store::{Database, StoreError};

/// What the messages of a connector tell, by the interface that sends them, and their flow.
const MESSAGES: [(Interface, i64, Told); 6] = [
    (Interface::TaZittingsplan, 2, Told::Sitting),
    (Interface::TaZittingsplan, 2, Told::Deelname),
    (Interface::TplResultaten, 3, Told::Result),
    (Interface::TplZittingsverslag, 4, Told::Report),
    (Interface::DrStudentresultaat, 5, Told::Result),
    (Interface::DrStudentresultaat, 5, Told::Attempt),
];

/// What our faces answer, by the hat of who reads (RULES §2), and the flow. The TPL face answers with documents and with what
/// it was told, and with nothing of the model.
const ANSWERS: [(&str, i64, Told); 10] = [
    ("tpl", 0, Told::Component),
    ("dr", 0, Told::Component),
    ("tpl", 1, Told::Plannable),
    ("tpl", 1, Told::Enrolment),
    ("tpl", 1, Told::Person),
    ("tpl", 1, Told::Group),
    ("tpl", 1, Told::Membership),
    ("tpl", 2, Told::SittingRead),
    ("tpl", 2, Told::DeelnameRead),
    ("ta", 6, Told::ProgramEnrolment),
];

/// What a delivery was about.
#[derive(Debug, Clone, Copy)]
pub struct Delivered<'a> {
    /// To whom.
    pub peer: &'a str,
    /// By which revision.
    pub revision: i64,
    /// By which flow.
    pub flow: i64,
    /// Kind and our id of the object.
    pub subject: (&'a str, &'a str),
}

/// The dialect in which a revision writes, where its system speaks OKE: version and habits stand in its configuration under
/// the codec's own names.
///
/// # Errors
/// [`StoreError::Inconsistent`] for a configuration that its connector could not read either.
pub async fn dialect(db: &Database, row: &RevisionRow) -> Result<Option<Dialect>, StoreError> {
    let Some(manifest) = revision::manifest(db, row).await? else {
        return Ok(None);
    };
    if manifest.conformance.speaks != Speaks::Oke {
        return Ok(None);
    }
    let inconsistent = |why: String| StoreError::Inconsistent {
        column: "revision.config".to_owned(),
        why,
    };
    let config: Configuration = serde_json::from_str(&row.config).map_err(|error| inconsistent(error.to_string()))?;
    let version = match config.get("dialect") {
        Some(ConfigValue::Text(text)) => {
            Version::parse(text).ok_or_else(|| inconsistent(format!("there is no version `{text}`")))?
        }
        _ => Version::default(),
    };
    let known = serde_json::to_value(Quirks::default()).expect("habits are words and flags");
    let mut declared = Map::new();
    for name in known.as_object().into_iter().flat_map(Map::keys) {
        let value = match config.get(name) {
            None => continue,
            Some(ConfigValue::Text(text)) => Value::from(text.as_str()),
            Some(ConfigValue::Number(number)) => Value::from(*number),
            Some(ConfigValue::Flag(flag)) => Value::from(*flag),
        };
        declared.insert(name.clone(), value);
    }
    let quirks = serde_json::from_value(Value::Object(declared)).map_err(|error| inconsistent(error.to_string()))?;
    Ok(Some(Dialect { version, quirks }))
}

/// What a revision's system can never be told, by flow; nothing where it does not speak OKE.
///
/// # Errors
/// What the database says.
pub async fn never_told(db: &Database, row: &RevisionRow) -> Result<Vec<(i64, Loss)>, StoreError> {
    let (Some(dialect), Some(manifest)) = (dialect(db, row).await?, revision::manifest(db, row).await?) else {
        return Ok(Vec::new());
    };
    let speaks = |interface| manifest.connector.interfaces.contains(&interface);
    let told = MESSAGES.into_iter().filter(|(interface, ..)| speaks(*interface));
    Ok(told.flat_map(|(_, flow, told)| by_flow(flow, told, &dialect)).collect())
}

/// What a system of this hat can never read at our faces, by flow.
#[must_use]
pub fn never_answered(hat: &str, dialect: &Dialect) -> Vec<(i64, Loss)> {
    let read = ANSWERS.into_iter().filter(|(reader, ..)| *reader == hat);
    read.flat_map(|(_, flow, told)| by_flow(flow, told, dialect)).collect()
}

fn by_flow(flow: i64, told: Told, dialect: &Dialect) -> impl Iterator<Item = (i64, Loss)> + use<> {
    loss::never_told(told, dialect)
        .into_iter()
        .map(move |loss| (flow, loss))
}

/// What stood beside the result that a system was told of last, and could not be told: what is sent again without news of
/// the vendor says nothing else about it.
///
/// # Errors
/// What the database says.
pub async fn beside_before(draft: &Draft<'_>, of: Delivered<'_>) -> Result<Vec<Loss>, Refused> {
    let known = loss_store::of_subject(&draft.core.db, draft.tenant, of.subject).await?;
    let known = known
        .into_iter()
        .find(|known| known.peer == of.peer && known.flow == of.flow);
    let lost = known.map(|known| named(&known.lost)).unwrap_or_default();
    let is_beside = |loss: &Loss| matches!(loss, Loss::Cesuur | Loss::Examenversie);
    Ok(lost.into_iter().filter(is_beside).collect())
}

/// Losses by their words; a word that is known no more names nothing.
#[must_use]
pub fn named(words: &[String]) -> Vec<Loss> {
    words.iter().filter_map(|word| Loss::from_name(word)).collect()
}

/// The dialect of a revision, read once: every delivery asks for it.
async fn dialect_of(core: &Core, tenant: &str, peer: &str, number: i64) -> Result<Option<Dialect>, StoreError> {
    let key = (tenant.to_owned(), peer.to_owned(), number);
    let known = || core.dialects.lock().expect("no holder of this lock panics");
    if let Some(dialect) = known().get(&key) {
        return Ok(dialect.clone());
    }
    let Some(row) = core.db.revision(tenant, peer, number).await? else {
        return Ok(None);
    };
    let dialect = dialect(&core.db, &row).await?;
    known().insert(key, dialect.clone());
    Ok(dialect)
}

/// Notes what a delivery could not say, in the commit of its confirmation: nothing is lost in silence. What is as it was
/// noted last is not written again.
///
/// # Errors
/// What the database says.
pub async fn note(
    draft: &mut Draft<'_>,
    of: Delivered<'_>,
    lost: impl FnOnce(&Dialect) -> Vec<Loss> + Send,
) -> Result<(), Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let Some(dialect) = dialect_of(draft.core, tenant, of.peer, of.revision).await? else {
        return Ok(());
    };
    let mut lost: Vec<String> = lost(&dialect).iter().map(|loss| loss.name().to_owned()).collect();
    lost.sort();
    let known = loss_store::of_subject(db, tenant, of.subject).await?;
    let known = known.into_iter().find(|known| known.peer == of.peer);
    let was_so = match &known {
        None => lost.is_empty(),
        Some(known) => known.lost == lost && known.flow == of.flow,
    };
    if was_so {
        return Ok(());
    }
    let row = LossRow {
        tenant: tenant.to_owned(),
        peer: of.peer.to_owned(),
        subject_kind: of.subject.0.to_owned(),
        subject_id: of.subject.1.to_owned(),
        flow: of.flow,
        lost,
        at: draft.now,
        version: known.map_or(0, |known| known.version),
    };
    draft.put(row.next());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the codec can write for a system is told in a message, or answered at a face.
    #[test]
    fn every_writer_has_its_place_in_the_report() {
        for told in Told::ALL {
            let is_message = MESSAGES.iter().any(|(_, _, message)| message == told);
            let is_answer = ANSWERS.iter().any(|(_, _, answer)| answer == told);
            assert!(is_message || is_answer, "{told:?}");
        }
    }

    /// R15, R22: of an answer it is known beforehand, by who reads and in which dialect.
    #[test]
    fn what_an_answer_leaves_out_follows_from_who_reads_it_and_in_which_dialect() {
        let (before, now) = (Dialect::v1_0(), Dialect::v1_0_1());
        assert!(never_answered("tpl", &before).contains(&(1, Loss::FaoServer)));
        assert!(!never_answered("tpl", &now).contains(&(1, Loss::FaoServer)));
        assert!(never_answered("tpl", &now).contains(&(2, Loss::Scale)));
        assert!(never_answered("tpl", &now).contains(&(1, Loss::DeelnameNeeds)));
        let of_deelnames = [
            Loss::AssignedNeeds,
            Loss::DeelnameNeeds,
            Loss::PlanningState,
            Loss::TestMoment,
        ];
        assert_eq!(never_answered("ta", &now), of_deelnames.map(|loss| (6, loss)));
        assert_eq!(never_answered("dr", &before), [], "a catalogue is told whole");
    }
}
