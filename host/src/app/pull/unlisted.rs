//! What is known here and listed no longer: asked for by its id, or told to a person; never cancelled for that (R25).

use super::super::draft::{About, Draft};
use super::super::{Decision, Refused, deliver};
use super::keep::{AT_ONCE, NotKept, Place};
use super::{actor, period};
use crate::domain::association::AssociationKind;
use crate::domain::exception::{self, GROUP_DIFFERS, NOT_AT_STUDENT_SYSTEM};
use crate::domain::model::AssociationState;
use crate::domain::pull::Walk;
use crate::store::{association, pulled};

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

impl Place<'_> {
    /// At the end of the list of planbare toetsen: those that are known for its days and were not named.
    pub(super) async fn ask_for_unlisted_offerings(&mut self, moved: &Walk) -> Result<(), NotKept> {
        let mut after = String::new();
        loop {
            let of = (self.row.tenant.as_str(), self.row.peer.as_str());
            let known = pulled::plannables_after(&self.core.db, of, period(moved), (&after, LOOK)).await;
            let known = known.map_err(Refused::from)?;
            let Some(last) = known.last() else {
                return Ok(());
            };
            after.clone_from(last);
            let unlisted: Vec<String> = known.into_iter().filter(|id| !moved.listed.names(id)).collect();
            self.ask_for(Unlisted::Offerings, &unlisted).await?;
            self.count_unlisted(&unlisted);
        }
    }

    /// At the end of the list of a planbare toets: enrolments that stand here and were not named. What was made here, or by
    /// an outside TPL, is not the student system's to list (R8).
    pub(super) async fn ask_for_unlisted_associations(&mut self, moved: &Walk, offering: &str) -> Result<(), NotKept> {
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
        self.ask_for(Unlisted::Associations, &unlisted).await?;
        self.count_unlisted(&unlisted);
        Ok(())
    }

    /// Has what is listed no longer read by its id, which says whether it is there (R25); it is never cancelled for that.
    pub(super) async fn ask_for(&self, what: Unlisted, ids: &[String]) -> Result<(), NotKept> {
        let (tenant, peer) = (self.row.tenant.clone(), self.row.peer.clone());
        for some in ids.chunks(AT_ONCE) {
            self.core
                .decide::<_, Refused, _, _>(&[], || async {
                    let mut draft = Draft::of(self.core, &tenant, actor());
                    for id in some {
                        match what {
                            Unlisted::Offerings => deliver::read_offering(&mut draft, &peer, id).await?,
                            Unlisted::Associations => deliver::read_association(&mut draft, &peer, id).await?,
                        }
                    }
                    Ok(Decision {
                        write_set: draft.finish(),
                        answer: (),
                    })
                })
                .await?;
        }
        Ok(())
    }

    fn count_unlisted(&mut self, ids: &[String]) {
        self.walk.tally.unlisted += i64::try_from(ids.len()).unwrap_or(i64::MAX);
    }

    /// Opens what there is to say of a group, and closes what is no longer so.
    pub(super) async fn note_group(&self, group: &str, says: Option<exception::Exception>) -> Result<(), NotKept> {
        let tenant = self.row.tenant.as_str();
        self.core
            .decide::<_, Refused, _, _>(&[], || async {
                let mut draft = Draft::of(self.core, tenant, actor());
                for kind in [GROUP_DIFFERS, NOT_AT_STUDENT_SYSTEM] {
                    if says.as_ref().is_none_or(|says| says.kind != kind) {
                        draft
                            .close(kind, ("group", group), "De deelnemerregistratie noemt het weer.")
                            .await?;
                    }
                }
                if let Some(says) = &says {
                    let about = About {
                        kind: "group",
                        id: group,
                        unit: None,
                        peer: Some(&self.row.peer),
                    };
                    draft.open(says, about).await?;
                }
                Ok(Decision {
                    write_set: draft.finish(),
                    answer: (),
                })
            })
            .await?;
        Ok(())
    }
}
