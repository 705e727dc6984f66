//! The cesuur of an examenversie, entered by a named person with its source, where the vendor's deliveries don't say it.
//! It judges exactly the results of that examenversie again.

use serde_json::json;

use super::draft::{About, Draft, Follow};
use super::studentresultaat;
use super::{Core, Decision, Refused, deliver, result as result_verbs};
use crate::domain::exception::{self, RESULT_HELD};
use crate::domain::lane;
use crate::domain::model::Normed;
use crate::domain::principal::{Account, Duty};
use crate::domain::result::{self, Head, Hold, Judgement, Version, Yardstick};
use crate::store::examenversie::{self, ExamenversieRow};
use crate::store::{association, component, offering, result as result_store};

/// The most results judged again in one commit.
pub const MOST_AT_ONCE: u32 = 200;

/// An examenversie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Examenversie {
    /// The vendor.
    pub peer: String,
    /// Its component.
    pub component: String,
    /// The vendor's code of the version; `None` is the component itself.
    pub code: Option<String>,
}

impl Examenversie {
    fn code(&self) -> &str {
        self.code.as_deref().unwrap_or(&self.component)
    }
}

/// Says whether the cesuur of an examenversie is set, and from which source that is known. Its results are judged again
/// by the jobs that follow.
///
/// # Errors
/// [`Refused`]: no such component, no source, or an account that does not hold `vaststellen`.
pub async fn set(
    core: &Core,
    tenant: &str,
    account: &Account,
    versie: &Examenversie,
    normed: Normed,
    source: &str,
) -> Result<(), Refused> {
    if source.trim().is_empty() {
        return Err(Refused::Invalid(
            "`source` is empty: say where the cesuur is known from, such as the letter or page of the vendor"
                .to_owned(),
        ));
    }
    if !account.holds_anywhere(Duty::Vaststellen, core.now()) {
        account.holding(Duty::Vaststellen, &[], core.now())?;
    }
    core.decide(&[], || async {
        if component::find(&core.db, tenant, &versie.peer, &versie.component)
            .await?
            .is_none()
        {
            return Err(Refused::unknown("component", &versie.component));
        }
        let known = examenversie::find(&core.db, tenant, &versie.peer, &versie.component, versie.code()).await?;
        let mut draft = Draft::of(core, tenant, format!("account:{}", account.id));
        let row = ExamenversieRow {
            tenant: tenant.to_owned(),
            peer: versie.peer.clone(),
            component: versie.component.clone(),
            code: versie.code().to_owned(),
            normed,
            source: source.to_owned(),
            actor: draft.actor.clone(),
            at: draft.now,
            version: known.map_or(0, |known| known.version),
        };
        let detail = format!(
            "{} {}: {}; source: {source}",
            versie.component,
            versie.code(),
            result_store::normed_word(normed)
        );
        draft.audit(
            "cesuur.set",
            ("component", &versie.component),
            detail,
            source.as_bytes(),
        );
        draft.put(row.next());
        judge_after(&mut draft, versie, "").await?;
        Ok(Decision {
            write_set: draft.finish(),
            answer: (),
        })
    })
    .await
}

/// The job that judges the next piece of an examenversie's results, after a deelname's id.
async fn judge_after(draft: &mut Draft<'_>, versie: &Examenversie, after: &str) -> Result<(), Refused> {
    let name = format!("{}/{}/{}", versie.peer, versie.component, versie.code());
    draft
        .follow(Follow {
            kind: deliver::JUDGE_AGAIN,
            // Work inside the host: no vendor is asked, so that none can hold it up.
            peer: "",
            flow: 3,
            lane: lane::name(3, "examenversie", &name),
            parent: None,
            payload: json!({
                "peer": versie.peer,
                "component": versie.component,
                "code": versie.code,
                "after": after,
            }),
            full_state: false,
        })
        .await
}

/// Judges at most [`MOST_AT_ONCE`] results of an examenversie again, those after a deelname's id, and has the next piece
/// follow.
///
/// # Errors
/// What the database says.
pub async fn judge_again(draft: &mut Draft<'_>, versie: &Examenversie, after: &str) -> Result<(), Refused> {
    let (db, tenant) = (&draft.core.db, draft.tenant);
    let key = (versie.peer.as_str(), versie.component.as_str(), versie.code());
    let heads = result_store::heads_of_examenversie(db, tenant, key, after, MOST_AT_ONCE).await?;
    let Some(last) = heads.last().map(|head| head.association.clone()) else {
        return Ok(());
    };
    let entered = examenversie::find(db, tenant, key.0, key.1, key.2).await?;
    let component = component::find(db, tenant, key.0, key.1).await?;
    let ids: Vec<String> = heads.iter().map(|head| head.association.clone()).collect();
    let versions = result_store::versions_of(db, tenant, &ids).await?;
    let is_full = heads.len() >= MOST_AT_ONCE as usize;
    for head in heads {
        let own: Vec<Version> = versions
            .iter()
            .filter(|version| version.association == head.association)
            .cloned()
            .collect();
        let yardstick = Yardstick {
            component: component.as_ref().and_then(|it| it.facts.result_value_type.as_ref()),
            enrolment: None,
            cesuur: entered.as_ref().map(|entered| entered.normed),
        };
        judge_one(draft, head, &own, yardstick).await?;
    }
    match is_full {
        true => judge_after(draft, versie, &last).await,
        false => Ok(()),
    }
}

async fn judge_one(
    draft: &mut Draft<'_>,
    head: Head,
    versions: &[Version],
    yardstick: Yardstick<'_>,
) -> Result<(), Refused> {
    let Some(deelname) = association::find(&draft.core.db, draft.tenant, &head.association).await? else {
        return Ok(());
    };
    let route = studentresultaat::route(draft.core, draft.tenant, &deelname).await?;
    let plannable = route.as_ref().map(|route| &route.plannable);
    let yardstick = Yardstick {
        enrolment: plannable.and_then(|plannable| plannable.facts.result_value_type.as_ref()),
        ..yardstick
    };
    let Some(present) = result_verbs::present(Some(&head), versions)? else {
        return Ok(());
    };
    let (version, (judgement, normed)) = (
        present.version,
        result::judge_again(present.version, present, yardstick),
    );
    let still_unnormed = judgement == Judgement::Held(Hold::NotNormed) && yardstick.cesuur == Some(Normed::Yes);
    if still_unnormed {
        // Delivered as not yet normed: the vendor has it restated by now, or will.
        deliver::read_back(draft, &head.peer, &head.association).await?;
    }
    if (judgement, normed) == (head.judgement, head.normed) {
        return Ok(());
    }
    let mut judged = Head {
        judgement,
        normed,
        ..head.clone()
    };
    let subject = ("association", deelname.id.as_str());
    match judgement {
        Judgement::Held(hold) => {
            let sitting = offering::find(&draft.core.db, draft.tenant, &deelname.facts.offering_id).await?;
            let about = About {
                kind: "association",
                id: &deelname.id,
                unit: sitting.as_ref().and_then(|sitting| sitting.unit.as_deref()),
                peer: Some(&deelname.peer),
            };
            draft.open(&exception::result_held(hold), about).await?;
        }
        Judgement::Accepted => {
            draft.close(RESULT_HELD, subject, "De cesuur is vastgelegd.").await?;
            if head.judgement != Judgement::Accepted {
                let result = (version.seq, &version.delivered.result);
                studentresultaat::send(draft, route.as_ref(), &mut judged, result, false).await?;
            }
        }
        Judgement::Aside => {}
    }
    let detail = format!("version {} {} after its cesuur", version.seq, judgement.names().0);
    draft.audit("result.judge", subject_of(&deelname.id), detail, b"");
    draft.put(result_store::next_head(draft.tenant, &judged));
    Ok(())
}

fn subject_of(deelname: &str) -> (&'static str, &str) {
    ("association", deelname)
}
