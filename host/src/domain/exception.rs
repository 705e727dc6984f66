//! Exceptions: what waits for a person, whose it is, and the next step, in Dutch and without personal data.

mod listed;

pub use listed::{GROUP_DIFFERS, LISTED_REFUSED, NotTaken, group_differs, listed_refused};

use super::needs::Obstacle;
use super::principal::Duty;
use super::proposal::ProposalKind;
use super::result::Hold;

/// Something that goes on only when a person has looked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exception {
    /// Kind; at most one of a kind is open per object.
    pub kind: &'static str,
    /// The function that owns it.
    pub owner: Duty,
    /// What is the matter.
    pub title: String,
    /// What to do about it.
    pub next_step: String,
}

/// Kind of the exceptions about a held result; closed by a later delivery that fits.
pub const RESULT_HELD: &str = "result-held";
/// Kind of the exceptions about a result that lies aside until it is read back (R10).
pub const RESULT_ASIDE: &str = "result-aside";
/// Kind of the exceptions about a message for an id that is not known (R2).
pub const UNKNOWN_SUBJECT: &str = "unknown-subject";
/// Kind of the exceptions about final results that a planbare toets does not allow (N#178).
pub const FINAL_NOT_ALLOWED: &str = "final-not-allowed";
/// Kind of the exceptions about a proposal that waits for a second person.
pub const PROPOSAL_WAITS: &str = "proposal-waits";
/// Kind of the exceptions about a result that no longer fits the scale on which it is sent.
pub const SENT_OFF_SCALE: &str = "sent-off-scale";
/// Kind of the exceptions about sittings of a planbare toets that its student system cancelled.
pub const PLANNABLE_CANCELED: &str = "plannable-canceled";
/// Kind of the exceptions about deelnames whose enrolment was cancelled when the sitting had begun.
pub const ENROLMENT_CANCELED_LATE: &str = "enrolment-canceled-late";
/// Kind of the exceptions about needs that changed after a deelname was planned.
pub const NEEDS_CHANGED: &str = "needs-changed";
/// Kind of the exceptions about two deelnames that brought a result for one enrolment.
pub const TWO_RESULTS: &str = "two-results";
/// Kind of the exceptions about a deelname that waits because its vendor can't be told of a need (R15, N#172).
pub const NEEDS_BLOCKED: &str = "needs-blocked";
/// Kind of the exceptions about objects that the student system doesn't have (R14).
pub const NOT_AT_STUDENT_SYSTEM: &str = "not-at-student-system";

/// Kind of the exceptions about a result of an outside TPL that lacks what flow 5 requires (R12).
pub const STUDENT_RESULT_INCOMPLETE: &str = "student-result-incomplete";

/// Kind of the exceptions about a peer for which no connector can be called.
pub const NOT_RUNNING: &str = "connector-not-running";
/// Kind of the exceptions about a peer that refuses the host's credentials.
pub const CREDENTIALS_REFUSED: &str = "credentials-refused";

/// Kind of the exceptions about a unit whose work waits because it is not enabled for a peer.
pub const UNIT_NOT_ENABLED: &str = "unit-not-enabled";
/// Kind of the notices that a connector was taken back.
pub const ROLLED_BACK: &str = "rolled-back";
/// Kind of the exceptions that ask to look at a rollback again.
pub const ROLLBACK_REVIEW: &str = "rollback-review";
/// Kind of the exceptions about a sitting that its vendor has otherwise than it was planned.
pub const SITTING_DIFFERS: &str = "sitting-differs";
/// Kind of the exceptions about results that differ from the vendor's.
pub const RESULTS_DIFFER: &str = "results-differ";
/// Kind of the exceptions about enrolments that differ from the student system's.
pub const ENROLMENTS_DIFFER: &str = "enrolments-differ";
/// Kind of the exceptions about results that differ at the student system.
pub const STUDENT_RESULTS_DIFFER: &str = "student-results-differ";

/// Kind of the exceptions about a sitting whose plan no file can change any more.
pub const PLAN_FIXED: &str = "plan-fixed";

/// A sitting is fixed at a vendor that works with files, and it was changed, or never taken there, before it was.
#[must_use]
pub fn plan_fixed(was_taken: bool) -> Exception {
    let title = match was_taken {
        true => "Zitting gewijzigd nadat de afnameserver haar heeft opgehaald",
        false => "Zitting niet op tijd naar de leverancier gebracht",
    };
    exception(
        PLAN_FIXED,
        Duty::Plannen,
        title,
        "De zitting staat bij deze leverancier vast: een nieuwe zittingslijst verandert daar niets meer aan. Regel het \
         met de afnameleider of de leverancier. Maak daarna onder Bestanden alsnog een lijst met deze zitting, zodat \
         hier staat wat er is afgesproken.",
    )
}

/// Kind of [`file_line_overtaken`].
pub const FILE_LINE_OVERTAKEN: &str = "file-line-overtaken";

/// A line of a file that a person carried was not taken: the result changed after they had seen what it would replace.
#[must_use]
pub fn file_line_overtaken() -> Exception {
    Exception {
        kind: FILE_LINE_OVERTAKEN,
        owner: Duty::Plannen,
        title: "Uit het bestand niet overgenomen: het resultaat was intussen gewijzigd".to_owned(),
        next_step:
            "Breng het bestand opnieuw: de voorvertoning laat zien wat er nu staat. Sluit deze taak als dat goed \
                    is."
            .to_owned(),
    }
}

/// A result is held.
#[must_use]
pub fn result_held(hold: Hold) -> Exception {
    let (owner, title, next_step) = match hold {
        Hold::NotNormed => (
            Duty::Vaststellen,
            "Resultaat wacht op de cesuur",
            "Wacht tot de leverancier het genormeerde resultaat levert, of leg de cesuur van deze examenversie vast \
             met de bron erbij.",
        ),
        Hold::OffScale => (
            Duty::Vaststellen,
            "Score past niet op de schaal van de toets",
            "Waarschijnlijk een percentage van vóór de cesuur. Vraag de leverancier het resultaat als cijfer opnieuw \
             te leveren, of leg met twee personen een omzettingstabel vast; zodra het past, gaat het vanzelf door.",
        ),
        Hold::OffEnrolmentScale => (
            Duty::Plannen,
            "Score past niet op de schaal van de planbare toets",
            "De toets heeft een andere schaal dan de deelnemerregistratie verwacht. Laat de schaal in de \
             deelnemerregistratie of bij de leverancier aanpassen en het resultaat opnieuw leveren, of laat de \
             examencommissie een omzettingstabel vastleggen.",
        ),
        Hold::NoRowInMap => (
            Duty::Vaststellen,
            "Resultaat staat niet in de omzettingstabel",
            "De vastgelegde omzettingstabel heeft geen regel voor wat de leverancier leverde. Vraag de leverancier na \
             of de score klopt, of leg met twee personen een nieuwe versie van de tabel vast.",
        ),
        Hold::NoResultDate => (
            Duty::Plannen,
            "Resultaat zonder resultaatdatum",
            "Vraag de leverancier het resultaat met resultDate opnieuw te leveren.",
        ),
        Hold::NoOutcome => (
            Duty::Plannen,
            "Afgerond resultaat zonder score",
            "Vraag de leverancier het resultaat met score opnieuw te leveren.",
        ),
        Hold::ChangedAfterDecision => (
            Duty::Vaststellen,
            "Resultaat gewijzigd na vaststelling",
            "Het vastgestelde resultaat blijft gelden. Stel de correctie voor met een reden; een tweede persoon keurt \
             haar goed. Levert de leverancier het oude resultaat opnieuw, dan vervalt dit vanzelf.",
        ),
        Hold::FinalWithdrawn => (
            Duty::Vaststellen,
            "Definitief resultaat is teruggekomen als voorlopig",
            "Het definitieve resultaat blijft gelden. Vraag bij de leverancier na welk resultaat geldt.",
        ),
    };
    exception(RESULT_HELD, owner, title, next_step)
}

/// A result of an outside TPL lacks what flow 5 requires (R12).
#[must_use]
pub fn student_result_incomplete(missing: &[&str]) -> Exception {
    exception(
        STUDENT_RESULT_INCOMPLETE,
        Duty::Plannen,
        &format!("Resultaat van de toetsplanning mist {}", missing.join(", ")),
        "Vraag de toetsplanning het resultaat volledig opnieuw te leveren; het is bewaard en nog niet doorgestuurd.",
    )
}

/// "In progress" after "completed", or points after a grade.
#[must_use]
pub fn result_aside() -> Exception {
    exception(
        RESULT_ASIDE,
        Duty::Plannen,
        "Na een afgerond resultaat kwam een oudere stand",
        "Het afgeronde resultaat blijft staan en de stand wordt bij de leverancier teruggelezen. Lukt dat niet, vraag \
         dan bij de leverancier na welke stand klopt.",
    )
}

/// A result or report for an id that nobody here knows (R2).
#[must_use]
pub fn unknown_subject(flow: i64) -> Exception {
    let (title, object) = match flow {
        4 => ("Zittingsverslag voor een onbekende zitting", "zitting"),
        _ => ("Resultaat voor een onbekende deelname", "deelname"),
    };
    exception(
        UNKNOWN_SUBJECT,
        Duty::Plannen,
        title,
        &format!(
            "Het bericht is bewaard. Zoek met de leverancier uit bij welke {object} het hoort en laat het opnieuw \
             sturen onder het id uit het zittingsplan."
        ),
    )
}

/// Decided results go as provisional, since the planbare toets allows no final ones (N#178).
#[must_use]
pub fn final_not_allowed() -> Exception {
    exception(
        FINAL_NOT_ALLOWED,
        Duty::Vaststellen,
        "Vastgestelde resultaten gaan als voorlopig naar de deelnemerregistratie",
        "De planbare toets staat geen definitieve resultaten toe (finalResultsAllowed). Klopt dat niet, laat het dan \
         in de deelnemerregistratie aanpassen.",
    )
}

/// Decided results wait since a planbare toets allows no final results, and the policy says to hold (N#178).
#[must_use]
pub fn final_conflict_held() -> Exception {
    exception(
        FINAL_NOT_ALLOWED,
        Duty::Vaststellen,
        "Vastgestelde resultaten wachten: de planbare toets staat geen definitieve resultaten toe",
        "Laat finalResultsAllowed in de deelnemerregistratie aanpassen, of laat functioneel beheer het beleid van deze \
         toets op ‘als voorlopig versturen’ zetten; daarna gaan de resultaten vanzelf.",
    )
}

/// A proposal waits for a second person.
#[must_use]
pub fn proposal_waits(kind: ProposalKind) -> Exception {
    let title = match kind {
        ProposalKind::Correction => "Voorgestelde correctie wacht op een tweede persoon",
        ProposalKind::Withdrawal => "Voorgestelde intrekking wacht op een tweede persoon",
    };
    exception(
        PROPOSAL_WAITS,
        Duty::Vaststellen,
        title,
        "Beoordeel het voorstel: bevestig het of wijs het af, met een reden. Dat doet een ander dan wie het voorstelde.",
    )
}

/// An accepted result does not fit the scale of the planbare toets (any more), and is not sent.
#[must_use]
pub fn sent_off_scale() -> Exception {
    exception(
        SENT_OFF_SCALE,
        Duty::Plannen,
        "Resultaat wordt niet verstuurd: het past niet op de schaal van de planbare toets",
        "De schaal is gewijzigd nadat het resultaat binnenkwam. Laat de schaal in de deelnemerregistratie herstellen, \
         of laat de examencommissie een omzettingstabel vastleggen.",
    )
}

/// A planbare toets was cancelled while sittings for it stand.
#[must_use]
pub fn plannable_canceled(sittings: usize) -> Exception {
    exception(
        PLANNABLE_CANCELED,
        Duty::Plannen,
        "Planbare toets vervallen terwijl er zittingen voor staan",
        &format!(
            "Deelnames aan komende zittingen zijn geannuleerd. Annuleer de zitting(en) zelf ({sittings}) als ze niet doorgaan."
        ),
    )
}

/// An enrolment was cancelled after its sitting had begun.
#[must_use]
pub fn enrolment_canceled_late() -> Exception {
    exception(
        ENROLMENT_CANCELED_LATE,
        Duty::Plannen,
        "Toetsinschrijving vervallen nadat de zitting was begonnen",
        "De deelname is niet geannuleerd. Komt er een resultaat, dan gaat het naar de deelnemerregistratie; meld daar \
         zo nodig dat de toets al gemaakt is.",
    )
}

/// Needs changed after planning.
#[must_use]
pub fn needs_changed() -> Exception {
    exception(
        NEEDS_CHANGED,
        Duty::Plannen,
        "Voorzieningen gewijzigd na planning",
        "De deelname staat bij de leverancier met de eerdere voorzieningen. Controleer ze en pas de deelname zo nodig aan.",
    )
}

/// Two deelnames have brought a result for one enrolment.
#[must_use]
pub fn two_results() -> Exception {
    exception(
        TWO_RESULTS,
        Duty::Vaststellen,
        "Twee resultaten op één toetsinschrijving",
        "Er zijn twee deelnames met een resultaat. Naar de deelnemerregistratie gaat het resultaat dat is vastgesteld, \
         anders dat van de deelname waar de student aanwezig was. Stel het resultaat vast dat geldt.",
    )
}

/// A vendor can't be told of a need, so that the deelname waits; or the vendor knows it with its earlier needs only.
#[must_use]
pub fn needs_blocked(obstacles: &[Obstacle], vendor_knows_earlier: bool) -> Exception {
    const BY_HAND: &str = "Of laat het examenbureau de voorzieningen bij de deelname zelf vastleggen.";
    let (owner, what, next_step) = match obstacles.first() {
        Some(Obstacle::Untranslated(_)) => (
            Duty::Beheren,
            "Een voorziening staat niet in de vertaaltabel",
            format!(
                "Leg onder Voorzieningen bij de leverancier vast wat de code betekent; de code staat daar. Daarna gaat \
                 de deelname vanzelf naar de leverancier. {BY_HAND}"
            ),
        ),
        Some(Obstacle::BetweenSteps { .. }) => (
            Duty::Beheren,
            "De extra tijd valt tussen twee stappen van de leverancier",
            format!("Laat de vertaaltabel naar boven afronden; daarna gaat de deelname vanzelf. {BY_HAND}"),
        ),
        Some(Obstacle::NoDuration) => (
            Duty::Plannen,
            "De extra tijd is een percentage en de zitting heeft geen duur",
            "Vul bij de zitting de duur in; daarna gaat de deelname vanzelf. Of leg bij de deelname minuten vast."
                .to_owned(),
        ),
        Some(Obstacle::NotTaken(_) | Obstacle::NoExtraTime | Obstacle::TooMuch { .. }) | None => (
            Duty::Plannen,
            "De leverancier kan een voorziening niet bieden",
            "Regel de voorziening buiten de toets om of plan de toets bij een andere leverancier, en leg bij de \
             deelname vast wat deze leverancier wel moet weten. Klopt de vertaaltabel niet, laat functioneel beheer \
             die dan aanpassen."
                .to_owned(),
        ),
    };
    let so = match vendor_knows_earlier {
        true => "de leverancier kent nog de eerdere voorzieningen",
        false => "de deelname gaat niet naar de leverancier",
    };
    exception(NEEDS_BLOCKED, owner, &format!("{what}: {so}"), &next_step)
}

/// The student system doesn't have what it named.
#[must_use]
pub fn not_at_student_system(object: &str) -> Exception {
    exception(
        NOT_AT_STUDENT_SYSTEM,
        Duty::Plannen,
        &format!("De deelnemerregistratie kent {object} niet die zij zelf noemde"),
        "Laat de beheerder van de deelnemerregistratie het object alsnog leveren; tot die tijd wordt niets gepland.",
    )
}

/// No connector can be called for a peer; `why` is the host's own sentence.
#[must_use]
pub fn not_running(why: &str) -> Exception {
    exception(
        NOT_RUNNING,
        Duty::Beheren,
        "Er draait geen koppeling die dit kan bezorgen",
        &format!(
            "Installeer een versie, ga terug naar een eerdere of vul de instellingen aan; daarna gaat alles vanzelf \
             verder. Reden: {why}."
        ),
    )
}

/// Work of a unit waits since it is not enabled for this peer and flow.
#[must_use]
pub fn unit_not_enabled(peer: &str, unit: Option<&str>, flow: i64) -> Exception {
    let whose = unit.map_or_else(|| "werk zonder onderdeel".to_owned(), |unit| format!("‘{unit}’"));
    exception(
        UNIT_NOT_ENABLED,
        Duty::Beheren,
        &format!("{peer} is niet ingeschakeld voor {whose} (stroom {flow})"),
        "Wat voor deze leverancier gepland is, wacht. Schakel het onderdeel in bij de uitrol van de koppeling; daarna gaat \
         alles vanzelf verder.",
    )
}

/// A connector was taken back: the examenbureau hears of it.
#[must_use]
pub fn rolled_back(peer: &str, (from, to): (i64, i64), reason: &str) -> Exception {
    exception(
        ROLLED_BACK,
        Duty::Plannen,
        &format!("De koppeling met {peer} is teruggedraaid van revisie {from} naar {to}"),
        &format!(
            "Er gaat geen bericht verloren. Komende zittingen die met revisie {from} bij de leverancier kwamen, worden \
             opnieuw bezorgd en teruggelezen: kijk onder Morgen of ze bevestigd zijn. Reden: {reason}"
        ),
    )
}

/// A rollback is looked at again by daylight.
#[must_use]
pub fn rollback_review(peer: &str, from: i64, until: jiff::civil::Date) -> Exception {
    exception(
        ROLLBACK_REVIEW,
        Duty::Beheren,
        &format!(
            "Bespreek het terugdraaien van {peer} uiterlijk {}",
            super::calendar::in_words(until)
        ),
        &format!(
            "Ga na wat er met revisie {from} misging, of alle zittingen weer gelijk zijn en wat de leverancier moet \
             herstellen. Sluit deze taak met wat is afgesproken."
        ),
    )
}

/// A vendor has a sitting otherwise than it was planned.
#[must_use]
pub fn sitting_differs(what: &str, sitting: &str) -> Exception {
    exception(
        SITTING_DIFFERS,
        Duty::Plannen,
        "De zitting staat bij de leverancier anders dan gepland",
        &format!(
            "Verschil: {what}. Bekijk het bij de zitting onder ‘Vergelijken’ (/zittingen/{sitting}/vergelijking) en bezorg \
             haar daar opnieuw, of bel de leverancier. Deze taak sluit zodra de zitting teruggelezen en gelijk is."
        ),
    )
}

/// The results that the host holds differ from the vendor's.
#[must_use]
pub fn results_differ(what: &str, sitting: &str) -> Exception {
    exception(
        RESULTS_DIFFER,
        Duty::Plannen,
        "Resultaten bij de leverancier zijn anders dan hier",
        &format!(
            "Verschil: {what}. Bekijk het bij de zitting onder ‘Vergelijken’ (/zittingen/{sitting}/vergelijking) en lees de \
             resultaten daar opnieuw in. Wat al is vastgesteld, verandert daardoor niet vanzelf."
        ),
    )
}

/// What the student system says of its own objects differs from what the host holds of them.
#[must_use]
pub fn enrolments_differ(what: &str, sitting: &str) -> Exception {
    exception(
        ENROLMENTS_DIFFER,
        Duty::Plannen,
        "Inschrijvingen in de deelnemerregistratie zijn anders dan hier",
        &format!(
            "Verschil: {what}. Bekijk het bij de zitting onder ‘Vergelijken’ (/zittingen/{sitting}/vergelijking) en haal de \
             gegevens daar opnieuw op. De deelnemerregistratie is leidend."
        ),
    )
}

/// The student system has other results than were sent.
#[must_use]
pub fn student_results_differ(what: &str, sitting: &str) -> Exception {
    exception(
        STUDENT_RESULTS_DIFFER,
        Duty::Plannen,
        "Resultaten in de deelnemerregistratie zijn anders dan verstuurd",
        &format!(
            "Verschil: {what}. Bekijk het bij de zitting onder ‘Vergelijken’ (/zittingen/{sitting}/vergelijking) en verstuur \
             de resultaten daar opnieuw, of vraag na wie ze in de deelnemerregistratie heeft gewijzigd."
        ),
    )
}

/// A sitting can't be read back, so that only the vendor can say how it has it.
#[must_use]
pub fn sitting_not_readable() -> Exception {
    exception(
        SITTING_DIFFERS,
        Duty::Plannen,
        "De zitting is opnieuw bezorgd, maar deze koppeling kan haar niet teruglezen",
        "Controleer bij de leverancier of tijd, plaats en deelnemers kloppen en sluit deze taak.",
    )
}

/// A peer refuses the host's credentials.
#[must_use]
pub fn credentials_refused() -> Exception {
    exception(
        CREDENTIALS_REFUSED,
        Duty::Beheren,
        "Aanmelding geweigerd",
        "Het systeem weigert de sleutel of het token van de host, of staat deze stroom er niet mee toe. Vraag een \
         nieuwe aan of laat de rechten aanvullen, en vul die in bij de koppeling; de berichten wachten en gaan daarna \
         vanzelf verder.",
    )
}

fn exception(kind: &'static str, owner: Duty, title: &str, next_step: &str) -> Exception {
    Exception {
        kind,
        owner,
        title: title.to_owned(),
        next_step: next_step.to_owned(),
    }
}
