//! What is known here and listed no longer: asked for by its id, or told to a person; never cancelled for that (R25).

use super::super::draft::{About, Draft};
use super::super::{Decision, Refused, deliver};
use super::keep::{AT_ONCE, NotKept, Place};
use super::{actor, lock, period};
use crate::domain::association::AssociationKind;
use crate::domain::exception::{Exception, GROUP_DIFFERS, NOT_AT_STUDENT_SYSTEM};
use crate::domain::model::AssociationState;
use crate::domain::pull::Walk;
use crate::store::association;
use crate::store::pulled::{self, PulledRow};

/// Ids that are looked at together.
const LOOK: u32 = 500;

/// What is asked for by id.
#[derive(Clone, Copy)]
pub(super) enum Unlisted {
    /// A planbare toets.
    Offerings,
    /// An enrolment.
    Associations,
}

/// What is decided beside the objects of a page.
enum Beside<'a> {
    /// These are read by their id.
    Ask(Unlisted, &'a [String]),
    /// What there is to say of a group.
    Say(&'a str, Option<&'a Exception>),
}

impl Beside<'_> {
    async fn put(&self, draft: &mut Draft<'_>, peer: &str) -> Result<(), Refused> {
        match self {
            Beside::Ask(Unlisted::Offerings, ids) => {
                for id in *ids {
                    deliver::read_offering(draft, peer, id).await?;
                }
            }
            Beside::Ask(Unlisted::Associations, ids) => {
                for id in *ids {
                    deliver::read_association(draft, peer, id).await?;
                }
            }
            Beside::Say(group, says) => {
                for kind in [GROUP_DIFFERS, NOT_AT_STUDENT_SYSTEM] {
                    if says.is_none_or(|says| says.kind != kind) {
                        let resolution = "De deelnemerregistratie noemt het weer.";
                        draft.close(kind, ("group", group), resolution).await?;
                    }
                }
                if let Some(says) = says {
                    let about = About {
                        kind: "group",
                        id: group,
                        unit: None,
                        peer: Some(peer),
                    };
                    draft.open(says, about).await?;
                }
            }
        }
        Ok(())
    }
}

// Each of these says `false` where the round has moved meanwhile, on another node: then the page is from behind.
impl Place<'_> {
    /// At the end of the list of planbare toetsen: those that are known for its days and were not named.
    pub(super) async fn ask_for_unlisted_offerings(&mut self, moved: &Walk) -> Result<bool, NotKept> {
        let mut after = String::new();
        loop {
            let of = (self.row.tenant.as_str(), self.row.peer.as_str());
            let known = pulled::plannables_after(&self.core.db, of, period(moved), (&after, LOOK)).await;
            let known = known.map_err(Refused::from)?;
            let Some(last) = known.last() else {
                return Ok(true);
            };
            after.clone_from(last);
            let unlisted: Vec<String> = known.into_iter().filter(|id| !moved.listed.names(id)).collect();
            if !self.ask_for(Unlisted::Offerings, &unlisted).await? {
                return Ok(false);
            }
            self.count_unlisted(&unlisted);
        }
    }

    /// At the end of the list of a planbare toets: enrolments that stand here and were not named. What was made here, or by
    /// an outside TPL, is not the student system's to list (R8).
    pub(super) async fn ask_for_unlisted_associations(
        &mut self,
        moved: &Walk,
        offering: &str,
    ) -> Result<bool, NotKept> {
        let known = association::of_offering(&self.core.db, &self.row.tenant, offering).await;
        let unlisted = known.map_err(Refused::from)?.into_iter().filter(|known| {
            known.kind == AssociationKind::Enrolment
                && known.peer == self.row.peer
                && known.planned_by.is_none()
                && known.planner.is_none()
                && known.facts.state == AssociationState::Associated
                && !moved.listed.names(&known.id)
        });
        let unlisted: Vec<String> = unlisted.map(|known| known.id).collect();
        self.count_unlisted(&unlisted);
        self.ask_for(Unlisted::Associations, &unlisted).await
    }

    /// Has what is listed no longer read by its id, which says whether it is there (R25); it is never cancelled for that.
    pub(super) async fn ask_for(&mut self, what: Unlisted, ids: &[String]) -> Result<bool, NotKept> {
        for some in ids.chunks(AT_ONCE) {
            if !self.decide(&Beside::Ask(what, some)).await? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn count_unlisted(&mut self, ids: &[String]) {
        self.walk.tally.unlisted += i64::try_from(ids.len()).unwrap_or(i64::MAX);
    }

    /// Opens what there is to say of a group, and closes what is no longer so.
    pub(super) async fn note_group(&mut self, group: &str, says: Option<Exception>) -> Result<bool, NotKept> {
        self.decide(&Beside::Say(group, says.as_ref())).await
    }

    /// Decides something at this place of the round. The round's row moves with it, so that of two nodes at the same page
    /// one decides.
    async fn decide(&mut self, beside: &Beside<'_>) -> Result<bool, NotKept> {
        let (tenant, peer) = (self.row.tenant.clone(), self.row.peer.clone());
        let (place, keys) = (&*self, [lock(&tenant, &peer)]);
        let decided = self.core.decide::<_, Refused, _, _>(&keys, || async {
            let mut draft = Draft::of(place.core, &tenant, actor());
            let at = pulled::find(&place.core.db, &tenant, &peer).await?;
            let at = at.filter(|at| at.version == place.row.version);
            if let Some(at) = &at {
                beside.put(&mut draft, &peer).await?;
                draft.put(at.next());
            }
            Ok(Decision {
                write_set: draft.finish(),
                answer: at,
            })
        });
        let Some(at) = decided.await? else {
            return Ok(false);
        };
        self.row = PulledRow {
            version: at.version + 1,
            ..at
        };
        Ok(true)
    }
}
