//! A page of a round: its objects and where the round goes on, in one commit per piece. A node that vanishes loses nothing
//! and repeats at most the page it was at, which counts once; objects of a page from behind the place of the round are not
//! stored.

use std::collections::HashSet;

use super::super::draft::{About, Arrived, Draft, Outcome};
use super::super::{Core, Decision, Refused, person, presence};
use super::told::{Belongs, Told};
use super::unlisted::Unlisted;
use super::{actor, lock};
use crate::connector::call::{Listed, ListedPage, Unreadable};
use crate::domain::exception::{self, LISTED_REFUSED, NOT_AT_STUDENT_SYSTEM, NotTaken};
use crate::domain::model::{Association, Group, Membership, Offering, Person};
use crate::domain::pull::{Ended, Endless, Stage, Tally, Walk};
use crate::store::pulled::{self, PulledRow};
use crate::store::sql::Key;
use crate::store::{task, test_group};

/// Objects in one commit, so that other traffic goes between.
pub(super) const AT_ONCE: usize = 40;
/// Longest reason that is kept, in characters.
const LONGEST_WHY: usize = 300;

/// Why a page was not kept.
#[derive(Debug, thiserror::Error)]
pub enum NotKept {
    /// The list does not end.
    #[error(transparent)]
    Endless(#[from] Endless),
    /// The database, or what a verb says of the whole.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Where a round is, and what it has come to: moves with each piece.
pub(super) struct Place<'a> {
    pub(super) core: &'a Core,
    pub(super) row: PulledRow,
    pub(super) walk: Walk,
    /// What the round had come to before this page: it counts only once the whole page is kept.
    before: Tally,
}

/// Keeps a page of planbare toetsen. At the end of the list those that are known for its days and were not named are asked
/// for by id.
///
/// # Errors
/// [`NotKept`].
pub async fn offerings(core: &Core, row: &PulledRow, walk: &Walk, page: ListedPage<Offering>) -> Result<(), NotKept> {
    let moved = walk.page(named(&page.items), has_unreadable(&page.items), page.next.clone())?;
    let mut place = Place::of(core, row, walk);
    if moved.cursor.is_none() && !place.ask_for_unlisted_offerings(&moved).await? {
        return Ok(());
    }
    place.keep(page.items, &moved).await
}

/// Keeps a page of the enrolments of a planbare toets; `None` when the student system does not know it, which is asked
/// for by its id then. At the end of the list enrolments that stand here and were not named are asked for by id.
///
/// # Errors
/// [`NotKept`].
pub async fn associations(
    core: &Core,
    row: &PulledRow,
    walk: &Walk,
    (offering, page): (&str, Option<ListedPage<Association>>),
) -> Result<(), NotKept> {
    let at = inside(walk, offering);
    let mut place = Place::of(core, row, walk);
    let Some(page) = page else {
        // Its own list has missed and counted it already, or brought it a moment ago.
        if !place.ask_for(Unlisted::Offerings, &[offering.to_owned()]).await? {
            return Ok(());
        }
        return place.keep::<Association>(Vec::new(), &at.at(at.stage.clone())).await;
    };
    let moved = at.page(named(&page.items), has_unreadable(&page.items), page.next.clone())?;
    if moved.cursor.is_none() && !place.ask_for_unlisted_associations(&moved, offering).await? {
        return Ok(());
    }
    place.keep(page.items, &moved).await
}

/// Keeps a page of groups; `None` where the student system has none (R26).
///
/// # Errors
/// [`NotKept`].
pub async fn groups(core: &Core, row: &PulledRow, walk: &Walk, page: Option<ListedPage<Group>>) -> Result<(), NotKept> {
    let place = Place::of(core, row, walk);
    let Some(page) = page else {
        // Also where pages came before: the list ends here.
        return place.keep::<Group>(Vec::new(), &walk.at(walk.stage.clone())).await;
    };
    let moved = walk.page(named(&page.items), has_unreadable(&page.items), page.next.clone())?;
    place.keep(page.items, &moved).await
}

/// Keeps a page of who belongs to a group; `None` when the student system does not know the group. Who is no longer named
/// stays, and a person hears of it.
///
/// # Errors
/// [`NotKept`].
pub async fn members(
    core: &Core,
    row: &PulledRow,
    walk: &Walk,
    (group, page): (&str, Option<ListedPage<Membership>>),
) -> Result<(), NotKept> {
    let at = inside(walk, group);
    let mut place = Place::of(core, row, walk);
    let Some(page) = page else {
        let says = exception::not_at_student_system(Group::NOUN);
        if !place.note_group(group, Some(says)).await? {
            return Ok(());
        }
        return place.keep::<Belongs>(Vec::new(), &at.at(at.stage.clone())).await;
    };
    let belongs = |facts| Belongs {
        group: group.to_owned(),
        facts,
    };
    let items: Vec<Listed<Belongs>> = page.items.into_iter().map(|item| item.map(belongs)).collect();
    let moved = at.page(named(&items), has_unreadable(&items), page.next)?;
    if moved.cursor.is_none() {
        let known = test_group::members_of(&core.db, &row.tenant, group)
            .await
            .map_err(Refused::from)?;
        let stands = known.iter().filter(|member| !member.is_canceled());
        let unlisted = stands
            .filter(|member| !moved.listed.names(&member.facts.person_id))
            .count();
        let differs = (unlisted > 0).then(|| exception::group_differs(unlisted));
        if !place.note_group(group, differs).await? {
            return Ok(());
        }
    }
    place.keep(items, &moved).await
}

/// Keeps what the student system says now of some persons that are known here, in the order of their ids; absent where it
/// knows them no longer.
///
/// # Errors
/// [`NotKept`].
pub async fn persons(
    core: &Core,
    row: &PulledRow,
    walk: &Walk,
    found: Vec<(String, Option<Person>)>,
) -> Result<(), NotKept> {
    let place = Place::of(core, row, walk);
    let Some((last, _)) = found.last() else {
        return place.keep::<Association>(Vec::new(), walk).await;
    };
    let moved = walk.at(Stage::Persons { after: last.clone() });
    place.keep_persons(&found, &moved).await?;
    Ok(())
}

/// Goes on with what follows where a list has nothing to ask.
///
/// # Errors
/// [`NotKept`].
pub async fn nothing(core: &Core, row: &PulledRow, walk: &Walk) -> Result<(), NotKept> {
    Place::of(core, row, walk).keep::<Offering>(Vec::new(), walk).await
}

/// The round inside the list of one planbare toets or group.
fn inside(walk: &Walk, id: &str) -> Walk {
    let mut at = walk.clone();
    match &mut at.stage {
        Stage::Associations { of, .. } | Stage::Members { of, .. } => *of = Some(id.to_owned()),
        Stage::Offerings | Stage::Groups | Stage::Persons { .. } => {}
    }
    at
}

fn named<T: Told>(items: &[Listed<T>]) -> impl Iterator<Item = &str> {
    items.iter().filter_map(|item| match item {
        Ok(told) => Some(told.id()),
        Err(unreadable) => unreadable.id.as_deref(),
    })
}

fn has_unreadable<T>(items: &[Listed<T>]) -> bool {
    items
        .iter()
        .any(|item| item.as_ref().is_err_and(|unreadable| unreadable.id.is_none()))
}

impl<'a> Place<'a> {
    fn of(core: &'a Core, row: &PulledRow, walk: &Walk) -> Self {
        Place {
            core,
            row: row.clone(),
            walk: walk.clone(),
            before: walk.tally,
        }
    }

    /// Keeps the objects of a page in pieces, each with what it came to, and moves the round with the last one.
    async fn keep<T: Told>(mut self, items: Vec<Listed<T>>, moved: &Walk) -> Result<(), NotKept> {
        let mut pieces = self.pieces(items).await?;
        let last = pieces.pop().unwrap_or_default();
        for piece in &pieces {
            if !self.commit(piece, None).await? {
                return Ok(());
            }
        }
        self.commit(&last, Some(moved)).await?;
        Ok(())
    }

    /// Cuts a page up: what cancels goes alone, and no person comes twice in a piece. Of an object that is named twice the
    /// first counts.
    async fn pieces<T: Told>(&self, items: Vec<Listed<T>>) -> Result<Vec<Vec<Listed<T>>>, NotKept> {
        let (mut pieces, mut piece): (Vec<Vec<Listed<T>>>, Vec<Listed<T>>) = Default::default();
        let (mut seen, mut persons): (HashSet<String>, HashSet<String>) = Default::default();
        for item in items {
            if let Ok(told) = &item
                && !seen.insert(told.id().to_owned())
            {
                continue;
            }
            let alone = match &item {
                Ok(told) => told
                    .cancels(&self.core.db, &self.row.tenant)
                    .await
                    .map_err(Refused::from)?,
                Err(_) => false,
            };
            let person = item.as_ref().ok().and_then(|told| told.person()).map(str::to_owned);
            let met = person.is_some_and(|person| !persons.insert(person));
            if (alone || met || piece.len() >= AT_ONCE) && !piece.is_empty() {
                pieces.push(std::mem::take(&mut piece));
                persons.clear();
                persons.extend(item.as_ref().ok().and_then(|told| told.person()).map(str::to_owned));
            }
            piece.push(item);
            if alone {
                pieces.push(std::mem::take(&mut piece));
                persons.clear();
            }
        }
        pieces.push(piece);
        Ok(pieces)
    }

    /// One piece and the round's row; `false` when the round has moved meanwhile, on another node.
    async fn commit<T: Told>(&mut self, piece: &[Listed<T>], moved: Option<&Walk>) -> Result<bool, NotKept> {
        let (tenant, peer) = (self.row.tenant.clone(), self.row.peer.clone());
        let mut keys = vec![lock(&tenant, &peer)];
        let ids = piece.iter().filter_map(|item| item.as_ref().ok());
        keys.extend(ids.map(|told| format!("{}/{tenant}/{}", T::KIND, told.id())));
        let place = &*self;
        let kept = self.core.decide::<_, Refused, _, _>(&keys, || async {
            let mut draft = Draft::of(place.core, &tenant, actor());
            let at = pulled::find(&place.core.db, &tenant, &peer).await?;
            let Some(at) = at.filter(|at| at.version == place.row.version) else {
                return Ok(Decision {
                    write_set: draft.finish(),
                    answer: None,
                });
            };
            draft.revision = Some(place.walk.revision);
            let tally = take(&mut draft, &peer, piece, place.walk.tally).await?;
            let next = place.next(&at, tally, moved, draft.now);
            close_nameless(&mut draft, &next).await?;
            draft.put(next.next());
            Ok(Decision {
                write_set: draft.finish(),
                answer: Some((next, tally)),
            })
        });
        let Some((next, tally)) = kept.await? else {
            return Ok(false);
        };
        self.walk.tally = tally;
        self.row = PulledRow {
            version: next.version + 1,
            ..next
        };
        Ok(true)
    }

    /// The round's row after a piece.
    fn next(&self, at: &PulledRow, tally: Tally, moved: Option<&Walk>, now: jiff::Timestamp) -> PulledRow {
        let here = Walk {
            tally: if moved.is_some() { tally } else { self.before },
            ..moved.unwrap_or(&self.walk).clone()
        };
        let goes_on = moved.is_none() || here.cursor.is_some() || has_more_persons(&self.walk, moved);
        let walk = match goes_on {
            true => Some(here.clone()),
            false => here.after_list(),
        };
        PulledRow {
            last: match walk {
                Some(_) => at.last,
                None => Some(here.ended(now)),
            },
            walk,
            ..at.clone()
        }
    }

    async fn keep_persons(self, found: &[(String, Option<Person>)], moved: &Walk) -> Result<(), NotKept> {
        let (tenant, peer) = (self.row.tenant.clone(), self.row.peer.clone());
        let mut keys = vec![lock(&tenant, &peer)];
        keys.extend(found.iter().map(|(id, _)| format!("person/{tenant}/{id}")));
        let place = &self;
        place
            .core
            .decide::<_, Refused, _, _>(&keys, || async {
                let mut draft = Draft::of(place.core, &tenant, actor());
                let at = pulled::find(&place.core.db, &tenant, &peer).await?;
                let Some(at) = at.filter(|at| at.version == place.row.version) else {
                    return Ok(Decision {
                        write_set: draft.finish(),
                        answer: (),
                    });
                };
                draft.revision = Some(place.walk.revision);
                let mut tally = place.walk.tally;
                for (id, told) in found {
                    tally.came += 1;
                    let changed = person_now(&mut draft, &peer, id, told.as_ref()).await?;
                    tally.changed += i64::from(changed);
                }
                let next = place.next(&at, tally, Some(moved), draft.now);
                close_nameless(&mut draft, &next).await?;
                draft.put(next.next());
                Ok(Decision {
                    write_set: draft.finish(),
                    answer: (),
                })
            })
            .await?;
        Ok(())
    }
}

/// The persons are one list, in the order of their ids, that ends with an empty piece.
fn has_more_persons(before: &Walk, moved: Option<&Walk>) -> bool {
    match (&before.stage, moved.map(|moved| &moved.stage)) {
        (Stage::Persons { after: before }, Some(Stage::Persons { after })) => before != after,
        _ => false,
    }
}

/// Takes the objects of a piece; what can't be read or taken is kept as a task with its reason, and the others go on.
async fn take<T: Told>(
    draft: &mut Draft<'_>,
    peer: &str,
    piece: &[Listed<T>],
    mut tally: Tally,
) -> Result<Tally, Refused> {
    let open = open_about::<T>(draft, piece).await?;
    for item in piece {
        tally.came += 1;
        let (unreadable, not_taken) = match item {
            Ok(told) => match told.take(draft, peer).await {
                Ok(outcome) => {
                    tally.changed += i64::from(outcome != Outcome::Repeated);
                    if open.contains(told.id()) {
                        let subject = (T::KIND, told.id());
                        draft.close(LISTED_REFUSED, subject, "Alsnog overgenomen.").await?;
                        if T::IS_THE_OBJECT {
                            presence::note(draft, peer, (T::KIND, told.id(), T::NOUN), true).await?;
                        }
                    }
                    continue;
                }
                Err(refused @ (Refused::Unknown { .. } | Refused::Invalid(_))) => {
                    let not_taken = match refused {
                        Refused::Unknown { .. } => NotTaken::AnothersId,
                        _ => NotTaken::OtherKind,
                    };
                    let unreadable = Unreadable {
                        id: Some(told.id().to_owned()),
                        why: refused.to_string(),
                    };
                    (unreadable, not_taken)
                }
                Err(failed) => return Err(failed),
            },
            Err(unreadable) => (unreadable.clone(), NotTaken::unreadable(&unreadable.why)),
        };
        tally.refused += 1;
        refuse::<T>(draft, peer, (&unreadable, &not_taken)).await?;
    }
    Ok(tally)
}

/// The objects of a piece about which a person was told that they could not be taken, or were not there.
async fn open_about<T: Told>(draft: &Draft<'_>, piece: &[Listed<T>]) -> Result<HashSet<String>, Refused> {
    let named = piece.iter().filter_map(|item| item.as_ref().ok());
    let keys: Vec<Key> = named
        .map(|told| (draft.tenant.to_owned(), told.id().to_owned()))
        .collect();
    if keys.is_empty() {
        return Ok(HashSet::new());
    }
    let open = task::open_about_any(&draft.core.db, T::KIND, &keys).await?;
    let of_pulling = open
        .into_iter()
        .filter(|task| [LISTED_REFUSED, NOT_AT_STUDENT_SYSTEM].contains(&task.about.kind.as_str()));
    Ok(of_pulling.map(|task| task.about.subject_id).collect())
}

/// Keeps what could not be taken with its reason: a task, and the first time a message that is held. Those without an id
/// are the system's as a whole, all of them together.
async fn refuse<T: Told>(
    draft: &mut Draft<'_>,
    peer: &str,
    (unreadable, not_taken): (&Unreadable, &NotTaken),
) -> Result<(), Refused> {
    let (kind, id) = match &unreadable.id {
        Some(id) => (T::KIND, id.as_str()),
        None => ("peer", peer),
    };
    let why: String = unreadable.why.chars().take(LONGEST_WHY).collect();
    let says = match &unreadable.id {
        Some(_) => exception::listed_refused(T::NOUN, not_taken),
        None => exception::listed_refused("iets zonder id", &NotTaken::Unreadable(Vec::new())),
    };
    let open = task::open_about(&draft.core.db, draft.tenant, kind, id).await?;
    let is_known = open
        .iter()
        .any(|task| task.about.kind == LISTED_REFUSED && task.about.title == says.title);
    if is_known {
        return Ok(());
    }
    let arrived = Arrived {
        flow: 1,
        peer,
        method: "GET",
        subject_kind: kind,
        subject_id: id,
        content: why.as_bytes(),
        carries_person: false,
    };
    draft.note(arrived, Outcome::Held)?;
    let about = About {
        kind,
        id,
        unit: None,
        peer: Some(peer),
    };
    draft.open(&says, about).await
}

/// A whole round that took everything closes what was said of objects without an id.
async fn close_nameless(draft: &mut Draft<'_>, after: &PulledRow) -> Result<(), Refused> {
    let took_everything = |ended: &Ended| ended.whole && ended.tally.refused == 0;
    if after.walk.is_none() && after.last.as_ref().is_some_and(took_everything) {
        let subject = ("peer", after.peer.as_str());
        draft.close(LISTED_REFUSED, subject, "Alsnog overgenomen.").await?;
    }
    Ok(())
}

/// What the student system says now of a person; whether it changed.
async fn person_now(draft: &mut Draft<'_>, peer: &str, id: &str, told: Option<&Person>) -> Result<bool, Refused> {
    presence::note(draft, peer, ("person", id, "een persoon"), told.is_some()).await?;
    let Some(told) = told else {
        return Ok(false);
    };
    let outcome = person::keep_present(draft, peer, told).await?;
    Ok(outcome != Outcome::Repeated)
}
