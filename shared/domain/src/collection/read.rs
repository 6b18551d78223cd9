//! From the files to the model: everything that is wrong in them is found at once.

mod cascade;
mod consistency;
mod declaration;
mod declared;
mod effects;
pub(super) mod files;
mod filters;
mod guarded;
mod held;
mod key;
pub(super) mod keys;
mod links;
mod marks;
mod parent;
mod permissions;
mod place;
mod policy;
pub(super) mod problems;
mod rowless;
mod shape;
mod source;
mod status;
mod tables;
mod tenants;
mod tree;
mod values;
mod words;
