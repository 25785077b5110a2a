//! Tests of keys: making, importing, keeping, refusing and signing.

mod files;
mod import;
mod material;
mod ring;
mod signing;
