//! A school in mid-exam for the stories of the pages, made by the verbs that everybody uses, and browsers to visit it.

mod visit;

pub use visit::{Browser, Page};

use std::collections::HashMap;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use bytes::Bytes;
use jiff::SignedDuration;
use oke_codec::{Dialect, ResultFlow, read_association, read_offering, read_person, read_report_message};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::app::account::{self, Grant, NewAccount};
use crate::app::draft::Sender;
use crate::app::planning::Planner;
use crate::app::planning::deelname::{self, For, NewDeelname};
use crate::app::planning::sitting::{self, NewSitting, Plan};
use crate::app::revision::{self, NewRevision};
use crate::app::rollout::steps;
use crate::app::rollout::tally::Tally;
use crate::app::{Core, Draft, association, keuring, offering, package, person, publisher, report, result};
use crate::config::Settings;
use crate::connector::fixture;
use crate::connector::manifest::ConfigValue;
use crate::connector::package::Contents;
use crate::domain::clock::MovableClock;
use crate::domain::interface::Interface;
use crate::domain::keuring::{Outcome, Verdict};
use crate::domain::lane::JobState;
use crate::domain::model::ResultValueType;
use crate::domain::offering::Times;
use crate::domain::principal::{Duty, WHOLE_SCHOOL};
use crate::domain::retry::Blame;
use crate::server::Host;
use crate::store::component::ComponentRow;
use crate::store::job::{self, JobRow};
use crate::store::peer::PeerRow;
use crate::store::testing::{Bench, TestDatabase, component, without_keuring};
use crate::store::{self, WriteSet};

/// The school.
pub const SCHOOL: &str = "roc";
/// A display name that is an attack on whoever shows it unescaped.
pub const HOSTILE: &str = "<script>alert(1)</script>";

/// A host with one school: a sitting of tomorrow with two students and a result each, a vendor with two revisions.
pub struct Stage {
    /// The core.
    pub core: Core,
    /// The world's clock.
    pub clock: MovableClock,
    /// The sitting.
    pub sitting: String,
    /// Its deelnames: the first has a grade, the second a percentage that is held.
    pub deelnames: Vec<String>,
    /// The routes of the whole host.
    pub router: Router,
    tokens: HashMap<&'static str, String>,
    _data: tempfile::TempDir,
    _database: TestDatabase,
}

fn sender(peer: &str) -> Sender {
    Sender {
        tenant: SCHOOL.to_owned(),
        peer: peer.to_owned(),
        client: format!("client-of-{peer}"),
        dialect: oke_codec::Dialect::default(),
    }
}

impl Stage {
    /// Makes it.
    pub async fn set() -> Stage {
        let database = TestDatabase::sqlite().await;
        let bench = Bench::over(&database);
        let data = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        settings.data = data.path().to_owned();
        settings.connector_slots = 1;
        let (core, clock) = (bench.core, bench.clock);
        let host = Host::assemble(core.clone(), &settings, data.path().join("no-compiler"), None).unwrap();
        let mut stage = Stage {
            router: host.router(),
            core,
            clock,
            sitting: String::new(),
            deelnames: Vec::new(),
            tokens: HashMap::new(),
            _data: data,
            _database: database,
        };
        stage.hire().await;
        stage.connect().await;
        stage.enrol().await;
        stage.plan().await;
        let (good, off_scale) = (stage.deelnames[0].clone(), stage.deelnames[1].clone());
        stage.deliver(&good, "7.5").await;
        stage.deliver(&off_scale, "85").await;
        stage.report().await;
        stage
    }

    async fn hire(&mut self) {
        let core = &self.core;
        let fb = account::init(core, SCHOOL, "ROC Voorbeeld", "fb", "Sanne Vos")
            .await
            .unwrap();
        let mut tokens = HashMap::from([("fb", fb.reveal().to_owned())]);
        account::put_unit(core, SCHOOL, "fb", "techniek", "College Techniek", None)
            .await
            .unwrap();
        for (id, name, duty) in [
            ("ec", "Els de Wit", Duty::Vaststellen),
            ("ec2", "Tom Bos", Duty::Vaststellen),
            ("ec3", "Ria Kok", Duty::Vaststellen),
            ("bureau", "Bas Mol", Duty::Plannen),
        ] {
            let new = NewAccount {
                id: id.to_owned(),
                name: name.to_owned(),
                person_id: None,
                codes: Vec::new(),
            };
            let token = account::create(core, SCHOOL, "fb", &new).await.unwrap();
            let grant = Grant {
                duty,
                unit: WHOLE_SCHOOL.to_owned(),
                mandate: false,
                from: None,
                until: None,
            };
            account::grant(core, SCHOOL, "fb", id, &grant).await.unwrap();
            tokens.insert(id, token.reveal().to_owned());
        }
        self.tokens = tokens;
    }

    async fn connect(&self) {
        let core = &self.core;
        let mut set = WriteSet::of(SCHOOL);
        set.put(PeerRow::new(SCHOOL, "osiris", "dr", "Osiris").next());
        set.put(PeerRow::new(SCHOOL, "toa", "ta", "TOA").next());
        let row = ComponentRow {
            tenant: SCHOOL.to_owned(),
            peer: "toa".to_owned(),
            facts: component("rekenen", "Rekenen 3F", ResultValueType::DecimalToTen),
            updated_at: core.now(),
            version: 0,
        };
        set.put(row.next());
        core.commit(set).await.unwrap();
        let key = fixture::publisher_key().public().to_string();
        publisher::trust(core, SCHOOL, "fb", "voorbeeld-examens", &key)
            .await
            .unwrap();
        without_keuring(core, SCHOOL).await;
        for (contents, profile, reason) in [
            (fixture::contents(), None, "eerste inrichting"),
            (
                fixture::contents_with("version = \"1.3.0\"", "version = \"1.2.0\""),
                Some("proefwerk"),
                "nieuwe versie van de leverancier",
            ),
        ] {
            let bytes = Bytes::from(fixture::signed(contents).to_bytes());
            let admitted = package::admit(core, SCHOOL, "fb", bytes).await.unwrap();
            let new = NewRevision {
                digest: admitted.digest,
                profile: profile.map(str::to_owned),
                config: Default::default(),
                reason: reason.to_owned(),
            };
            revision::install(core, SCHOOL, "fb", "toa", &new).await.unwrap();
        }
        self.keur().await;
    }

    /// A third package with other capabilities that failed its keuring, one scenario of each sort.
    async fn keur(&self) {
        let core = &self.core;
        let other = fixture::contents_with("\"DELETE /components\"", "\"GET /components\"");
        let manifest = String::from_utf8(other.manifest.to_vec()).unwrap();
        let other = Contents {
            manifest: manifest.replace("version = \"1.2.0\"", "version = \"1.4.0\"").into(),
            ..other
        };
        let bytes = Bytes::from(fixture::signed(other).to_bytes());
        let digest = package::admit(core, SCHOOL, "fb", bytes).await.unwrap().digest;
        let id = keuring::ask(core, SCHOOL, "fb", &digest).await.unwrap();
        let row = store::keuring::find(&core.db, SCHOOL, &id).await.unwrap().unwrap();
        let outcome = |scenario: &str, verdict, why: Option<&str>| Outcome {
            interface: Interface::TaResultaten,
            scenario: scenario.to_owned(),
            verdict,
            why: why.map(str::to_owned),
            millis: 7,
        };
        let outcomes = vec![
            outcome("polled", Verdict::Passed, None),
            outcome("garbage", Verdict::Failed, Some("step 1: <b>it worked</b>")),
            outcome("document", Verdict::NotTried, Some("the connector does not offer this")),
        ];
        let mut draft = Draft::of(core, SCHOOL, "job:keur_package");
        keuring::finish(&mut draft, row, outcomes, None);
        core.commit(draft.finish()).await.unwrap();
    }

    /// The digest of the package that failed its keuring.
    pub async fn failed_package(&self) -> String {
        let row = self.core.db.package_version(SCHOOL, "voorbeeld-ta", "1.4.0").await;
        row.unwrap().unwrap().digest
    }

    async fn enrol(&self) {
        let dialect = Dialect::v1_0_1();
        let from = sender("osiris");
        let plannable = json!({
            "offeringId": "plannable", "offeringType": "component",
            "primaryCode": { "codeType": "offeringCode", "code": "rek-3f" },
            "name": [{ "language": "nl-NL", "value": "Rekenen 3F" }],
            "description": [{ "language": "nl-NL", "value": "Rekenen" }],
            "teachingLanguage": "nld", "resultExpected": true, "resultValueType": "0.0-10.0",
            "startDateTime": "2026-09-01T00:00:00Z", "endDateTime": "2026-12-31T00:00:00Z",
            "organization": "techniek",
            "consumers": [{ "consumerKey": "nl-test-admin", "offeringState": "active",
                            "testsToBeUsed": [{ "testProvider": "TOA", "componentId": "rekenen" }] }]
        });
        let told = read_offering(&plannable, &dialect).unwrap();
        offering::put(&self.core, &from, &told, b"").await.unwrap();
        for (id, name) in [("jip", "Jip Jansen"), ("mal", HOSTILE)] {
            self.enrol_one(id, name).await;
        }
    }

    async fn enrol_one(&self, id: &str, name: &str) {
        let (dialect, from) = (Dialect::v1_0_1(), sender("osiris"));
        let one = json!({
            "personId": format!("p-{id}"), "primaryCode": { "codeType": "studentNumber", "code": format!("s-{id}") },
            "givenName": "Jip", "surname": "Jansen", "displayName": name, "mail": "jip@example.org",
            "activeEnrollment": true, "affiliations": ["student"],
            "consumers": [{ "consumerKey": "nl-test-admin", "preferredName": "Jip" }]
        });
        person::put(&self.core, &from, &read_person(&one, &dialect).unwrap(), b"")
            .await
            .unwrap();
        let enrolment = json!({
            "associationId": format!("e-{id}"), "associationType": "componentOfferingAssociation",
            "role": "student", "state": "associated", "person": format!("p-{id}"), "offering": "plannable",
            "consumers": [{ "consumerKey": "nl-test-admin", "attempt": 1, "attemptLeft": 1 }]
        });
        let told = read_association(&enrolment, &dialect).unwrap();
        association::put(&self.core, &from, &told, b"").await.unwrap();
    }

    /// So many more students at the sitting, each with a grade. Returns their deelnames.
    pub async fn crowd(&self, number: usize) -> Vec<String> {
        let ids: Vec<String> = (0..number).map(|place| format!("c{place:03}")).collect();
        for id in &ids {
            self.enrol_one(id, &format!("Student {id}")).await;
        }
        let enrolments: Vec<String> = ids.iter().map(|id| format!("e-{id}")).collect();
        let mut deelnames = Vec::new();
        for some in enrolments.chunks(50) {
            deelnames.extend(self.add(some).await);
        }
        for deelname in &deelnames {
            self.deliver(deelname, "6.5").await;
        }
        deelnames
    }

    async fn add(&self, enrolments: &[String]) -> Vec<String> {
        let who = account::by_token(&self.core, &self.tokens["bureau"]).await;
        let planner = Planner {
            tenant: SCHOOL,
            account: &who.unwrap().unwrap().account,
        };
        let new: Vec<NewDeelname> = enrolments
            .iter()
            .map(|id| NewDeelname {
                candidate: For::Enrolment {
                    id: id.clone(),
                    extra_attempt: false,
                    confirmed: false,
                },
                needs: None,
            })
            .collect();
        let added = deelname::add(&self.core, planner, &self.sitting, &new).await.unwrap();
        added.into_iter().map(Result::unwrap).collect()
    }

    async fn plan(&mut self) {
        let who = account::by_token(&self.core, &self.tokens["bureau"])
            .await
            .unwrap()
            .unwrap();
        let planner = Planner {
            tenant: SCHOOL,
            account: &who.account,
        };
        let start = self.core.now() + SignedDuration::from_hours(24);
        let new = NewSitting {
            plannable: Some("plannable".to_owned()),
            peer: "toa".to_owned(),
            component: "rekenen".to_owned(),
            unit: None,
            plan: Plan {
                name: Some("Rekenen, groep 1".to_owned()),
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
                location_codes: vec!["B1.02".to_owned()],
                modes_of_delivery: Vec::new(),
                safety: Vec::new(),
                fao_system_id: None,
            },
        };
        self.sitting = sitting::plan(&self.core, planner, &new).await.unwrap();
        self.deelnames = self.add(&["e-jip", "e-mal"].map(str::to_owned)).await;
    }

    /// The vendor delivers a completed result.
    pub async fn deliver(&self, deelname: &str, score: &str) {
        let body: Value = json!({ "associationType": "componentOfferingAssociation", "result": {
            "state": "completed", "score": score, "resultDate": "2026-09-02", "weight": 100,
            "consumers": [{ "consumerKey": "nl-test-admin", "attendance": "present" }] } });
        let message = oke_codec::read_result_message(&body, ResultFlow::Three, &Dialect::v1_0_1()).unwrap();
        let content = body.to_string();
        result::accept_message(&self.core, &sender("toa"), deelname, &message, content.as_bytes())
            .await
            .unwrap();
    }

    async fn report(&self) {
        let body = json!({ "offeringType": "component",
            "consumers": [{ "consumerKey": "nl-test-admin", "irregularities": "Brandalarm om 10:05" }] });
        let message = read_report_message(&body, &Dialect::v1_0_1()).unwrap();
        report::accept_message(&self.core, &sender("toa"), &self.sitting, &message, b"")
            .await
            .unwrap();
    }

    /// A third revision, made and not put to work; returns its number.
    pub async fn make_revision(&self) -> i64 {
        let core = &self.core;
        let present = core.db.revision(SCHOOL, "toa", 2).await.unwrap().unwrap();
        let new = NewRevision {
            digest: present.digest,
            profile: None,
            config: [("page-size".to_owned(), ConfigValue::Number(25))].into(),
            reason: "kleinere bladzijden".to_owned(),
        };
        revision::make(core, SCHOOL, "fb", "toa", &new).await.unwrap()
    }

    /// A rollout of another revision in its first step.
    pub async fn begin_rollout(&self) {
        let revision = self.make_revision().await;
        let fb = account::by_token(&self.core, &self.tokens["fb"])
            .await
            .unwrap()
            .unwrap();
        let begin = steps::Begin {
            route: Default::default(),
            revision,
            go_by: Duty::Plannen,
            criteria: Default::default(),
        };
        steps::begin(&self.core, SCHOOL, &fb.account, "toa", &begin, "eerst techniek")
            .await
            .unwrap();
        let step = steps::Step::Units {
            units: vec!["techniek".to_owned()],
            flows: Vec::new(),
        };
        let tally = Tally::default();
        steps::take(
            &self.core,
            &tally,
            SCHOOL,
            &fb.account,
            "toa",
            (&step, "eerst techniek"),
        )
        .await
        .unwrap();
    }

    /// Until the sitting is over and deadlines run: to Friday 4 September.
    pub async fn let_days_pass(&self) {
        self.clock.advance(SignedDuration::from_hours(72));
    }

    /// A message to the vendor that was given up on.
    pub async fn dead_letter(&self) -> String {
        let db = &self.core.db;
        if let Some(dead) = job::of_peer(db, SCHOOL, "toa", JobState::Dead, 1).await.unwrap().pop() {
            return dead.id;
        }
        let waiting = job::of_peer(db, SCHOOL, "toa", JobState::Ready, 1)
            .await
            .unwrap()
            .remove(0);
        let dead = JobRow {
            state: JobState::Dead,
            attempts: 8,
            last_error: Some("the vendor answered 400: location code B1.02 is not known".to_owned()),
            blame: Some(Blame::Vendor),
            ..waiting
        };
        let mut set = WriteSet::of(SCHOOL);
        set.put(dead.next());
        self.core.commit(set).await.unwrap();
        dead.id
    }

    /// A browser in which this account has signed in.
    pub async fn browser(&self, account: &str) -> Browser<'_> {
        let token = self.tokens[account].clone();
        let page = self.post("/aanmelden", "", &[("token", &token), ("naar", "/")]).await;
        assert_eq!((page.status, page.location.as_str()), (StatusCode::SEE_OTHER, "/"));
        assert!(page.cookie.contains("HttpOnly") && page.cookie.contains("SameSite=Strict"));
        let cookie = page.cookie.split(';').next().unwrap().to_owned();
        let csrf = self.get("/", &cookie).await.csrf();
        Browser {
            stage: self,
            cookie,
            csrf,
        }
    }

    /// The token of an account.
    pub fn token(&self, account: &str) -> &str {
        &self.tokens[account]
    }

    /// Visits a page with this cookie.
    pub async fn get(&self, path: &str, cookie: &str) -> Page {
        let request = Request::get(path)
            .header(header::ACCEPT, "text/html")
            .header(header::COOKIE, cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form with this cookie.
    pub async fn post(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Page {
        let body = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, cookie);
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// Sends any request.
    pub async fn send(&self, request: Request<Body>) -> Page {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let header = |name| {
            let value = response.headers().get(name);
            value
                .map(|it: &axum::http::HeaderValue| it.to_str().unwrap().to_owned())
                .unwrap_or_default()
        };
        let (location, cookie) = (header(header::LOCATION), header(header::SET_COOKIE));
        let policy = header(header::CONTENT_SECURITY_POLICY);
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 4 << 20).await.unwrap();
        Page {
            status,
            location,
            cookie,
            policy,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }
}
