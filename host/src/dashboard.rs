//! Pages in Dutch, rendered on the server, readable without scripts.
