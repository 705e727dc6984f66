//! Systems around the host, for trying it out: a SIS and vendors that keep state and misbehave on request.
