//! The api function on the fakes, from the gateway's event to the gateway's answer.
//!
//! Every answer passes [`world::World::call`], which holds it to what is promised of all answers: `no-store`, and
//! whatever fails is a problem with a documented code. And [`described::check`] holds it, and the request, to the
//! OpenAPI document.

mod acting;
mod another_parent;
mod bounds;
mod claims;
mod cursors;
mod deleting;
mod deleting_versions;
mod described;
mod destroying;
mod error_document;
mod event;
mod examples;
mod failing;
mod failures;
mod filtering;
mod foreign_parents;
mod guarding;
mod hiding;
mod limits;
mod listing;
mod manifests;
mod many_parts;
mod matrix;
mod numbers;
mod odd_ids;
mod offering;
mod open_scopes;
mod openapi;
mod pages;
mod part_filters;
mod parts;
mod preconditions;
mod random_bodies;
mod random_claims;
mod random_ids;
mod random_stretches;
mod read_costs;
mod reading;
mod refusals;
mod repeating;
mod representing;
mod rights;
mod room;
mod samples;
mod showing;
mod stories;
mod tenants;
mod unfinished_writes;
mod unreadable;
mod unreadable_parents;
mod watched;
mod world;
mod writers;
mod writing;
mod writing_races;
