//! Connector for Toetskist, a vendor without an API: a person carries its files. The sitting list goes out as CSV or XML;
//! lists of tests, results and uitval come back.
//!
//! Here is only the choice of what to write and read: the columns are in `wire`, what they mean is in `mapping`.

mod mapping;
mod wire;

use oke_sdk::{Context, Encoding, Error, File, Files, Line, Piece, Planned};

use wire::{List, PlanRow};

/// The connector.
pub struct Toetskist;

oke_sdk::export!(Toetskist: files);

impl Files for Toetskist {
    fn write_plan(ctx: &Context, plan: &[Planned]) -> Result<Vec<File>, Error> {
        let needs_server = ctx.flag("fao-required")?.unwrap_or(true);
        let mut sittings = Vec::with_capacity(plan.len());
        for planned in plan {
            let sitting = mapping::sitting(&planned.sitting, needs_server)?;
            let students = planned.deelnames.iter().filter(|deelname| mapping::is_listed(deelname));
            let rows = students.map(|deelname| mapping::deelname(deelname, &planned.sitting));
            sittings.push((sitting, rows.collect::<Result<Vec<PlanRow>, _>>()?));
        }
        Ok(vec![match ctx.text("form")?.unwrap_or("csv") {
            "xml" => wire::xml(&sittings)?,
            "csv-windows" => wire::csv(&sittings, Encoding::Windows1252),
            _ => wire::csv(&sittings, Encoding::Utf8),
        }])
    }

    fn read_piece(_ctx: &Context, piece: &Piece) -> Result<Vec<Line>, Error> {
        Ok(piece.lines(match List::of(piece)? {
            List::Tests => mapping::test,
            List::Results => mapping::outcome,
            List::DropOuts => mapping::drop_out,
        }))
    }
}
