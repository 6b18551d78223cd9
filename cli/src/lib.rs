//! What a person runs against a deployment, as a library: the local stack makes its indexes with it, too.

pub mod index;
