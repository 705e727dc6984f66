//! Which version and which habits a peer has (`§4` of the rules): the writer needs to know; reading takes every form, by
//! its shape.

use serde::{Deserialize, Serialize};

/// Version of the agreement. The messages of 1.0 and 1.0.1 are the same; 1.0.1 adds flow 6 and says where the id of a FAO
/// server goes. Of the 1.1 draft results are written in its own form; every other message is that of 1.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub enum Version {
    /// 1.0, 18 September 2024.
    #[serde(rename = "1.0")]
    V1_0,
    /// 1.0.1, 27 May 2026.
    #[default]
    #[serde(rename = "1.0.1")]
    V1_0_1,
    /// The draft of 1.1, 15 April 2025: results only (flow 3, and flow 5 in the same form).
    #[serde(rename = "1.1")]
    V1_1Draft,
}

impl Version {
    /// As written in `supportedConsumers` (table 5.0.B).
    pub fn as_str(self) -> &'static str {
        match self {
            Self::V1_0 => "1.0",
            Self::V1_0_1 => "1.0.1",
            Self::V1_1Draft => "1.1",
        }
    }

    /// Whether it is a draft: no agreement yet, and not whole here. Chosen by hand only, never because a peer names it.
    pub fn is_draft(self) -> bool {
        self == Self::V1_1Draft
    }

    /// Reads `1.0`, `1.0.0`, `1.0.1` and `1.1`, with or without a leading `v`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.trim().trim_start_matches(['v', 'V']) {
            "1.0" | "1.0.0" | "1" => Some(Self::V1_0),
            "1.0.1" => Some(Self::V1_0_1),
            "1.1" | "1.1.0" => Some(Self::V1_1Draft),
            _ => None,
        }
    }
}

/// A peer's version and habits.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Dialect {
    /// Version of the agreement.
    #[serde(default)]
    pub version: Version,
    /// What the peer does otherwise than the agreement.
    #[serde(default)]
    pub quirks: Quirks,
}

impl Dialect {
    /// The agreement 1.0 to the letter.
    pub fn v1_0() -> Self {
        Self {
            version: Version::V1_0,
            quirks: Quirks::default(),
        }
    }

    /// The agreement 1.0.1 to the letter.
    pub fn v1_0_1() -> Self {
        Self {
            version: Version::V1_0_1,
            quirks: Quirks::default(),
        }
    }

    /// The draft of 1.1, its results to the letter.
    pub fn v1_1_draft() -> Self {
        Self {
            version: Version::V1_1Draft,
            quirks: Quirks::default(),
        }
    }
}

macro_rules! habit {
    ($(#[$meta:meta])* $name:ident { $($(#[$case_meta:meta])* $case:ident),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
        #[serde(rename_all = "camelCase")]
        pub enum $name { $($(#[$case_meta])* $case),+ }
    };
}

habit! {
    /// Name of the flag of R11.
    FinalResultsFlag {
        /// `finalResultsAllowed`, the agreement.
        #[default]
        FinalResultsAllowed,
        /// `finalResultAllowed`, the published YAML.
        FinalResultAllowed,
        /// Both names, for a peer of which it is not known.
        Both,
    }
}
habit! {
    /// Form of a sitting's duration.
    DurationForm {
        /// ISO 8601, `PT60M`.
        #[default]
        Iso,
        /// A whole number of minutes, rounded up.
        Minutes,
    }
}
habit! {
    /// Name of the latest start.
    LastStartField {
        /// `lastPossibleStartDateTime`, the agreement.
        #[default]
        LastPossibleStartDateTime,
        /// `lastPossibleStartTime`, the walk-through.
        LastPossibleStartTime,
        /// `entryDateTime`, the walk-through's scenarios.
        EntryDateTime,
    }
}
habit! {
    /// Name of the extra time of a deelname.
    ExtraTimeField {
        /// `additionalTimeInMin`, the agreement.
        #[default]
        AdditionalTimeInMin,
        /// `extraTimeInMin`, published examples.
        ExtraTimeInMin,
    }
}
habit! {
    /// Form of `location` and `locationCode`.
    LocationForm {
        /// One text; several are joined with a comma.
        #[default]
        Text,
        /// A list.
        List,
    }
}
habit! {
    /// Spelling of a state that is withdrawn.
    CanceledSpelling {
        /// `canceled`, the agreement.
        #[default]
        Canceled,
        /// `cancelled`.
        Cancelled,
    }
}
habit! {
    /// Spelling of an organisation's id in an organisation object.
    OrganizationIdSpelling {
        /// `organizationId`, the agreement.
        #[default]
        OrganizationId,
        /// `organizationID`, published examples.
        OrganizationID,
    }
}
habit! {
    /// Spelling of the code type of a login name.
    UsernameSpelling {
        /// `username`, the agreement.
        #[default]
        Username,
        /// `userName`, the published YAML.
        UserName,
    }
}
habit! {
    /// Where the surname prefix stands in `idCheckName`.
    PrefixPlace {
        /// Left as it was received.
        #[default]
        AsReceived,
        /// `Graaf, Jacob van der`, the agreement.
        Back,
        /// `van der Graaf, Jacob`, the published YAML.
        Front,
    }
}
habit! {
    /// What `score` is before the cesuur (N#164).
    ScoreBeforeCesuur {
        /// A grade on the offering's scale, the agreement.
        #[default]
        Grade,
        /// A percentage may be sent until the cesuur is known: see [`crate::scale::fits_from`].
        Percentage,
    }
}

/// What a peer does otherwise than the agreement; the default is the agreement. Plain data, so that it can be part of
/// a signed profile; an unknown name is refused.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Quirks {
    /// Name of the flag of R11.
    pub final_results_flag: FinalResultsFlag,
    /// Form of a sitting's duration.
    pub duration: DurationForm,
    /// Name of the latest start.
    pub last_start: LastStartField,
    /// Name of the extra time.
    pub extra_time: ExtraTimeField,
    /// Form of locations.
    pub location: LocationForm,
    /// Spelling of `canceled`.
    pub canceled: CanceledSpelling,
    /// Spelling of `organizationId`.
    pub organization_id: OrganizationIdSpelling,
    /// Spelling of `username`.
    pub username: UsernameSpelling,
    /// Write the code types `testSystem` and `testProvider` as `x-testSystem` and `x-testProvider` (`§4.1`).
    pub x_code_types: bool,
    /// Place of the surname prefix in `idCheckName`.
    pub id_check_prefix: PrefixPlace,
    /// Append the student number to `idCheckName`, as the published YAML allows.
    pub id_check_student_number: bool,
    /// The peer takes `resultDate` for the day of the test and `testDate` for the moment the result was determined,
    /// as the walk-through of flow 5 says. The one habit that reading needs too. It says nothing of the 1.1 draft, which
    /// has names of its own for them.
    pub swapped_dates: bool,
    /// What `score` is before the cesuur.
    pub score_before_cesuur: ScoreBeforeCesuur,
}
