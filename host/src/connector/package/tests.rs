//! Stories about package.
