//! Flow 1 by pull (§3.1.2): pages of a student system that is asked, taken as its own PUTs would be, with the place of the
//! round in the same commit.

mod groups;
mod rounds;

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::*;
use crate::app::Draft;
use crate::app::deliver::{FETCH_ASSOCIATION, FETCH_OFFERING, FETCH_PERSON};
use crate::app::pull::keep::{self, NotKept};
use crate::app::pull::{self, next_of};
use crate::connector::call::{Listed, ListedPage, Unreadable};
use crate::domain::exception::{GROUP_DIFFERS, LISTED_REFUSED, NOT_AT_STUDENT_SYSTEM};
use crate::domain::model::{self, AssociationState};
use crate::domain::pull::{Ended, Endless, Stage};
use crate::store::pulled::{self, PulledRow};
use crate::store::testing::on_each_database;
use crate::store::{message, test_group};

/// A student system as it stands, asked page by page.
struct AtSis {
    offerings: Vec<Value>,
    associations: Vec<Value>,
    persons: BTreeMap<String, Value>,
    groups: Vec<Value>,
    members: Vec<Value>,
    /// Ids of what can't be read at the moment.
    unreadable: Vec<String>,
    page_size: usize,
}

impl AtSis {
    /// One planbare toets with these enrolments, each `e-…` of the person `p-…`.
    fn with(school: &School, names: &[&str]) -> AtSis {
        let id = |name: &&str| format!("p-{name}");
        AtSis {
            offerings: vec![school.plannable("plannable")],
            associations: names
                .iter()
                .map(|name| school.enrolment(&format!("e-{name}"), &id(name)))
                .collect(),
            persons: names.iter().map(|name| (id(name), school.person(&id(name)))).collect(),
            groups: Vec::new(),
            members: Vec::new(),
            unreadable: Vec::new(),
            page_size: 2,
        }
    }

    fn page<T>(
        &self,
        (items, field): (&[Value], &str),
        cursor: Option<&str>,
        read: impl Fn(&Value, &Dialect) -> Result<T, oke_codec::Problems>,
    ) -> ListedPage<T> {
        let from: usize = cursor.map_or(0, |cursor| cursor.parse().unwrap());
        let until = items.len().min(from + self.page_size);
        let one = |item: &Value| -> Listed<T> {
            let id = item[field].as_str().unwrap().to_owned();
            match self.unreadable.contains(&id) {
                true => Err(Unreadable {
                    id: Some(id),
                    why: "/role is none of its list".to_owned(),
                }),
                false => Ok(read(item, &Dialect::v1_0_1()).unwrap()),
            }
        };
        ListedPage {
            items: items[from..until].iter().map(one).collect(),
            next: (until < items.len()).then(|| until.to_string()),
        }
    }

    fn offerings(&self, cursor: Option<&str>) -> ListedPage<model::Offering> {
        self.page((&self.offerings, "offeringId"), cursor, oke_codec::read_offering_put)
    }

    fn associations_of(&self, offering: &str, cursor: Option<&str>) -> Option<ListedPage<model::Association>> {
        let known = self.offerings.iter().any(|one| one["offeringId"] == offering);
        let own: Vec<Value> = self
            .associations
            .iter()
            .filter(|one| one["offering"] == offering)
            .cloned()
            .collect();
        known.then(|| self.page((&own, "associationId"), cursor, oke_codec::read_association_put))
    }
}

impl School {
    async fn asks(&self) {
        let from: Date = "2026-08-01".parse().unwrap();
        pull::set(&self.core, TENANT, "account:fb", SIS, (true, Some(from)))
            .await
            .unwrap();
    }

    async fn pulled(&self) -> PulledRow {
        pulled::find(&self.core.db, TENANT, SIS).await.unwrap().unwrap()
    }

    /// Reads and keeps what comes next, as the job does; what a round came to once it has ended.
    async fn pull_page(&self, sis: &AtSis) -> Option<Ended> {
        let core = &self.core;
        let row = pull::under_way(core, TENANT, SIS, 1).await.unwrap().unwrap();
        let walk = row.walk.clone().unwrap();
        let cursor = walk.cursor.as_deref();
        let of = next_of(core, &row, &walk).await.unwrap();
        match (&walk.stage, of) {
            (Stage::Offerings, _) => keep::offerings(core, &row, &walk, sis.offerings(cursor)).await.unwrap(),
            (Stage::Associations { .. }, Some(id)) => {
                let page = sis.associations_of(&id, cursor);
                keep::associations(core, &row, &walk, (&id, page)).await.unwrap();
            }
            (Stage::Groups, _) => {
                let page = sis.page((&sis.groups, "groupId"), cursor, oke_codec::read_group);
                keep::groups(core, &row, &walk, Some(page)).await.unwrap();
            }
            (Stage::Members { .. }, Some(id)) => {
                let page = sis.page((&sis.members, "personId"), cursor, oke_codec::read_membership);
                keep::members(core, &row, &walk, (&id, Some(page))).await.unwrap();
            }
            (Stage::Associations { .. } | Stage::Members { .. }, None) => {
                keep::nothing(core, &row, &walk).await.unwrap();
            }
            (Stage::Persons { after }, _) => {
                let ids = pulled::persons_after(&core.db, (TENANT, SIS), (after, 2))
                    .await
                    .unwrap();
                let found = ids.into_iter().map(|id| {
                    let told = sis.persons.get(&id).map(read_person);
                    (id, told)
                });
                keep::persons(core, &row, &walk, found.collect()).await.unwrap();
            }
        }
        let now = self.pulled().await;
        now.walk.is_none().then(|| now.last.unwrap())
    }

    /// A whole round, and the persons that were to be fetched.
    async fn pull(&self, sis: &AtSis) -> Ended {
        let ended = loop {
            if let Some(ended) = self.pull_page(sis).await {
                break ended;
            }
        };
        for (id, person) in &sis.persons {
            if self.fetches(FETCH_PERSON, "person", id).await {
                let mut draft = Draft::of(&self.core, TENANT, "job:fetch_person");
                person::keep_fetched(&mut draft, SIS, &read_person(person))
                    .await
                    .unwrap();
                self.core.commit(draft.finish()).await.unwrap();
            }
        }
        ended
    }

    /// As the button does.
    async fn ask_all_again(&self) {
        let mut set = WriteSet::of(TENANT);
        set.put(
            PulledRow {
                wanted: true,
                ..self.pulled().await
            }
            .next(),
        );
        self.core.commit(set).await.unwrap();
    }

    async fn fetches(&self, kind: &str, noun: &str, id: &str) -> bool {
        self.lane(1, noun, id).await.iter().any(|job| job.kind == kind)
    }

    /// What a round has left behind so far: messages by flow and outcome, and how many rows of everything else that a
    /// round may write.
    async fn traces(&self) -> (Vec<(i64, String, String, i64)>, Vec<(&'static str, i64)>) {
        let counts = message::counts_since(&self.core.db, TENANT, jiff::Timestamp::UNIX_EPOCH).await;
        let mut rows = Vec::new();
        for table in ["job", "audit", "task", "association", "offering", "person", "message"] {
            let sql = format!("SELECT COUNT(*) AS counted FROM {table} WHERE tenant = $1");
            let counted = self.core.db.row(sql, crate::values![TENANT]).await.unwrap().unwrap();
            rows.push((table, counted.int("counted").unwrap()));
        }
        assert!(rows.iter().any(|(table, rows)| *table == "job" && *rows > 0));
        (counts.unwrap(), rows)
    }
}

fn read_person(json: &Value) -> model::Person {
    oke_codec::read_person(json, &Dialect::v1_0_1()).unwrap()
}

/// R1, R10, R14, §3.1.2: what was read is what a push would have brought: pushing everything says nothing new.
#[tokio::test]
async fn a_school_that_asks_ends_up_as_one_that_is_sent_to() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let mut sis = AtSis::with(&school, &["jip", "an", "bo", "cas", "dee"]);
        sis.offerings.push(school.plannable("other"));
        // Two of one person, and one who is staff.
        let mut other = school.enrolment("e-other", "p-jip");
        other["offering"] = json!("other");
        let mut staff = school.enrolment("e-staff", "p-dee");
        staff["role"] = json!("invigilator");
        sis.associations.extend([other, staff]);
        school.asks().await;
        let ended = school.pull(&sis).await;
        assert_eq!((ended.whole, ended.tally.refused, ended.tally.unlisted), (true, 0, 0));
        assert_eq!(ended.tally.changed, 2 + 7, "planbare toetsen and enrolments");

        for offering in &sis.offerings {
            assert_eq!(school.put_offering(SIS, offering).await.unwrap(), Outcome::Repeated);
        }
        for person in sis.persons.values() {
            assert_eq!(school.put_person(SIS, person).await.unwrap(), Outcome::Repeated);
        }
        for association in &sis.associations {
            assert_eq!(
                school.put_association(SIS, association).await.unwrap(),
                Outcome::Repeated
            );
        }
        let sitting = school.plan(&school.new_sitting()).await.unwrap();
        let added = school.add(&sitting, vec![for_enrolment("e-jip")]).await;
        assert!(added[0].is_ok(), "what was read can be planned");
    })
    .await;
}

/// R14: nothing is planned for a person whom the student system has not told yet.
#[tokio::test]
async fn an_enrolment_of_an_unknown_person_waits_until_they_are_fetched() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let mut sis = AtSis::with(&school, &["jip"]);
        sis.associations[0]["consumers"][0]["programOfferingAssociationId"] = json!("program-1");
        sis.persons.clear();
        school.asks().await;
        school.pull(&sis).await;
        assert!(school.fetches(FETCH_PERSON, "person", "p-jip").await);
        assert!(
            school.fetches(FETCH_ASSOCIATION, "association", "program-1").await,
            "no list brings the enrolment in the program"
        );
        let sitting = school.plan(&school.new_sitting()).await.unwrap();
        let added = school.add(&sitting, vec![for_enrolment("e-jip")]).await;
        assert!(added[0].is_err(), "{added:?}");
    })
    .await;
}

/// R25: what is listed no longer is asked for by its id and stands until the student system says otherwise.
#[tokio::test]
async fn what_is_listed_no_longer_is_asked_for_and_never_cancelled_for_that() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let mut sis = AtSis::with(&school, &["jip", "an"]);
        sis.offerings.push(school.plannable("other"));
        school.asks().await;
        school.pull(&sis).await;
        sis.associations.remove(0);
        sis.offerings.remove(1);
        school.ask_all_again().await;
        let ended = school.pull(&sis).await;
        assert_eq!((ended.tally.changed, ended.tally.unlisted), (0, 2));
        assert!(school.fetches(FETCH_ASSOCIATION, "association", "e-jip").await);
        assert!(school.fetches(FETCH_OFFERING, "offering", "other").await);
        assert!(!school.fetches(FETCH_ASSOCIATION, "association", "e-an").await);
        assert!(!school.association("e-jip").await.is_canceled());
        assert!(!school.offering("other").await.is_canceled());
    })
    .await;
}

/// What can't be read is kept once with its reason, the others go on, and it is closed once it comes through.
#[tokio::test]
async fn what_can_not_be_read_is_a_task_and_holds_up_nothing() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let mut sis = AtSis::with(&school, &["jip", "an", "bo"]);
        sis.unreadable.push("e-an".to_owned());
        school.asks().await;
        for _ in 0..2 {
            let ended = school.pull(&sis).await;
            assert_eq!((ended.tally.refused, ended.tally.unlisted), (1, 0));
            school.ask_all_again().await;
        }
        let tasks = school.tasks("association", "e-an").await;
        assert_eq!(tasks.len(), 1);
        assert_eq!(tasks[0].about.kind, LISTED_REFUSED);
        assert!(
            tasks[0]
                .about
                .title
                .ends_with("een inschrijving (niet te lezen: /role)"),
            "{}",
            tasks[0].about.title
        );
        assert_eq!(school.outcomes("association", "e-an").await, ["held"]);
        assert_eq!(pull::refused(&school.core, TENANT, SIS).await.unwrap().len(), 1);
        school.association("e-bo").await;

        sis.unreadable.clear();
        school.pull(&sis).await;
        school.association("e-an").await;
        assert!(pull::refused(&school.core, TENANT, SIS).await.unwrap().is_empty());
    })
    .await;
}

/// Table 4.0.F: an id of another system's object is refused for itself only.
#[tokio::test]
async fn an_object_of_another_system_is_not_taken_over() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let mut set = WriteSet::of(TENANT);
        set.put(PeerRow::new(TENANT, "eduarte", "dr", "Eduarte").next());
        school.core.commit(set).await.unwrap();
        school
            .put_offering("eduarte", &school.plannable("plannable"))
            .await
            .unwrap();
        let mut sis = AtSis::with(&school, &["jip"]);
        sis.offerings.push(school.plannable("own"));
        school.asks().await;
        let ended = school.pull(&sis).await;
        assert_eq!(ended.tally.refused, 1);
        assert_eq!(school.offering("plannable").await.peer, "eduarte");
        assert_eq!(school.offering("own").await.peer, SIS);
        assert_eq!(school.task_kinds("offering", "plannable").await, [LISTED_REFUSED]);
    })
    .await;
}

/// R4, R5: a cancellation that is read does what one that is sent does, also beside others of the same person.
#[tokio::test]
async fn a_cancellation_that_is_read_takes_with_it_what_one_that_is_sent_does() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let mut sis = AtSis::with(&school, &["jip", "an"]);
        school.asks().await;
        school.pull(&sis).await;
        let sitting = school.plan(&school.new_sitting()).await.unwrap();
        let deelname = school
            .add(&sitting, vec![for_enrolment("e-jip")])
            .await
            .remove(0)
            .unwrap();
        sis.associations[0]["state"] = json!("canceled");
        let again = school.enrolment("e-jip-2", "p-jip");
        sis.associations.insert(1, again);
        school.ask_all_again().await;
        school.pull(&sis).await;
        assert!(school.association("e-jip").await.is_canceled());
        assert!(
            !school.person_is_erased("p-jip").await,
            "another enrolment of the same page still needs them"
        );
        sis.associations[1]["state"] = json!("canceled");
        school.ask_all_again().await;
        let ended = school.pull(&sis).await;
        assert_eq!(ended.tally.changed, 1);
        assert!(school.association("e-jip").await.is_canceled());
        assert!(school.association(&deelname).await.is_canceled());
        assert!(school.person_is_erased("p-jip").await);
        assert!(!school.person_is_erased("p-an").await);
        school.ask_all_again().await;
        assert_eq!(school.pull(&sis).await.tally.changed, 0, "once");
        assert!(
            school.person_is_erased("p-jip").await,
            "erased data does not come back by itself"
        );
        sis.associations[0]["person"] = sis.persons["p-jip"].clone();
        school.ask_all_again().await;
        assert_eq!(school.pull(&sis).await.tally.changed, 0);
        assert!(
            school.person_is_erased("p-jip").await,
            "nor when the list carries the whole person"
        );
    })
    .await;
}

/// Table 4.0.F, R8: a result that a list carries wipes nothing, and an extra attempt that was made here is the school's.
#[tokio::test]
async fn own_results_and_own_extra_attempts_are_never_taken_from_a_list() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let mut sis = AtSis::with(&school, &["jip"]);
        school.asks().await;
        school.pull(&sis).await;
        let sitting = school.plan(&school.new_sitting()).await.unwrap();
        let deelname = school
            .add(&sitting, vec![for_enrolment("e-jip")])
            .await
            .remove(0)
            .unwrap();
        school.send_score(&deelname, "7.5").await;
        let later = school.plan(&school.new_sitting()).await.unwrap();
        let second = school.add(&later, vec![extra_attempt("e-jip", true)]).await.remove(0);
        let own = school.association(&second.unwrap()).await.enrolment.unwrap();
        sis.associations[0]["result"] = completed("1.0")["result"].clone();
        let mut listed = school.enrolment(&own, "p-jip");
        listed["state"] = json!("finished");
        sis.associations.push(listed);
        school.ask_all_again().await;
        let ended = school.pull(&sis).await;
        assert_eq!((ended.tally.changed, ended.tally.refused), (0, 0));
        assert_eq!(school.versions(&deelname).await.len(), 1);
        assert_eq!(school.association(&own).await.facts.state, AssociationState::Associated);
    })
    .await;
}

/// R14, R25: what changed of a person stands in no list: they are asked for once a night.
#[tokio::test]
async fn a_changed_person_comes_with_the_nightly_round() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let mut sis = AtSis::with(&school, &["jip", "an", "bo"]);
        school.asks().await;
        school.pull(&sis).await;
        sis.persons.get_mut("p-jip").unwrap()["displayName"] = json!("Jip Pietersen");
        sis.persons.remove("p-an");
        school.clock.advance(SignedDuration::from_hours(1));
        school.pull(&sis).await;
        assert_eq!(school.display_name("p-jip").await, "Jip Jansen");
        school.clock.advance(SignedDuration::from_hours(24));
        let ended = school.pull(&sis).await;
        assert_eq!((ended.whole, ended.tally.changed), (true, 1));
        assert_eq!(school.display_name("p-jip").await, "Jip Pietersen");
        assert_eq!(school.task_kinds("person", "p-an").await, [NOT_AT_STUDENT_SYSTEM]);
    })
    .await;
}

/// DESIGN §4: whether a student system is asked is functioneel beheer's to say, per system.
#[tokio::test]
async fn only_a_student_system_is_asked_and_only_when_it_is_said() {
    on_each_database(|bench| async move {
        let school = School::open(&bench).await;
        let core = &school.core;
        let not_set = pull::under_way(core, TENANT, SIS, 1).await.unwrap();
        assert!(not_set.is_none());
        let vendor = pull::set(core, TENANT, "account:fb", VENDOR, (true, None)).await;
        assert!(matches!(vendor, Err(Refused::Invalid(_))), "{vendor:?}");
        let nobody = pull::set(core, TENANT, "account:fb", "nobody", (true, None)).await;
        assert!(matches!(nobody, Err(Refused::Unknown { .. })), "{nobody:?}");
        school.asks().await;
        let row = school.pulled().await;
        school.asks().await;
        assert_eq!(school.pulled().await, row, "said again is nothing new");
        let now = pull::now(core, TENANT, "account:fb", SIS).await;
        assert!(matches!(now, Err(Refused::NotNow(_))), "no connector runs: {now:?}");
        assert!(!school.pulled().await.wanted);
        pull::set(core, TENANT, "account:fb", SIS, (false, None)).await.unwrap();
        assert!(pull::under_way(core, TENANT, SIS, 1).await.unwrap().is_none());
        assert_eq!(
            school.pulled().await.since.to_string(),
            "2026-08-01",
            "for when it is asked again"
        );
    })
    .await;
}

impl School {
    async fn display_name(&self, id: &str) -> String {
        let found = store::person::find(&self.core.db, TENANT, id).await.unwrap();
        found.unwrap().facts.display_name
    }
}
