//! What a school has at a vendor already is taken in: seen first, stored as it was seen, once.

use std::collections::BTreeMap;

use super::*;
use crate::app::adopting::list::Listed;
use crate::app::adopting::there::{AtVendor, There};
use crate::app::adopting::{Adopter, Preview, Said, judged, kept};
use crate::domain::model;
use crate::domain::principal;
use crate::store::testing::on_each_database;
use crate::store::{ledger, peer};

/// A sitting at the vendor with deelnames that it says nobody's name of.
fn there(school: &School, sitting: &str, deelnames: &[&str]) -> There {
    let start = school.core.now() + SignedDuration::from_hours(24);
    let facts = model::Offering {
        start: Some(start),
        end: Some(start + SignedDuration::from_hours(2)),
        offered_id: Some("rekenen".to_owned()),
        ..model::Offering::bare(sitting, model::Code::new("offeringCode", "V-1"), "Rekenen, al gepland")
    };
    let deelname = |id: &&str| model::Association::bare(*id, "", sitting);
    let it = AtVendor::It {
        sitting: Box::new(facts),
        deelnames: deelnames.iter().map(deelname).collect(),
    };
    There {
        sittings: [(sitting.to_owned(), it)].into(),
        revision: 1,
    }
}

fn line(number: u32, deelname: Option<&str>, student: Option<&str>) -> Listed {
    Listed {
        number,
        sitting: "z-9".to_owned(),
        plannable: Some("plannable".to_owned()),
        deelname: deelname.map(str::to_owned),
        student: student.map(str::to_owned),
        ..Listed::default()
    }
}

struct At<'a> {
    school: &'a School,
    account: Account,
    there: There,
}

impl At<'_> {
    fn adopter(&self) -> Adopter<'_> {
        Adopter {
            tenant: TENANT,
            account: &self.account,
            peer: VENDOR,
        }
    }

    async fn seen(&self, listed: &[Listed]) -> Result<Preview, Refused> {
        let core = &self.school.core;
        let row = peer::find(&core.db, TENANT, VENDOR).await?.unwrap();
        judged(core, self.adopter(), (&row, &self.there), listed).await
    }

    async fn store(&self, listed: &[Listed], choices: &BTreeMap<u32, usize>) -> Preview {
        let core = &self.school.core;
        let seen = self.seen(listed).await.unwrap();
        let row = peer::find(&core.db, TENANT, VENDOR).await.unwrap().unwrap();
        let read = (&row, &self.there);
        kept(core, self.adopter(), read, (listed, choices), &seen.digest)
            .await
            .unwrap()
    }
}

/// A student goes by their number; what may be meant in two ways waits for a choice, and stored twice nothing changes.
#[tokio::test]
async fn a_list_is_taken_in_once_as_it_was_seen_and_chosen() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.enrol(&["jip", "an", "bo"]).await;
        let at = At {
            there: there(&school, "z-9", &["d-1", "d-2", "d-3"]),
            account: account("bureau", &[Duty::Plannen]),
            school: &school,
        };
        let list = [
            line(1, Some("d-1"), Some("s-p-jip")),
            line(2, None, Some("p-an")),
            line(3, Some("d-1"), Some("s-p-bo")),
            line(4, Some("d-3"), Some("s-niemand")),
        ];
        let seen = at.seen(&list).await.unwrap();
        assert!(matches!(seen.lines[0].said, Said::Take(_)), "{:?}", seen.lines[0]);
        let Said::Choice(several) = &seen.lines[1].said else {
            panic!("{:?}", seen.lines[1])
        };
        assert_eq!(several.len(), 3, "the vendor says of nobody whose it is");
        for (nth, expected) in [(2, "twice"), (3, "enrolment-unknown")] {
            assert!(
                matches!(&seen.lines[nth].said, Said::Refused { code, .. } if *code == expected),
                "{:?}",
                seen.lines[nth]
            );
        }

        let second = several.iter().position(|one| one.deelname == "d-2").unwrap();
        at.store(&list, &[(2, second)].into()).await;
        let serving = async |enrolment: &str| {
            let all = store::association::serving(&school.core.db, TENANT, enrolment)
                .await
                .unwrap();
            assert_eq!(all.len(), 1, "{enrolment}");
            all.into_iter().next().unwrap()
        };
        let (first, second) = (serving("e-jip").await, serving("e-an").await);
        let tie = ledger::by_our_id(&school.core.db, TENANT, VENDOR, "association", &second.id)
            .await
            .unwrap();
        assert_eq!(tie.unwrap().peer_id, "d-2");
        assert!(first.is_confirmed() && school.offering(&first.facts.offering_id).await.is_confirmed());
        assert!(
            school.lane(2, "association", &first.id).await.is_empty(),
            "the vendor is told nothing"
        );

        let again = at.store(&list, &BTreeMap::new()).await;
        assert_eq!(again.counts()[..2], [0, 2], "{:?}", again.lines);
        assert_eq!(serving("e-jip").await.id, first.id);
        let late = at.seen(&[line(1, Some("d-1"), Some("s-p-bo"))]).await.unwrap();
        assert!(
            matches!(&late.lines[0].said, Said::Refused { code: "tied", .. }),
            "{:?}",
            late.lines
        );
        assert_eq!(
            school.send_result(VENDOR, "d-1", &completed("7.5")).await.unwrap(),
            Outcome::Applied
        );
        assert_eq!(
            school.versions(&first.id).await.len(),
            1,
            "its result finds it by the vendor's id"
        );
    })
    .await;
}

/// What the vendor has otherwise than the list is compared afterwards; who plans elsewhere takes nothing in.
#[tokio::test]
async fn who_does_not_plan_there_takes_nothing_in_and_differences_are_compared() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.enrol(&["jip"]).await;
        let mut at = At {
            there: there(&school, "z-9", &["d-1"]),
            account: account("lezer", &[Duty::Vaststellen]),
            school: &school,
        };
        let later = Listed {
            start: Some(school.core.now() + SignedDuration::from_hours(25)),
            ..line(1, None, None)
        };
        let refused = at.seen(std::slice::from_ref(&later)).await;
        assert!(
            matches!(refused, Err(Refused::NotAllowed(principal::Refusal::NotHeld { .. }))),
            "{refused:?}"
        );
        let mut elsewhere = account("bureau", &[Duty::Plannen]);
        for assignment in &mut elsewhere.assignments {
            assignment.unit = "elders".to_owned();
        }
        at.account = elsewhere;
        let refused = at.seen(std::slice::from_ref(&later)).await;
        assert!(
            matches!(refused, Err(Refused::NotAllowed(principal::Refusal::NotHeld { .. }))),
            "for another unit: {refused:?}"
        );
        at.account = account("fb", &[Duty::Beheren]);
        let seen = at.seen(std::slice::from_ref(&later)).await.unwrap();
        assert!(
            matches!(&seen.lines[0].said, Said::Take(differs) if differs.len() == 1),
            "{:?}",
            seen.lines
        );
        at.store(std::slice::from_ref(&later), &BTreeMap::new()).await;
        let tied = ledger::by_peer_id(&school.core.db, TENANT, VENDOR, "offering", "z-9")
            .await
            .unwrap();
        let sitting = school.offering(&tied[0].our_id).await;
        assert_eq!(sitting.facts.start, later.start, "as it was listed");
        let compared = school.lane(2, "compare", &format!("{}/{VENDOR}", sitting.id)).await;
        assert_eq!(compared.len(), 1, "and held against the vendor");
    })
    .await;
}

/// One student with two enrolments for a planbare toets (an extra attempt) is known by each of them, and by their number
/// only after a choice.
#[tokio::test]
async fn a_student_with_two_enrolments_is_known_by_each() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.enrol(&["jip"]).await;
        let second = school.enrolment("e-jip-2", "p-jip");
        school.put_association(SIS, &second).await.unwrap();
        let at = At {
            there: there(&school, "z-9", &["d-1", "d-2"]),
            account: account("bureau", &[Duty::Plannen]),
            school: &school,
        };
        for enrolment in ["e-jip", "e-jip-2"] {
            let by_id = Listed {
                enrolment: Some(enrolment.to_owned()),
                ..line(1, Some("d-1"), None)
            };
            let seen = at.seen(&[by_id]).await.unwrap();
            assert!(matches!(seen.lines[0].said, Said::Take(_)), "{:?}", seen.lines[0]);
        }
        let seen = at.seen(&[line(1, Some("d-1"), Some("s-p-jip"))]).await.unwrap();
        assert!(matches!(seen.lines[0].said, Said::Choice(_)), "{:?}", seen.lines[0]);
    })
    .await;
}

/// §3.2.1: a sitting serves one planbare toets. Of two nodes that take in the same sitting for different ones, the second
/// is refused, also when both looked before either stored.
#[tokio::test]
async fn of_two_who_take_in_one_sitting_for_different_planbare_toetsen_the_second_is_refused() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        school.enrol(&["jip"]).await;
        school.put_offering(SIS, &school.plannable("other")).await.unwrap();
        let for_other = Listed {
            plannable: Some("other".to_owned()),
            ..line(1, None, None)
        };
        let (first, second) = ([line(1, None, None)], [for_other]);
        // Two processes on one database: neither waits for the other's locks.
        let nodes = [school.core.clone(), bench.another_node(7)];
        let account = account("bureau", &[Duty::Plannen]);
        let adopter = Adopter {
            tenant: TENANT,
            account: &account,
            peer: VENDOR,
        };
        let row = peer::find(&school.core.db, TENANT, VENDOR).await.unwrap().unwrap();
        let there = there(&school, "z-9", &["d-1"]);
        let read = (&row, &there);
        let mut seen = Vec::new();
        for list in [&first, &second] {
            let preview = judged(&school.core, adopter, read, list).await.unwrap();
            assert!(matches!(preview.lines[0].said, Said::Take(_)), "{:?}", preview.lines);
            seen.push(preview.digest);
        }
        let no_choice = BTreeMap::new();
        let (one, other) = tokio::join!(
            kept(&nodes[0], adopter, read, (&first, &no_choice), &seen[0]),
            kept(&nodes[1], adopter, read, (&second, &no_choice), &seen[1]),
        );
        let [(_, stored), (lost, refused)] = match one.is_ok() {
            true => [(&first, one), (&second, other)],
            false => [(&second, other), (&first, one)],
        };
        stored.unwrap();
        assert!(matches!(refused, Err(Refused::NotNow(_))), "{refused:?}");
        let tied = ledger::by_peer_id(&school.core.db, TENANT, VENDOR, "offering", "z-9").await;
        assert_eq!(tied.unwrap().len(), 1, "one sitting here for one there");
        let again = judged(&school.core, adopter, read, lost).await.unwrap();
        let Said::Refused { code, message } = &again.lines[0].said else {
            panic!("{:?}", again.lines)
        };
        assert_eq!(*code, "plannables-differ");
        assert!(message.contains("staat hier al"), "{message}");
    })
    .await;
}
