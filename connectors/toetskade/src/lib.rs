//! Connector for Toetskade, a vendor with a REST API of its own: numeric ids that it gives out again, sittings as
//! periods, points before grades, outcomes by poll and by webhook.
//!
//! Here is only the calling: the vendor's shapes are in `wire`, what they mean is in `mapping`.

mod mapping;
mod wire;

use oke_sdk::{
    Context, Delivery, DeliveryPage, Document, Error, Level, Page, Pushed, Received, TaResultaten, TaToetscatalogus,
    TaZittingsplan, Webhook, Written,
    model::{Association, AssociationState, Component, Offering, OfferingState},
};

use mapping::{PeerId, peer_id};
use wire::{Candidate, CandidateOutcome, Candidates, Event, Exam, Exams, Login, Outcomes, Period, Periods};

/// The connector.
pub struct Toetskade;

oke_sdk::export!(Toetskade: ta_toetscatalogus, ta_zittingsplan, ta_resultaten, webhook);

/// The endpoint of the manifest.
const API: &str = "api";

impl TaToetscatalogus for Toetskade {
    fn list_components(ctx: &Context, cursor: Option<String>, page_size: u32) -> Result<Page<Component>, Error> {
        let mut request = ctx.http(API).get("/exams").query("limit", page_size.min(500));
        if let Some(after) = cursor {
            request = request.query("after", after);
        }
        let page: Exams = request.send()?.success()?.json()?;
        Ok(Page {
            items: page.exams.into_iter().map(mapping::component).collect(),
            next: page.next.map(|last| last.to_string()),
        })
    }

    fn get_component(ctx: &Context, component_id: &str) -> Result<Option<Component>, Error> {
        let found = ctx.http(API).get(["exams", component_id]).send()?.found()?;
        let exam: Option<Exam> = found.map(|answer| answer.json()).transpose()?;
        Ok(exam.map(mapping::component))
    }
}

impl TaZittingsplan for Toetskade {
    fn put_sitting(ctx: &Context, sitting: Offering, known: Option<&str>) -> Result<Written, Error> {
        let standing = match known {
            Some(known) => standing_period(ctx, known)?,
            None => None,
        };
        if sitting.state == OfferingState::Canceled {
            if let Some(period) = standing {
                ctx.http(API)
                    .delete(["periods", &period.id.to_string()])
                    .send()?
                    .found()?;
            }
            return Ok(Written {
                peer_id: known.map(str::to_owned),
            });
        }
        let exam_id = mapping::exam_of(&sitting)?.to_string();
        let exam: Exam = ctx.http(API).get(["exams", &exam_id]).send()?.success()?.json()?;
        let message = mapping::period(&sitting, &exam)?;
        let request = match &standing {
            Some(period) => ctx.http(API).put(["periods", &period.id.to_string()]),
            None => ctx.http(API).post("/periods"),
        };
        let period: Period = request.json(&message).send()?.success()?.json()?;
        Ok(Written::under(peer_id(period.id, Some(&sitting.offering_id))))
    }

    fn put_deelname(
        ctx: &Context,
        deelname: Association,
        known: Option<&str>,
        sitting_peer_id: Option<&str>,
    ) -> Result<Written, Error> {
        let standing = match known {
            Some(known) => standing_candidate(ctx, known)?,
            None => None,
        };
        if deelname.state == AssociationState::Canceled {
            if let Some(candidate) = standing {
                ctx.http(API)
                    .delete(["candidates", &candidate.id.to_string()])
                    .send()?
                    .found()?;
            }
            return Ok(Written {
                peer_id: known.map(str::to_owned),
            });
        }
        let period = match sitting_peer_id {
            Some(sitting) => standing_period(ctx, sitting)?,
            None => None,
        };
        let Some(period) = period else {
            return Err(Error::Rejected {
                code: "no-period".to_owned(),
                message: "the period of this candidate is not at Toetskade; plan the sitting again".to_owned(),
            });
        };
        let message = mapping::candidate(&deelname, period.minutes)?;
        let request = match &standing {
            Some(candidate) => ctx.http(API).put(["candidates", &candidate.id.to_string()]),
            None => ctx.http(API).post(["periods", &period.id.to_string(), "candidates"]),
        };
        let candidate: Candidate = request.json(&message).send()?.success()?.json()?;
        Ok(Written::under(peer_id(candidate.id, Some(&deelname.association_id))))
    }

    fn find_sitting(ctx: &Context, sitting: Offering) -> Result<Option<Written>, Error> {
        let request = ctx.http(API).get("/periods").query("reference", &sitting.offering_id);
        let found: Periods = request.send()?.success()?.json()?;
        let written = |one: &Period| Written::under(peer_id(one.id, one.reference.as_deref()));
        Ok(found.periods.first().map(written))
    }

    fn find_deelname(ctx: &Context, deelname: Association) -> Result<Option<Written>, Error> {
        let request = ctx
            .http(API)
            .get("/candidates")
            .query("reference", &deelname.association_id);
        let found: Candidates = request.send()?.success()?.json()?;
        let written = |one: &Candidate| Written::under(peer_id(one.id, one.reference.as_deref()));
        Ok(found.candidates.first().map(written))
    }

    fn read_sitting(ctx: &Context, known: &str) -> Result<Option<Offering>, Error> {
        Ok(standing_period(ctx, known)?.map(mapping::sitting))
    }

    fn read_deelnames(ctx: &Context, sitting: &str, cursor: Option<String>) -> Result<Page<Association>, Error> {
        let Some(period) = standing_period(ctx, sitting)? else {
            return Ok(Page {
                items: Vec::new(),
                next: None,
            });
        };
        let mut request = ctx.http(API).get(["periods", &period.id.to_string(), "candidates"]);
        if let Some(after) = cursor {
            request = request.query("after", after);
        }
        let page: Candidates = request.send()?.success()?.json()?;
        let deelname = |candidate: &Candidate| mapping::deelname(candidate, sitting, period.minutes);
        Ok(Page {
            items: page.candidates.iter().map(deelname).collect(),
            next: page.next.map(|last| last.to_string()),
        })
    }

    fn start_link(ctx: &Context, deelname: &str) -> Result<String, Error> {
        let Some(candidate) = standing_candidate(ctx, deelname)? else {
            return Err(Error::Rejected {
                code: "no-candidate".to_owned(),
                message: "this candidate is not at Toetskade".to_owned(),
            });
        };
        let request = ctx.http(API).post(["candidates", &candidate.id.to_string(), "login"]);
        let login: Login = request.send()?.success()?.json()?;
        Ok(login.url)
    }
}

impl TaResultaten for Toetskade {
    /// Toetskade numbers its outcomes, so that a poll asks for what came after the last; no sitting is asked by itself.
    fn poll(ctx: &Context, cursor: Option<String>, _sittings: &[String]) -> Result<DeliveryPage, Error> {
        let since = cursor.as_deref().unwrap_or("0");
        let limit = ctx.number("page-size")?.unwrap_or(200);
        let request = ctx
            .http(API)
            .get("/outcomes")
            .query("since", since)
            .query("limit", limit);
        let page: Outcomes = request.send()?.success()?.json()?;
        let mut deliveries = Vec::with_capacity(page.outcomes.len());
        for outcome in page.outcomes {
            let candidate = outcome.candidate_id.to_string();
            match mapping::delivery(outcome) {
                Ok(delivery) => deliveries.push(delivery),
                // It costs only itself; reading it back gives the reason.
                Err(why) => ctx.log(
                    Level::Error,
                    "an outcome can't be read; went on to the next",
                    &[("candidate", &candidate), ("why", &why.to_string())],
                ),
            }
        }
        Ok(DeliveryPage {
            deliveries,
            cursor: Some(page.last.to_string()),
            more: page.more,
        })
    }

    fn read_result(ctx: &Context, deelname: &str) -> Result<Option<Delivery>, Error> {
        let given;
        let known = match PeerId::parse(deelname) {
            Some(known) => known,
            None => match standing_candidate(ctx, deelname)? {
                Some(candidate) => {
                    given = peer_id(candidate.id, candidate.reference.as_deref());
                    PeerId::parse(&given).ok_or_else(|| Error::Bug("an id of our own can't be read".to_owned()))?
                }
                None => return Ok(None),
            },
        };
        let path = ["candidates", &known.number.to_string(), "outcome"];
        let Some(answer) = ctx.http(API).get(path).send()?.found()? else {
            return Ok(None);
        };
        let outcome: CandidateOutcome = answer.json()?;
        if outcome.reference.as_deref().unwrap_or_default() != known.reference {
            return Ok(None);
        }
        mapping::delivery(outcome).map(Some)
    }

    fn fetch_document(_ctx: &Context, _document_id: &str) -> Result<Document, Error> {
        Err(Error::Unsupported("Toetskade has no documents".to_owned()))
    }
}

impl Webhook for Toetskade {
    fn receive(_ctx: &Context, pushed: &Pushed) -> Result<Received, Error> {
        let event: Event = serde_json::from_slice(&pushed.body).map_err(|error| Error::Rejected {
            code: "invalid-json".to_owned(),
            message: format!(
                "what was pushed can't be read, at line {} column {}",
                error.line(),
                error.column()
            ),
        })?;
        let deliveries = match event {
            Event::Outcome { outcome } => vec![mapping::delivery(outcome)?],
            Event::Other => Vec::new(),
        };
        Ok(Received {
            deliveries,
            reports: Vec::new(),
        })
    }
}

/// The period under this id, while it is still the one that the id was given for; or by our own reference.
fn standing_period(ctx: &Context, known: &str) -> Result<Option<Period>, Error> {
    let Some(known) = PeerId::parse(known) else {
        let request = ctx.http(API).get("/periods").query("reference", known);
        let found: Periods = request.send()?.success()?.json()?;
        return Ok(found.periods.into_iter().next());
    };
    let found = ctx
        .http(API)
        .get(["periods", &known.number.to_string()])
        .send()?
        .found()?;
    let period: Option<Period> = found.map(|answer| answer.json()).transpose()?;
    Ok(period.filter(|period| period.reference.as_deref().unwrap_or_default() == known.reference))
}

/// The same for a candidate.
fn standing_candidate(ctx: &Context, known: &str) -> Result<Option<Candidate>, Error> {
    let Some(known) = PeerId::parse(known) else {
        let request = ctx.http(API).get("/candidates").query("reference", known);
        let found: Candidates = request.send()?.success()?.json()?;
        return Ok(found.candidates.into_iter().next());
    };
    let found = ctx
        .http(API)
        .get(["candidates", &known.number.to_string()])
        .send()?
        .found()?;
    let candidate: Option<Candidate> = found.map(|answer| answer.json()).transpose()?;
    Ok(candidate.filter(|candidate| candidate.reference.as_deref().unwrap_or_default() == known.reference))
}
