//! Property-based fuzzing over a valid package: whatever is changed, the readers answer, and never with a panic. The same
//! readers are tried for longer, and led by coverage, in tests/fuzz.

use proptest::prelude::*;

use super::signatures::envelope;
use super::*;
use crate::connector::fixture::{MANIFEST, signed};
use crate::connector::manifest::Manifest;
use crate::connector::signature::Envelope;

#[derive(Debug, Clone)]
enum Mutation {
    Flip(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Repeat(prop::sample::Index, prop::sample::Index),
    Insert(prop::sample::Index, Vec<u8>),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        4 => (index(), 1..=255_u8).prop_map(|(at, with)| Mutation::Flip(at, with)),
        1 => index().prop_map(Mutation::Cut),
        1 => (index(), index()).prop_map(|(from, to)| Mutation::Repeat(from, to)),
        1 => (index(), prop::collection::vec(any::<u8>(), 1..40)).prop_map(|(at, bytes)| Mutation::Insert(at, bytes)),
    ]
}

fn mutated(bytes: &[u8], mutations: &[Mutation]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for mutation in mutations {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        match mutation {
            Mutation::Flip(at, with) => bytes[at.index(length)] ^= with,
            Mutation::Cut(at) => bytes.truncate(at.index(length)),
            Mutation::Repeat(from, to) => {
                let (from, to) = (from.index(length), to.index(length));
                let part = bytes[from.min(to)..from.max(to)].to_vec();
                bytes.extend(part);
            }
            Mutation::Insert(at, new) => {
                let at = at.index(length);
                bytes.splice(at..at, new.iter().copied());
            }
        }
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_mutation_of_a_package_is_taken_or_breaks_its_reader(mutations in prop::collection::vec(mutation(), 1..6)) {
        let good = signed(contents()).to_bytes();
        let bytes = mutated(&good, &mutations);
        prop_assume!(bytes != good);
        prop_assert!(verify(bytes, &trust(), at()).is_err());
    }

    #[test]
    fn no_mutation_of_a_manifest_breaks_its_reader(mutations in prop::collection::vec(mutation(), 1..6)) {
        let _read = Manifest::parse(&mutated(MANIFEST.as_bytes(), &mutations));
    }

    #[test]
    fn no_mutation_of_an_envelope_breaks_its_reader(mutations in prop::collection::vec(mutation(), 1..6)) {
        let good = envelope().to_bytes();
        if let Ok(read) = Envelope::parse("x", &mutated(&good, &mutations)) {
            let written = read.to_bytes();
            prop_assert!(written.ends_with(b"\n"));
        }
    }

    #[test]
    fn no_mutation_of_a_component_breaks_the_reader_of_its_surface(mutations in prop::collection::vec(mutation(), 1..4)) {
        let good = contents().component;
        let _read = crate::connector::contract::read_surface(&mutated(&good, &mutations));
    }
}
