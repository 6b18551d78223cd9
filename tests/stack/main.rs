//! The behaviours of `acceptance.md`, through the deployed stack: gateway, functions, queue, bus and both stores.
//!
//! Everything here leaves the stack as it is, so that all runs side by side; what stops a part is in `tests/outage`.
#![cfg(test)]

mod api_document;
mod archive;
mod authorization;
mod chat;
mod consumer;
mod delete;
mod deletions;
mod dlq;
mod doctor;
mod events;
mod fixtures;
mod ids;
mod learners;
mod life;
mod openapi;
mod permissions;
mod reads;
mod refusals;
mod sam_local;
mod schedule;
mod tasks;
mod timing;
mod tokens;
mod writes;
