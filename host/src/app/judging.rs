//! Judging many results again, after a cesuur was entered, a scale map was approved, or an exam's policy or scale was
//! changed: a piece per commit, so that other traffic goes between and a stop in the middle loses nothing.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::around::{Around, Versie};
use super::draft::{Draft, Follow};
use super::studentresultaat::{self, Changed};
use super::unit::Units;
use super::{Refused, deliver, result as result_verbs};
use crate::domain::exception::{self, RESULT_HELD};
use crate::domain::lane;
use crate::domain::model::Normed;
use crate::domain::result::{self, Again, Head, Hold, Judgement};
use crate::domain::standing;
use crate::store::scope::Scope;
use crate::store::{offering, result as result_store};

/// The most results judged again in one commit: other traffic waits no longer than for that.
pub const MOST_AT_ONCE: u32 = 20;

/// Which results are judged again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Which {
    /// Those of one examenversie.
    Examenversie {
        /// The vendor.
        peer: String,
        /// Its component.
        component: String,
        /// The vendor's code of the version; the component where it names none.
        code: String,
    },
    /// Those of a component, of all examenversies.
    Component {
        /// The vendor.
        peer: String,
        /// The component.
        component: String,
    },
    /// Those that serve a planbare toets, alone or along with another. What it lets go now, and did not go before, is
    /// sent.
    Exam(String),
    /// The same after a change of the policy that holds for it.
    Policy(String),
    /// The same for all exams of a unit and the units in it, or of the school: exam by exam.
    Exams(Option<String>),
}

impl Which {
    fn lane(&self) -> String {
        match self {
            Which::Examenversie { peer, component, code } => {
                lane::name(3, "examenversie", &format!("{peer}/{component}/{code}"))
            }
            Which::Component { peer, component } => lane::name(3, "component", &format!("{peer}/{component}")),
            Which::Exam(plannable) | Which::Policy(plannable) => lane::name(3, "plannable", plannable),
            Which::Exams(None) => lane::name(3, "school", ""),
            Which::Exams(Some(unit)) => lane::name(3, "unit", unit),
        }
    }

    async fn heads(&self, draft: &Draft<'_>, after: &str) -> Result<Vec<Head>, Refused> {
        let (db, tenant) = (&draft.core.db, draft.tenant);
        Ok(match self {
            Which::Examenversie { peer, component, code } => {
                let key = (peer.as_str(), component.as_str(), code.as_str());
                result_store::heads_of_examenversie(db, tenant, key, after, MOST_AT_ONCE).await?
            }
            Which::Component { peer, component } => {
                result_store::heads_of_component(db, tenant, (peer, component), after, MOST_AT_ONCE).await?
            }
            Which::Exam(plannable) | Which::Policy(plannable) => {
                result_store::heads_of_plannable(db, tenant, plannable, after, MOST_AT_ONCE).await?
            }
            Which::Exams(_) => Vec::new(),
        })
    }
}

/// The job that judges the next piece, after a deelname's id; one that waits for the same piece will do.
///
/// # Errors
/// What the database says.
pub async fn follow(draft: &mut Draft<'_>, which: &Which, after: &str) -> Result<(), Refused> {
    draft
        .follow_once(Follow {
            kind: deliver::JUDGE_AGAIN,
            // Work inside the host: no vendor is asked, so that none can hold it up.
            peer: "",
            flow: 3,
            lane: which.lane(),
            parent: None,
            payload: json!({ "which": which, "after": after }),
            full_state: false,
        })
        .await
}

/// Judges at most [`MOST_AT_ONCE`] results again, those after a deelname's id, and has the next piece follow.
///
/// # Errors
/// What the database says.
pub async fn judge_piece(draft: &mut Draft<'_>, which: &Which, after: &str) -> Result<(), Refused> {
    if let Which::Exams(unit) = which {
        return exams_follow(draft, unit.as_deref(), after).await;
    }
    let heads = which.heads(draft, after).await?;
    let Some(last) = heads.last().map(|head| head.association.clone()) else {
        return Ok(());
    };
    let is_full = heads.len() >= MOST_AT_ONCE as usize;
    let deelnames = heads.iter().map(|head| (head.association.as_str(), Versie::OfHead));
    draft.look_around(deelnames).await?;
    let exam = match which {
        Which::Exam(plannable) => Some((plannable.as_str(), Changed::Exam)),
        Which::Policy(plannable) => Some((plannable.as_str(), Changed::Policy)),
        Which::Examenversie { .. } | Which::Component { .. } | Which::Exams(_) => None,
    };
    for head in &heads {
        if let Some(around) = draft.around(&head.association, Versie::OfHead).await? {
            judge_one(draft, &around, exam).await?;
        }
    }
    match is_full {
        true => follow(draft, which, &last).await,
        false => Ok(()),
    }
}

/// Has the results of the next exams of a unit or the school judged again, each exam by jobs of its own.
async fn exams_follow(draft: &mut Draft<'_>, unit: Option<&str>, after: &str) -> Result<(), Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let scope = match unit {
        None => Scope::School,
        Some(unit) => Units::of(db, tenant).await?.within(unit),
    };
    let exams = offering::plannables_after(db, tenant, &scope, after, MOST_AT_ONCE).await?;
    for exam in &exams {
        follow(draft, &Which::Policy(exam.id.clone()), "").await?;
    }
    match exams.last() {
        Some(last) if exams.len() >= MOST_AT_ONCE as usize => {
            follow(draft, &Which::Exams(unit.map(str::to_owned)), &last.id).await
        }
        _ => Ok(()),
    }
}

/// Judges one result's present version again, and writes what changes. `exam`: what may go there and did not, goes.
async fn judge_one(draft: &mut Draft<'_>, around: &Around, exam: Option<(&str, Changed)>) -> Result<(), Refused> {
    let Some(head) = &around.head else {
        return Ok(());
    };
    let Some(again) = weigh(head, around)? else {
        return Ok(());
    };
    let cesuur = around.yardstick().cesuur;
    let still_unnormed = again.judgement == Judgement::Held(Hold::NotNormed) && cesuur == Some(Normed::Yes);
    if still_unnormed {
        // Delivered as not yet normed: the vendor has it restated by now, or will.
        deliver::read_back(draft, &head.peer, &head.association).await?;
    }
    let mut judged = Head {
        judgement: again.judgement,
        normed: again.normed,
        mapping: again.mapping,
        ..head.clone()
    };
    let is_same = judged == *head;
    if is_same && exam.is_none() {
        return Ok(());
    }
    tell(draft, &judged, around).await?;
    let is_new = head.judgement != Judgement::Accepted || head.mapping != judged.mapping;
    if is_new && judged.judgement == Judgement::Accepted {
        studentresultaat::send(draft, around.route.as_ref(), &mut judged, &around.versions, false).await?;
    } else if let Some(exam) = exam {
        studentresultaat::send_for_exam(draft, around.route.as_ref(), &mut judged, &around.versions, exam).await?;
    }
    if judged == *head {
        return Ok(());
    }
    if !is_same {
        let detail = format!("version {} {} again", judged.seq, judged.judgement.names().0);
        draft.audit("result.judge", ("association", &head.association), detail, b"");
    }
    draft.put(result_store::next_head(draft.tenant, &judged));
    Ok(())
}

/// What the present version comes to by today's yardsticks.
fn weigh(head: &Head, around: &Around) -> Result<Option<Again>, Refused> {
    let present = result_verbs::present(Some(head), &around.versions)?;
    Ok(present.map(|present| result::judge_again(present.version, present, around.yardstick())))
}

/// Opens or closes the task that says why a result is held.
async fn tell(draft: &mut Draft<'_>, head: &Head, around: &Around) -> Result<(), Refused> {
    match head.judgement {
        Judgement::Held(hold) => draft.open(&exception::result_held(hold), around.about()).await,
        Judgement::Accepted => {
            let subject = ("association", around.deelname.id.as_str());
            draft.close(RESULT_HELD, subject, "Opnieuw beoordeeld: het past.").await
        }
        Judgement::Aside => Ok(()),
    }
}

/// Takes the vaststelling back from a result's head and judges its present version anew.
///
/// # Errors
/// What the database says.
pub async fn judge_withdrawn(
    draft: &mut Draft<'_>,
    head: Head,
    decision: &str,
    around: &Around,
) -> Result<Head, Refused> {
    let head = standing::withdrawn(head, decision);
    let Some(again) = weigh(&head, around)? else {
        return Ok(head);
    };
    let head = Head {
        judgement: again.judgement,
        normed: again.normed,
        mapping: again.mapping,
        ..head
    };
    tell(draft, &head, around).await?;
    Ok(head)
}
