//! Stories of a few steps that broke the engine, or a draft of it.

mod combinations;
mod drafts;
mod second_look;
