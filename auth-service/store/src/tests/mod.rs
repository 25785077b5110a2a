//! The requirements on every database. Each test is a function of a [`Fixture`] and runs on all.

mod audit;
mod clients;
mod connections;
mod creation;
mod directory;
mod feed;
mod fixture;
mod groups;
mod guards;
mod import;
mod keys;
mod locking;
mod login;
mod migrations;
mod password_change;
mod plans;
mod postgres;
mod refresh;
mod restored;
mod roles;
mod sessions;
mod users;
mod watching;

/// Runs each test on every kind of database.
macro_rules! on_every_database {
    ($($test:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[test]
                fn $test() {
                    super::$test(&super::super::fixture::sqlite());
                }
            )*
        }

        mod postgres {
            $(
                #[test]
                fn $test() {
                    super::$test(&super::super::fixture::postgres());
                }
            )*
        }
    };
}

use on_every_database;
