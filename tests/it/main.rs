//! What no single package can prove: layers, contracts on real adapters, the template, the documents.
#![cfg(test)]

mod acceptance;
mod api;
mod attached;
mod command_line;
mod compatibility;
mod configuration;
mod consumer;
mod contracts;
mod costs;
mod documents;
mod engine;
mod event_schemas;
mod layers;
mod no_search;
mod on_tables;
mod search_requests;
mod stores;
mod sweeper;
mod template;
mod troubled_tables;
mod typed_rows;
