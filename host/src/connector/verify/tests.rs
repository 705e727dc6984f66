//! Stories about verify.
