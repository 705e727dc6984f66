//! The choice of toolchain, as a pure function of what is known of the machine.

use super::TARGET;
use super::debian;

/// What is known of the machine so far.
#[derive(Debug, Clone)]
pub struct Known {
    /// The one source that the environment insists on.
    pub insisted: Option<Insisted>,
    /// The toolchain at hand has the target's standard library.
    pub own_has_target: bool,
    pub rustup: Rustup,
    pub debian: Debian,
    /// apt is there and we may use it.
    pub may_install: bool,
}

/// A source that `OKE_GUEST_TOOLCHAIN` insists on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Insisted {
    Rustup,
    Debian,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rustup {
    Absent,
    NotAsked,
    /// An earlier run asked in vain; asked again only when nothing else is left.
    RefusedLately(String),
    Refused(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Debian {
    Ready(debian::Packages),
    Missing,
    /// Installed, but of no use to us, and why.
    Unusable(String),
    /// apt failed, and why.
    Refused(String),
}

/// The next thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    UseOwn,
    AskRustup,
    UseDebian(debian::Packages),
    InstallDebian,
    GiveUp(String),
}

/// Decides what to do next.
pub fn next(known: &Known) -> Next {
    let rustup_allowed = known.insisted != Some(Insisted::Debian);
    let debian_allowed = known.insisted != Some(Insisted::Rustup);
    if rustup_allowed && known.own_has_target {
        return Next::UseOwn;
    }
    if rustup_allowed && known.rustup == Rustup::NotAsked {
        return Next::AskRustup;
    }
    if debian_allowed {
        match &known.debian {
            Debian::Ready(packages) => return Next::UseDebian(packages.clone()),
            Debian::Missing if known.may_install => return Next::InstallDebian,
            Debian::Missing | Debian::Unusable(_) | Debian::Refused(_) => {}
        }
    }
    if rustup_allowed && matches!(known.rustup, Rustup::RefusedLately(_)) {
        return Next::AskRustup;
    }
    Next::GiveUp(what_to_install(known))
}

fn what_to_install(known: &Known) -> String {
    let rustup = match &known.rustup {
        Rustup::Absent => "there is no rustup".to_owned(),
        Rustup::NotAsked => "rustup was not asked".to_owned(),
        Rustup::RefusedLately(why) | Rustup::Refused(why) => format!("rustup: {why}"),
    };
    let debian = match &known.debian {
        Debian::Ready(_) => "Debian's packages were not to be used".to_owned(),
        Debian::Missing => "Debian's packages are not installed and cannot be installed from here".to_owned(),
        Debian::Unusable(why) | Debian::Refused(why) => format!("Debian's packages: {why}"),
    };
    format!(
        "connectors need Rust's standard library for {TARGET}: run `rustup target add {TARGET}`, or on Debian \
         `sudo apt-get install {}`, and start again (tried: {rustup}; {debian})",
        debian::PACKAGES.join(" ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fresh_machine() -> Known {
        Known {
            insisted: None,
            own_has_target: false,
            rustup: Rustup::NotAsked,
            debian: Debian::Missing,
            may_install: true,
        }
    }

    fn packages() -> debian::Packages {
        debian::Packages {
            cargo: "/usr/bin/cargo".into(),
            rustc: "/usr/bin/rustc".into(),
        }
    }

    #[test]
    fn a_toolchain_that_has_the_target_is_used_as_it_is() {
        assert_eq!(
            next(&Known {
                own_has_target: true,
                ..fresh_machine()
            }),
            Next::UseOwn
        );
    }

    #[test]
    fn rustup_is_asked_first_even_where_debians_packages_are_installed() {
        assert_eq!(
            next(&Known {
                debian: Debian::Ready(packages()),
                ..fresh_machine()
            }),
            Next::AskRustup
        );
    }

    #[test]
    fn where_rustup_cannot_fetch_it_debians_packages_are_installed_and_used() {
        let mut known = Known {
            rustup: Rustup::Refused("no route".into()),
            ..fresh_machine()
        };
        assert_eq!(next(&known), Next::InstallDebian);
        known.debian = Debian::Ready(packages());
        assert_eq!(next(&known), Next::UseDebian(packages()));
    }

    #[test]
    fn rustup_that_refused_lately_is_not_waited_for_again_unless_nothing_else_is_left() {
        let mut known = Known {
            rustup: Rustup::RefusedLately("no route".into()),
            debian: Debian::Ready(packages()),
            ..fresh_machine()
        };
        assert_eq!(next(&known), Next::UseDebian(packages()));
        known.debian = Debian::Refused("no such package".into());
        assert_eq!(next(&known), Next::AskRustup);
    }

    #[test]
    fn where_neither_can_be_had_one_sentence_says_what_to_install() {
        let known = Known {
            rustup: Rustup::Absent,
            may_install: false,
            ..fresh_machine()
        };
        assert_eq!(
            next(&known),
            Next::GiveUp(
                "connectors need Rust's standard library for wasm32-unknown-unknown: run `rustup target add \
                 wasm32-unknown-unknown`, or on Debian `sudo apt-get install rustc-web cargo-web rust-web-src`, and \
                 start again (tried: there is no rustup; Debian's packages are not installed and cannot be installed \
                 from here)"
                    .into()
            )
        );
    }

    #[test]
    fn an_insisted_source_excludes_the_other() {
        let debian_only = Known {
            insisted: Some(Insisted::Debian),
            own_has_target: true,
            debian: Debian::Ready(packages()),
            ..fresh_machine()
        };
        assert_eq!(next(&debian_only), Next::UseDebian(packages()));

        let rustup_only = Known {
            insisted: Some(Insisted::Rustup),
            rustup: Rustup::Refused("no".into()),
            ..fresh_machine()
        };
        assert!(matches!(next(&rustup_only), Next::GiveUp(_)));
    }

    #[test]
    fn debian_packages_that_are_too_old_are_named_in_the_sentence() {
        let known = Known {
            rustup: Rustup::Absent,
            debian: Debian::Unusable("rustc-web is 1.85.0, we need 1.95 or later".into()),
            ..fresh_machine()
        };
        let Next::GiveUp(sentence) = next(&known) else {
            panic!("it chose {:?}", next(&known))
        };
        assert!(
            sentence.contains("Debian's packages: rustc-web is 1.85.0, we need 1.95 or later"),
            "{sentence}"
        );
    }
}
