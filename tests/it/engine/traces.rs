//! Stories of a few steps that broke the engine, or a draft of it.

mod drafts;
mod second_look;
