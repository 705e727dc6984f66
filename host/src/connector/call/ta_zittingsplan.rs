//! Flow 2 (§3.2): sittings and deelnames to the vendor. Every write is full state and may be repeated.

use oke_codec::model::{Association, Offering};

use super::super::bindings::{call, serves::ta_zittingsplan as guest};
use super::super::convert::{
    Broken, Judged, Within, association_to_guest, cursor, deelname_from_guest, id, offering_from_guest,
    offering_to_guest, records,
};
use super::super::recorder::Asked;
use super::guard::{guarded, model, optional};
use super::{Answer, Caller};

/// A write was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The vendor's own id, if it made one.
    pub peer_id: Option<String>,
}

/// One page of a sitting's deelnames as the vendor has them.
#[derive(Debug, Clone, PartialEq)]
pub struct DeelnamePage {
    /// The deelnames, with the vendor's ids.
    pub deelnames: Vec<Association>,
    /// Where the next page starts; absent at the end.
    pub next: Option<String>,
}

impl Caller {
    /// Plans, changes or cancels a sitting. `peer_id` is the vendor's id where it is known.
    pub async fn put_sitting(&self, sitting: &Offering, peer_id: Option<&str>) -> Answer<Written> {
        let sitting = offering_to_guest(sitting);
        guarded!(
            self,
            TaZittingsplan.ta_zittingsplan,
            |guest, store, context| guest.call_put_sitting(store, context, &sitting, peer_id),
            model(written)
        )
    }

    /// Adds, changes or cancels a deelname; its person goes whole (R14).
    pub async fn put_deelname(
        &self,
        deelname: &Association,
        peer_id: Option<&str>,
        sitting_peer_id: Option<&str>,
    ) -> Answer<Written> {
        let deelname = association_to_guest(deelname);
        guarded!(
            self,
            TaZittingsplan.ta_zittingsplan,
            |guest, store, context| guest.call_put_deelname(store, context, &deelname, peer_id, sitting_peer_id),
            model(written)
        )
    }

    /// Looks for a sitting made by an earlier try whose answer was lost.
    pub async fn find_sitting(&self, sitting: &Offering) -> Answer<Option<Written>> {
        let sitting = offering_to_guest(sitting);
        guarded!(
            self,
            TaZittingsplan.ta_zittingsplan,
            |guest, store, context| guest.call_find_sitting(store, context, &sitting),
            optional(written)
        )
    }

    /// Looks for a deelname made by an earlier try whose answer was lost.
    pub async fn find_deelname(&self, deelname: &Association) -> Answer<Option<Written>> {
        let deelname = association_to_guest(deelname);
        guarded!(
            self,
            TaZittingsplan.ta_zittingsplan,
            |guest, store, context| guest.call_find_deelname(store, context, &deelname),
            optional(written)
        )
    }

    /// Present state of a sitting at the vendor (R25); absent when it does not know it.
    pub async fn read_sitting(&self, peer_id: &str) -> Answer<Option<Offering>> {
        self.note(|| Asked::ReadSitting(peer_id.to_owned()));
        guarded!(
            self,
            TaZittingsplan.ta_zittingsplan,
            |guest, store, context| guest.call_read_sitting(store, context, peer_id),
            optional(|offering| offering_from_guest(offering).within("offering"))
        )
    }

    /// Present state of a sitting's deelnames at the vendor (R25).
    pub async fn read_deelnames(&self, sitting_peer_id: &str, cursor: Option<&str>) -> Answer<DeelnamePage> {
        self.note(|| Asked::ReadDeelnames {
            sitting: sitting_peer_id.to_owned(),
            cursor: cursor.map(str::to_owned),
        });
        guarded!(
            self,
            TaZittingsplan.ta_zittingsplan,
            |guest, store, context| guest.call_read_deelnames(store, context, sitting_peer_id, cursor),
            model(|page| deelname_page(page, cursor))
        )
    }

    /// Where the person starts the test. Never store it, never log it.
    pub async fn start_link(&self, deelname_peer_id: &str) -> Answer<String> {
        guarded!(
            self,
            TaZittingsplan.ta_zittingsplan,
            |guest, store, context| guest.call_start_link(store, context, deelname_peer_id),
            model(start_link)
        )
    }
}

fn written(written: call::Written) -> Judged<Written> {
    Ok(Written {
        peer_id: written.peer_id.map(id).transpose().within("peer-id")?,
    })
}

fn deelname_page(page: guest::DeelnamePage, asked: Option<&str>) -> Judged<DeelnamePage> {
    Ok(DeelnamePage {
        deelnames: records(page.deelnames, deelname_from_guest).within("deelnames")?,
        next: cursor(page.next, asked, true).within("next")?,
    })
}

/// A link for a browser: a web address without a password in it.
fn start_link(link: String) -> Judged<String> {
    const LONGEST: usize = 4 << 10;
    let broken = |why| Err(Broken::new("start-link", why));
    if link.len() > LONGEST {
        return broken("is longer than 4 KiB");
    }
    match url::Url::parse(&link) {
        Ok(url) if !matches!(url.scheme(), "https" | "http") => broken("is not a web address"),
        Ok(url) if url.password().is_some() => broken("holds a password"),
        // What a browser would read differently from what is written is not what the vendor meant.
        Ok(_) if link.chars().any(|c| c.is_control() || c.is_whitespace()) => {
            broken("holds spaces or control characters")
        }
        Ok(_) => Ok(link),
        Err(_) => broken("is not a web address"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_link_is_a_plain_web_address() {
        assert!(start_link("https://afname.example/start?t=abc".to_owned()).is_ok());
        for wrong in [
            "javascript:alert(1)",
            "/start",
            "https://u:p@x/",
            "https://x/\nSet-Cookie: a",
            "data:text/html,x",
        ] {
            assert!(start_link(wrong.to_owned()).is_err(), "{wrong}");
        }
    }
}
