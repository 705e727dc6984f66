//! A vendor whose API has nothing in common with OKE: numbers of its own, given out again; points before grades; outcomes
//! pushed with a signature and polled as well.

use std::ops::Range;

use jiff::SignedDuration;
use oke_host::app::peer::{self, Reach, SignIn};
use oke_host::app::planning::Planner;
use oke_host::app::planning::deelname::{self, NewDeelname};
use oke_host::app::planning::sitting::{self, NewSitting, Plan};
use oke_host::app::pushed;
use oke_host::domain::offering::Times;
use oke_host::domain::result::{Hold, Judgement};
use oke_host::simulator::{
    Misbehaviour, TestToPlan, Toetskade, ToetskadeOptions, ToetskadeOutcome, ToetskadeWebhook, Trouble,
};
use oke_host::store::loss;

use crate::house::{Come, FB, House, SIS, TENANT, enrolled, planner};

pub const PEER: &str = "toetskade";
const SECRET: &str = "shared-by-both-0123456789";

/// A house with this vendor.
pub struct Quay {
    pub house: House,
    pub vendor: Toetskade,
}

impl Quay {
    /// Everything installed, the catalogue fetched, flow 1 come. `None` where no guests are built.
    pub async fn open() -> Option<Quay> {
        let test = TestToPlan {
            name: "Rekenen 2F".to_owned(),
            test_provider: "Toetskade".to_owned(),
            component_id: "4711".to_owned(),
            result_value_type: "0.0-10.0".to_owned(),
        };
        let house = House::with_more_to_plan(Come::Pushed, &[test]).await?;
        let vendor = Toetskade::start(ToetskadeOptions {
            now: oke_host::simulator::Now::by(house.clock.clone()),
            ..ToetskadeOptions::new()
        })
        .await
        .unwrap();
        peer::create(&house.core, TENANT, FB, PEER, "ta", "Toetskade")
            .await
            .unwrap();
        let reach = Reach {
            base_url: vendor.base_url().to_owned(),
            sign_in: SignIn::ApiKey(vendor.api_key().to_owned()),
            allowed_addresses: vec!["127.0.0.1".to_owned()],
        };
        house.reach(PEER, &reach).await;
        house.install(SIS, "ooapi-dr", None, &[]).await;
        house.install(PEER, "toetskade", None, &[]).await;
        pushed::put_secret(&house.core, TENANT, FB, PEER, "outcomes", SECRET)
            .await
            .unwrap();
        house.work().await;
        house.flow_1().await;
        Some(Quay { house, vendor })
    }

    fn webhook(&self) -> ToetskadeWebhook {
        ToetskadeWebhook {
            url: format!("{}/in/{TENANT}/{PEER}/outcomes", self.house.base),
            secret: SECRET.to_owned(),
        }
    }

    /// Plans a sitting with these students of the school.
    async fn plan(&self, students: Range<usize>) -> (String, Vec<String>) {
        let school = self.house.sis.school();
        let plannable = &school.plannable_tests[1];
        let start = self.house.core.now() + SignedDuration::from_hours(1);
        let new = NewSitting {
            plannable: Some(plannable.id.clone()),
            peer: PEER.to_owned(),
            component: "4711".to_owned(),
            unit: None,
            plan: Plan {
                name: Some("Rekenen, dinsdag".to_owned()),
                code: None,
                times: Times {
                    start,
                    end: start + SignedDuration::from_hours(2),
                    last_possible_start: None,
                    duration_s: Some(90 * 60),
                    start_options: None,
                    duration_from: None,
                    duration_until: None,
                },
                location_codes: Vec::new(),
                modes_of_delivery: Vec::new(),
                safety: Vec::new(),
                fao_system_id: None,
            },
        };
        let account = planner();
        let by = Planner {
            tenant: TENANT,
            account: &account,
        };
        let sitting = sitting::plan(&self.house.core, by, &new).await.unwrap();
        let enrolments = school.student_registrations(&plannable.id);
        let enrolments = enrolments.skip(students.start).take(students.len());
        let new: Vec<NewDeelname> = enrolments.map(|one| enrolled(&one.id, false)).collect();
        let added = deelname::add(&self.house.core, by, &sitting, &new).await.unwrap();
        (sitting, added.into_iter().map(Result::unwrap).collect())
    }

    async fn push(&self, outcome: &ToetskadeOutcome) -> u16 {
        self.vendor.push(&self.webhook(), outcome).await.unwrap().as_u16()
    }

    /// The next round of polling.
    pub async fn poll(&self) {
        self.house.later(SignedDuration::from_secs(301)).await;
    }

    pub async fn close(self) {
        self.vendor.stop().await;
        self.house.close().await;
    }
}

/// R11: points wait for the cesuur; the grade goes to the student system. The same outcome by webhook and by poll is one.
#[tokio::test]
async fn points_become_a_grade_with_the_cesuur_and_push_and_poll_count_once() {
    let Some(quay) = Quay::open().await else { return };
    let (_, deelnames) = quay.plan(0..2).await;
    quay.house.work().await;
    assert_eq!(quay.vendor.candidates().len(), 2);
    quay.house.clock.advance(SignedDuration::from_hours(3));

    let marked = quay.vendor.mark(&deelnames[0], "2026-A", 37).unwrap();
    assert_eq!(quay.push(&marked).await, 200);
    quay.house.work().await;
    quay.poll().await;
    let versions = quay.house.versions(&deelnames[0]).await;
    assert_eq!(versions.len(), 1, "by webhook and by poll");
    assert_eq!(versions[0].judgement, Judgement::Held(Hold::NotNormed));
    let enrolment = quay.house.deelname(&deelnames[0]).await.enrolment.unwrap();
    assert_eq!(quay.house.score_at_sis(&enrolment), None, "points are no grade");

    quay.house.clock.advance(SignedDuration::from_hours(72));
    let normed = quay.vendor.publish_cesuur("2026-A", 36);
    quay.poll().await;
    assert_eq!(quay.push(&normed[0]).await, 200);
    quay.house.work().await;
    let versions = quay.house.versions(&deelnames[0]).await;
    assert_eq!(versions.len(), 2, "by poll and by webhook");
    assert_eq!(quay.house.score_at_sis(&enrolment).as_deref(), Some("5.6"));
    let about = ("association", deelnames[0].as_str());
    let left_out = loss::of_subject(&quay.house.core.db, TENANT, about).await.unwrap();
    assert_eq!((left_out[0].peer.as_str(), left_out[0].flow), (SIS, 5));
    assert_eq!(
        left_out[0].lost,
        ["cesuur", "examenversie"],
        "no message of flow 5 carries them"
    );
    assert_eq!(quay.house.open_tasks().await.len(), 0);
    quay.close().await;
}

/// Invariant 4: creating twice makes two, so that a lost answer is followed by a look.
#[tokio::test]
async fn an_answer_lost_between_create_and_commit_doubles_nothing() {
    let Some(quay) = Quay::open().await else { return };
    quay.vendor
        .misbehave(Misbehaviour::next(1, Trouble::DropAfterApplying).on("POST", "/periods"));
    quay.plan(0..1).await;
    quay.house.work().await;
    quay.house.later(SignedDuration::from_mins(10)).await;
    assert_eq!(quay.vendor.periods().len(), 1);

    quay.vendor.behave();
    quay.vendor
        .misbehave(Misbehaviour::next(1, Trouble::DropAfterApplying).on("POST", "/periods/"));
    quay.plan(1..2).await;
    quay.house.work().await;
    quay.house.later(SignedDuration::from_mins(10)).await;
    assert_eq!((quay.vendor.periods().len(), quay.vendor.candidates().len()), (2, 2));
    quay.close().await;
}

/// R6: the number of who was cancelled goes to the next one; a late outcome reaches the one it is of.
#[tokio::test]
async fn a_number_given_out_again_after_a_cancel_takes_nobody_elses_result() {
    let Some(quay) = Quay::open().await else { return };
    let (_, first) = quay.plan(0..1).await;
    quay.house.work().await;
    quay.house.cancel(&first[0]).await;
    quay.house.work().await;
    assert!(quay.vendor.candidates().is_empty());
    let (_, second) = quay.plan(0..2).await;
    quay.house.work().await;
    assert_eq!(quay.vendor.candidates()[0].id, 1, "the number was free");

    quay.house.clock.advance(SignedDuration::from_hours(3));
    let late = quay.vendor.mark(&first[0], "2026-A", 12).unwrap();
    assert_eq!(late.candidate_id, 1);
    quay.poll().await;
    assert_eq!(quay.house.versions(&first[0]).await.len(), 1);
    for deelname in &second {
        assert!(quay.house.versions(deelname).await.is_empty());
    }
    quay.close().await;
}

/// Who pushes without the secret, or again, or for another school, changes nothing.
#[tokio::test]
async fn a_push_that_is_not_genuine_is_refused_and_a_replayed_one_changes_nothing() {
    let Some(quay) = Quay::open().await else { return };
    let (_, deelnames) = quay.plan(0..1).await;
    quay.house.work().await;
    let marked = quay.vendor.mark(&deelnames[0], "2026-A", 37).unwrap();

    let forged = ToetskadeWebhook {
        secret: "another-secret-0123456789".to_owned(),
        ..quay.webhook()
    };
    assert_eq!(quay.vendor.push(&forged, &marked).await.unwrap(), 401);
    for url in [
        format!("{}/in/elsewhere/{PEER}/outcomes", quay.house.base),
        format!("{}/in/{TENANT}/osiris/outcomes", quay.house.base),
        format!("{}/in/{TENANT}/{PEER}/other", quay.house.base),
    ] {
        let astray = ToetskadeWebhook { url, ..quay.webhook() };
        assert_eq!(quay.vendor.push(&astray, &marked).await.unwrap(), 404);
    }
    quay.house.work().await;
    assert!(quay.house.versions(&deelnames[0]).await.is_empty());

    assert_eq!(quay.push(&marked).await, 200);
    assert_eq!(quay.push(&marked).await, 200, "the same second, the same signature");
    assert_eq!(quay.house.work().await, 1, "one push to translate");
    assert_eq!(quay.house.versions(&deelnames[0]).await.len(), 1);
    quay.close().await;
}

/// R10, R25: points that come after the grade are an older state; what counts is read back.
#[tokio::test]
async fn points_pushed_after_the_grade_lie_aside_and_are_read_back() {
    let Some(quay) = Quay::open().await else { return };
    let (_, deelnames) = quay.plan(0..1).await;
    quay.house.work().await;
    quay.house.clock.advance(SignedDuration::from_hours(3));
    let marked = quay.vendor.mark(&deelnames[0], "2026-A", 37).unwrap();
    let normed = quay.vendor.publish_cesuur("2026-A", 36);
    assert_eq!(quay.push(&normed[0]).await, 200);
    quay.house.work().await;
    assert_eq!(quay.push(&marked).await, 200);
    quay.house.work().await;

    let enrolment = quay.house.deelname(&deelnames[0]).await.enrolment.unwrap();
    assert_eq!(quay.house.score_at_sis(&enrolment).as_deref(), Some("5.6"));
    let versions = quay.house.versions(&deelnames[0]).await;
    assert_eq!(versions.last().unwrap().judgement, Judgement::Aside);
    assert_eq!(quay.house.open_tasks().await.len(), 0, "the reading back settled it");
    quay.close().await;
}
