//! From the files to the model: everything that is wrong in them is found at once.

pub(super) mod cascade;
pub(super) mod consistency;
pub(super) mod declaration;
pub(super) mod effects;
pub(super) mod files;
pub(super) mod keys;
pub(super) mod links;
pub(super) mod parent;
pub(super) mod permissions;
pub(super) mod policy;
pub(super) mod problems;
pub(super) mod shape;
pub(super) mod status;
pub(super) mod tree;
pub(super) mod words;
