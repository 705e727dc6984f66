//! Stories of `/zittingen/{sitting}/vergelijking` and `/vergelijken`: differences field by field, the buttons, and the
//! daily check.

use axum::http::StatusCode;

use super::stage::{SCHOOL, Stage};
use crate::app::Draft;
use crate::app::comparison::{self, Found, Of, Read, ToCompare};
use crate::domain::comparison::{Difference, Field, Part, Subject};
use crate::domain::lane;
use crate::store::{job, offering};

impl Stage {
    /// The vendor was found to have another score of the first deelname, and the plan can't be read back.
    pub async fn find_differences(&self) {
        let score = Difference {
            subject: Subject::Result,
            id: self.deelnames[0].clone(),
            field: Field::Score,
            ours: Some("7.5".to_owned()),
            theirs: Some("<b>5.4</b>".to_owned()),
        };
        let found = Found {
            differences: vec![score],
            compared: 2,
            ..Found::default()
        };
        for (part, read) in [
            (Part::Results, Read::Compared(found, None)),
            (Part::Plan, Read::Unreadable),
        ] {
            let sitting = offering::find(&self.core.db, SCHOOL, &self.sitting)
                .await
                .unwrap()
                .unwrap();
            let mut draft = Draft::of(&self.core, SCHOOL, "job:compare");
            let what = ToCompare {
                sitting: self.sitting.clone(),
                part,
                round: String::new(),
                after: String::new(),
            };
            let of = Of {
                sitting: &sitting,
                part,
                peer: "toa",
                revision: 2,
            };
            comparison::note(&mut draft, of, &what, &read).await.unwrap();
            self.core.commit(draft.finish()).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn differences_stand_field_by_field_with_a_button_that_repairs() {
    let stage = Stage::set().await;
    let place = format!("/zittingen/{}/vergelijking", stage.sitting);
    let bureau = stage.browser("bureau").await;
    let page = bureau.get(&place).await;
    assert!(page.text.contains("nog niet vergeleken"), "{}", page.text);
    let sitting = bureau.get(&format!("/zittingen/{}", stage.sitting)).await;
    assert!(sitting.text.contains(&place), "{}", sitting.text);

    stage.find_differences().await;
    let page = bureau.get(&place).await;
    for said in [
        "<td data-label=\"Veld\">score</td><td data-label=\"Hier\">7.5</td>",
        "&#60;b&#62;5.4",
        "kan deze koppeling niet teruglezen",
        "Resultaten opnieuw inlezen",
    ] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    let repair = format!("/zittingen/{}/herstellen", stage.sitting);
    let done = bureau.post(&repair, &[("deel", "results"), ("systeem", "toa")]).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let lane = lane::name(3, "association", &stage.deelnames[0]);
    assert_eq!(job::in_lane(&stage.core.db, SCHOOL, &lane).await.unwrap().len(), 1);
    let nothing = bureau.post(&repair, &[("deel", "plan"), ("systeem", "toa")]).await;
    assert_eq!(nothing.status, StatusCode::CONFLICT, "{}", nothing.text);

    let ask = format!("/zittingen/{}/vergelijken", stage.sitting);
    assert_eq!(bureau.post(&ask, &[]).await.status, StatusCode::SEE_OTHER);
    let lane = lane::name(2, "compare", &format!("{}/toa", stage.sitting));
    assert_eq!(job::in_lane(&stage.core.db, SCHOOL, &lane).await.unwrap().len(), 1);
    let ec = stage.browser("ec").await;
    assert!(!ec.get(&place).await.text.contains("Nu vergelijken"));
    assert_eq!(ec.post(&ask, &[]).await.status, StatusCode::CONFLICT);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_day_shows_in_and_out_and_is_signed_off_with_a_reason() {
    let stage = Stage::set().await;
    stage.find_differences().await;
    let bureau = stage.browser("bureau").await;
    let page = bureau.get("/vergelijken").await;
    for said in [
        "afwijkende resultaten: 1 (score)",
        "3 Resultaten",
        "Dagelijkse controle",
    ] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    let (_, rest) = page.text.split_once("name=\"open\" value=\"").unwrap();
    let open = rest.split('"').next().unwrap().to_owned();
    let form = |reason: &'static str| [("dag", "2026-09-01"), ("open", open.as_str()), ("reden", reason)];
    let bare = bureau.post("/vergelijken/nagekeken", &form("")).await;
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bare.text.contains("waarom de dag toch is nagekeken"), "{}", bare.text);
    let unseen = [("dag", "2026-09-01"), ("open", "0"), ("reden", "akkoord")];
    let unseen = bureau.post("/vergelijken/nagekeken", &unseen).await;
    assert_eq!(unseen.status, StatusCode::CONFLICT, "{}", unseen.text);
    let signed = bureau
        .post("/vergelijken/nagekeken", &form("leverancier herstelt"))
        .await;
    assert_eq!(signed.status, StatusCode::SEE_OTHER, "{}", signed.text);
    let page = bureau.get("/vergelijken?gedaan=nagekeken").await;
    for said in ["Bas Mol", "leverancier herstelt", "1 verschillen", "1 september 2026"] {
        assert!(page.text.contains(said), "{said}: {}", page.text);
    }
    let ec = stage.browser("ec").await;
    assert!(!ec.get("/vergelijken").await.text.contains("name=\"reden\""));
    let wrong = ec.get("/vergelijken?dag=2025-01-01").await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
}
