//! Tests of keys: making, importing, keeping, refusing and signing.

mod crashes;
mod ending;
mod files;
mod import;
mod material;
mod ring;
mod rotator;
mod signing;
