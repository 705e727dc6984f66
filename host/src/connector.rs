//! Everything that runs or judges connectors: engine, limits, grants, egress, packages, signatures, admission.
