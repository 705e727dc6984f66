//! Connector for Toetskade, a vendor with a REST API of its own: numeric ids that it gives out again, sittings as
//! periods, points before grades, outcomes by poll and by webhook.
//!
//! Here is only the calling: the vendor's shapes are in `wire`, what they mean is in `mapping`.

mod mapping;
mod wire;

use oke_sdk::{
    Context, Delivery, DeliveryPage, Document, Error, Page, Pushed, Received, TaResultaten, TaToetscatalogus,
    TaZittingsplan, Webhook, Written,
    model::{Association, AssociationState, Component, Offering, OfferingState},
    numbered::{Collection, parts},
};

use wire::{Candidate, CandidateOutcome, Event, Exam, Login, Outcomes, Period};

/// The connector.
pub struct Toetskade;

oke_sdk::export!(Toetskade: ta_toetscatalogus, ta_zittingsplan, ta_resultaten, webhook);

/// The endpoint of the manifest.
const API: &str = "api";

fn periods(ctx: &Context) -> Collection<'_, Period> {
    Collection::at(ctx.http(API), "periods", "reference")
}

fn candidates(ctx: &Context) -> Collection<'_, Candidate> {
    Collection::at(ctx.http(API), "candidates", "reference")
}

impl TaToetscatalogus for Toetskade {
    fn list_components(ctx: &Context, cursor: Option<String>, page_size: u32) -> Result<Page<Component>, Error> {
        let request = ctx.http(API).get("/exams").query("limit", page_size.min(500));
        let page: Page<Exam> = request.query_opt("after", cursor).page("exams", "next")?;
        Ok(page.map(mapping::component))
    }

    fn get_component(ctx: &Context, component_id: &str) -> Result<Option<Component>, Error> {
        let exam: Option<Exam> = ctx.http(API).get(["exams", component_id]).find()?;
        Ok(exam.map(mapping::component))
    }
}

impl TaZittingsplan for Toetskade {
    fn put_sitting(ctx: &Context, sitting: Offering, known: Option<&str>) -> Result<Written, Error> {
        if sitting.state == OfferingState::Canceled {
            return periods(ctx).remove(known);
        }
        let exam_id = mapping::exam_of(&sitting)?.to_string();
        let exam: Exam = ctx.http(API).get(["exams", &exam_id]).read()?;
        let period = mapping::period(&sitting, &exam)?;
        periods(ctx).put(&sitting.offering_id, known, "/periods", &period)
    }

    fn put_deelname(
        ctx: &Context,
        deelname: Association,
        known: Option<&str>,
        sitting_peer_id: Option<&str>,
    ) -> Result<Written, Error> {
        if deelname.state == AssociationState::Canceled {
            return candidates(ctx).remove(known);
        }
        let period = sitting_peer_id
            .map(|sitting| periods(ctx).standing(sitting))
            .transpose()?;
        let period = period.flatten().ok_or_else(|| {
            let message = "the period of this candidate is not at Toetskade; plan the sitting again";
            Error::rejected("no-period", message)
        })?;
        let candidate = mapping::candidate(&deelname, period.minutes)?;
        let make_at = ["periods", &period.id.to_string(), "candidates"];
        candidates(ctx).put(&deelname.association_id, known, make_at, &candidate)
    }

    fn find_sitting(ctx: &Context, sitting: Offering) -> Result<Option<Written>, Error> {
        periods(ctx).made(&sitting.offering_id)
    }

    fn find_deelname(ctx: &Context, deelname: Association) -> Result<Option<Written>, Error> {
        candidates(ctx).made(&deelname.association_id)
    }

    fn read_sitting(ctx: &Context, known: &str) -> Result<Option<Offering>, Error> {
        Ok(periods(ctx).standing(known)?.map(mapping::sitting))
    }

    fn read_deelnames(ctx: &Context, sitting: &str, cursor: Option<String>) -> Result<Page<Association>, Error> {
        let Some(period) = periods(ctx).standing(sitting)? else {
            return Ok(Page::empty());
        };
        let request = ctx.http(API).get(["periods", &period.id.to_string(), "candidates"]);
        let page: Page<Candidate> = request.query_opt("after", cursor).page("candidates", "next")?;
        Ok(page.map(|candidate| mapping::deelname(&candidate, sitting, period.minutes)))
    }

    fn start_link(ctx: &Context, deelname: &str) -> Result<String, Error> {
        let candidate = candidates(ctx).standing(deelname)?;
        let candidate =
            candidate.ok_or_else(|| Error::rejected("no-candidate", "this candidate is not at Toetskade"))?;
        let request = ctx.http(API).post(["candidates", &candidate.id.to_string(), "login"]);
        let login: Login = request.read()?;
        Ok(login.url)
    }
}

impl TaResultaten for Toetskade {
    /// Toetskade numbers its outcomes, so that a poll asks for what came after the last; no sitting is asked by itself.
    fn poll(ctx: &Context, cursor: Option<String>, _sittings: &[String]) -> Result<DeliveryPage, Error> {
        let limit = ctx.number("page-size")?.unwrap_or(200);
        let request = ctx.http(API).get("/outcomes").query("limit", limit);
        let page: Outcomes = request.query("since", cursor.as_deref().unwrap_or("0")).read()?;
        let mut deliveries = Vec::with_capacity(page.outcomes.len());
        for outcome in page.outcomes {
            let candidate = outcome.candidate_id.to_string();
            // Reading it back gives the reason.
            let message = "an outcome can't be read; went on to the next";
            deliveries.extend(ctx.readable(mapping::delivery(outcome), message, &[("candidate", &candidate)]));
        }
        Ok(DeliveryPage {
            deliveries,
            cursor: Some(page.last.to_string()),
            more: page.more,
        })
    }

    fn read_result(ctx: &Context, deelname: &str) -> Result<Option<Delivery>, Error> {
        // A candidate that is gone may have an outcome (R6): with a number nobody is asked for the candidate first.
        let known = candidates(ctx).known_as(deelname)?;
        let Some((number, ours)) = known.as_deref().and_then(parts) else {
            return Ok(None);
        };
        let request = ctx.http(API).get(["candidates", &number.to_string(), "outcome"]);
        let outcome: Option<CandidateOutcome> = request.find()?;
        let outcome = outcome.filter(|outcome| outcome.reference.as_deref().unwrap_or_default() == ours);
        outcome.map(mapping::delivery).transpose()
    }

    fn fetch_document(_ctx: &Context, _document_id: &str) -> Result<Document, Error> {
        Err(Error::Unsupported("Toetskade has no documents".to_owned()))
    }
}

impl Webhook for Toetskade {
    fn receive(_ctx: &Context, pushed: &Pushed) -> Result<Received, Error> {
        let deliveries = match pushed.json()? {
            Event::Outcome { outcome } => vec![mapping::delivery(outcome)?],
            Event::Other => Vec::new(),
        };
        Ok(Received {
            deliveries,
            reports: Vec::new(),
        })
    }
}
