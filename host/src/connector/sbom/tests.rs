//! Stories about sbom.
