//! The sitting list of a vendor that works with files. What a person takes along counts as told; from so many hours before
//! its start a sitting is fixed, and what was not taken by then is a task for a person.

use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};
use ring::digest;
use serde_json::json;

use super::{Carried, Carrier, FileError, caller, carried, counted, name_place, put_content};
use crate::app::draft::{About, Draft, Follow};
use crate::app::offering::Confirmed;
use crate::app::running::Connectors;
use crate::app::unit::Units;
use crate::app::{Core, Decision, Refused, association as association_verbs, needs, offering as offering_verbs};
use crate::connector::call::{File, FileContent, Planned};
use crate::connector::files;
use crate::domain::association::Association;
use crate::domain::carried::{KEPT_DAYS, Standing, erase_at, fixed_from};
use crate::domain::exception::{self, PLAN_FIXED};
use crate::domain::lane;
use crate::domain::offering::Offering;
use crate::domain::principal::Duty;
use crate::store::carried_file::{Counts, FileRow, FileState};
use crate::store::{StoreError, association, job, needs as needs_store, offering, person};

/// Kind of the job that looks at a sitting when it becomes fixed.
pub const CHECK_TAKEN: &str = "check_taken";
/// Deelnames in one list.
pub const MOST_DEELNAMES: usize = 5_000;
/// So far ahead sittings are listed.
const AHEAD: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A sitting, and whether the next list should have it.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The sitting.
    pub sitting: Offering,
    /// Its deelnames that stand.
    pub deelnames: usize,
    /// Of those: that stay off a list, since a need can't be told.
    pub left_off: usize,
    /// Where it stands.
    pub standing: Standing,
    /// From when on it is fixed.
    pub fixed_from: Option<Timestamp>,
}

/// The coming sittings of a vendor that this account plans, by start.
///
/// # Errors
/// [`FileError`]: the vendor does not work with files, or an account that plans nothing.
pub async fn listed(core: &Core, carrier: Carrier<'_>, peer: &str) -> Result<Vec<Listed>, FileError> {
    carrier.check(core)?;
    let carried = works_with_files(core, carrier.tenant, peer).await?;
    let now = core.now();
    let until = now.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
    let units = Units::of(&core.db, carrier.tenant).await?;
    let mut all = Vec::new();
    for sitting in offering::sittings_under_way(&core.db, carrier.tenant, peer, until, now).await? {
        let deelnames = association::of_offering(&core.db, carrier.tenant, &sitting.id).await?;
        let never_told = sitting.is_canceled() && sitting.confirmed.is_none();
        if never_told || !units.covers(carrier.account, Duty::Plannen, sitting.unit.as_deref(), now) {
            continue;
        }
        let blocked = blocked(core, carrier.tenant, &sitting.id).await?;
        all.push(Listed {
            deelnames: deelnames.iter().filter(|one| !one.is_canceled()).count(),
            left_off: deelnames.iter().filter(|one| is_left_off(one, &blocked)).count(),
            standing: standing(&sitting, &deelnames, carried, now),
            fixed_from: fixed_from(sitting.facts.start, carried.fixed_hours),
            sitting,
        });
    }
    Ok(all)
}

async fn works_with_files(core: &Core, tenant: &str, peer: &str) -> Result<Carried, FileError> {
    let found = carried(core, tenant, peer).await?;
    let why = || format!("the connector that runs for `{peer}` does not work with files");
    Ok(found.ok_or_else(|| Refused::NotNow(why()))?)
}

fn standing(sitting: &Offering, deelnames: &[Association], carried: Carried, now: Timestamp) -> Standing {
    let is_current = sitting.is_confirmed() && deelnames.iter().all(|one| one.is_confirmed() || never_told(one));
    let is_fixed = fixed_from(sitting.facts.start, carried.fixed_hours).is_some_and(|from| from <= now);
    Standing::of(sitting.confirmed.is_some(), is_current, is_fixed)
}

/// A deelname that was cancelled before any list had it.
fn never_told(deelname: &Association) -> bool {
    deelname.is_canceled() && deelname.confirmed.is_none()
}

/// Makes the sitting list of these sittings, and notes that the person has it: what stands on it counts as told. Returns
/// the ids of its files.
///
/// # Errors
/// [`FileError`]: the vendor's files can't carry something, or a sitting that this account does not plan.
pub async fn take(
    core: &Core,
    connectors: &Connectors,
    carrier: Carrier<'_>,
    peer: &str,
    sittings: &[String],
) -> Result<Vec<String>, FileError> {
    let tenant = carrier.tenant;
    let keys: Vec<String> = sittings.iter().map(|id| format!("offering/{tenant}/{id}")).collect();
    core.decide::<_, FileError, _, _>(&keys, || async {
        let chosen = chosen(core, carrier, peer, sittings).await?;
        let plan: Vec<Planned> = chosen.iter().map(|one| one.planned.clone()).collect();
        let effect = serde_json::to_string(sittings).expect("ids are JSON");
        let (caller, revision) = caller(connectors, core, (tenant, peer), &effect).await?;
        let answer = caller.write_plan(&plan).await;
        let files = counted(connectors, core, (tenant, peer, revision), answer)?;
        let mut draft = Draft::of(core, tenant, carrier.actor());
        let left_off = chosen.iter().map(|one| one.left_off).sum();
        let mut ids = Vec::with_capacity(files.len());
        for file in &files {
            ids.push(keep_file(
                &mut draft,
                carrier,
                (peer, revision),
                file,
                (&plan, left_off),
            )?);
        }
        for one in &chosen {
            taken(&mut draft, one, revision, ids.first().map_or("", String::as_str)).await?;
        }
        Ok(Decision {
            write_set: draft.finish(),
            answer: ids,
        })
    })
    .await
}

/// A sitting on the list, and the rows it was made of.
struct Chosen {
    sitting: Offering,
    deelnames: Vec<Association>,
    /// Deelnames that stay off the list, since a need can't be told.
    left_off: usize,
    planned: Planned,
}

async fn chosen(core: &Core, carrier: Carrier<'_>, peer: &str, sittings: &[String]) -> Result<Vec<Chosen>, FileError> {
    let all = listed(core, carrier, peer).await?;
    let mut chosen = Vec::with_capacity(sittings.len());
    let mut deelnames = 0;
    for id in sittings {
        let found = all.iter().find(|one| one.sitting.id == *id);
        let sitting = found.ok_or_else(|| Refused::unknown("sitting", id))?.sitting.clone();
        let one = with_deelnames(core, carrier.tenant, sitting).await?;
        deelnames += one.deelnames.len();
        chosen.push(one);
        if deelnames > MOST_DEELNAMES {
            return Err(FileError::TooMany);
        }
    }
    match chosen.is_empty() {
        true => Err(FileError::NoSittings),
        false => Ok(chosen),
    }
}

/// A sitting with the deelnames that the vendor is to know: those that wait because of a need stay behind, as they do on
/// the way to any vendor.
async fn with_deelnames(core: &Core, tenant: &str, sitting: Offering) -> Result<Chosen, FileError> {
    let db = &core.db;
    let all = association::of_offering(db, tenant, &sitting.id).await?;
    let ids: Vec<String> = all.iter().map(|one| one.facts.person_id.clone()).collect();
    let persons = person::with_ids(db, tenant, &ids).await?;
    let blocked = blocked(core, tenant, &sitting.id).await?;
    let (mut deelnames, mut planned, mut left_off) = (Vec::new(), Vec::new(), 0);
    for deelname in all {
        if never_told(&deelname) {
            continue;
        }
        if waits(core, tenant, &deelname, &blocked).await? {
            left_off += 1;
            continue;
        }
        let known = persons
            .iter()
            .find(|one| one.id == deelname.facts.person_id && !one.erased);
        let person = deelname.facts.person.as_ref().or(known.map(|known| &known.facts));
        planned.push(deelname.plan(person));
        deelnames.push(deelname);
    }
    Ok(Chosen {
        planned: Planned {
            sitting: sitting.plan(),
            deelnames: planned,
        },
        sitting,
        deelnames,
        left_off,
    })
}

/// The deelnames of a sitting whose needs can't be told.
async fn blocked(core: &Core, tenant: &str, sitting: &str) -> Result<HashSet<String>, StoreError> {
    let standings = needs_store::standings_of_sitting(&core.db, tenant, sitting).await?;
    let blocked = standings.into_iter().filter(|standing| standing.blocked);
    Ok(blocked.map(|standing| standing.association).collect())
}

/// Whether a deelname that no list had waits because of a need.
fn is_left_off(deelname: &Association, blocked: &HashSet<String>) -> bool {
    !deelname.is_canceled()
        && deelname.planner.is_none()
        && deelname.confirmed.is_none()
        && blocked.contains(&deelname.id)
}

async fn waits(
    core: &Core,
    tenant: &str,
    deelname: &Association,
    blocked: &HashSet<String>,
) -> Result<bool, FileError> {
    if deelname.is_canceled() || deelname.planner.is_some() {
        return Ok(false);
    }
    if is_left_off(deelname, blocked) {
        return Ok(true);
    }
    Ok(!needs::obstacles_at_delivery(core, tenant, deelname).await?.is_empty())
}

fn keep_file(
    draft: &mut Draft<'_>,
    carrier: Carrier<'_>,
    (peer, revision): (&str, i64),
    file: &File,
    (plan, left_off): (&[Planned], usize),
) -> Result<String, FileError> {
    let bytes = match &file.content {
        FileContent::Bytes(bytes) => bytes.clone(),
        FileContent::Table(table) => files::write(table)?,
    };
    let count = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let (core, id) = (draft.core, draft.core.id());
    let row = FileRow {
        tenant: draft.tenant.to_owned(),
        id: id.clone(),
        peer: peer.to_owned(),
        state: FileState::Taken,
        name: core.sealer.seal(&name_place(draft.tenant, &id), file.name.as_bytes())?,
        media_type: file.media_type.clone(),
        size: i64::try_from(bytes.len()).unwrap_or(i64::MAX),
        digest: core
            .sealer
            .digest(&format!("carried_file/{}/{peer}", draft.tenant), &bytes),
        content: core.id(),
        lines: None,
        counts: Counts {
            sittings: count(plan.len()),
            deelnames: count(plan.iter().map(|one| one.deelnames.len()).sum()),
            left_off: count(left_off),
            ..Counts::default()
        },
        made_by: carrier.account.id.clone(),
        made_at: draft.now,
        stored: None,
        revision: Some(revision),
        erase_at: erase_at(draft.now, KEPT_DAYS),
        erased_at: None,
        version: 0,
    };
    put_content(draft, &row.content, &bytes)?;
    let sha256 = hex::encode(digest::digest(&digest::SHA256, &bytes));
    draft.audit(
        "file.take",
        ("file", &id),
        format!("{peer}, revision {revision}"),
        sha256.as_bytes(),
    );
    draft.put(row.next());
    Ok(id)
}

/// A list has the sitting as it is now.
async fn taken(draft: &mut Draft<'_>, chosen: &Chosen, revision: i64, file: &str) -> Result<(), FileError> {
    let detail = |plan_version: i64| format!("plan version {plan_version}, revision {revision}, file {file}");
    let confirmed = |plan_version: i64| Confirmed {
        plan_version,
        revision,
        peer_id: None,
    };
    let sitting = &chosen.sitting;
    draft.audit(
        "sitting.confirm",
        ("offering", &sitting.id),
        detail(sitting.plan_version),
        b"",
    );
    offering_verbs::confirm(draft, &sitting.id, confirmed(sitting.plan_version)).await?;
    for deelname in &chosen.deelnames {
        if deelname.is_confirmed() {
            continue;
        }
        draft.audit(
            "deelname.confirm",
            ("association", &deelname.id),
            detail(deelname.plan_version),
            b"",
        );
        association_verbs::confirm(draft, &deelname.id, confirmed(deelname.plan_version)).await?;
    }
    let resolution = "De zitting is op een lijst meegenomen zoals zij nu is.";
    draft.close(PLAN_FIXED, ("offering", &sitting.id), resolution).await?;
    Ok(())
}

/// What follows when a sitting of such a vendor was planned or changed, or becomes fixed: a look when it does, and from
/// then on a task where no list has it as it is.
///
/// # Errors
/// What the database says.
pub async fn look(draft: &mut Draft<'_>, sitting: &str) -> Result<(), Refused> {
    let (core, tenant) = (draft.core, draft.tenant);
    let Some(found) = offering::find(&core.db, tenant, sitting).await? else {
        return Ok(());
    };
    let Some(carried) = carried(core, tenant, &found.peer).await? else {
        return Ok(());
    };
    let deelnames = association::of_offering(&core.db, tenant, sitting).await?;
    let is_over = found.facts.end.is_none_or(|end| end <= draft.now);
    match standing(&found, &deelnames, carried, draft.now) {
        Standing::TooLate { was_taken } if !is_over && (was_taken || !found.is_canceled()) => {
            let about = About {
                kind: "offering",
                id: sitting,
                unit: found.unit.as_deref(),
                peer: Some(&found.peer),
            };
            draft.open(&exception::plan_fixed(was_taken), about).await
        }
        Standing::New | Standing::Changed => {
            let resolution = "De zitting staat niet meer vast.";
            draft.close(PLAN_FIXED, ("offering", sitting), resolution).await?;
            look_again(draft, &found, carried).await
        }
        Standing::Taken | Standing::TooLate { .. } => Ok(()),
    }
}

/// Looks once more when the sitting becomes fixed, unless that is waiting already.
async fn look_again(draft: &mut Draft<'_>, sitting: &Offering, carried: Carried) -> Result<(), Refused> {
    let Some(due) = fixed_from(sitting.facts.start, carried.fixed_hours) else {
        return Ok(());
    };
    // One lane per moment: a sitting that was moved forward is not to wait behind its own later look.
    let lane = lane::name(2, "fixed", &format!("{}/{}", sitting.id, due.as_second()));
    let waiting = job::waiting_in_lane(&draft.core.db, draft.tenant, &lane).await?;
    if !waiting.is_empty() {
        return Ok(());
    }
    let follow = Follow {
        kind: CHECK_TAKEN,
        // Work inside the host: no vendor is asked.
        peer: "",
        flow: 2,
        lane,
        parent: None,
        payload: json!({ "sitting": sitting.id }),
        full_state: false,
    };
    draft.follow_at(follow, due).await
}
